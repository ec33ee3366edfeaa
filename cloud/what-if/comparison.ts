// Adds up, member by member, what the draft would change. Holds counts, sums by month and two short lists, so its memory does not grow with the
// members. Winners and losers are by points (metric 0).
import { POINTS } from '../evaluation/document/metrics.ts'
import type { Effect } from '../evaluation/effects.ts'
import type { Amounts } from './amounts.ts'
import { AmountsByMetric } from './amounts.ts'
import type { ChangedMember, VoucherFigures, WhatIfResult } from './result.ts'
import { NAMED_MAX } from './result.ts'
import type { VoucherSums } from './vouchers.ts'
import { Vouchers, addSums, newSums, outstandingOf } from './vouchers.ts'

/** One member under one of the two programs. */
export interface Outcome {
  readonly balance: number
  readonly tier: string | null
}

class Side {
  readonly amounts = new AmountsByMetric()
  readonly vouchers = new Vouchers()

  /** `day`: local day of the fact. */
  take(day: number, effects: readonly Effect[]): void {
    this.amounts.take(day, effects)
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

  /** `titles`: what perks and metrics are called. */
  result(facts: number, seconds: number, titles: ReadonlyMap<number, string>): WhatIfResult {
    const [now, draft] = [this.now.amounts, this.draft.amounts]
    const metrics = [...new Set([...now.metrics.keys(), ...draft.metrics.keys()])]
      .filter((metric) => metric !== POINTS)
      .toSorted((a, b) => a - b)
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
      points: amountsResult(now.of(POINTS), draft.of(POINTS)),
      metrics: metrics.map((metric) => ({
        metric,
        name: titles.get(metric) ?? '',
        ...amountsResult(now.of(metric), draft.of(metric)),
      })),
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

function amountsResult(now: Amounts, draft: Amounts): WhatIfResult['points'] {
  let [nowLiability, draftLiability] = [0, 0]
  const months = monthsOf([now.months, draft.months]).map((number) => {
    const [before, after] = [now.months.get(number), draft.months.get(number)]
    nowLiability += before?.moved ?? 0
    draftLiability += after?.moved ?? 0
    return {
      month: monthText(number),
      issued: { now: before?.issued ?? 0, draft: after?.issued ?? 0 },
      liability: { now: nowLiability, draft: draftLiability },
    }
  })
  return {
    issued: { now: now.issued, draft: draft.issued },
    liability: { now: now.liability, draft: draft.liability },
    months,
  }
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
