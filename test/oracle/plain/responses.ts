// Response challenges: which responses count, which are rewarded, who wins a prize (E-RSP).
import { createHash } from 'node:crypto'
import type {
  PrizeDocument,
  ResponseChallengeDocument,
} from '../../../cloud/evaluation/document/challenges.ts'
import type { Response } from '../../../protocol/facts.ts'
import { note } from './amounts.ts'
import type { When } from './calendar.ts'
import { daysBetween, mondayOf } from './calendar.ts'
import { reward } from './challenges.ts'
import { hasTier, holds, inDates } from './conditions.ts'
import type { Answer, Member } from './member.ts'

export function respond(member: Member, when: When, fact: Response): void {
  const challenge = member.document?.response_challenges?.find(({ id }) => id === fact.challenge)
  if (challenge === undefined) return
  if (fact.verdict === 'submitted') {
    submit(member, when, challenge, fact)
    return
  }
  const answer = member.answers.find((one) => one.fact === fact.of && one.challenge === challenge.id)
  if (answer === undefined || answer.forgotten) return
  if (fact.verdict === 'drawn') {
    if (challenge.prize?.calculation !== 'random' || answer.drawn) return
    answer.drawn = true
    win(member, when, challenge, challenge.prize, answer)
  } else if (!answer.settled) {
    answer.settled = true
    if (fact.verdict === 'approved') rewardAnswer(member, when, challenge, fact, answer)
  }
}

function submit(member: Member, when: When, challenge: ResponseChallengeDocument, fact: Response): void {
  if (!counts(member, when, challenge, fact)) {
    note(member, when, 'response_refused', challenge.id, 0, 1)
    return
  }
  const answer: Answer = {
    challenge: challenge.id,
    fact: fact.id,
    day: when.date,
    settled: challenge.auto_approve !== false,
    drawn: false,
    forgotten: false,
  }
  forgetAnswers(member, when)
  member.answers.push(answer)
  if (answer.settled) rewardAnswer(member, when, challenge, fact, answer)
}

/** E-MEM-2: with the next one, but for the last to each challenge. */
function forgetAnswers({ answers }: Member, when: When): void {
  for (const [place, one] of answers.entries()) {
    const isLast = !answers.slice(place + 1).some(({ challenge }) => challenge === one.challenge)
    one.forgotten ||= !isLast && daysBetween(one.day, when.date) > 1102
  }
}

function counts(member: Member, when: When, challenge: ResponseChallengeDocument, fact: Response): boolean {
  const own = member.answers.filter((one) => one.challenge === challenge.id)
  const last = own.at(-1)
  return (
    challenge.status !== 'INACTIVE' &&
    inDates(challenge, when.date) &&
    (challenge.required_tier === undefined || hasTier(member, challenge.required_tier)) &&
    holds(member, when, challenge.when) &&
    inPeriod(challenge, own, when.date) < (challenge.per_member ?? Number.POSITIVE_INFINITY) &&
    (last === undefined || Math.abs(daysBetween(last.day, when.date)) >= (challenge.interval_days ?? 0)) &&
    fact.number <= (challenge.overall ?? Number.POSITIVE_INFINITY)
  )
}

/** Answers of the same day, week, month or year; without a period all. */
function inPeriod(
  { per_member_period: period }: ResponseChallengeDocument,
  own: readonly Answer[],
  date: string,
): number {
  const nameOf = (day: string): string =>
    period === 'day'
      ? day
      : period === 'week'
        ? mondayOf(day)
        : period === 'month'
          ? day.slice(0, 7)
          : day.slice(0, 4)
  return period === undefined ? own.length : own.filter(({ day }) => nameOf(day) === nameOf(date)).length
}

/** By the numbers and the seed of the fact that counts: the response, or its approval. */
function rewardAnswer(
  member: Member,
  when: When,
  challenge: ResponseChallengeDocument,
  fact: Response,
  answer: Answer,
): void {
  const { id, prize } = challenge
  reward(member, when, challenge.reward, id, id)
  if (prize !== undefined && wins(prize, fact)) win(member, when, challenge, prize, answer)
}

function win(
  member: Member,
  when: When,
  { id }: ResponseChallengeDocument,
  prize: PrizeDocument,
  answer: Answer,
): void {
  note(member, when, 'prize', id, 0, 1, answer.fact)
  reward(member, when, prize.reward, id, -id)
}

function wins(prize: PrizeDocument, { number, number_in_period, seed }: Response): boolean {
  switch (prize.calculation) {
    case 'probability': {
      const hex = createHash('sha256').update(`${seed}:${number}`).digest('hex')
      return Number(BigInt(`0x${hex.slice(0, 8)}`) % 1_000_000n) < prize.per_million
    }
    case 'every_nth':
      return number % prize.nth === 0
    case 'first_n':
      return number_in_period <= prize.count
    case 'random':
      return false
  }
}
