// Who wants to know, while one fact is folded, why what reacts to it did something or did not (E-EXP-3): told at the very place where it is decided, on the
// state as it is in that moment. Only an explanation has one; folding passes nothing on and pays nothing.
import type { ConditionName } from '../conditions/condition-numbers.ts'
import type { Situation } from '../conditions/condition.ts'
import type { StampCardDocument } from '../document/spending.ts'
import type { Challenge } from './challenges.ts'
import type { ResponseChallenge } from './responses.ts'
import type { Rule } from './rules.ts'

/** What may keep reactions from happening beyond what every rule asks. */
export type ReactionCondition =
  | ConditionName
  | 'completed'
  | 'eligible'
  | 'interval_days'
  | 'left'
  | 'membership'
  | 'not_joined'
  | 'occurrences'
  | 'overall'
  | 'per_member'
  | 'prize'
  | 'progress'
  | 'stamps'
  | 'verdict'

/** `explain` asks for birthdays, `explainReactions` for the rest. */
export interface Watch {
  /** Before it gives what it gives. */
  birthday(at: Situation): void
  /** Before it happens. */
  rule(rule: Rule, failing: ReactionCondition, at: Situation): void
  /** After it counted the fact, or did not. */
  challenge(challenge: Challenge, failing: ReactionCondition, at: Situation): void
  /** Before it is noted. */
  response(challenge: ResponseChallenge, failing: ReactionCondition, at: Situation): void
  prize(challenge: ResponseChallenge, number: number, wins: boolean): void
  /** Before it is emptied. */
  card(card: StampCardDocument, balance: number, filled: number): void
}

const nothing = (): void => undefined

export const WATCHES_NOTHING: Watch = {
  birthday: nothing,
  rule: nothing,
  challenge: nothing,
  response: nothing,
  prize: nothing,
  card: nothing,
}
