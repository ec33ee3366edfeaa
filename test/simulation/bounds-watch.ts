// P-LEASE-6 after every step, beside the lease watch: of a perk's limit for a member and of its budget, what was redeemed by right, what is lent and what open
// decisions hold; and each use of a voucher but one is a conflict. Sums of its own over the facts that were written. By right: under a decision of the
// cloud that was open when the fact came, or under a lease that had it to give; everything else is beside the bounds. More than a bound, or more of it,
// is wrong at that step.
import type { ActivityRow, ConflictRow, FactStatus, HoldRow } from '../../cloud/store/port.ts'
import type { Fact, Redemption, VoucherUse } from '../../protocol/facts.ts'
import { NO_FACT } from '../../protocol/ids.ts'
import type { FactId, MemberId, RuleId } from '../../protocol/ids.ts'
import type { LeaseLine } from '../../protocol/leases.ts'
import { CLOCK_SKEW_MS_MAX, HOLD_MS_MAX } from '../../protocol/limits.ts'
import { localDay, millisOf } from '../../protocol/time.ts'

/** What the program bounds: redemptions of a perk by a member in a day, and of all members ever. */
export interface BoundsPlan {
  readonly limits: readonly { readonly perk: RuleId; readonly count: number }[]
  readonly budgets: readonly { readonly perk: RuleId; readonly total: number }[]
}

/** What one transaction wrote that is about bounds. */
export class BoundsStep {
  readonly facts: Fact[] = []
  readonly statuses = new Map<FactId, FactStatus>()
  readonly opened: HoldRow[] = []
  readonly settled: number[] = []
  readonly conflicts: Pick<ConflictRow, 'kind' | 'subject'>[] = []
  readonly activities: Pick<ActivityRow, 'member' | 'fact' | 'effects'>[] = []
}

/** The leases and members as the lease watch has them after the step. */
export interface Rights {
  /** Leases that had not to give what the fact took of them. */
  readonly beyond: ReadonlySet<FactId>
  lineOf(lease: number): Pick<LeaseLine, 'subject' | 'item'> | undefined
  /** Left of all leases of the subject and item: of a member under any of its names, or of nobody's. */
  left(subject: 'uses' | 'budget', item: number, root: MemberId | null): number
  namesOf(root: MemberId): ReadonlySet<MemberId>
  rootOf(name: MemberId): MemberId
  /** Open decisions of a member after the step. */
  readonly holds: ReadonlyMap<MemberId, readonly HoldRow[]>
  /** Open decisions on the perks with a budget that may have been touched. */
  readonly heldOf: ReadonlyMap<RuleId, number>
}

interface Redeemed {
  readonly perk: RuleId
  readonly member: MemberId
  readonly day: number
}

export class BoundsWatch {
  readonly #plan: BoundsPlan
  readonly #wrong: (sentence: string) => void
  readonly #redeemed = new Map<FactId, Redeemed>()
  readonly #perDay = new Map<string, number>()
  readonly #perPerk = new Map<RuleId, number>()
  readonly #decisions = new Map<number, HoldRow>()
  /** By member or budget: by how much the bound was passed after the last step. */
  readonly #over = new Map<string, number>()
  readonly #usesOf = new Map<string, Set<FactId>>()
  readonly #codeOf = new Map<FactId, string>()
  /** Times that a use was one, by what its fact came to. */
  readonly #used = new Map<FactId, number>()
  readonly #told = new Set<FactId>()

  constructor(plan: BoundsPlan, wrong: (sentence: string) => void) {
    this.#plan = plan
    this.#wrong = wrong
  }

