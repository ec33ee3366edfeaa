// Deciding a spending while the edge is online (U-1). One decision per key, made under the store's one writer, so that two tills asking at once
// cannot both get the last points; what was allowed and is not in the fold yet, and what is leased to stores, is held back from the next decision. Where
// leases are all that is in the way, they are asked back first (U-7).
import type { Authorise } from '../../protocol/frames/authorise.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { MemberId, RuleId, StoreId } from '../../protocol/ids.ts'
import { outstandingOf } from '../../protocol/leases.ts'
import { CLOCK_SKEW_MS_MAX, HOLD_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime, millisOf, wallClockText } from '../../protocol/time.ts'
import type { Clock, HybridTime, Millis } from '../../protocol/time.ts'
import type { Program } from '../evaluation/compile.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import type { Held } from '../evaluation/spending/redeem-conditions.ts'
import { mayRedeem, mayUse } from '../evaluation/spending/spending.ts'
import { decodeState, newState } from '../evaluation/state.ts'
import type { MemberState } from '../evaluation/state.ts'
import { stateAt } from '../evaluation/time/time.ts'
import type { LeaseRow } from '../store/lease-port.ts'
import type { CloudStore, HoldRow, StoreCount, TenantId, Writes } from '../store/port.ts'
import { countOf, leasedOf, redeemedOf } from './budgets.ts'
import type { BudgetUse } from './budgets.ts'
import { heldIn, outstandingIn } from './leases/member-books.ts'
import type { Claims } from './leases/member-books.ts'
import type { Recalls } from './leases/recalls.ts'
import type { ProgramShelf } from './programs.ts'

interface Allowed {
  readonly member: MemberId
  readonly points: number
  readonly perk: HoldRow['perk']
}

/** It would be allowed, were these leases not given to stores. */
export interface Shortage {
  readonly leased: readonly LeaseRow[]
  /** What is said when they do not come back. */
  readonly refused: Decision
}

export class Authority {
  readonly #store: CloudStore
  readonly #shelf: ProgramShelf
  readonly #clock: Clock
  readonly #recalls: Pick<Recalls, 'ask'>

  constructor(store: CloudStore, shelf: ProgramShelf, clock: Clock, recalls: Pick<Recalls, 'ask'>) {
    this.#store = store
    this.#shelf = shelf
    this.#clock = clock
    this.#recalls = recalls
  }

  /** Decides for a store; durable when it resolves. Waits for leases to be given back, at most RECALL_WAIT_MS_MAX. */
  async decide(tenant: TenantId, store: StoreId, question: Authorise): Promise<Decision> {
    const first = await this.ask(tenant, store, question)
    return 'leased' in first ? this.askAgain(tenant, store, question, first) : first
  }

  /** After the leases have come back, or have not. */
  async askAgain(
    tenant: TenantId,
    store: StoreId,
    question: Authorise,
    { leased }: Shortage,
  ): Promise<Decision> {
    await this.#recalls.ask(tenant, leased)
    const second = await this.ask(tenant, store, question)
    return 'leased' in second ? second.refused : second
  }

  /** By what is there now. */
  ask(tenant: TenantId, store: StoreId, question: Authorise): Promise<Decision | Shortage> {
    return this.#store.write((tx) => this.askIn(tx, tenant, store, question))
  }

  /** Waits for leases to be given back, as far as stores are in reach. */
  recall(tenant: TenantId, { leased }: Shortage): Promise<unknown> {
    return this.#recalls.ask(tenant, leased)
  }

  /** As a part of a transaction, which also makes the hold. */
  async askIn(
    tx: Writes,
    tenant: TenantId,
    store: StoreId,
    question: Authorise,
  ): Promise<Decision | Shortage> {
    const programs = await this.#shelf.of(tenant)
    const before = await tx.holdByKey(store, question.key)
    if (before !== undefined) return granted(question, before)
    const now = this.#clock.now() as Millis
    const member = await memberOf(tx, tenant, question)
    const at = momentOf(question, now)
    const program = programs.program(at)
    const { offset, perk } = question
    const asked: Asked = {
      program,
      at,
      state: stateAt(program, await stateOf(tx, member), member, millisOf(at), offset),
      holds: await tx.openHolds(tenant, member, now),
      leases: [
        ...(member === NO_MEMBER ? [] : await tx.leasesOfMembers([member])),
        ...(perk === null ? [] : await tx.leasesOfBudget(tenant, perk)),
      ].filter((lease) => outstandingOf(lease) > 0),
      counts: perk === null ? [] : await redeemedOf(tx, tenant, perk, now),
      member,
      question,
      store,
    }
    const decided = decideOn(asked)
    if (!decided.ok) {
      const no = refused(question, decided.refusal.code, decided.refusal.detail)
      const leased = asked.leases.filter((lease) => concerns(lease, question, program))
      if (leased.length === 0 || !decideOn({ ...asked, leases: [] }).ok) return no
      return { leased, refused: await elsewhere(tx, { ...asked, leases: leased }, decided.refusal.detail) }
    }
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
  }
}

