// What spending facts mean for the holds and leases they were decided under. The fold books a spending whatever its authority (E-SPEND-3); one that nobody
// decided is raised to HQ.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { compareCanonical } from '../../../protocol/facts.ts'
import type { ConflictKind } from '../../../protocol/conflicts.ts'
import type { Fact, LeaseFact, Redemption } from '../../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER, originOf } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { POINTS } from '../../evaluation/document/metrics.ts'
import { movesAmount } from '../../evaluation/effects.ts'
import type { Programs } from '../../evaluation/programs.ts'
import { rightsOf } from '../../evaluation/spending/offline.ts'
import { firstOf } from '../../evaluation/spending/redemptions.ts'
import { decodeState } from '../../evaluation/state.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { BookRow, LeaseRow } from '../../store/lease-port.ts'
import type { HoldRow, RedemptionRow, TenantId, Writes } from '../../store/port.ts'
import { covers } from '../leases/decided.ts'
import type { Spending } from '../leases/decided.ts'
import { LeaseAccounts } from '../leases/lease-accounts.ts'
import type { LeaseChange } from '../leases/lease-accounts.ts'
import type { ConflictDraft } from '../conflicts.ts'
import type { ArrivedFact } from './accept.ts'
import type { ActivityDraft, Standing } from './standing.ts'

/** What spending and lease facts of a group came to beside the fold. */
export interface SettledSpending {
  readonly conflicts: readonly ConflictDraft[]
  readonly leases: readonly LeaseChange[]
  readonly risked: readonly BookRow[]
}

const NOTHING: SettledSpending = { conflicts: [], leases: [], risked: [] }

/** Settles holds and leases by a group's facts, in the order they came; what exceeds them is booked as risk and told to HQ (U-2, U-5). */
export async function settleSpending(
  tx: Writes,
  tenant: TenantId,
  programs: Programs,
  arrivals: readonly ArrivedFact[],
  standing: Pick<Standing, 'aliasOf'>,
): Promise<SettledSpending> {
  const facts = arrivals.map(({ fact }) => fact).filter(concernsRights)
  if (facts.length === 0) return NOTHING
  const settling = new Settling(tenant, programs, standing, {
    holds: await holdsOf(tx, facts),
    accounts: await LeaseAccounts.load(tx, tenant, facts.flatMap(leasesNamed)),
    own: await ownVouchers(tx, tenant, facts),
  })
  for (const fact of facts) settling.take(fact)
  await tx.settleHolds(settling.settled)
  await tx.addToBooks(settling.risked)
  const { conflicts, risked } = settling
  return { conflicts, risked, leases: await settling.accounts.save(tx) }
}

type Rightful = Spending | LeaseFact

function concernsRights(fact: Fact): fact is Rightful {
  return fact.kind === 'voucher_use' || fact.kind === 'redemption' || fact.kind === 'lease'
}

function leasesNamed(fact: Rightful): number[] {
  return fact.kind === 'lease' ? fact.lines.map(({ lease }) => lease) : fact.rights.map(({ lease }) => lease)
}

/** The first fact of a redemption carries the decision; those that settle it follow from it. */
function decides(fact: Rightful): fact is Spending {
  return fact.kind === 'voucher_use' || (fact.kind === 'redemption' && fact.of === NO_FACT)
}

/** By number, and by the key they were asked for under: a store that did not hear the answer spends without it. */
async function holdsOf(tx: Writes, facts: readonly Rightful[]): Promise<readonly HoldRow[]> {
  const spendings = facts.filter(decides)
  const named = await tx.holds(spendings.map(({ hold }) => hold).filter((hold) => hold > 0))
  for (const { hold, store, key } of spendings) {
    const unheard = hold === 0 && store > 0 ? await tx.holdByKey(store, key) : undefined
    if (unheard !== undefined) named.push(unheard)
  }
  return named
}

