// Deciding a spending while the edge is online (U-1). One decision per key, made under the store's one writer, so that two tills asking at once
// cannot both get the last points; what was allowed and is not in the fold yet is held back from the next decision.
import type { Authorise } from '../../protocol/frames/authorise.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { MemberId, StoreId } from '../../protocol/ids.ts'
import { HOLD_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { millisOf } from '../../protocol/time.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import { mayRedeem, mayUseVoucher } from '../evaluation/spending.ts'
import { decodeState, newState } from '../evaluation/state.ts'
import type { MemberState } from '../evaluation/state.ts'
import type { CloudStore, HoldRow, TenantId, Writes } from '../store/port.ts'
import type { ProgramShelf } from './programs.ts'

interface Allowed {
  readonly member: MemberId
  readonly points: number
  readonly perk: HoldRow['perk']
}

export class Authority {
  readonly #store: CloudStore
  readonly #shelf: ProgramShelf
  readonly #clock: Clock

  constructor(store: CloudStore, shelf: ProgramShelf, clock: Clock) {
    this.#store = store
    this.#shelf = shelf
    this.#clock = clock
  }

  /** Decides for a store; durable when it resolves. */
  async decide(tenant: TenantId, store: StoreId, question: Authorise): Promise<Decision> {
    const programs = await this.#shelf.of(tenant)
    return this.#store.write(async (tx) => {
      const before = await tx.holdByKey(store, question.key)
      if (before !== undefined) return granted(question, before)
      const now = this.#clock.now() as Millis
      const member = await memberOf(tx, tenant, question)
      const state = await stateOf(tx, member)
      const holds = await tx.openHolds(tenant, member, now)
      const program = programs.program(question.at)
      const decided: Result<Allowed> =
        question.perk !== null
          ? program === null
            ? refuse('program_missing', 'No program is in force')
            : decidePerk(
                () =>
                  mayRedeem(
                    program,
                    state,
                    question.perk ?? (0 as never),
                    { ...question, store },
                    heldOf(holds, question),
                  ),
                member,
                question,
              )
          : decideVoucher(state, holds, member, question)
      if (!decided.ok) return refused(question, decided.refusal.code, decided.refusal.detail)
      const hold = await tx.insertHold({
        tenant,
        store,
        key: question.key,
        member,
        perk: decided.value.perk,
        voucher: question.voucher,
        points: decided.value.points,
        expires: (now + HOLD_MS_MAX) as Millis,
      })
      return granted(question, hold)
    })
  }
}

async function memberOf(tx: Writes, tenant: TenantId, question: Authorise): Promise<MemberId> {
  if (question.voucher === null) return question.member
  return (await tx.memberOfVoucher(tenant, question.voucher)) ?? NO_MEMBER
}

async function stateOf(tx: Writes, member: MemberId): Promise<MemberState> {
  const [row] = await tx.states([member])
  return (row && decodeState(row.state)) ?? newState()
}

function heldOf(holds: readonly HoldRow[], { perk }: Authorise): { points: number; uses: number } {
  return {
    points: holds.reduce((sum, hold) => sum + hold.points, 0),
    uses: holds.filter((hold) => hold.perk === perk && hold.voucher === null).length,
  }
}

function decidePerk(decide: () => Result<number>, member: MemberId, { perk }: Authorise): Result<Allowed> {
  const decided = decide()
  return decided.ok ? { ok: true, value: { member, points: decided.value, perk } } : decided
}

function decideVoucher(
  state: MemberState,
  holds: readonly HoldRow[],
  member: MemberId,
  { voucher, at }: Authorise,
): Result<Allowed> {
  if (holds.some((hold) => hold.voucher === voucher))
    return refuse('voucher_used', 'This voucher is being used elsewhere')
  const decided = mayUseVoucher(state, voucher ?? '', millisOf(at))
  return decided.ok ? { ok: true, value: { member, points: 0, perk: decided.value.perk } } : decided
}

function granted({ question }: Authorise, hold: HoldRow): Decision {
  return {
    type: 'decision',
    question,
    hold: hold.id,
    points: hold.points as Points,
    member: hold.member,
    perk: hold.perk,
    refused: null,
    detail: '',
  }
}

function refused({ question, member, perk }: Authorise, code: string, detail: string): Decision {
  return { type: 'decision', question, hold: 0, points: 0 as Points, member, perk, refused: code, detail }
}
