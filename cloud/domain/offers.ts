// What can be redeemed, for nobody in particular: asked of the function that redeeming asks, in each store that comes into question.
import type { RuleId, StoreId } from '../../protocol/ids.ts'
import { hybridTime, zoneOffset } from '../../protocol/time.ts'
import type { Clock, HybridTime, Millis, ZoneOffset } from '../../protocol/time.ts'
import type { Program, RedeemPerk } from '../evaluation/compile.ts'
import { anybody } from '../evaluation/spending/anybody.ts'
import { leastNamed } from '../evaluation/spending/offers.ts'
import { NOTHING_HELD, mayRedeem } from '../evaluation/spending/spending.ts'
import type { BudgetReads } from '../store/lease-port.ts'
import type { StoreRow, TenantId } from '../store/port.ts'
import { budgetUse, budgetedPerks, countOf } from './budgets.ts'
import type { BudgetUse } from './budgets.ts'
import type { ProgramShelf } from './programs.ts'

export interface Offer {
  readonly id: RuleId
  readonly title: string
  /** For points as money the fewest that are worth anything. */
  readonly points: number
  /** In one of the stores at least, now. */
  readonly available: boolean
}

interface Place {
  readonly store: StoreId
  readonly at: HybridTime
  readonly offset: ZoneOffset
}

export interface OffersParts {
  readonly read: BudgetReads
  readonly shelf: ProgramShelf
  readonly clock: Clock
}

/** `stores`: where it would be redeemed; in none nothing is available. */
export async function offersOf(
  { read, shelf, clock }: OffersParts,
  tenant: TenantId,
  stores: readonly Pick<StoreRow, 'id' | 'zone'>[],
): Promise<Offer[]> {
  const now = clock.now() as Millis
  const program = (await shelf.of(tenant)).program(hybridTime(now))
  if (program === null) return []
  const used = new Map<RuleId, BudgetUse>()
  for (const { id } of budgetedPerks(program)) used.set(id, await budgetUse(read, tenant, id, now))
  return [...program.redeemPerks.values()].map((perk) => ({
    id: perk.id,
    title: perk.document.title,
    points: leastNamed(perk) ?? perk.points,
    available: stores.some(({ id, zone }) =>
      isOffered(
        program,
        perk,
        { store: id, at: hybridTime(now), offset: zoneOffset(zone, now) },
        used.get(perk.id),
      ),
    ),
  }))
}

function isOffered(program: Program, perk: RedeemPerk, place: Place, used: BudgetUse | undefined): boolean {
  const rows = used === undefined ? [] : [...used.redeemed, ...used.leased]
  const held = { ...NOTHING_HELD, budgetUsed: countOf(rows), budgetUsedHere: countOf(rows, place.store) }
  return mayRedeem(program, anybody(program, place.store), perk.id, place, held, leastNamed(perk)).ok
}