/** Codes of vouchers that the store which uses them without any right issued itself: nobody else had heard of them. */
async function ownVouchers(
  tx: Writes,
  tenant: TenantId,
  facts: readonly Rightful[],
): Promise<ReadonlySet<string>> {
  const own = new Set<string>()
  for (const fact of facts) {
    if (fact.kind !== 'voucher_use' || fact.hold > 0 || fact.rights.length > 0 || fact.risk !== null) continue
    const member = await tx.memberOfVoucher(tenant, fact.code)
    const [row] = member === undefined ? [] : await tx.states([member])
    const state = row === undefined ? undefined : decodeState(row.state)
    const voucher = state?.entitlements.find(({ code }) => code === fact.code)
    if (voucher !== undefined && originOf(voucher.fact) === originOf(fact.id)) own.add(fact.code)
  }
  return own
}

interface Rights {
  readonly holds: readonly HoldRow[]
  readonly accounts: LeaseAccounts
  readonly own: ReadonlySet<string>
}

class Settling {
  readonly conflicts: ConflictDraft[] = []
  readonly settled: number[] = []
  readonly risked: BookRow[] = []
  readonly accounts: LeaseAccounts
  readonly #tenant: TenantId
  readonly #programs: Programs
  readonly #standing: Pick<Standing, 'aliasOf'>
  readonly #rights: Rights

  constructor(tenant: TenantId, programs: Programs, standing: Pick<Standing, 'aliasOf'>, rights: Rights) {
    this.#tenant = tenant
    this.#programs = programs
    this.#standing = standing
    this.#rights = rights
    this.accounts = rights.accounts
  }

  take(fact: Rightful): void {
    if (fact.kind === 'lease') return this.accounts.apply(fact)
    if (fact.kind === 'voucher_use' || fact.of === NO_FACT) return this.#spend(fact)
    if (fact.stage !== 'cancelled') return
    for (const { lease, amount } of fact.rights)
      if (this.accounts.find(lease)?.store === fact.store) this.accounts.putBack(lease, amount)
  }

  #spend(fact: Spending): void {
    const { holds, own } = this.#rights
    for (const hold of holds)
      if (hold.id === fact.hold || (hold.store === fact.store && hold.key === fact.key))
        this.settled.push(hold.id)
    const hold = fact.hold > 0 ? holds.find(({ id }) => id === fact.hold) : undefined
    if (covers(hold, fact, (member) => this.#standing.aliasOf(member))) return
    const points = fact.kind === 'redemption' ? fact.points : 0
    let covered = 0
    let over = false
    for (const { lease, amount } of fact.rights) {
      const row = this.accounts.find(lease)
      const fits = row !== undefined && this.#fits(row, fact)
      const uncovered = fits ? this.accounts.spend(lease, amount) : amount
      if (row?.subject === 'points') covered += amount - uncovered
      if (uncovered > 0) over = true
    }
    this.#risk(fact, points - covered)
    // What HQ itself makes needs nobody's leave.
    if (fact.store === 0) return
    if (fact.risk !== null) {
      const what = fact.kind === 'voucher_use' ? 'used a voucher' : `took ${fact.risk} points`
      this.#tell(fact, 'risk_used', `${what} at the merchant's risk`)
    }
    const asked = fact.rights.length > 0 || fact.risk !== null
    if (asked && (over || points - covered > (fact.risk ?? 0)))
      this.#tell(fact, 'spent_beyond_lease', 'spends more than was leased to its store')
    if (!asked && !(fact.kind === 'voucher_use' ? own.has(fact.code) : this.#isFree(fact)))
      this.#tell(fact, 'spent_without_authority', 'spends what nobody allowed')
  }

  /** What costs nothing and is not limited needs no right (E-OFF-2). */
  #isFree(fact: Redemption): boolean {
    const perk = this.#programs.ofVersion(fact.program)?.redeemPerks.get(fact.perk)
    return fact.hold === 0 && perk !== undefined && rightsOf(perk, fact.member, fact.points).length === 0
  }

  /** A lease of that store, over what the fact spends. */
  #fits(row: Pick<LeaseRow, 'store' | 'subject' | 'member' | 'item' | 'code'>, fact: Spending): boolean {
    if (row.store !== fact.store) return false
    const sameMember = this.#standing.aliasOf(row.member) === this.#standing.aliasOf(fact.member)
    if (fact.kind === 'voucher_use') return row.subject === 'voucher' && row.code === fact.code
    switch (row.subject) {
      case 'points':
        return sameMember && row.item === this.#metricOf(fact)
      case 'uses':
        return sameMember && row.item === fact.perk
      case 'budget':
        return row.item === fact.perk
      case 'voucher':
        return false
    }
  }

  #metricOf(fact: Redemption): number {
    return this.#programs.program(fact.at)?.redeemPerks.get(fact.perk)?.metric ?? POINTS
  }

