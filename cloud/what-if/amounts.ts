// What one side of a what-if issued and still owes, metric by metric and month by month. Goodwill is left out, because a promise was made under the
// program as it was.
import { localDay, monthOfDay } from '../../protocol/time.ts'
import type { Effect } from '../evaluation/effects.ts'
import { movesAmount } from '../evaluation/effects.ts'

interface Month {
  issued: number
  moved: number
}

export class Amounts {
  /** By `year * 12 + month`. */
  readonly months = new Map<number, Month>()
  issued = 0
  liability = 0

  add(monthNumber: number, amount: number, isIssued: boolean): void {
    let month = this.months.get(monthNumber)
    if (month === undefined) {
      month = { issued: 0, moved: 0 }
      this.months.set(monthNumber, month)
    }
    month.moved += amount
    this.liability += amount
    if (!isIssued) return
    month.issued += amount
    this.issued += amount
  }
}

/** By metric. */
export class AmountsByMetric {
  readonly metrics = new Map<number, Amounts>()

  of(metric: number): Amounts {
    let amounts = this.metrics.get(metric)
    if (amounts === undefined) {
      amounts = new Amounts()
      this.metrics.set(metric, amounts)
    }
    return amounts
  }

  /** `day`: local day of the fact. What ran out did so at the instant the effect names, whenever a fact brought it. */
  take(day: number, effects: readonly Effect[]): void {
    for (const { kind, amount, index, of } of effects) {
      if (!movesAmount(kind) || kind === 'goodwill') continue
      const month = monthOfDay(kind === 'expire' ? localDay(of - 1, 0) : day)
      this.of(index).add(month, amount, kind !== 'spend' && kind !== 'restore' && kind !== 'expire')
    }
  }
}
