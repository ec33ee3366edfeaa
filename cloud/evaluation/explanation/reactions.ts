// Why what reacts to a fact did something or not (E-EXP-3): stamp cards, challenges, responses with their prizes, rules. The very fold is run over a copy of
// the state, and says at every place where it decides what it decided; so an explanation cannot disagree with it, and a fold that nobody explains pays nothing.
import type { Fact } from '../../../protocol/facts.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import { MINUTE_MS } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import { situationOf } from '../conditions/condition.ts'
import { EffectBuffer } from '../effects.ts'
import type { PastFacts } from '../spending/reversal.ts'
import type { ReactionCondition, Watch } from '../reactions/watch.ts'
import { WATCHES_NOTHING } from '../reactions/watch.ts'
import type { MemberState } from '../state.ts'
import { copyState } from '../state.ts'
import { step } from '../step.ts'
import type { Reasons } from './common-reasons.ts'
import { broughtTo } from './explain.ts'
import {
  cardReason,
  challengeReason,
  missingText,
  prizeReason,
  responseReason,
  ruleReason,
} from './reaction-reasons.ts'

export interface Reaction {
  readonly rule: RuleId
  readonly title: string
  readonly type: 'STAMP_CARD' | 'CHALLENGE' | 'RESPONSE' | 'PRIZE' | 'RULE'
  readonly applied: boolean
  /** What it gave, in the smallest unit of its metric; 0: nothing, or an entitlement. */
  readonly points: number
  /** Left out where it is points, as on receipts. */
  readonly metric?: number
  /** The local time of a TIME rule that the fact brought. */
  readonly time?: string
  /** The first condition that fails; null when it happened. */
  readonly condition: ReactionCondition | null
  readonly actual: string | null
  readonly required: string | null
  /** What would make it happen, or what it still takes; null: nothing, or nothing that the member does. */
  readonly hint: string | null
}

/** `state`: before the fact, which is folded onto a copy. A guest has nothing that reacts. */
export function explainReactions(
  program: Program,
  state: MemberState,
  fact: Fact,
  past: PastFacts,
): Reaction[] {
  if (program.reactions === null && program.cards.length === 0) return []
  const seen = new Seen(program, state, fact)
  const effects = new EffectBuffer()
  step(program, copyState(state), fact, effects, past, seen.watch)
  const rewards = effects.read().filter(({ kind }) => kind === 'reward')
  return seen.told.map((one) => {
    const gave = rewards.filter(
      ({ rule, of }) => rule === one.rule && (one.type === 'RULE' || (of !== 0) === (one.type === 'PRIZE')),
    )
    const { index: metric = 0 } = gave[0] ?? {}
    const points = one.applied ? gave.reduce((sum, { amount }) => sum + amount, 0) : 0
    return { ...one, points, ...(metric === 0 || points === 0 ? {} : { metric }) }
  })
}

type Told = Omit<Reaction, 'points' | 'metric'>
interface Titled {
  readonly id: RuleId
  readonly title: string
}

class Seen {
  readonly told: Told[] = []
  readonly watch: Watch

  constructor(program: Program, state: MemberState, fact: Fact) {
    const before = situationOf(
      program,
      broughtTo(program, state, fact, () => undefined),
      fact,
    )
    const number = fact.kind === 'response' ? fact.number : 0
    this.watch = {
      ...WATCHES_NOTHING,
      card: (card, balance, filled) => this.#card(program, card, balance, filled),
      challenge: (challenge, failing, at) =>
        this.#add(
          challenge.document,
          'CHALLENGE',
          failing,
          failing === 'applies' ? null : challengeReason(challenge, failing, at, before),
          missingText(challenge, at),
        ),
      response: (challenge, failing, at) =>
        this.#add(
          challenge.document,
          'RESPONSE',
          failing,
          failing === 'applies' ? null : responseReason(challenge, failing, at, number),
          challenge.document.auto_approve === false && isSubmitted(fact)
            ? 'its reward waits for approval'
            : null,
        ),
      prize: ({ document }, drawn, wins) =>
        document.prize === undefined
          ? undefined
          : this.#add(
              document,
              'PRIZE',
              wins ? 'applies' : 'prize',
              wins ? null : prizeReason(document.prize, drawn),
              null,
            ),
      rule: (rule, failing, at) =>
        this.#add(
          rule.document,
          'RULE',
          failing,
          failing === 'applies' ? null : ruleReason(rule, failing, at),
          null,
          rule.minutes.length === 0 ? {} : { time: localTimeText(at.ms, fact.offset) },
        ),
    }
  }

  /** Cards are looked at twice on a fact: told once, full if it was so either time. */
  #card(program: Program, card: Parameters<Watch['card']>[0], balance: number, filled: number): void {
    const known = this.told.findIndex(({ rule }) => rule === card.id)
    if (known >= 0 && filled === 0) return
    if (known >= 0) this.told.splice(known, 1)
    const reason = filled > 0 ? null : cardReason(program, card, balance)
    this.#add(card, 'STAMP_CARD', filled > 0 ? 'applies' : 'stamps', reason, null)
  }

  /** `hint`: of what happened. */
  #add(
    { id: rule, title }: Titled,
    type: Reaction['type'],
    failing: ReactionCondition,
    reason: Reasons | null,
    hint: string | null,
    more: { time?: string } = {},
  ): void {
    const [actual, required, help] = reason ?? [null, null, hint]
    const applied = failing === 'applies'
    const condition = applied ? null : failing
    this.told.push({ rule, title, type, applied, condition, actual, required, hint: help, ...more })
  }
}

/** On the wall clock: YYYY-MM-DD HH:MM. */
function localTimeText(ms: number, offset: number): string {
  return new Date(ms + offset * MINUTE_MS).toISOString().slice(0, 16).replace('T', ' ')
}

function isSubmitted(fact: Fact): boolean {
  return fact.kind === 'response' && fact.verdict === 'submitted'
}
