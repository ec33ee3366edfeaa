// Hybrid logical time: milliseconds since 2020 and a 12-bit counter in one safe integer (P-TIME-1). Multiplying by 65536 instead would
// pass 2^53 and be rounded silently. Values are negative for history before 2020, which is replayed as it was.
import { assert } from './result.ts'

declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

export type HybridTime = Branded<number, 'HybridTime'>
/** Milliseconds since 1970, UTC. */
export type Millis = Branded<number, 'Millis'>
/** Minutes to add to UTC for the store's wall clock. */
export type ZoneOffset = Branded<number, 'ZoneOffset'>

export const HYBRID_EPOCH_MS = Date.UTC(2020, 0, 1)
export const COUNTER_SPAN = 4096
/** 1950 to 2089. */
export const TIME_MIN = Number.MIN_SAFE_INTEGER as HybridTime
export const TIME_MAX = Number.MAX_SAFE_INTEGER as HybridTime
export const DAY_MS = 86_400_000
export const MINUTE_MS = 60_000

export function hybridTime(ms: number, counter = 0): HybridTime {
  return ((ms - HYBRID_EPOCH_MS) * COUNTER_SPAN + counter) as HybridTime
}

export function millisOf(time: HybridTime): Millis {
  return (Math.floor(time / COUNTER_SPAN) + HYBRID_EPOCH_MS) as Millis
}

/** Source of physical time, given from outside: the domain never asks the machine. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
}

/**
 * Issues hybrid times that never repeat and never go back (P-TIME-2), whatever the machine's clock does. `floor` is the last time
 * that was persisted. More than 4,096 times in a millisecond run on into the next one.
 */
export class HybridClock {
  readonly #clock: Clock
  #last: HybridTime

  constructor(clock: Clock, floor: HybridTime) {
    this.#clock = clock
    this.#last = floor
  }

  get last(): HybridTime {
    return this.#last
  }

  tick(): HybridTime {
    const physical = hybridTime(this.#clock.now())
    this.#last = (physical > this.#last ? physical : this.#last + 1) as HybridTime
    return this.#last
  }

  /** Adopts a remote time unless it is more than `skewMsMax` ahead of our own; says whether it was adopted. */
  observe(remote: HybridTime, skewMsMax: number): boolean {
    if (millisOf(remote) > this.#clock.now() + skewMsMax) return false
    if (remote > this.#last) this.#last = remote
    return true
  }
}

/** Days since 1970 on the wall clock of the store. */
export function localDay(ms: number, offset: number): number {
  return Math.floor((ms + offset * MINUTE_MS) / DAY_MS)
}

/** As the store's wall clock shows it, for people there: 2026-03-29 01:30. */
export function wallClockText(ms: number, offset: number): string {
  return new Date(ms + offset * MINUTE_MS).toISOString().slice(0, 16).replace('T', ' ')
}

/** Minutes since midnight on the wall clock of the store: 0 to 1,439. */
export function localMinuteOfDay(ms: number, offset: number): number {
  const minutes = Math.floor(ms / MINUTE_MS) + offset
  return minutes - Math.floor(minutes / 1440) * 1440
}

/** Minutes since Monday 00:00 on the wall clock of the store: 0 to 10,079. 1970-01-01 was a Thursday. */
export function localMinuteOfWeek(ms: number, offset: number): number {
  const minutes = Math.floor(ms / MINUTE_MS) + offset + 3 * 1440
  // `%` of doubles is ten times slower.
  return minutes - Math.floor(minutes / 10_080) * 10_080
}

/** Whole weeks, Monday first, since Monday 1969-12-29. */
export function weekOfDay(day: number): number {
  return Math.floor((day + 3) / 7)
}

/** The Monday of a week, as a day since 1970. */
export function firstDayOfWeek(week: number): number {
  return week * 7 - 3
}

/** `year * 12 + month` (month from 0) of a day since 1970. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
export function monthOfDay(day: number): number {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthShifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthShifted < 10 ? monthShifted + 2 : monthShifted - 10
  return (yearOfEra + era * 400 + (month <= 1 ? 1 : 0)) * 12 + month
}

/** First day (since 1970) of a `year * 12 + month`. */
export function firstDayOfMonth(month: number): number {
  return Date.UTC(Math.floor(month / 12), ((month % 12) + 12) % 12, 1) / DAY_MS
}

const zones = new Map<string, ZoneMemory>()
const SLOT_MS = 15 * MINUTE_MS
const SLOTS_MAX = 20_000

/** What Intl said about a zone, by quarter of an hour (no zone changes in between). */
interface ZoneMemory {
  readonly format: Intl.DateTimeFormat
  readonly slots: Map<number, ZoneOffset>
}

export function zoneKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/**
 * Offset of a zone at a time, from the runtime's zone database. Asking Intl costs some microseconds, so its answers are remembered: of a day that
 * begins and ends with the same offset only those two (zones do not change twice a day), else by quarter of an hour. At SLOTS_MAX the memory of
 * a zone starts over.
 */
export function zoneOffset(zone: string, ms: number): ZoneOffset {
  const memory = zones.get(zone) ?? remember(zone)
  const day = Math.floor(ms / DAY_MS)
  const begin = offsetOfSlot(memory, (day * DAY_MS) / SLOT_MS)
  const end = offsetOfSlot(memory, ((day + 1) * DAY_MS) / SLOT_MS)
  return begin === end ? begin : offsetOfSlot(memory, Math.floor(ms / SLOT_MS))
}

function remember(zone: string): ZoneMemory {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const memory = { format, slots: new Map<number, ZoneOffset>() }
  zones.set(zone, memory)
  return memory
}

function offsetOfSlot({ format, slots }: ZoneMemory, slot: number): ZoneOffset {
  const remembered = slots.get(slot)
  if (remembered !== undefined) return remembered
  const at = slot * SLOT_MS
  const part: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value)
  const wall = Date.UTC(
    part.year ?? 0,
    (part.month ?? 1) - 1,
    part.day ?? 1,
    part.hour ?? 0,
    part.minute ?? 0,
  )
  const offset = Math.round((wall - at) / MINUTE_MS) as ZoneOffset
  assert(Math.abs(offset) <= 18 * 60, `offset of ${format.resolvedOptions().timeZone} out of range`)
  if (slots.size >= SLOTS_MAX) slots.clear()
  slots.set(slot, offset)
  return offset
}

/** UTC milliseconds of a wall-clock time in a zone. In the hour that DST repeats, the first; in the one it skips, the instant after. */
export function millisOfWallClock(wallMs: number, zone: string): number {
  const guess = wallMs - zoneOffset(zone, wallMs) * MINUTE_MS
  const before = wallMs - zoneOffset(zone, guess - 2 * 3_600_000) * MINUTE_MS
  const candidates = [before, guess, wallMs - zoneOffset(zone, guess) * MINUTE_MS]
  const exact = candidates.filter((ms) => ms + zoneOffset(zone, ms) * MINUTE_MS === wallMs)
  return exact.length > 0 ? Math.min(...exact) : before
}
