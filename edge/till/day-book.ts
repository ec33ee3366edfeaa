// What the store did today and on days like it (TD). Every fact is counted as it is recorded, in memory; the sums are saved with a commit every
// DAY_BOOK_SAVE_FACTS facts, and what came after is counted again from the ledger at the next start. A fact counts in the hour it happened at, so a
// sale that was handed in late changes its own day.
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { NO_FACT } from '../../protocol/ids.ts'
import { DAY_BOOK_SAVE_FACTS, USUAL_WEEKS } from '../../protocol/limits.ts'
import { localDay, localMinuteOfDay, millisOf } from '../../protocol/time.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { FIGURES, addFigures, noFigures, serve } from '../ledger/hours.ts'
import type { Figures, HourRow, Served } from '../ledger/hours.ts'
import type { OpenFact } from './plan.ts'

const HOURS = 24
const WEEK_DAYS = 7

export interface DayFigures {
  readonly day: number
  readonly figures: Figures
  /** By hour, 0 to 23; members in the first hour that they were served in. */
  readonly hours: readonly Figures[]
  /** The median of the same weekdays before, up to the same minute of the day; null without any. */
  readonly usual: Figures | null
  /** How many weekdays that is. */
  readonly usualDays: number
}

export class DayBook {
  readonly #ledger: Ledger
  /** Counted and not saved, by day * 24 + hour. */
  readonly #unsaved = new Map<number, Figures>()
  /** Of the same facts, by day. */
  readonly #unsavedServed = new Map<number, Served>()
  /** The last fact that is in the saved sums. */
  #saved: FactId = NO_FACT
  /** Members served by hour, of days that were asked about and where nothing was counted since. */
  readonly #arrivals = new Map<number, readonly number[]>()
  /** What the open transaction counted in, as it was before: a disk that is full fails many, and counting all again takes long. */
  readonly #figuresBefore = new Map<number, Figures | undefined>()
  readonly #servedBefore: [served: Served, member: MemberId, hour: number | undefined][] = []
  #savedInIt = false
  /** The ledger's last fact when nothing was open. */
  #head: FactId = NO_FACT

  constructor(ledger: Ledger) {
    this.#ledger = ledger
    this.reload()
  }

  /** In the open transaction of the fact. */
  count(fact: Fact | OpenFact): void {
    const ms = millisOf(fact.at)
    const day = localDay(ms, fact.offset)
    const hour = Math.floor(localMinuteOfDay(ms, fact.offset) / 60)
    const key = day * HOURS + hour
    let figures = this.#unsaved.get(key)
    if (!this.#figuresBefore.has(key)) this.#figuresBefore.set(key, figures && { ...figures })
    if (figures === undefined) this.#unsaved.set(key, (figures = noFigures()))
    this.#add(figures, fact, 1)
    if (fact.member > 0) this.#serve(day, hour, fact.member)
  }

  /** Inside the transaction that is about to commit. */
  save(): void {
    const head = this.#ledger.lastId()
    if (head - this.#saved < DAY_BOOK_SAVE_FACTS) return
    this.#ledger.hours.save(
      [...this.#unsaved].map(([key, figures]): HourRow => {
        return { day: Math.floor(key / HOURS), hour: key % HOURS, ...figures }
      }),
      this.#unsavedServed,
      head,
    )
    this.#savedInIt = true
    this.#saved = head
    this.#unsaved.clear()
    this.#unsavedServed.clear()
  }

  /** After COMMIT. */
  committed(): void {
    this.#figuresBefore.clear()
    this.#servedBefore.length = 0
    this.#savedInIt = false
    this.#head = this.#ledger.lastId()
  }

