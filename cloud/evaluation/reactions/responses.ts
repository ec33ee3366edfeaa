// Response challenges (E-RSP): which responses count, when they are rewarded, and who wins the prize. Nothing here is random: the cloud gives every
// response its number and the challenge's seed, which are on its facts, so that every replay finds the same winners.
import { createHash } from 'node:crypto'
import type { Response } from '../../../protocol/facts.ts'
import type { FactId, RuleId } from '../../../protocol/ids.ts'
import { millisOf, monthOfDay, weekOfDay } from '../../../protocol/time.ts'
import type { Conditions, Program } from '../compile.ts'
import { situationAt, situationOf } from '../conditions/condition.ts'
import type { PrizeDocument, ResponseChallengeDocument, ResponsePeriod } from '../document/challenges.ts'
import type { EffectBuffer } from '../effects.ts'
import { PRIZE, RESPONSE, RESPONSE_REFUSED } from '../effects.ts'
import type { More } from '../more.ts'
import { RESPONSE_APPROVED, RESPONSE_DRAWN, RESPONSE_SETTLED } from '../more.ts'
import { EVER, countEver, countOn } from '../earning/tallies.ts'
import { dayOf, isForgotten } from '../spending/memory.ts'
import type { Watch } from './watch.ts'
import { giveReward } from './rewards.ts'
import { CONDITIONS } from '../conditions/condition-numbers.ts'
import { failingRule } from '../conditions/rule-conditions.ts'
import type { ConditionName } from '../conditions/condition-numbers.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'
import { yearOfDay } from '../time/windows.ts'

export interface ResponseChallenge {
  readonly id: RuleId
  readonly document: ResponseChallengeDocument
  readonly conditions: Conditions
}

const STRIDE = 4
const FACT = 1
const DAY = 2
const FLAGS = 3

export interface CountedResponse {
  readonly fact: FactId
  readonly day: number
  /** RESPONSE_* bits. */
  readonly flags: number
}

/** The member's responses to a challenge that count, oldest first. */
export function responsesTo({ more }: MemberState, challenge: RuleId): CountedResponse[] {
  const { responses = [] } = more ?? {}
  const found: CountedResponse[] = []
  for (let at = 0; at < responses.length; at += STRIDE) {
    if (responses[at] !== challenge) continue
    const fact = (responses[at + FACT] ?? 0) as FactId
    found.push({ fact, day: responses[at + DAY] ?? 0, flags: responses[at + FLAGS] ?? 0 })
  }
  return found
}

export function bookResponse(
  program: Program,
  state: MemberState,
  fact: Response,
  effects: EffectBuffer,
  watch?: Watch,
): void {
  const challenge = program.reactions?.responseChallenges.get(fact.challenge)
  if (challenge === undefined) return
  const { prize } = challenge.document
  if (fact.verdict === 'submitted') submit(program, state, challenge, fact, effects, watch)
  else if (fact.verdict === 'drawn') {
    const drawn = prize?.calculation === 'random' && mark(state, challenge.id, fact.of, RESPONSE_DRAWN)
    watch?.prize(challenge, fact.number, drawn)
    if (drawn) win(program, state, challenge, prize, fact, effects)
  } else {
    const settled = fact.verdict === 'approved' ? RESPONSE_SETTLED | RESPONSE_APPROVED : RESPONSE_SETTLED
    const first = mark(state, challenge.id, fact.of, settled)
    watch?.response(challenge, first ? 'applies' : 'verdict', situationOf(program, state, fact))
    if (first && fact.verdict === 'approved') rewardResponse(program, state, challenge, fact, effects, watch)
  }
}

function submit(
  program: Program,
  state: MemberState,
  challenge: ResponseChallenge,
  fact: Response,
  effects: EffectBuffer,
  watch: Watch | undefined,
): void {
  const { id, document } = challenge
  const failing = mayRespond(program, state, challenge, fact, fact.number)
  watch?.response(challenge, failing ?? 'applies', situationOf(program, state, fact))
  if (failing !== null) {
    effects.push(RESPONSE_REFUSED, id, 0, 1, 0)
    return
  }
  const approved = document.auto_approve !== false
  const more = moreOf(state)
  const day = dayOf(fact)
  forget(more, day)
  more.responses = [...more.responses, id, fact.id, day, approved ? RESPONSE_SETTLED | RESPONSE_APPROVED : 0]
  effects.push(RESPONSE, id, 0, 1, 0)
  if (approved) rewardResponse(program, state, challenge, fact, effects, watch)
}