  /** Knows nothing, of a cloud that was put back. */
  forget(): void {
    for (const sums of [this.#redeemed, this.#perDay, this.#perPerk, this.#decisions, this.#over])
      sums.clear()
    for (const sums of [this.#usesOf, this.#codeOf, this.#used, this.#told]) sums.clear()
  }

  /** `told`: what does not add up is wrong; else it is how things stand. */
  take(step: BoundsStep, rights: Rights, now: number, told = true): void {
    for (const row of step.opened) this.#decisions.set(row.id, row)
    for (const fact of step.facts) this.#record(fact, step, rights, now)
    for (const [id, status] of step.statuses) if (status !== 'counted') this.#leaveOut(id)
    for (const id of step.settled) this.#decisions.delete(id)
    for (const root of rights.holds.keys())
      for (const limit of this.#plan.limits) this.#lookAtLimit(limit, root, rights, now, told)
    for (const budget of this.#plan.budgets) this.#lookAtBudget(budget, rights, told)
    this.#lookAtVouchers(step, told)
  }

  #record(fact: Fact, { statuses }: BoundsStep, rights: Rights, now: number): void {
    if (statuses.get(fact.id) !== 'counted') return
    if (fact.kind === 'voucher_use') return this.#recordUse(fact)
    if (fact.kind !== 'redemption' || fact.of !== NO_FACT || !this.#isByRight(fact, rights, now)) return
    const { id, perk, member, at, offset } = fact
    const one = { perk, member, day: localDay(millisOf(at), offset) }
    this.#redeemed.set(id, one)
    this.#count(one, 1)
  }

  #recordUse({ id, code }: VoucherUse): void {
    this.#codeOf.set(id, code)
    this.#usesOf.set(code, (this.#usesOf.get(code) ?? new Set()).add(id))
  }

  #isByRight(fact: Redemption, rights: Rights, now: number): boolean {
    const { hold, perk } = fact
    if (hold > 0) {
      const decision = this.#decisions.get(hold)
      return decision !== undefined && decision.expires > now && isAbout(decision, fact, rights)
    }
    const bounded = fact.rights.some(({ lease }) => {
      const line = rights.lineOf(lease)
      return line !== undefined && line.subject !== 'points' && line.item === perk
    })
    return bounded && !rights.beyond.has(fact.id)
  }

  #leaveOut(id: FactId): void {
    const one = this.#redeemed.get(id)
    if (one !== undefined) this.#count(one, -1)
    this.#redeemed.delete(id)
    this.#usesOf.get(this.#codeOf.get(id) ?? '')?.delete(id)
  }

  #count({ perk, member, day }: Redeemed, by: number): void {
    const name = `${perk} ${member} ${day}`
    this.#perDay.set(name, (this.#perDay.get(name) ?? 0) + by)
    this.#perPerk.set(perk, (this.#perPerk.get(perk) ?? 0) + by)
  }

  #lookAtLimit(
    { perk, count }: BoundsPlan['limits'][number],
    root: MemberId,
    rights: Rights,
    now: number,
    told: boolean,
  ): void {
    const names = rights.namesOf(root)
    const today = localDay(now, 0)
    const sumOf = (figure: (name: MemberId) => number): number =>
      [...names].reduce((sum, name) => sum + figure(name), 0)
    const used = sumOf((name) => this.#perDay.get(`${perk} ${name} ${today}`) ?? 0)
    const lent = rights.left('uses', perk, root)
    const open = rights.holds.get(root) ?? []
    // A use of a voucher is no redemption, and one that may be of tomorrow is none of today.
    const held = open.filter(
      (hold) => hold.perk === perk && hold.voucher === null && latestDayOf(hold) <= today,
    ).length
    const key = (name: MemberId): string => `${perk} of ${name}`
    const before = sumOf((name) => this.#over.get(key(name)) ?? 0)
    // What each of those who are one member now was allowed.
    const over = Math.max(0, used + lent + held - count * names.size)
    for (const name of names) this.#over.delete(key(name))
    if (over > 0) this.#over.set(key(root), over)
    if (told && over > before)
      this.#wrong(
        `perk ${perk} of member ${root}: ${used} redeemed today by right, ${lent} lent and ${held} held, where ${count} are allowed to each of ${names.size}`,
      )
  }

  #lookAtBudget({ perk, total }: BoundsPlan['budgets'][number], rights: Rights, told: boolean): void {
    const used = this.#perPerk.get(perk) ?? 0
    const lent = rights.left('budget', perk, null)
    const held = rights.heldOf.get(perk)
    // Nothing of it was touched.
    if (held === undefined) return
    const key = `budget ${perk}`
    const before = this.#over.get(key) ?? 0
    const over = Math.max(0, used + lent + held - total)
    this.#over.set(key, over)
    if (told && over > before)
      this.#wrong(
        `budget of perk ${perk}: ${used} redeemed by right, ${lent} lent and ${held} held, of ${total}`,
      )
  }

  #lookAtVouchers({ facts, conflicts, activities }: BoundsStep, told: boolean): void {
    for (const { kind, subject } of conflicts)
      // The subject of such a conflict is the fact that used it again.
      if (kind === 'voucher_twice') this.#told.add(Number(subject) as FactId)
    const touched = new Set<string>()
    for (const fact of facts) if (fact.kind === 'voucher_use') touched.add(fact.code)
    for (const { fact, effects } of activities)
      for (const { kind, amount } of effects)
        if (kind === 'voucher_used') {
          this.#used.set(fact, (this.#used.get(fact) ?? 0) + amount)
          touched.add(this.#codeOf.get(fact) ?? '')
        }
    for (const code of touched) {
      const uses = [...(this.#usesOf.get(code) ?? [])]
      const used = uses.filter((id) => (this.#used.get(id) ?? 0) > 0)
      if (told && used.length > 1) this.#wrong(`voucher ${code} was used by each of ${used.join(', ')}`)
      const untold = uses.filter((id) => !used.includes(id) && !this.#told.has(id))
      // A voucher whose redemption is not here yet is nobody's.
      if (told && used.length > 0 && untold.length > 0)
        this.#wrong(
          `voucher ${code} was used by ${used.join(', ')}, and HQ is not told of ${untold.join(', ')}`,
        )
    }
  }
}

/** The store, the member under whichever name, the perk and the cost. */
function isAbout(decision: HoldRow, { store, member, perk, points }: Redemption, rights: Rights): boolean {
  const { perk: decided, points: cost } = decision
  const same = decision.store === store && decided === perk && cost === points
  return same && rights.rootOf(decision.member) === rights.rootOf(member)
}

/** The last day that the store's clock may have shown when it was asked for: a clock further ahead is not gone by (U-1). */
function latestDayOf({ expires }: HoldRow): number {
  return localDay(expires - HOLD_MS_MAX + CLOCK_SKEW_MS_MAX, 0)
}
