// What a redemption is asked beyond the conditions every rule may have and its price, in order (E-SPEND-6). Deciding takes the refusal of the first that
// fails, explaining tells each (E-EXP-4): one table, so that they cannot disagree.
import { ENTITLEMENTS_LIVE_MAX } from '../../../protocol/limits.ts'
import type { RefusalCode } from '../../../protocol/refusals.ts'
import { dayOfDate } from '../check/dates.ts'
import type { RedeemPerk } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import type { Reasons } from '../explanation/common-reasons.ts'
import { minuteText, scheduleText } from '../explanation/schedule-words.ts'
import { dateOfDay } from '../time/calendar.ts'
import { inSlots } from '../time/slots.ts'
import { liveCount, liveOf } from './entitlements.ts'
import { limitText, standingOf } from './limits.ts'
import { reserved } from './redemptions.ts'

/** What other open decisions of the authority have taken already, not yet in the fold, and what it counts of all members. */
export interface Held {
  /** Of the perk's metric. */
  readonly points: number
  /** Redemptions of this very perk. */
  readonly uses: number
  /** Redemptions of this perk by all members that were not cancelled, open decisions included: everywhere, and in this store (E-SPEND-7). */
  readonly budgetUsed?: number
  readonly budgetUsedHere?: number
}

export interface RedeemQuestion {
  readonly perk: RedeemPerk
  readonly at: Situation
  readonly held: Held
}

export interface RedeemCondition {
  readonly name: string
  readonly code: RefusalCode
  readonly isAsked: (perk: RedeemPerk) => boolean
  readonly holds: (question: RedeemQuestion) => boolean
  /** The refusal's sentence. */
  readonly detail: (question: RedeemQuestion) => string
  readonly reasons: (question: RedeemQuestion) => Reasons
}

const quoted = ({ document }: RedeemPerk): string => `"${document.title}"`
const homeOf = ({ state }: Situation): number => state.more?.profile.homeStore ?? 0
const heldOf = ({ perk, at: { state, day }, held }: RedeemQuestion): number =>
  liveOf(state, perk.id) + reserved(state, day, perk.id) + held.uses
const heldOfAll = ({ at: { state, day }, held }: RedeemQuestion): number =>
  liveCount(state) + reserved(state, day) + held.uses
const limitStanding = ({ perk, at: { state, day }, held }: RedeemQuestion) =>
  standingOf(perk, state, day, held.uses)
const againFrom = (againOn: string | null): string | null => (againOn === null ? null : `from ${againOn} on`)

export const REDEEM_CONDITIONS: readonly RedeemCondition[] = [
  {
    name: 'until',
    code: 'perk_not_active',
    isAsked: ({ document }) => document.voucher?.until !== undefined,
    holds: ({ perk, at }) => (dayOfDate(perk.document.voucher?.until ?? '') ?? at.day) >= at.day,
    detail: ({ perk }) => `What ${quoted(perk)} gives could be used until ${perk.document.voucher?.until}`,
    reasons: ({ perk, at }) => [dateOfDay(at.day), `until ${perk.document.voucher?.until}`, null],
  },
  {
    name: 'home_store',
    code: 'perk_not_here',
    isAsked: ({ document }) => document.home_store_only === true,
    holds: ({ at }) => homeOf(at) > 0 && homeOf(at) === at.fact.store,
    detail: ({ perk }) => `${quoted(perk)} is redeemed in the member's home store only`,
    reasons: ({ at }) => {
      const home = homeOf(at)
      return home === 0
        ? ['home store not told', `home store ${at.fact.store}`, null]
        : [`home store ${home}`, `home store ${at.fact.store}`, `in store ${home}`]
    },
  },
  {
    name: 'schedule',
    code: 'perk_not_active',
    isAsked: ({ slots }) => slots !== null,
    holds: ({ perk: { slots }, at }) => slots === null || inSlots(slots, at.minute),
    detail: ({ perk }) => `${quoted(perk)} cannot be redeemed at this time of the week`,
    reasons: ({ perk, at }) => {
      const times = scheduleText(perk.document.schedule ?? [])
      return [minuteText(at.minute), times, `at another time: ${times}`]
    },
  },
  {
    name: 'limit',
    code: 'limit_reached',
    isAsked: ({ document }) => document.limit !== undefined,
    holds: (question) => limitStanding(question).remaining !== 0,
    detail: (question) => {
      const { perk } = question
      const { againOn } = limitStanding(question)
      const again = againOn === null ? '' : `, again from ${againOn}`
      return `${quoted(perk)} can be redeemed ${limitOf(perk)}${again}`
    },
    reasons: (question) => {
      const { remaining, againOn } = limitStanding(question)
      return [`${remaining ?? 'any'} left`, limitOf(question.perk), againFrom(againOn)]
    },
  },
  {
    name: 'per_member',
    code: 'limit_reached',
    isAsked: ({ document }) => document.voucher?.per_member !== undefined,
    holds: (question) => heldOf(question) < (question.perk.document.voucher?.per_member ?? Infinity),
    detail: ({ perk }) =>
      `A member can hold ${perk.document.voucher?.per_member} of ${quoted(perk)} at a time`,
    reasons: (question) => [
      `${heldOf(question)} held`,
      `at most ${question.perk.document.voucher?.per_member} at a time`,
      'use one first',
    ],
  },
  {
    name: 'vouchers',
    code: 'limit_reached',
    isAsked: ({ document }) => document.voucher !== undefined,
    holds: (question) => heldOfAll(question) < ENTITLEMENTS_LIVE_MAX,
    detail: () => `A member can hold ${ENTITLEMENTS_LIVE_MAX} vouchers at a time`,
    reasons: (question) => [
      `${heldOfAll(question)} held`,
      `at most ${ENTITLEMENTS_LIVE_MAX} at a time`,
      'use one first',
    ],
  },
  {
    name: 'budget',
    code: 'budget_spent',
    isAsked: ({ document }) => document.budget?.total !== undefined,
    holds: ({ perk, held }) => (held.budgetUsed ?? 0) < (perk.document.budget?.total ?? Infinity),
    detail: ({ perk }) => `All ${perk.document.budget?.total} of ${quoted(perk)} have been redeemed`,
    reasons: ({ perk, held }) => [
      usedText(held.budgetUsed),
      `at most ${perk.document.budget?.total} by all members`,
      null,
    ],
  },
  {
    name: 'budget_here',
    code: 'budget_spent',
    isAsked: ({ document }) => document.budget?.per_store !== undefined,
    holds: ({ perk, held }) => (held.budgetUsedHere ?? 0) < (perk.document.budget?.per_store ?? Infinity),
    detail: ({ perk, at }) =>
      `All ${perk.document.budget?.per_store} of ${quoted(perk)} for store ${at.fact.store} have been redeemed`,
    reasons: ({ perk, held }) => [
      usedText(held.budgetUsedHere),
      `at most ${perk.document.budget?.per_store} in this store`,
      null,
    ],
  },
]

function limitOf({ document: { limit } }: RedeemPerk): string {
  return limit === undefined ? '' : limitText(limit)
}

/** The count of all members is the authority's; it is in no member's state. */
function usedText(count: number | undefined): string {
  return count === undefined ? 'counted by the cloud when it decides' : `${count} redeemed`
}
