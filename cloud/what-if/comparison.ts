// Adds up, member by member, what the draft would change. Holds counts, sums by month and two short lists, so its memory does not grow with the
// members. Amounts are points of metric 0; goodwill is left out on both sides, because a promise was made under the program as it was.
import { localDay, monthOfDay } from '../../protocol/time.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import type { Effect } from '../evaluation/effects.ts'
import { movesPoints } from '../evaluation/effects.ts'
import type { ChangedMember, VoucherFigures, WhatIfResult } from './result.ts'
import { NAMED_MAX } from './result.ts'
import type { VoucherSums } from './vouchers.ts'
import { Vouchers, addSums, newSums, outstandingOf } from './vouchers.ts'

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
  readonly vouchers = new Vouchers()

  /** `day`: local day of the fact. What ran out did so at the instant the effect names, whenever a fact brought it. */
  take(day: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      const { kind, amount, index, of } = effect
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

  /** `titles`: what perks are called. */
  result(facts: number, seconds: number, titles: ReadonlyMap<number, string>): WhatIfResult {
    const span = monthsOf([this.now.months, this.draft.months])
    let [nowLiability, draftLiability] = [0, 0]
    const months = span.map((number) => {
      const now = this.now.months.get(number)
      const draft = this.draft.months.get(number)
      nowLiability += now?.moved ?? 0
      draftLiability += draft?.moved ?? 0
      return {
        month: monthText(number),
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
      vouchers: voucherResult(this.now.vouchers, this.draft.vouchers, titles),
    }
  }
}

/** All from the first to the last of both sides, also those in which nothing was. */
function monthsOf(sides: readonly ReadonlyMap<number, unknown>[]): number[] {
  const numbers = sides.flatMap((months) => [...months.keys()])
  if (numbers.length === 0) return []
  const first = Math.min(...numbers)
  return Array.from({ length: Math.max(...numbers) - first + 1 }, (_, index) => first + index)
}

function voucherResult(
  now: Vouchers,
  draft: Vouchers,
  titles: ReadonlyMap<number, string>,
): WhatIfResult['vouchers'] {
  const sums = { now: newSums(), draft: newSums() }
  const months = monthsOf([now.months, draft.months]).map((number) => {
    const moved = { now: now.months.get(number), draft: draft.months.get(number) }
    for (const side of ['now', 'draft'] as const) addSums(sums[side], moved[side] ?? newSums())
    const { issued, used, expired, cancelled } = both(moved.now, moved.draft)
    // What is outstanding, and what that is worth, is as of the month's end; the rest is the month's.
    const { outstanding, value } = both(sums.now, sums.draft)
    return { month: monthText(number), issued, used, expired, cancelled, outstanding, value }
  })
  const ids = [...new Set([...now.perks.keys(), ...draft.perks.keys()])].toSorted((a, b) => a - b)
  const perks = ids.map((perk) => ({
    perk,
    title: titles.get(perk) ?? '',
    ...both(now.perks.get(perk), draft.perks.get(perk)),
  }))
  return { ...both(now.total, draft.total), perks, months }
}

function both(now = newSums(), draft = newSums()): VoucherFigures {
  const pair = (figure: (sums: VoucherSums) => number): { now: number; draft: number } => ({
    now: figure(now),
    draft: figure(draft),
  })
  return {
    issued: pair(({ issued }) => issued),
    used: pair(({ used }) => used),
    expired: pair(({ expired }) => expired),
    cancelled: pair(({ cancelled }) => cancelled),
    outstanding: pair(outstandingOf),
    value: pair(({ value }) => value),
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
