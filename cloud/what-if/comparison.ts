// Adds up, member by member, what the draft would change. Holds counts, sums by month and two short lists, so its memory does not grow with the
// members. Amounts are points of metric 0; goodwill is left out on both sides, because a promise was made under the program as it was.
import { localDay, monthOfDay } from '../../protocol/time.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import type { Effect } from '../evaluation/effects.ts'
import { movesPoints } from '../evaluation/effects.ts'
import type { ChangedMember, WhatIfResult } from './result.ts'
import { NAMED_MAX } from './result.ts'

/** One member under one of the two programs. */
export interface Outcome {
  readonly balance: number
  readonly tier: string | null
}

interface Month {
  issued: number
  moved: number
}

class Side {
  /** By `year * 12 + month`. */
  readonly months = new Map<number, Month>()
  issued = 0
  liability = 0
  vouchers = 0

  /** `day`: local day of the fact. What ran out did so at the instant the effect names, whenever a fact brought it. */
  take(day: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      const { kind, amount, index, of } = effect
      if (kind === 'voucher_issued') this.vouchers += 1
      const expired = kind === 'expire' && index === POINTS
      if ((!movesPoints(effect) && !expired) || kind === 'goodwill') continue
      const sums = this.#month(monthOfDay(expired ? localDay(of - 1, 0) : day))
      sums.moved += amount
      this.liability += amount
      if (kind === 'spend' || kind === 'restore' || kind === 'expire') continue
      sums.issued += amount
      this.issued += amount
    }
  }

  #month(number: number): Month {
    let month = this.months.get(number)
    if (month === undefined) {
      month = { issued: 0, moved: 0 }
      this.months.set(number, month)
    }
    return month
  }
}

export class Comparison {
  readonly now = new Side()
  readonly draft = new Side()
  #members = 0
  #moved = 0
  #winners = 0
  #losers = 0
  #gained = 0
  #lost = 0
  readonly #moves = new Map<string, { from: string | null; to: string | null; members: number }>()
  readonly #movedNamed: ChangedMember[] = []
  #mostGained: ChangedMember[] = []
  #mostLost: ChangedMember[] = []

  take(member: string, now: Outcome, draft: Outcome): void {
    this.#members += 1
    const changed: ChangedMember = {
      member,
      tier_now: now.tier,
      tier_draft: draft.tier,
      balance_now: now.balance,
      balance_draft: draft.balance,
    }
    if (now.tier !== draft.tier) this.#move(changed)
    const difference = draft.balance - now.balance
    if (difference > 0) {
      this.#winners += 1
      this.#gained += difference
      this.#mostGained = ranked(this.#mostGained, changed, 1)
    } else if (difference < 0) {
      this.#losers += 1
      this.#lost -= difference
      this.#mostLost = ranked(this.#mostLost, changed, -1)
    }
  }

  #move(changed: ChangedMember): void {
    this.#moved += 1
    const { tier_now: from, tier_draft: to } = changed
    const name = JSON.stringify([from, to])
    const move = this.#moves.get(name) ?? { from, to, members: 0 }
    move.members += 1
    this.#moves.set(name, move)
    if (this.#movedNamed.length < NAMED_MAX) this.#movedNamed.push(changed)
  }

  result(facts: number, seconds: number): WhatIfResult {
    const numbers = [...this.now.months.keys(), ...this.draft.months.keys()]
    const first = numbers.reduce((least, number) => Math.min(least, number), Infinity)
    const last = numbers.reduce((most, number) => Math.max(most, number), -Infinity)
    const span = numbers.length === 0 ? 0 : last - first + 1
    let [nowLiability, draftLiability] = [0, 0]
    const months = Array.from({ length: span }, (_, index) => {
      const now = this.now.months.get(first + index)
      const draft = this.draft.months.get(first + index)
      nowLiability += now?.moved ?? 0
      draftLiability += draft?.moved ?? 0
      return {
        month: monthText(first + index),
        issued: { now: now?.issued ?? 0, draft: draft?.issued ?? 0 },
        liability: { now: nowLiability, draft: draftLiability },
      }
    })
    return {
      members: this.#members,
      facts,
      seconds,
      tiers: {
        moved: this.#moved,
        moves: [...this.#moves.values()].toSorted((a, b) => b.members - a.members),
        named: this.#movedNamed,
      },
      balances: {
        winners: this.#winners,
        losers: this.#losers,
        unchanged: this.#members - this.#winners - this.#losers,
        gained: this.#gained,
        lost: this.#lost,
        most_gained: this.#mostGained,
        most_lost: this.#mostLost,
      },
      points: {
        issued: { now: this.now.issued, draft: this.draft.issued },
        liability: { now: this.now.liability, draft: this.draft.liability },
        months,
      },
      vouchers: { issued: { now: this.now.vouchers, draft: this.draft.vouchers } },
    }
  }
}

function monthText(month: number): string {
  return `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`
}

const differenceOf = ({ balance_draft, balance_now }: ChangedMember): number => balance_draft - balance_now

/** The list with one more in it, greatest difference in the direction of `sign` first, at most NAMED_MAX. */
function ranked(list: readonly ChangedMember[], changed: ChangedMember, sign: 1 | -1): ChangedMember[] {
  const last = list.at(-1)
  if (
    list.length === NAMED_MAX &&
    last !== undefined &&
    sign * differenceOf(changed) <= sign * differenceOf(last)
  )
    return [...list]
  return [...list, changed].toSorted((a, b) => sign * (differenceOf(b) - differenceOf(a))).slice(0, NAMED_MAX)
}
