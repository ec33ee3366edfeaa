// What everybody comes to together, enrolled here or not. States are read a page at a time, and the event loop gets its turn between pages, because a merchant may
// have millions; points earned and taken back are summed from the log, which only grows, so a process looks at each row once.
import { setImmediate as turn } from 'node:timers/promises'
import { FEED_PAGE_MAX } from '../../protocol/limits.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Clock } from '../../protocol/time.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import { isLive } from '../evaluation/spending/entitlements.ts'
import { digestOfLines, outcomeLine, spendable } from '../evaluation/state.ts'
import type { MemberState } from '../evaluation/state.ts'
import type { Reads, TenantId } from '../store/port.ts'
import { membersOf, orphansOf } from './member-pages.ts'
import type { ProgramShelf } from './programs.ts'
import type { Totals } from './view-shapes.ts'
import { stateOf, tierView } from './views.ts'

interface Moved {
  position: number
  earned: number
  reversed: number
}

export class TotalsTaker {
  readonly #read: Reads
  readonly #shelf: ProgramShelf
  readonly #clock: Clock
  readonly #moved = new Map<TenantId, Moved>()

  constructor(read: Reads, shelf: ProgramShelf, clock: Clock) {
    this.#read = read
    this.#shelf = shelf
    this.#clock = clock
  }

  totals(tenant: TenantId): Promise<Totals> {
    return this.#take(tenant, () => undefined)
  }

  /** The totals, and the SHA-256 over all members' outcomes by the key of their enrolment. */
  async digest(tenant: TenantId): Promise<{ digest: string; totals: Totals }> {
    const lines: string[] = []
    const totals = await this.#take(tenant, (key, state) => lines.push(outcomeLine(key, state)))
    return { digest: digestOfLines(lines), totals }
  }

  async #take(tenant: TenantId, each: (key: string, state: MemberState) => void): Promise<Totals> {
    const moved = await this.#movedPoints(tenant)
    const facts = { counted: 0, duplicate: 0, unclaimed: 0, merged: 0, quarantined: 0 }
    for (const { status, count } of await this.#read.factCounts(tenant)) facts[status] += count
    const sums = { members: 0, orphans: 0, balance: 0, fold: 0, goodwill: 0, lifetime: 0, spent: 0 }
    const vouchers = { issued: 0, used: 0, open: 0 }
    const byTier: Record<string, number> = {}
    const program = (await this.#shelf.of(tenant)).program(hybridTime(this.#clock.now()))
    const add = (state: MemberState): void => {
      sums.balance += spendable(state)
      sums.fold += state.balance
      sums.goodwill += state.goodwill
      sums.lifetime += state.lifetime
      sums.spent += state.spent
      vouchers.issued += state.entitlements.length
      vouchers.used += state.entitlements.filter(({ usedBy }) => usedBy > 0).length
      vouchers.open += state.entitlements.filter(isLive).length
      const tier = tierView(program, state.tier)?.name ?? 'none'
      byTier[tier] = (byTier[tier] ?? 0) + 1
    }
    for await (const row of membersOf(this.#read, tenant)) {
      const state = stateOf(row)
      each(row.key, state)
      sums.members++
      add(state)
    }
    for await (const row of orphansOf(this.#read, tenant)) {
      sums.orphans++
      add(stateOf(row))
    }
    return {
      ...sums,
      by_tier: byTier,
      vouchers,
      points_earned: moved.earned,
      points_reversed: moved.reversed,
      facts,
      position: moved.position,
    }
  }

  async #movedPoints(tenant: TenantId): Promise<Readonly<Moved>> {
    const moved = this.#moved.get(tenant) ?? { position: 0, earned: 0, reversed: 0 }
    for (;;) {
      const from = moved.position
      const rows = await this.#read.activities(tenant, { after: from, limit: FEED_PAGE_MAX })
      // Two callers at once read the same rows; only the first may add them.
      if (moved.position === from) {
        for (const { effects, position } of rows) {
          for (const { kind, index, amount } of effects) {
            if (index !== POINTS) continue
            if (kind === 'earn' || kind === 'bonus' || kind === 'grant') moved.earned += amount
            else if (kind === 'reverse') moved.reversed -= amount
          }
          moved.position = position
        }
        this.#moved.set(tenant, moved)
      }
      if (rows.length < FEED_PAGE_MAX) return { ...moved }
      await turn()
    }
  }
}
