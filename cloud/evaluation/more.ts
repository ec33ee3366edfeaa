// What is remembered of a member beyond points: other metrics, what is pending, tier period, segments, challenges, the profile. Members of programs
// that use none of it have none of it (`MemberState.more` is null), so that the usual state stays small. Flat lists have their stride in the comment.
import type { FactId } from '../../protocol/ids.ts'
import type { Tally } from './earning/tallies.ts'

/** One metric's account. A member's state is itself the account of points (metric 0). */
export interface Account {
  /** Below 0 is a deficit. */
  balance: number
  lifetime: number
  spent: number
  /** What expires; stride 2: expires (ms), amount; oldest expiry first. What the balance holds beyond them never does. */
  lots: number[]
}

export interface MetricAccount extends Account {
  readonly metric: number
}

/** Never written to, so that states may share it. */
export interface Profile {
  /** 0: not known. */
  readonly homeStore: number
  /** YYYY-MM-DD, empty: not known. */
  readonly birthday: string
  /** Name and value, by name. */
  readonly attributes: readonly (readonly [name: string, value: string])[]
  /** Whether the membership is active; null: never said. */
  readonly active: boolean | null
  /** Local day since 1970 the membership began, where it was said. */
  readonly since: number | null
}

/** What keeps a member in a segment, or out of it: bits of a segment's flags. */
export const SEGMENT_BY_RULE = 1
export const SEGMENT_BY_CONDITION = 2
export const SEGMENT_INCLUDED = 4
export const SEGMENT_EXCLUDED = 8
/** Was in it when it was last looked at. */
export const SEGMENT_TOLD = 16

export const CHALLENGE_JOINED = 1
export const CHALLENGE_LEFT = 2
export const CHALLENGE_COMPLETED = 3

/** Bits of a response's flags: approved or rejected, by whom or what ever; drawn for a prize. */
export const RESPONSE_SETTLED = 1
export const RESPONSE_APPROVED = 2
export const RESPONSE_DRAWN = 4

export interface More {
  profile: Profile
  /** Metrics other than points, in the order they were first touched. */
  accounts: MetricAccount[]
  /** Stride 6: metric, ready (ms), amount, fact that earned it, expires (ms, 0 never), local day it was earned on. In the order of earning. */
  pending: number[]
  /** What was earned by local day; stride 3: metric, day, amount. By day. */
  days: number[]
  /** End of the tier's period (ms), 0: none; and the offset of the fact that set it, which says what its last local day is. */
  tierEnd: number
  tierOffset: number
  /** Stride 3: segment, SEGMENT_* flags, until when by rule (ms, 0 for ever). By segment. */
  segments: number[]
  /** Stride 3: challenge, CHALLENGE_*, local day of that; whether it is completed is an entry of its own. */
  challenges: number[]
  /** Stride 3: requirement, quantity, 1 when completed. */
  progress: number[]
  /** Responses that count; stride 4: challenge, response fact, local day, RESPONSE_* flags. */
  responses: number[]
  /** Stride 4: local day, spend, orders, visits. Oldest first. */
  visits: number[]
  /** Ever. */
  spend: number
  orders: number
  visitCount: number
  /** Local day of the last sale or check-in; null before. */
  lastVisit: number | null
  /** The open `received` referral, and the `sent` one it answers; 0: none. */
  referral: FactId
  referralSent: FactId
  /** Local day up to which birthdays are past: the last one kept, or the day one was told; null before any. */
  birthdayDone: number | null
  /** Year of the last birthday that was kept; 0: none. */
  birthdayYear: number
  /** How often rules applied, where a condition asks; stride 3: rule, local day (or EVER), times. See tallies.ts. */
  applied: Tally
  /** What capped rules and groups gave; stride 3: rule or group's name, local day (or EVER), amount. */
  given: Tally
}

/** What all empty lists of states are; frozen, because it is shared. */
export const NONE = Object.freeze([]) as unknown as never[]

/** Of all members of whom nothing was said. */
const NO_PROFILE: Profile = { homeStore: 0, birthday: '', attributes: NONE, active: null, since: null }

export function newMore(): More {
  return {
    profile: NO_PROFILE,
    accounts: NONE,
    pending: NONE,
    days: NONE,
    tierEnd: 0,
    tierOffset: 0,
    segments: NONE,
    challenges: NONE,
    progress: NONE,
    responses: NONE,
    visits: NONE,
    spend: 0,
    orders: 0,
    visitCount: 0,
    lastVisit: null,
    referral: 0 as FactId,
    referralSent: 0 as FactId,
    birthdayDone: null,
    birthdayYear: 0,
    applied: NONE,
    given: NONE,
  }
}

export function copyMore(more: More): More {
  return {
    ...more,
    accounts: more.accounts.map((account) => ({ ...account, lots: account.lots.slice() })),
    pending: copyOf(more.pending),
    days: copyOf(more.days),
    segments: copyOf(more.segments),
    challenges: copyOf(more.challenges),
    progress: copyOf(more.progress),
    responses: copyOf(more.responses),
    visits: copyOf(more.visits),
  }
}

/** Empty lists are shared. */
function copyOf<T>(list: readonly T[]): T[] {
  return list.length === 0 ? NONE : list.slice()
}

/** What of it must be equal wherever the same facts are known: everything but positions (see `outcomeText`). */
export function outcomeOfMore(more: More): object {
  return {
    ...more,
    pending: more.pending.filter((_, at) => at % 6 !== 3),
    responses: more.responses.filter((_, at) => at % 4 !== 1),
    referral: more.referral > 0,
    referralSent: more.referralSent > 0,
  }
}
