// Adds up, member by member, what the draft would change. Holds counts, sums by month and two short lists, so its memory does not grow with the
// members. Amounts are points of metric 0; goodwill is left out on both sides, because a promise was made under the program as it was.
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
  readonly months = new Map<string, Month>()
  issued = 0
  liability = 0
  vouchers = 0

  take(month: string, effects: readonly Effect[]): void {
    for (const effect of effects) {
      const { kind, amount, index } = effect
      if (kind === 'voucher_issued') this.vouchers += 1
      const moves = movesPoints(effect) || (kind === 'expire' && index === 0)
      if (!moves || kind === 'goodwill') continue
      const sums = this.#month(month)
      sums.moved += amount
      this.liability += amount
      if (kind === 'spend' || kind === 'restore' || kind === 'expire') continue
      sums.issued += amount
      this.issued += amount
    }
  }

  #month(name: string): Month {
    let month = this.months.get(name)
    if (month === undefined) {
      month = { issued: 0, moved: 0 }
      this.months.set(name, month)
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
    const names = [...new Set([...this.now.months.keys(), ...this.draft.months.keys()])].toSorted()
    let [nowLiability, draftLiability] = [0, 0]
    const months = names.map((month) => {
      const now = this.now.months.get(month)
      const draft = this.draft.months.get(month)
      nowLiability += now?.moved ?? 0
      draftLiability += draft?.moved ?? 0
      return {
        month,
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