/** Of old responses only their number stays, and the last to each challenge (E-MEM-1). */
function forget(more: More, on: number): void {
  const { responses } = more
  const last = new Map<number, number>()
  for (let at = 0; at < responses.length; at += STRIDE) last.set(responses[at] ?? 0, at)
  const kept: number[] = []
  for (let at = 0; at < responses.length; at += STRIDE) {
    const [challenge = 0, fact = 0, day = 0, flags = 0] = responses.slice(at, at + STRIDE)
    if (isForgotten(day, on) && last.get(challenge) !== at)
      more.applied = countOn(more.applied, challenge, EVER, 1, 0)
    else kept.push(challenge, fact, day, flags)
  }
  if (kept.length < responses.length) more.responses = kept
}

/** Where and when a response is given, which may be no fact yet. */
export type ResponsePlace = Pick<Response, 'kind' | 'store' | 'at' | 'offset'>
export type ResponseLimit = ConditionName | 'per_member' | 'interval_days' | 'overall'

/** The first limit that keeps a response with this number from counting (E-RSP-1); null: it counts. Whoever gives the numbers asks here, as the fold does. */
export function mayRespond(
  program: Program,
  state: MemberState,
  { id, document, conditions }: ResponseChallenge,
  place: ResponsePlace,
  number: number,
): ResponseLimit | null {
  const { per_member: perMember, interval_days: interval = 0, overall } = document
  const situation = situationAt(program, state, place, millisOf(place.at), place.offset)
  const failing = CONDITIONS[failingRule(conditions, situation)] ?? 'applies'
  if (failing !== 'applies') return failing
  const earlier = responsesTo(state, id)
  if (perMember !== undefined && countedIn(document, state, situation.day) >= perMember) return 'per_member'
  const last = earlier.at(-1)
  if (last !== undefined && Math.abs(situation.day - last.day) < interval) return 'interval_days'
  return overall !== undefined && number > overall ? 'overall' : null
}

/** Of a member's responses those that `per_member` counts on a local day. */
export function countedIn(
  { id, per_member_period: period }: ResponseChallengeDocument,
  state: MemberState,
  day: number,
): number {
  const responses = responsesTo(state, id)
  if (period === undefined) return responses.length + countEver(state.more?.applied ?? [], id)
  const current = periodNumber(period, day)
  return responses.filter((one) => periodNumber(period, one.day) === current).length
}

/** Number of the period a local day lies in. */
export function periodNumber(period: ResponsePeriod, day: number): number {
  switch (period) {
    case 'day':
      return day
    case 'week':
      return weekOfDay(day)
    case 'month':
      return monthOfDay(day)
    case 'year':
      return yearOfDay(day)
  }
}

/** Sets the flags of a counted response, once: false where there is no such response, or one of the flags' first is set already. */
function mark(state: MemberState, challenge: RuleId, response: FactId, flags: number): boolean {
  const responses = state.more?.responses ?? []
  const once = flags & (RESPONSE_SETTLED | RESPONSE_DRAWN)
  for (let at = 0; at < responses.length; at += STRIDE) {
    if (responses[at] !== challenge || responses[at + FACT] !== response) continue
    const before = responses[at + FLAGS] ?? 0
    if ((before & once) !== 0) return false
    moreOf(state).responses = responses.with(at + FLAGS, before | flags)
    return true
  }
  return false
}

/** The verdict carries the number and seed of the response it is about. */
function rewardResponse(
  program: Program,
  state: MemberState,
  challenge: ResponseChallenge,
  fact: Response,
  effects: EffectBuffer,
  watch: Watch | undefined,
): void {
  const { id, document } = challenge
  if (document.reward !== undefined) giveReward(program, state, document.reward, id, id, 0, fact, effects)
  const { prize } = document
  if (prize === undefined) return
  const won = wins(prize, fact)
  watch?.prize(challenge, fact.number, won)
  if (won) win(program, state, challenge, prize, fact, effects)
}

function win(
  program: Program,
  state: MemberState,
  { id }: ResponseChallenge,
  prize: PrizeDocument,
  fact: Response,
  effects: EffectBuffer,
): void {
  const response = fact.verdict === 'submitted' ? fact.id : fact.of
  effects.push(PRIZE, id, 0, 1, response)
  giveReward(program, state, prize.reward, id, -id, response, fact, effects)
}

const MILLION = 1_000_000

/** E-RSP-2. */
export function wins(
  prize: PrizeDocument,
  { number, number_in_period: inPeriod, seed }: Pick<Response, 'number' | 'number_in_period' | 'seed'>,
): boolean {
  switch (prize.calculation) {
    case 'probability':
      return (
        createHash('sha256').update(`${seed}:${number}`).digest().readUInt32BE(0) % MILLION <
        prize.per_million
      )
    case 'every_nth':
      return number % prize.nth === 0
    case 'first_n':
      return inPeriod <= prize.count
    case 'random':
      return false
  }
}
