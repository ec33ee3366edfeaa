// Which tier a member has, as conditions ask it: in the middle of a fact too, when lifetime points have moved and the tier is not settled yet.
import type { Program } from '../compile.ts'
import type { MemberState } from '../state.ts'

/** Place of the member's tier among the program's, from 0; -1 where the program has none. */
export function tierPlaceOf({ tiers, tierFloors, plainTiers }: Program, state: MemberState): number {
  if (!plainTiers) return tiers.findIndex(({ id }) => id === state.tier)
  let place = tierFloors.length - 1
  while (place > 0 && (tierFloors[place] ?? 0) > state.lifetime) place--
  return place
}