  #risk(fact: Spending, points: number): void {
    if (fact.kind !== 'redemption' || points <= 0) return
    const member = this.#standing.aliasOf(fact.member)
    this.risked.push({ tenant: this.#tenant, member, metric: this.#metricOf(fact), risk: points, lost: 0 })
  }

  #tell(fact: Spending, kind: ConflictKind, what: string): void {
    this.conflicts.push({
      tenant: this.#tenant,
      store: fact.store,
      kind,
      subject: String(fact.id),
      at: fact.at,
      member: this.#standing.aliasOf(fact.member),
      fact: fact.id,
      text: `Fact ${fact.id} ${what}; it is booked as it is`,
    })
  }
}

/** What a group's effects took of members' amounts by anything but a redemption (SpendingBooks.lost). */
export function lossesOf(tenant: TenantId, drafts: readonly ActivityDraft[]): BookRow[] {
  const losses: BookRow[] = []
  for (const { kind: of, member, effects } of drafts) {
    if (member === NO_MEMBER) continue
    for (const { kind, index, amount } of effects)
      if (amount < 0 && movesAmount(kind) && !(kind === 'spend' && of === 'redemption'))
        losses.push({ tenant, member, metric: index, risk: 0, lost: -amount })
  }
  return losses
}

/** Redemptions whose standing a fold may have changed: facts of theirs came or went, or they were given back, or are no longer. */
export function redemptionsMoved(
  { redemptions }: Pick<Standing, 'redemptions'>,
  drafts: readonly Pick<ActivityDraft, 'effects'>[],
): ReadonlySet<FactId> {
  const moved = new Set(redemptions)
  for (const { effects } of drafts)
    for (const { kind, of } of effects) if (kind === 'given_back') moved.add(of as FactId)
  return moved
}

/** Says of redemptions whether they use up their perk's budget: those that stand in their member's state do (U-3). */
export async function countRedemptions(
  tx: Writes,
  tenant: TenantId,
  firsts: ReadonlySet<FactId>,
  stateOf: (member: MemberId) => Promise<MemberState>,
): Promise<void> {
  if (firsts.size === 0) return
  const ids = [...firsts]
  const rows = [...(await tx.factsByIds(ids)), ...(await tx.factsAbout(ids, 'redemption'))]
  const byFirst = new Map<FactId, [fact: Redemption, member: MemberId][]>(ids.map((id) => [id, []]))
  for (const { status, bytes, member } of rows) {
    const fact = decodeStoredFact(bytes)
    if (status === 'counted' && fact.kind === 'redemption') byFirst.get(firstOf(fact))?.push([fact, member])
  }
  const counted: (RedemptionRow & { readonly counts: boolean })[] = []
  for (const [id, facts] of byFirst) {
    const [fact, member] = facts.sort(([a], [b]) => compareCanonical(a, b))[0] ?? [NOWHERE, NO_MEMBER]
    const { redemptions } = await stateOf(member)
    const { perk, store } = fact
    counted.push({ id, tenant, perk, store, counts: redemptions.some((one) => one.fact === id) })
  }
  await tx.saveRedemptions(counted)
}

const NOWHERE = { perk: 0, store: 0 } as Pick<Redemption, 'perk' | 'store'>
