// Hot: effects are written as numbers into one growing buffer per fold, so that a fact costs no allocation. Budget: bench/evaluation.ts.
// Whoever needs them as objects (storing, answering, explaining) reads them out afterwards.
import type { FactId, RuleId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'

/** Wire names of the kinds; the index is the number in the buffer. Append-only. */
export const EFFECT_KINDS = [
  'earn',
  'bonus',
  'reverse',
  'spend',
  'restore',
  'grant',
  'adjust',
  'goodwill',
  'tier',
  'voucher_issued',
  'voucher_used',
  'voucher_reused',
  'expire',
  'expiry_warning',
  'release',
  'tier_points',
  'reward',
  'progress',
  'card_filled',
  'entitlement',
  'entitlement_refused',
  'entitlement_conflict',
  'challenge_joined',
  'challenge_left',
  'requirement_completed',
  'challenge_completed',
  'response',
  'response_refused',
  'prize',
  'segment_entered',
  'segment_left',
  'rule',
  'task',
  'credential',
  'referral_completed',
  'given_back',
  'counted',
] as const
export type EffectKind = (typeof EFFECT_KINDS)[number]

export const EARN = 0
export const BONUS = 1
export const REVERSE = 2
export const SPEND = 3
export const RESTORE = 4
export const GRANT = 5
export const ADJUST = 6
export const GOODWILL = 7
export const TIER = 8
export const VOUCHER_ISSUED = 9
export const VOUCHER_USED = 10
export const VOUCHER_REUSED = 11
export const EXPIRE = 12
export const EXPIRY_WARNING = 13
export const RELEASE = 14
export const TIER_POINTS = 15
export const REWARD = 16
export const PROGRESS = 17
export const CARD_FILLED = 18
export const ENTITLEMENT = 19
export const ENTITLEMENT_REFUSED = 20
export const ENTITLEMENT_CONFLICT = 21
export const CHALLENGE_JOINED = 22
export const CHALLENGE_LEFT = 23
export const REQUIREMENT_COMPLETED = 24
export const CHALLENGE_COMPLETED = 25
export const RESPONSE = 26
export const RESPONSE_REFUSED = 27
export const PRIZE = 28
export const SEGMENT_ENTERED = 29
export const SEGMENT_LEFT = 30
export const RULE = 31
export const TASK = 32
export const CREDENTIAL = 33
export const REFERRAL_COMPLETED = 34
export const GIVEN_BACK = 35
export const COUNTED = 36

/**
 * One derived consequence of a fact, identified by (fact, kind, rule, index, of) (E-FOLD-4). `amount` is points for the kinds that move
 * them (and `index` the metric, 0 for points), the new tier's id for `tier`, 1 for vouchers. `of` is the sale a reversal takes from, the tier left, or the fact that issued the
 * voucher: a correction may take the same rule from one `of` and give it to another, which are two effects.
 */
export interface Effect {
  readonly kind: EffectKind
  readonly rule: RuleId
  readonly index: number
  readonly amount: number
  readonly of: number
}

/** Kinds by which a fact gives or takes an amount of a metric, whose id is the effect's `index`. What merely becomes due (expiry, release) is not the fact's. */
const GIVES = new Uint8Array(EFFECT_KINDS.length)
for (const kind of [EARN, BONUS, REVERSE, SPEND, RESTORE, GRANT, ADJUST, GOODWILL, TIER_POINTS, REWARD])
  GIVES[kind] = 1

/** Whether effects of a kind give or take an amount of a metric, goodwill among them. */
export function givesAmount(kind: number): boolean {
  return GIVES[kind] === 1
}

/** Whether an effect's amount is points (metric 0) that its fact gave or took, goodwill among them. */
export function movesPoints({ kind, index }: Pick<Effect, 'kind' | 'index'>): boolean {
  return index === 0 && GIVES[EFFECT_KINDS.indexOf(kind)] === 1
}

/** Whether an effect's amount changes what a member has of its metric, pending included: what a fact gave or took, and what expired. */
export function movesAmount(kind: EffectKind): boolean {
  return kind === 'expire' || GIVES[EFFECT_KINDS.indexOf(kind)] === 1
}

const START = 64

/** An effect as numbers, in the order of `push`. */
interface Slot {
  kind: number
  rule: number
  index: number
  amount: number
  of: number
}

const newSlot = (): Slot => ({ kind: 0, rule: 0, index: 0, amount: 0, of: 0 })

/** The effects of one fact while it is folded. Its slots are written again for every fact. */
export class EffectBuffer {
  length = 0
  readonly #slots: Slot[] = Array.from({ length: START }, newSlot)
  #ownFrom = 0
  #ownTo = 0

  push(kind: number, rule: number, index: number, amount: number, of: number): void {
    const slot = this.#slots[this.length] ?? this.#grow()
    slot.kind = kind
    slot.rule = rule
    slot.index = index
    slot.amount = amount
    slot.of = of
    this.length += 1
  }

  /** As `push` where `one` is 1; where it is 0 nothing is. Without a branch, for callers whose answers no processor guesses. */
  pushIf(one: number, kind: number, rule: number, index: number, amount: number, of: number): void {
    const slot = this.#slots[this.length] ?? this.#grow()
    slot.kind = kind
    slot.rule = rule
    slot.index = index
    slot.amount = amount
    slot.of = of
    this.length += one
  }

  /** As `push`, unless the fact has this very effect already: then it grows, for an effect happens once (E-FOLD-4). */
  merge(kind: number, rule: number, index: number, amount: number, of: number): void {
    const at = this.#find(kind, rule, index, of)
    if (at < 0) this.push(kind, rule, index, amount, of)
    else this.#at(at).amount += amount
  }

  /** As `push`, unless the fact has this very effect already: then it says this amount instead, for what is told is where it ends (E-ENT-2). */
  replace(kind: number, rule: number, index: number, amount: number, of: number): void {
    const at = this.#find(kind, rule, index, of)
    if (at < 0) this.push(kind, rule, index, amount, of)
    else this.#at(at).amount = amount
  }

  /** Of this very effect; 0 where the fact has none. */
  amountOf(kind: number, rule: number, index: number, of: number): number {
    const at = this.#find(kind, rule, index, of)
    return at < 0 ? 0 : this.amountAt(at)
  }

  has(kind: number, rule: number, index: number, of: number): boolean {
    return this.#find(kind, rule, index, of) >= 0
  }

  #find(kind: number, rule: number, index: number, of: number): number {
    for (let at = 0; at < this.length; at++) {
      if (this.kindAt(at) !== kind || this.ruleAt(at) !== rule) continue
      if (this.indexAt(at) === index && this.ofAt(at) === of) return at
    }
    return -1
  }

  clear(): void {
    this.length = 0
    this.#ownFrom = 0
    this.#ownTo = 0
  }

  /** The effects from `start` to `end` are the fact's own: neither what time brought with it, nor what the member's reactions to it will. */
  markOwn(start: number, end = this.length): void {
    this.#ownFrom = start
    this.#ownTo = end
  }

  get own(): readonly [start: number, end: number] {
    return [this.#ownFrom, this.#ownTo]
  }

  /** Points of the fact itself, which is what a receipt promises (E-PROM-1). */
  ownPoints(): number {
    return this.#pointsIn(this.#ownFrom, this.#ownTo)
  }

  kindAt(at: number): number {
    return this.#at(at).kind
  }

  ruleAt(at: number): number {
    return this.#at(at).rule
  }

  indexAt(at: number): number {
    return this.#at(at).index
  }

  amountAt(at: number): number {
    return this.#at(at).amount
  }

  ofAt(at: number): number {
    return this.#at(at).of
  }

  /** Points of the effects from `start` on, goodwill left out. */
  pointsSince(start: number): number {
    return this.#pointsIn(start, this.length)
  }

  #pointsIn(start: number, end: number): number {
    let points = 0
    for (let at = start; at < end; at++) {
      const kind = this.kindAt(at)
      if (kind !== GOODWILL && GIVES[kind] === 1 && this.indexAt(at) === 0) points += this.amountAt(at)
    }
    return points
  }

  read(start = 0): Effect[] {
    const effects: Effect[] = []
    for (let at = start; at < this.length; at++) {
      const { kind, rule, index, amount, of } = this.#at(at)
      effects.push({ kind: EFFECT_KINDS[kind] ?? 'earn', rule: rule as RuleId, index, amount, of })
    }
    return effects
  }

  #at(at: number): Slot {
    const slot = at < this.length ? this.#slots[at] : undefined
    assert(slot !== undefined, 'an effect is read where one was written')
    return slot
  }

  #grow(): Slot {
    const slot = newSlot()
    this.#slots.push(slot)
    return slot
  }
}

/** The id text of an effect in APIs and exports. */
export function effectId(fact: FactId, effect: Effect, revision: number): string {
  return `${fact}-${effect.kind}-${effect.rule}-${effect.index}-${effect.of}-${revision}`
}
