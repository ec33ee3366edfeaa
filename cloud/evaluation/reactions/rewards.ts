// What challenges, prizes and rules give: an amount of a metric, or the entitlement of a redeem perk.
import type { RuleId } from '../../../protocol/ids.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import type { RewardDocument } from '../document/challenges.ts'
import type { EffectBuffer } from '../effects.ts'
import { REWARD } from '../effects.ts'
import { issueEntitlement } from '../spending/entitlements.ts'
import { earnIn } from '../metrics/metrics.ts'
import type { Occasion } from '../metrics/metrics.ts'
import type { MemberState } from '../state.ts'

/**
 * Gives a rule's reward. `index` makes the entitlement's code (E-SPEND-4); `of` tells two rewards of one rule on one fact apart, 0 where there can be only
 * one. `occasion` is the fact, or an instant it brought.
 */
export function giveReward(
  program: Program,
  state: MemberState,
  reward: RewardDocument,
  rule: RuleId,
  index: number,
  of: number,
  occasion: Occasion,
  effects: EffectBuffer,
): void {
  if ('perk' in reward) {
    issueEntitlement(
      program,
      state,
      reward.perk,
      occasion,
      occasion.id,
      index,
      effects,
      millisOf(occasion.at),
    )
    return
  }
  effects.push(REWARD, rule, reward.metric, reward.amount, of)
  earnIn(program, state, reward.metric, reward.amount, occasion)
}
