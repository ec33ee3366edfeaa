// Which of the gifts of one fact are given, and how much of them: own caps, then the choice of each group, then its caps (E-EARN-12, E-EARN-13).
import { leftOf } from './caps.ts'
import type { GroupDocument } from '../document/earning.ts'
import type { Gift } from './gifts.ts'
import { APPLIES, CAPS, GROUP } from '../conditions/condition-numbers.ts'
import type { MemberState } from '../state.ts'

/** Cuts and refuses gifts, which are in the document's order; perks and bonuses are settled apart. */
export function settleGifts(gifts: readonly Gift[], state: MemberState, day: number): void {
  let groups: Set<GroupDocument> | null = null
  for (const gift of gifts) {
    if (gift.failing !== APPLIES) continue
    cut(gift, leftOf(state, gift.rule, gift.rule.caps, day))
    if (gift.rule.group !== null) (groups ??= new Set()).add(gift.rule.group)
  }
  if (groups === null) return
  for (const group of groups) {
    const rivals = gifts.filter(({ rule, failing }) => rule.group === group && failing === APPLIES)
    const chosen = chosenOf(group, rivals)
    if (chosen !== null) for (const gift of rivals) if (gift !== chosen) refuse(gift, GROUP)
    let given = 0
    for (const gift of rivals) {
      if (gift.failing !== APPLIES) continue
      cut(gift, leftOf(state, group, group.caps, day, given))
      given += gift.amount
    }
  }
}

/** Null: all of them. */
function chosenOf({ stacking }: GroupDocument, rivals: readonly Gift[]): Gift | null {
  if (stacking === 'all') return null
  let chosen: Gift | null = null
  for (const gift of rivals)
    if (chosen === null || (stacking === 'best' && gift.amount > chosen.amount)) chosen = gift
  return chosen
}

function cut(gift: Gift, left: number): void {
  if (left < 1) refuse(gift, CAPS)
  else if (left < gift.amount) gift.amount = left
}

/** The amount it would have given is what the explanation tells. */
function refuse(gift: Gift, condition: number): void {
  gift.failing = condition
  gift.measured = gift.amount
  gift.amount = 0
}
