// How far the budget of a perk is used up (U-3, U-4): by what was redeemed and not given back, by open decisions, and by what stores hold as leases. The
// authority decides by it, HQ and stores are told it; it is of the moment it is read in.
import type { BudgetStanding } from '../../protocol/frames/budgets.ts'
import type { RuleId, StoreId } from '../../protocol/ids.ts'
import { outstandingOf } from '../../protocol/leases.ts'
import { BUDGETS_FRAME_MAX } from '../../protocol/limits.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { Program, RedeemPerk } from '../evaluation/compile.ts'
import type { Programs } from '../evaluation/programs.ts'
import type { BudgetReads, LeaseRow } from '../store/lease-port.ts'
import type { StoreCount, TenantId } from '../store/port.ts'

export interface BudgetUse {
  readonly perk: RuleId
  /** Redeemed, open decisions included, by store. */
  readonly redeemed: readonly StoreCount[]
  /** Leased and not spent yet, by store. */
  readonly leased: readonly StoreCount[]
}

export async function redeemedOf(
  read: BudgetReads,
  tenant: TenantId,
  perk: RuleId,
  now: Millis,
): Promise<StoreCount[]> {
  return [...(await read.usesOfPerk(tenant, perk)), ...(await read.heldOfPerk(tenant, perk, now))]
}

export function leasedOf(leases: readonly LeaseRow[]): StoreCount[] {
  return leases.map((lease) => ({ store: lease.store, count: outstandingOf(lease) }))
}

export async function budgetUse(
  read: BudgetReads,
  tenant: TenantId,
  perk: RuleId,
  now: Millis,
): Promise<BudgetUse> {
  const leases = await read.leasesOfBudget(tenant, perk)
  return { perk, redeemed: await redeemedOf(read, tenant, perk, now), leased: leasedOf(leases) }
}

/** Perks with a budget, by id. */
export function budgetedPerks(program: Program | null): RedeemPerk[] {
  return [...(program?.redeemPerks.values() ?? [])]
    .filter(({ document }) => document.budget !== undefined)
    .sort((a, b) => a.id - b.id)
}

/** As one store is told of them; at most BUDGETS_FRAME_MAX. */
export async function budgetStandings(
  read: BudgetReads,
  programs: Programs,
  tenant: TenantId,
  store: StoreId,
  now: Millis,
): Promise<BudgetStanding[]> {
  const standings: BudgetStanding[] = []
  for (const { id: perk } of budgetedPerks(programs.program(hybridTime(now))).slice(0, BUDGETS_FRAME_MAX)) {
    const { redeemed, leased } = await budgetUse(read, tenant, perk, now)
    standings.push({
      perk,
      redeemed: countOf(redeemed),
      redeemed_here: countOf(redeemed, store),
      leased: countOf(leased),
      leased_here: countOf(leased, store),
    })
  }
  return standings
}

/** Of all stores, or of one. */
export function countOf(rows: readonly StoreCount[], store?: StoreId): number {
  return rows.reduce((sum, row) => (store === undefined || row.store === store ? sum + row.count : sum), 0)
}
