// Caps: at most so much of a perk, a bonus or a group on one sale, in one local day, ever (E-EARN-12). What was given is remembered only for what has
// caps; a return does not free a cap.
import type { Bonus, EarnPerk } from '../compile.ts'
import type { CapsDocument, GroupDocument } from '../document/earning.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'
import { countBetween, countEver, countOnAndEver } from './tallies.ts'

/** Rules are known by id, groups by name. */
export type Capped = EarnPerk | Bonus | GroupDocument

function keyOf(capped: Capped): number | string {
  return 'name' in capped ? capped.name : capped.id
}

/** What the tightest cap still allows; Infinity without caps. `onThisFact`: what was given on the fact at hand already. */
export function leftOf(
  state: MemberState,
  capped: Capped,
  caps: CapsDocument | null | undefined,
  day: number,
  onThisFact = 0,
): number {
  if (caps === null || caps === undefined) return Infinity
  const { per_sale = Infinity, per_day = Infinity, per_member = Infinity } = caps
  const given = state.more?.given ?? []
  const key = keyOf(capped)
  const today = countBetween(given, key, day, day)
  return Math.min(per_sale, per_day - today, per_member - countEver(given, key)) - onThisFact
}

export function noteGiven(
  state: MemberState,
  capped: Capped,
  caps: CapsDocument | null | undefined,
  day: number,
  amount: number,
): void {
  if (caps === null || caps === undefined) return
  const more = moreOf(state)
  // Whichever caps it has now, a later version may have the others.
  more.given = countOnAndEver(more.given, keyOf(capped), day, amount, 1)
}
