// Deciding a spending while the edge is online (U-1). One decision per key, made under the store's one writer, so that two tills asking at once
// cannot both get the last points; what was allowed and is not in the fold yet is held back from the next decision.
import type { Authorise } from '../../protocol/frames/authorise.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { MemberId, RuleId, StoreId } from '../../protocol/ids.ts'
import { HOLD_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { millisOf } from '../../protocol/time.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import type { Program } from '../evaluation/compile.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import type { Held } from '../evaluation/spending/spending.ts'
import { mayRedeem, mayUse } from '../evaluation/spending/spending.ts'
import { decodeState, newState } from '../evaluation/state.ts'
import type { MemberState } from '../evaluation/state.ts'
import { stateAt } from '../evaluation/time/time.ts'
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
      const budget = question.perk === null ? null : await budgetOf(tx, tenant, question.perk, store, now)
      const holds = await tx.openHolds(tenant, member, now)
      const program = programs.program(question.at)
      const { at, offset } = question
      const state = stateAt(program, await stateOf(tx, member), member, millisOf(at), offset)
      const asked: Asked = { program, state, holds, member, question, store }
      const decided =
        question.perk === null ? decideUse(asked) : decideRedemption(asked, question.perk, budget)
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
  if (question.voucher === null) return (await tx.aliases([question.member]))[0]?.root ?? question.member
  return (await tx.memberOfVoucher(tenant, question.voucher)) ?? NO_MEMBER
}

async function stateOf(tx: Writes, member: MemberId): Promise<MemberState> {
  const [row] = await tx.states([member])
  return (row && decodeState(row.state)) ?? newState()
}

/** A question, and what it is decided by. */
interface Asked {
  readonly program: Program | null
  readonly state: MemberState
  readonly holds: readonly HoldRow[]
  readonly member: MemberId
  readonly question: Authorise
  readonly store: StoreId
}

/** What all members have used of a perk's budget, open decisions included: in all stores, and here (U-3). */
async function budgetOf(
  tx: Writes,
  tenant: TenantId,
  perk: RuleId,
  here: StoreId,
  now: Millis,
): Promise<{ budgetUsed: number; budgetUsedHere: number }> {
  let budgetUsed = 0
  let budgetUsedHere = 0
  const counts = [...(await tx.usesOfPerk(tenant, perk)), ...(await tx.heldOfPerk(tenant, perk, now))]
  for (const { store, count } of counts) {
    budgetUsed += count
    if (store === here) budgetUsedHere += count
  }
  return { budgetUsed, budgetUsedHere }
}

function decideRedemption(asked: Asked, perk: RuleId, budget: Partial<Held> | null): Result<Allowed> {
  const { program, state, holds, member, question, store } = asked
  if (program === null) return refuse('program_missing', 'No program is in force')
  const metricOf = (id: RuleId | null): number =>
    (id === null ? undefined : program.redeemPerks.get(id)?.metric) ?? POINTS
  const held: Held = {
    points: holds.reduce((sum, hold) => sum + (metricOf(hold.perk) === metricOf(perk) ? hold.points : 0), 0),
    uses: holds.filter((hold) => hold.perk === perk && hold.voucher === null).length,
    ...budget,
  }
  const decided = mayRedeem(program, state, perk, { ...question, store }, held, question.points)
  return decided.ok ? { ok: true, value: { member, points: decided.value.points, perk } } : decided
}

function decideUse({ program, state, holds, member, question }: Asked): Result<Allowed> {
  const decided = mayUse(program, state, question.voucher ?? '', question)
  if (!decided.ok) return decided
  const { uses, perk } = decided.value
  if (holds.filter(({ voucher }) => voucher === question.voucher).length >= uses)
    return refuse('voucher_used', 'This voucher is being used elsewhere')
  return { ok: true, value: { member, points: 0, perk } }
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