  /** After a failed transaction, which the ledger has rolled back: the memory is what the file says. Where COMMIT happened, the ledger has more facts. */
  undo(): void {
    if (this.#savedInIt || this.#ledger.lastId() !== this.#head) return this.reload()
    for (const [key, figures] of this.#figuresBefore)
      if (figures === undefined) this.#unsaved.delete(key)
      else this.#unsaved.set(key, figures)
    for (const [served, member, hour] of this.#servedBefore.reverse())
      if (hour === undefined) served.delete(member)
      else served.set(member, hour)
    this.#arrivals.clear()
    this.committed()
  }

  /** At the start, and where it is not known what to take back. */
  reload(): void {
    this.#unsaved.clear()
    this.#unsavedServed.clear()
    this.#arrivals.clear()
    this.#saved = this.#ledger.hours.counted()
    for (const { id, bytes } of this.#ledger.after(this.#saved))
      // What was recorded again was counted as what it was first.
      if (this.#ledger.lives.strayOf(id) === undefined) this.count(decodeStoredFact(bytes))
    this.committed()
  }

  /** TD-1 to TD-3. `day`: of the store; `minute` of it: how far it has come. */
  today(day: number, minute: number): DayFigures {
    const hours = this.#hoursOf(day)
    const figures = noFigures()
    for (const hour of hours) addFigures(figures, hour)
    const before = Array.from({ length: USUAL_WEEKS }, (_, week) =>
      this.#hoursOf(day - WEEK_DAYS * (week + 1)),
    )
      .filter((one) => one.some((hour) => FIGURES.some((figure) => hour[figure] !== 0)))
      .map((one) => upTo(one, minute))
    return {
      day,
      figures,
      hours,
      usual: before.length === 0 ? null : medians(before),
      usualDays: before.length,
    }
  }

  #hoursOf(day: number): Figures[] {
    const hours = Array.from({ length: HOURS }, noFigures)
    for (const row of this.#ledger.hours.of(day)) addTo(hours, row.hour, row)
    for (const [key, figures] of this.#unsaved)
      if (Math.floor(key / HOURS) === day) addTo(hours, key % HOURS, figures)
    for (const [hour, count] of this.#arrivalsOn(day).entries())
      addTo(hours, hour, { ...noFigures(), members_served: count })
    return hours
  }

  #serve(day: number, hour: number, member: MemberId): void {
    let served = this.#unsavedServed.get(day)
    if (served === undefined) this.#unsavedServed.set(day, (served = new Map()))
    this.#servedBefore.push([served, member, served.get(member)])
    serve(served, member, hour)
    this.#arrivals.delete(day)
  }

  #arrivalsOn(day: number): readonly number[] {
    const known = this.#arrivals.get(day)
    if (known !== undefined) return known
    const served = this.#ledger.hours.servedOn(day)
    for (const [member, hour] of this.#unsavedServed.get(day) ?? []) serve(served, member, hour)
    const arrivals = Array.from({ length: HOURS }, () => 0)
    for (const hour of served.values()) arrivals[hour] = (arrivals[hour] ?? 0) + 1
    if (this.#arrivals.size > USUAL_WEEKS) this.#arrivals.clear()
    this.#arrivals.set(day, arrivals)
    return arrivals
  }

  #add(figures: Figures, fact: Fact | OpenFact, times: 1 | -1): void {
    switch (fact.kind) {
      case 'sale':
        figures.sales += times
        figures.amount += fact.amount * times
        break
      case 'return':
        figures.returns += times
        figures.amount -= fact.amount * times
        return
      case 'enrolment':
        figures.members_joined += times
        break
      case 'redemption':
        if (fact.stage === 'captured') figures.points_redeemed += fact.points * times
        return
      case 'voucher_use':
        figures.vouchers_used += times
        return
      case 'void': {
        const voided = this.#own(fact.fact)
        if (voided !== undefined && voided.kind !== 'void') this.#add(figures, voided, times === 1 ? -1 : 1)
        return
      }
      default:
    }
    if (fact.promised > 0) figures.points_given += fact.promised * times
  }

  #own(id: FactId): Fact | undefined {
    const row = this.#ledger.ofId(id)
    return row === undefined ? undefined : decodeStoredFact(row.bytes)
  }
}

function addTo(hours: readonly Figures[], hour: number, figures: Figures): void {
  const sum = hours[hour]
  if (sum !== undefined) addFigures(sum, figures)
}

/** What a day had come to by a minute of it; of the hour that was running, its part. */
function upTo(hours: readonly Figures[], minute: number): Figures {
  const sum = noFigures()
  for (const [hour, figures] of hours.entries()) {
    const part = Math.min(1, Math.max(0, (minute - hour * 60) / 60))
    if (part > 0) addFigures(sum, figures, part)
  }
  return sum
}

function medians(days: readonly Figures[]): Figures {
  const median = noFigures()
  for (const figure of FIGURES) {
    const values = days.map((one) => one[figure]).toSorted((a, b) => a - b)
    const middle = (values.length - 1) / 2
    median[figure] = Math.round(((values[Math.floor(middle)] ?? 0) + (values[Math.ceil(middle)] ?? 0)) / 2)
  }
  return median
}
