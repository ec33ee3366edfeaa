// P-LEASE-6, for `verify`: what was redeemed by right, what is lent and what open decisions hold stays within a perk's limit for a member, and within its budget. The
// loosest version of the program counts, because a bound may have been made tighter since. What may be above it is left out: what was redeemed at risk, beyond a lease or
// by nobody's leave, and what stands again because it could not be given back.
import type { Fact, Redemption } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { FactId, MemberId, RuleId } from '../../../protocol/ids.ts'
import type { LeaseTotals } from '../../../protocol/leases.ts'
import type { RedeemPerk } from '../../evaluation/compile.ts'
import type { Effect } from '../../evaluation/effects.ts'
import type { Programs } from '../../evaluation/programs.ts'
import { countedOn } from '../../evaluation/spending/limits.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { BudgetReads, LeaseRow } from '../../store/lease-port.ts'
import type { HoldRow, TenantId } from '../../store/port.ts'
import type { Millis } from '../../../protocol/time.ts'
import { budgetUse, countOf } from '../budgets.ts'
import { covers } from './decided.ts'
import { outstandingIn } from './member-books.ts'
import type { Claims } from './member-books.ts'

/** A member as folded from all of its facts. */
export interface BoundsCase {
  readonly state: MemberState
  readonly facts: readonly Fact[]
  readonly made: Iterable<readonly Effect[]>
  readonly claims: Claims
  /** Those of the member that its redemptions name. */
  readonly decisions: readonly HoldRow[]
  /** The latest local day anywhere. */
  readonly day: number
}

export class Bounds {
  readonly #perks: ReadonlyMap<RuleId, readonly RedeemPerk[]>
  /** Redemptions by perk that nobody's right bounds. */
  readonly #beyond = new Map<RuleId, number>()

  constructor(programs: Programs) {
    const versions = programs.records.flatMap(({ version }) => [
      ...(programs.ofVersion(version)?.redeemPerks.values() ?? []),
    ])
    this.#perks = Map.groupBy(versions, ({ id }) => id)
  }

  /** Undefined: within. Each member is asked about once, before the budgets are. */
  limitFault(one: BoundsCase): string | undefined {
    const first = one.facts.filter(isFirst)
    const given = new Set(givenBack(one.made))
    const decisions = new Map(one.decisions.map((hold) => [hold.id, hold]))
    const isByRight = (fact: Redemption): boolean => hadRight(fact, decisions.get(fact.hold))
    for (const { id, perk } of first.filter((fact) => !isByRight(fact)))
      if (!given.has(id)) this.#leaveOut(perk)
    for (const perk of standingAgain(one.made)) this.#leaveOut(perk)
    const byRight = new Set(first.filter(isByRight).map(({ id }) => id))
    for (const [perk, versions] of this.#perks) {
      const over = Math.min(...versions.map((version) => beyondLimit(one, version, byRight)))
      if (over <= 0) continue
      const leases = one.claims.leases.filter(({ subject, item }) => subject === 'uses' && item === perk)
      if (over > overdrawn(leases))
        return `perk ${perk}: ${over} more redeemed by right, lent and held than its limit allows`
    }
    return undefined
  }

  async budgetFaults(read: BudgetReads, tenant: TenantId, now: Millis): Promise<string[]> {
    const faults: string[] = []
    for (const [perk, versions] of this.#perks) {
      const total = Math.max(...versions.map(({ document }) => document.budget?.total ?? Infinity))
      if (total === Infinity) continue
      const { redeemed, leased } = await budgetUse(read, tenant, perk, now)
      const used = countOf(redeemed)
      const lent = countOf(leased)
      const beyond = (this.#beyond.get(perk) ?? 0) + overdrawn(await read.leasesOfBudget(tenant, perk))
      if (used + lent > total + beyond)
        faults.push(
          `budget of perk ${perk}: ${used} redeemed and ${lent} lent, where there are ${total} and ${beyond} were beyond it`,
        )
    }
    return faults
  }

  #leaveOut(perk: RuleId): void {
    this.#beyond.set(perk, (this.#beyond.get(perk) ?? 0) + 1)
  }
}

function isFirst(fact: Fact): fact is Redemption {
  return fact.kind === 'redemption' && fact.of === NO_FACT
}

/** `hold`: the decision that it names. */
function hadRight(fact: Redemption, hold: HoldRow | undefined): boolean {
  const { store, rights, risk } = fact
  return store > 0 && risk === null && (rights.length > 0 || covers(hold, fact, itself))
}

/** Decisions are read as those of the member that they are about by now. */
const itself = (member: MemberId): MemberId => member

/** What is not used up any more stands beside no bound. */
function* givenBack(made: Iterable<readonly Effect[]>): Iterable<FactId> {
  for (const effects of made)
    for (const { kind, of } of effects) if (kind === 'given_back') yield of as FactId
}

/** Perks of redemptions whose giving back a late use of what they issued undid. */
function* standingAgain(made: Iterable<readonly Effect[]>): Iterable<RuleId> {
  for (const effects of made)
    for (const { kind, rule } of effects) if (kind === 'entitlement_conflict') yield rule
}

/** By how many one version's limit is passed while something is lent or held; not above 0: it is not. */
function beyondLimit(
  { state, facts, claims, day }: BoundsCase,
  { id, document: { limit, voucher } }: RedeemPerk,
  byRight: ReadonlySet<FactId>,
): number {
  const held = claims.holds.filter((hold) => hold.perk === id && hold.voucher === null).length
  const taken = outstandingIn(claims.leases, 'uses', id) + held
  if (taken === 0) return 0
  const days = state.redemptions.flatMap((one) => (one.perk === id && byRight.has(one.fact) ? [one.day] : []))
  const factsOf = (kind: Fact['kind']): number => facts.filter((fact) => fact.kind === kind).length
  // Members who were enrolled twice or merged bring what each was allowed.
  const names = Math.max(1, factsOf('enrolment')) + factsOf('merge')
  const byLimit = limit === undefined ? -Infinity : countedOn(limit, days, day) + taken - limit.count * names
  const byHolding = taken - (voucher?.per_member ?? Infinity) * names
  return Math.max(byLimit, byHolding)
}

/** Taken of leases beyond what was granted: told to HQ when it came (U-5). */
function overdrawn(leases: readonly LeaseRow[]): number {
  return leases.reduce((sum, lease) => sum + Math.max(0, takenOf(lease) - lease.granted), 0)
}

function takenOf({ spent, returned, writtenOff }: LeaseTotals): number {
  return spent + returned + writtenOff
}
