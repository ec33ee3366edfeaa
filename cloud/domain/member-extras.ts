// A member's challenges, responses, segments and figures as the cloud tells them: pure functions over a state that time was brought to (`stateAt`).
import { idText } from '../../protocol/ids.ts'
import type { StoreId } from '../../protocol/ids.ts'
import { DAY_MS } from '../../protocol/time.ts'
import { aggregateOf } from '../evaluation/reactions/aggregates.ts'
import {
  completedOn,
  isEligible,
  participation,
  periodOf,
  progressOf,
} from '../evaluation/reactions/challenges.ts'
import type { Challenge } from '../evaluation/reactions/challenges.ts'
import type { Program } from '../evaluation/compile.ts'
import { DAY_AFTER_ALL, DAY_BEFORE_ALL } from '../evaluation/time/calendar.ts'
import { situationAt } from '../evaluation/conditions/condition.ts'
import type { Situation } from '../evaluation/conditions/condition.ts'
import {
  CHALLENGE_JOINED,
  CHALLENGE_LEFT,
  RESPONSE_APPROVED,
  SEGMENT_BY_RULE,
  SEGMENT_INCLUDED,
} from '../evaluation/more.ts'
import { countedIn, responsesTo } from '../evaluation/reactions/responses.ts'
import type { ResponseChallenge } from '../evaluation/reactions/responses.ts'
import { inSegment, segmentFlags, segmentUntil } from '../evaluation/reactions/segments.ts'
import type { Segment } from '../evaluation/reactions/segments.ts'
import type { MemberState } from '../evaluation/state.ts'
import { NEVER } from '../evaluation/state.ts'
import { frequencyViews, limitViews } from './member-allowances.ts'
import type {
  AggregateView,
  ChallengeStatus,
  ChallengeView,
  MemberExtras,
  ResponseChallengeView,
  SegmentMembership,
} from './member-extras-shapes.ts'

/** The wall clock, and the store, of the member's enrolment: where and when conditions are asked. */
export interface Here {
  readonly ms: number
  readonly offset: number
  readonly store: StoreId
}

export function memberExtrasView(program: Program | null, state: MemberState, here: Here): MemberExtras {
  const referral = state.more?.referral ?? 0
  return {
    challenges: challengeViews(program, state, here),
    response_challenges: responseViews(program, state, here),
    segments: segmentsView(program, state, here.ms),
    frequencies: frequencyViews(program, state, here),
    limits: limitViews(program, state, here),
    aggregates: aggregatesView(program, state, here),
    open_referral: referral > 0 && state.more !== null ? idText(state.more.referral) : null,
  }
}

function situationOf(program: Program, state: MemberState, { ms, offset, store }: Here): Situation {
  return situationAt(program, state, { kind: 'moment', store }, ms, offset)
}

export function challengeViews(program: Program | null, state: MemberState, here: Here): ChallengeView[] {
  if (program === null) return []
  const at = situationOf(program, state, here)
  return (program.reactions?.challenges ?? []).map((challenge) => {
    const { id, document } = challenge
    const period = periodOf(challenge, state)
    return {
      id,
      title: document.title,
      join: document.join,
      status: statusOf(challenge, at),
      first_day: dayText(period?.[0] ?? DAY_BEFORE_ALL),
      last_day: dayText(period?.[1] ?? DAY_AFTER_ALL),
      completed_on: dayText(completedOn(state, id) ?? DAY_AFTER_ALL),
      requirements: document.requirements.map((requirement) => {
        const { quantity, completed } = progressOf(state, requirement.id)
        return {
          id: requirement.id,
          title: requirement.title,
          perk: requirement.perk,
          quantity: requirement.quantity,
          done: completed ? requirement.quantity : quantity,
          completed,
        }
      }),
    }
  })
}

function statusOf(challenge: Challenge, at: Situation): ChallengeStatus {
  const { id, document, conditions } = challenge
  const { state, day } = at
  const said = participation(state, id)
  if (completedOn(state, id) !== null) return 'completed'
  if (!conditions.active) return 'inactive'
  if (said === CHALLENGE_LEFT) return 'left'
  const period = periodOf(challenge, state)
  if (period === null || day < period[0]) return 'upcoming'
  if (day > period[1]) return 'over'
  if (document.join === 'opt_in') return said === CHALLENGE_JOINED ? 'taking_part' : 'not_joined'
  return isEligible(challenge, at) ? 'taking_part' : 'not_eligible'
}

/** Null for a day that is none. */
function dayText(day: number): string | null {
  return day === DAY_BEFORE_ALL || day === DAY_AFTER_ALL
    ? null
    : new Date(day * DAY_MS).toISOString().slice(0, 10)
}

export function responseViews(
  program: Program | null,
  state: MemberState,
  here: Here,
): ResponseChallengeView[] {
  if (program === null) return []
  const { day } = situationOf(program, state, here)
  return [...(program.reactions?.responseChallenges.values() ?? [])].map((challenge) =>
    responseView(challenge, state, day),
  )
}

function responseView(
  { id, document }: ResponseChallenge,
  state: MemberState,
  day: number,
): ResponseChallengeView {
  const given = responsesTo(state, id)
  const { per_member: perMember, interval_days: interval = 0 } = document
  const last = given.at(-1)
  const next = last === undefined ? day : last.day + interval
  return {
    id,
    title: document.title,
    type: document.type,
    responses: given.length,
    approved: given.filter(({ flags }) => (flags & RESPONSE_APPROVED) !== 0).length,
    remaining: perMember === undefined ? null : Math.max(0, perMember - countedIn(document, state, day)),
    last_on: last === undefined ? null : dayText(last.day),
    next_on: next > day ? dayText(next) : null,
  }
}

/** The segments the member is in. */
export function segmentsView(program: Program | null, state: MemberState, ms: number): SegmentMembership[] {
  return (program?.reactions?.segments ?? []).flatMap((segment) => membershipView(segment, state, ms) ?? [])
}

/** Null: not in it. */
export function membershipView(
  { id, document }: Segment,
  state: MemberState,
  ms: number,
): SegmentMembership | null {
  if (!inSegment(state, id, ms)) return null
  const flags = segmentFlags(state, id)
  const byHq = (flags & SEGMENT_INCLUDED) !== 0
  const until = segmentUntil(state, id)
  const byRule = !byHq && (flags & SEGMENT_BY_RULE) !== 0 && (until === NEVER || ms < until)
  return {
    id,
    name: document.name,
    by: byHq ? 'hq' : byRule ? 'rule' : 'condition',
    until: byRule && until !== NEVER ? new Date(until - 1).toISOString() : null,
  }
}

export function aggregatesView(program: Program | null, state: MemberState, here: Here): AggregateView[] {
  if (program === null) return []
  const { day } = situationOf(program, state, here)
  return [...(program.reactions?.aggregates.byId.values() ?? [])].map(({ id, name, of }) => ({
    id,
    name,
    of,
    value: aggregateOf(program, state, id, day) ?? null,
  }))
}
