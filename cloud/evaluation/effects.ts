// Hot: effects are written as numbers into one growing buffer per fold, so that a fact costs no allocation. Budget: bench/evaluation.ts.
// Whoever needs them as objects (storing, answering, explaining) reads them out afterwards.
import type { FactId, RuleId } from '../../protocol/ids.ts'

/** Wire names of the kinds; the index is the number in the buffer. Append-only. Those up to `goodwill` move points. */
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
  'voucher_cancelled',
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
export const VOUCHER_CANCELLED = 12

/**
 * One derived consequence of a fact, identified by (fact, kind, rule, index, of) (E-FOLD-4). `amount` is points for the kinds that move
 * them, the new tier's id for `tier`, 1 for vouchers. `of` is the sale a reversal takes from, the tier left, or the fact that issued the
 * voucher: a correction may take the same rule from one `of` and give it to another, which are two effects.
 */
export interface Effect {
  readonly kind: EffectKind
  readonly rule: RuleId
  readonly index: number
  readonly amount: number
  readonly of: number
}

export function movesPoints(kind: EffectKind): boolean {
  return EFFECT_KINDS.indexOf(kind) <= GOODWILL
}

const START = 64

export class EffectBuffer {
  length = 0
  kinds = new Uint8Array(START)
  rules = new Float64Array(START)
  indexes = new Int32Array(START)
  amounts = new Float64Array(START)
  ofs = new Float64Array(START)

  push(kind: number, rule: number, index: number, amount: number, of: number): void {
    const at = this.length
    if (at === this.kinds.length) this.#grow()
    this.kinds[at] = kind
    this.rules[at] = rule
    this.indexes[at] = index
    this.amounts[at] = amount
    this.ofs[at] = of
    this.length = at + 1
  }

  clear(): void {
    this.length = 0
  }

  /** Points of the effects from `start` on, goodwill left out. */
  pointsSince(start: number): number {
    let points = 0
    for (let at = start; at < this.length; at++) {
      if ((this.kinds[at] ?? TIER) < GOODWILL) points += this.amounts[at] ?? 0
    }
    return points
  }

  read(start = 0): Effect[] {
    const effects: Effect[] = []
    for (let at = start; at < this.length; at++) {
      effects.push({
        kind: EFFECT_KINDS[this.kinds[at] ?? 0] ?? 'earn',
        rule: (this.rules[at] ?? 0) as RuleId,
        index: this.indexes[at] ?? 0,
        amount: this.amounts[at] ?? 0,
        of: this.ofs[at] ?? 0,
      })
    }
    return effects
  }

  #grow(): void {
    const size = this.kinds.length * 2
    const grown = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from)
      return to
    }
    this.kinds = grown(new Uint8Array(size), this.kinds)
    this.rules = grown(new Float64Array(size), this.rules)
    this.indexes = grown(new Int32Array(size), this.indexes)
    this.amounts = grown(new Float64Array(size), this.amounts)
    this.ofs = grown(new Float64Array(size), this.ofs)
  }
}

/** The id text of an effect in APIs and exports. */
export function effectId(fact: FactId, effect: Effect, revision: number): string {
  return `${fact}-${effect.kind}-${effect.rule}-${effect.index}-${effect.of}-${revision}`
}
