// What can be redeemed here now: by a member, or by anybody. What one member may do is read from what this store knows of the member; what is left
// for all members together only the cloud knows, so it is asked. Nothing here writes, and nothing is decided: that is the redemption's.
import type { RedeemPerk } from '../../cloud/evaluation/compile.ts'
import { situationAt } from '../../cloud/evaluation/conditions/condition.ts'
import { redeemConditions } from '../../cloud/evaluation/explanation/redemptions.ts'
import { anybody } from '../../cloud/evaluation/spending/anybody.ts'
import { mayHold, standingOf } from '../../cloud/evaluation/spending/limits.ts'
import { leastNamed } from '../../cloud/evaluation/spending/offers.ts'
import type { Held } from '../../cloud/evaluation/spending/redeem-conditions.ts'
import { NOTHING_HELD, mayRedeem } from '../../cloud/evaluation/spending/spending.ts'
import type { BudgetStanding } from '../../protocol/frames/budgets.ts'
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import { NO_MEMBER, idText } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { accept } from '../../protocol/result.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import type { PerkRow, PerksAnswer } from './answers.ts'
import type { Books } from './books.ts'
import { stateNow, statusOf } from './lookups.ts'
import { findCard } from './naming.ts'
import { offlineUntil } from './offline-view.ts'
import { usable } from './offline.ts'
import { whenNow } from './when.ts'

/** By perk; empty where the cloud did not say. */
type Standings = ReadonlyMap<RuleId, BudgetStanding>

export async function perksView(books: Books, member: MemberId | undefined): Promise<Result<PerksAnswer>> {
  const found = member === undefined ? undefined : await findCard(books, idText(member))
  if (found?.ok === false) return found
  const standings = await standingsOf(books)
  const program = books.programNow()
  const when = whenNow(books, undefined)
  const card = found?.value ?? null
  const told = { status: statusOf(books, card), as_of: books.asOf() }
  if (program === null || when === undefined) return accept({ ...told, perks: [] })
  const place = { store: books.identity.store.id, at: when.at, offset: when.offset }
  const state = card === null ? anybody(program, books.identity.store.id) : stateNow(program, card, when)
  const day = localDay(millisOf(when.at), when.offset)
  const asked = { kind: 'redemption', store: place.store } as const
  const at = situationAt(program, state, asked, millisOf(when.at), when.offset)
  const rowOf = (perk: RedeemPerk): PerkRow => {
    const named = leastNamed(perk)
    const standing = standings.get(perk.id)
    const held = heldOf(standing)
    const price = named ?? perk.points
    const decided = mayRedeem(program, state, perk.id, place, held, named)
    const { remaining, againOn } = standingOf(perk, state, day, 0)
    return {
      id: perk.id,
      title: perk.document.title,
      points: price,
      available: decided.ok,
      remaining,
      again_from: againOn,
      may_hold: card === null ? null : mayHold(perk, state, day),
      budget: budgetOf(books, perk, standing),
      refused: decided.ok ? null : decided.refusal.code,
      detail: decided.ok ? null : decided.refusal.detail,
      conditions: redeemConditions({ perk, at, held, price }),
      offline_until: card === null ? null : offlineUntil(books, card, perk.id, named),
    }
  }
  return accept({ ...told, perks: [...program.redeemPerks.values()].map(rowOf) })
}

/** Asked only where some perk has a budget. */
async function standingsOf(books: Books): Promise<Standings> {
  const perks = [...(books.programNow()?.redeemPerks.values() ?? [])]
  if (!books.link.live() || perks.every(({ document }) => document.budget === undefined)) return new Map()
  const told = await books.link.budgets()
  return new Map(told === 'unreachable' ? [] : told.budgets.map((one) => [one.perk, one]))
}

/** What others hold as leases is spent as far as this store is concerned. */
function heldOf(standing: BudgetStanding | undefined): Held {
  if (standing === undefined) return NOTHING_HELD
  const { redeemed, redeemed_here: here, leased, leased_here: leasedHere } = standing
  return { ...NOTHING_HELD, budgetUsed: redeemed + leased - leasedHere, budgetUsedHere: here }
}

function budgetOf(
  books: Books,
  { id, document: { budget } }: RedeemPerk,
  standing: BudgetStanding | undefined,
): PerkRow['budget'] {
  if (budget === undefined) return null
  const { total = null, per_store: perStore = null } = budget
  const { budgetUsed = 0, budgetUsedHere = 0 } = heldOf(standing)
  const left = (most: number | null, used: number): number | null =>
    most === null || standing === undefined ? null : Math.max(0, most - used)
  const leases = books.ledger.leases.of(NO_MEMBER, 'budget', id)
  return {
    total,
    left: left(total, budgetUsed),
    per_store: perStore,
    left_here: left(perStore, budgetUsedHere),
    offline: leases.reduce((sum, lease) => sum + usable(books, lease), 0),
  }
}
