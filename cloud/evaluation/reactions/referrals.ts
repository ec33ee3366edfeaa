// Referrals, from the side of the member who was referred (E-REF): one `received` referral is open at a time, until a perk that completes it is given or
// the referral is void. What the referrer gets is earned by a fact of the referrer's own, which the cloud makes.
import type { Referral } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import type { Program } from '../compile.ts'
import type { EffectBuffer } from '../effects.ts'
import { EARN, REFERRAL_COMPLETED } from '../effects.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'

export function bookReferral(state: MemberState, fact: Referral): void {
  const open = state.more?.referral ?? NO_FACT
  if (fact.stage === 'received' && open === NO_FACT) {
    const more = moreOf(state)
    more.referral = fact.id
    more.referralSent = fact.of
  } else if (fact.stage === 'void' && open !== NO_FACT && state.more?.referralSent === fact.of) close(state)
}

function close(state: MemberState): void {
  const more = moreOf(state)
  more.referral = NO_FACT
  more.referralSent = NO_FACT
}

/** The first perk in the document that completes referrals and is among the fact's own effects closes the open one (E-REF-2). */
export function completeReferral(
  program: Program,
  state: MemberState,
  start: number,
  effects: EffectBuffer,
): void {
  const open = state.more?.referral ?? NO_FACT
  const completing = program.reactions?.completing
  if (open === NO_FACT || completing === undefined || completing.size === 0) return
  for (const rule of completing) {
    if (!gave(rule, start, effects)) continue
    effects.push(REFERRAL_COMPLETED, rule, 0, 1, open)
    close(state)
    return
  }
}

function gave(rule: RuleId, start: number, effects: EffectBuffer): boolean {
  for (let at = start; at < effects.length; at++)
    if (effects.kindAt(at) === EARN && effects.ruleAt(at) === rule) return true
  return false
}