/** As of when it is decided: a time that our own clock has not reached is no store's to say (P-TIME-7); by it, today's limit would be another day's. */
function momentOf({ at }: Authorise, now: Millis): HybridTime {
  return millisOf(at) <= now + CLOCK_SKEW_MS_MAX ? at : hybridTime(now)
}

/** Whether a lease is over what the question asks for. */
function concerns(lease: LeaseRow, { perk, voucher }: Authorise, program: Program | null): boolean {
  switch (lease.subject) {
    case 'points':
      return perk !== null && lease.item === program?.redeemPerks.get(perk)?.metric
    case 'uses':
    case 'budget':
      return perk !== null && lease.item === perk
    case 'voucher':
      return voucher !== null && lease.code === voucher
  }
}

/** In words for the cashier: what is missing, where it is, and until when at most. */
async function elsewhere(
  tx: Writes,
  { question, program, leases }: Pick<Asked, 'question' | 'program' | 'leases'>,
  detail: string,
): Promise<Decision> {
  const names = new Map((await tx.stores(leases[0]?.tenant ?? 0)).map(({ id, name }) => [id, name]))
  const stores = [...new Set(leases.map(({ store }) => names.get(store) ?? `store ${store}`))].join(' and ')
  // What expired there may have been spent in time: it is waited for (U-8).
  const end = Math.max(...leases.map(({ expires }) => expires)) + (program?.offline.writeOffMs ?? 0)
  const what = question.voucher === null ? 'The rest is' : 'It is'
  const why = `${what} kept for ${stores}, which cannot be reached now: try again when it can, or after ${wallClockText(end, question.offset)}`
  const text = question.voucher === null ? `${detail}. ${why}` : why
  return refused(question, 'lease_elsewhere', text.slice(0, DETAIL_CHARS_MAX))
}

/** Of a decision frame. */
const DETAIL_CHARS_MAX = 400

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
  readonly at: HybridTime
  readonly state: MemberState
  readonly holds: readonly HoldRow[]
  /** With rights left: of the member, and of the perk's budget. */
  readonly leases: readonly LeaseRow[]
  /** Redemptions of the perk by all members, open decisions included, by store (U-3). */
  readonly counts: readonly StoreCount[]
  readonly member: MemberId
  readonly question: Authorise
  readonly store: StoreId
}

function decideOn(asked: Asked): Result<Allowed> {
  const { perk } = asked.question
  return perk === null ? decideUse(asked) : decideRedemption(asked, perk)
}

/** What is leased is spent as far as everybody else is concerned (U-4). */
export function heldFor(
  program: Program,
  perk: RuleId,
  { holds, leases }: Pick<Claims, 'holds' | 'leases'>,
  use: BudgetUse | null,
  store: StoreId,
): Held {
  const metric = program.redeemPerks.get(perk)?.metric ?? POINTS
  const used = use === null ? [] : [...use.redeemed, ...use.leased]
  return {
    points: heldIn(program, holds, metric) + outstandingIn(leases, 'points', metric),
    uses:
      holds.filter((hold) => hold.perk === perk && hold.voucher === null).length +
      outstandingIn(leases, 'uses', perk),
    budgetUsed: countOf(used),
    budgetUsedHere: countOf(used, store),
  }
}

function decideRedemption(asked: Asked, perk: RuleId): Result<Allowed> {
  const { program, at, state, leases, counts, member, question, store } = asked
  if (program === null) return refuse('program_missing', 'No program is in force')
  const budgets = leases.filter(({ subject }) => subject === 'budget')
  const use = { perk, redeemed: counts, leased: leasedOf(budgets) }
  const held = heldFor(program, perk, asked, use, store)
  const decided = mayRedeem(program, state, perk, { ...question, at, store }, held, question.points)
  return decided.ok ? { ok: true, value: { member, points: decided.value.points, perk } } : decided
}

function decideUse({ program, at, state, holds, leases, member, question }: Asked): Result<Allowed> {
  const code = question.voucher ?? ''
  const decided = mayUse(program, state, code, { ...question, at })
  if (!decided.ok) return decided
  const { uses, perk } = decided.value
  const taken = holds.filter(({ voucher }) => voucher === code).length
  if (taken + outstandingIn(leases, 'voucher', perk, code) >= uses)
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
