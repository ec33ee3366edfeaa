// Times and zones against the runtime's own calendar: Date and Intl are asked in another way than the code under test asks them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareCanonical } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import { CLOCK_SKEW_MS_MAX } from '../../protocol/limits.ts'
import type { HybridTime } from '../../protocol/time.ts'
import {
  COUNTER_SPAN,
  DAY_MS,
  HybridClock,
  MINUTE_MS,
  TIME_MAX,
  TIME_MIN,
  firstDayOfMonth,
  hybridTime,
  localDay,
  localMinuteOfWeek,
  millisOf,
  millisOfWallClock,
  monthOfDay,
  weekOfDay,
  zoneKnown,
  zoneOffset,
} from '../../protocol/time.ts'
import { fuzzSeed } from '../support/generators.ts'

const seed = fuzzSeed('protocol-time')
const moments = fc.integer({ min: Date.UTC(1971, 0, 1), max: Date.UTC(2088, 0, 1) })

describe('hybrid time', () => {
  test('P-TIME-1: is a safe integer, negative before 2020, from 1950 to 2089, and gives its milliseconds back', () => {
    expect(new Date(millisOf(TIME_MIN)).getUTCFullYear()).toBe(1950)
    expect(new Date(millisOf(TIME_MAX)).getUTCFullYear()).toBe(2089)
    expect(hybridTime(Date.UTC(2019, 11, 31))).toBeLessThan(0)
    fc.assert(
      fc.property(moments, fc.integer({ min: 0, max: COUNTER_SPAN - 1 }), (ms, counter) => {
        const time = hybridTime(ms, counter)
        expect(Number.isSafeInteger(time)).toBe(true)
        expect(millisOf(time)).toBe(ms)
        expect(hybridTime(ms + 1)).toBe(hybridTime(ms, COUNTER_SPAN - 1) + 1)
      }),
      { seed },
    )
  })

  test('P-TIME-2: whatever the machine clock does, times rise, stay near it and go on from the floor', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
      fc.record({ kind: fc.constant('tick' as const), ms: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constant('observe' as const), ms: fc.integer({ min: -200_000, max: 200_000 }) }),
    )
    let adopted = 0
    let refused = 0
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 200 }),
        fc.integer({ min: -100_000, max: 100_000 }),
        (events, floorMs) => {
          let now = Date.UTC(2024, 5, 1)
          const floor = hybridTime(now + floorMs)
          const clock = new HybridClock({ now: () => now }, floor)
          let last: HybridTime = floor
          let furthest = now
          for (const { kind, ms } of events) {
            if (kind === 'jump') now += ms
            else if (kind === 'observe') {
              const remote = hybridTime(now + ms)
              const taken = clock.observe(remote, CLOCK_SKEW_MS_MAX)
              expect(taken).toBe(ms <= CLOCK_SKEW_MS_MAX)
              if (taken) adopted += 1
              else refused += 1
              expect(clock.last).toBe(taken && remote > last ? remote : last)
              last = clock.last
            } else {
              now += ms
              const time = clock.tick()
              expect(time).toBeGreaterThan(last)
              last = time
            }
            furthest = Math.max(furthest, now)
            expect(millisOf(last)).toBeLessThanOrEqual(
              Math.max(furthest + CLOCK_SKEW_MS_MAX, millisOf(floor)) + 1,
            )
          }
        },
      ),
      { seed },
    )
    expect(adopted).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })

  test('P-TIME-2: more than 4,096 times in a millisecond run on into the next and never repeat', () => {
    const now = Date.UTC(2024, 0, 1)
    const clock = new HybridClock({ now: () => now }, hybridTime(now - 1))
    const times = Array.from({ length: COUNTER_SPAN + 10 }, () => clock.tick())
    expect(new Set(times).size).toBe(times.length)
    expect(millisOf(times.at(-1) ?? times[0] ?? TIME_MIN)).toBe(now + 1)
  })

  test('P-TIME-3: the canonical order is total: time, then origin, then seq', () => {
    const place = fc.record({
      at: fc.oneof(fc.constantFrom(0, 1, TIME_MIN, TIME_MAX), fc.integer()).map((at) => at as HybridTime),
      id: fc.integer({ min: 2 ** 33 + 1, max: 2 ** 33 + 5 }).map((id) => id as FactId),
    })
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        expect(Math.sign(compareCanonical(a, b))).toBe(-Math.sign(compareCanonical(b, a)) + 0)
        expect(compareCanonical(a, b) === 0).toBe(a.at === b.at && a.id === b.id)
        if (compareCanonical(a, b) < 0 && compareCanonical(b, c) < 0)
          expect(compareCanonical(a, c)).toBeLessThan(0)
        if (a.at < b.at) expect(compareCanonical(a, b)).toBeLessThan(0)
      }),
      { seed },
    )
  })
})

describe('local calendar', () => {
  test('P-TIME-4: day, minute of the week, week and month follow from the offset as Date says', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: -18 * 60, max: 18 * 60 }), (ms, offset) => {
        const wall = new Date(ms + offset * MINUTE_MS)
        const day = localDay(ms, offset)
        expect(day).toBe(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()) / DAY_MS)
        const weekday = (wall.getUTCDay() + 6) % 7
        expect(localMinuteOfWeek(ms, offset)).toBe(
          weekday * 1440 + wall.getUTCHours() * 60 + wall.getUTCMinutes(),
        )
        expect(monthOfDay(day)).toBe(wall.getUTCFullYear() * 12 + wall.getUTCMonth())
        expect(firstDayOfMonth(monthOfDay(day)) * DAY_MS).toBe(
          Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), 1),
        )
        expect(weekOfDay(day)).toBe(weekOfDay(day - weekday))
        expect(weekOfDay(day - weekday - 1)).toBe(weekOfDay(day) - 1)
      }),
      { seed, numRuns: 500 },
    )
  })

  test('P-TIME-4: the same holds before 1970, on leap days and at the turn of a century', () => {
    for (const [year, month, date] of [
      [1969, 12, 31],
      [1950, 1, 1],
      [2000, 2, 29],
      [1900, 3, 1],
      [2100, 2, 28],
      [2024, 2, 29],
    ] as const) {
      const day = Date.UTC(year, month - 1, date) / DAY_MS
      expect(monthOfDay(day)).toBe(year * 12 + month - 1)
    }
  })
})

const ZONES = [
  'UTC',
  'Europe/London',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Havana',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Pacific/Kiritimati',
]

const calendars = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }),
  ]),
)

/** The wall clock of a zone as Intl writes it (`2024-03-31 01:30:00`), in milliseconds as if it were UTC. */
function wallClock(zone: string, ms: number): number {
  const text = calendars.get(zone)?.format(ms) ?? ''
  return Date.parse(`${text.replace(' ', 'T')}Z`) + (((ms % 1000) + 1000) % 1000)
}

/** The moments within a year when the zone's clock is set, to the minute. */
function clockChanges(zone: string, year: number): number[] {
  const changes: number[] = []
  const offsetAt = (ms: number): number => wallClock(zone, ms) - ms
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += DAY_MS) {
    if (offsetAt(day) === offsetAt(day + DAY_MS)) continue
    let low = day
    let high = day + DAY_MS
    while (high - low > MINUTE_MS) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS
      if (offsetAt(middle) === offsetAt(low)) low = middle
      else high = middle
    }
    changes.push(high)
  }
  return changes
}

describe('zones', () => {
  test("P-TIME-4: the offset is Intl's, minute by minute around every change of the clock", () => {
    let changes = 0
    for (const zone of ZONES) {
      for (const change of clockChanges(zone, 2024)) {
        changes += 1
        for (let minute = -40; minute <= 40; minute += 5) {
          const ms = change + minute * MINUTE_MS
          expect(zoneOffset(zone, ms), `${zone} ${new Date(ms).toISOString()}`).toBe(
            (wallClock(zone, ms) - ms) / MINUTE_MS,
          )
        }
      }
    }
    expect(changes).toBeGreaterThan(15)
  })

  test("P-TIME-4: the offset is Intl's at any time since 1971", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), moments, (zone, moment) => {
        const ms = Math.floor(moment / MINUTE_MS) * MINUTE_MS
        // Offsets with seconds (Liberia to 1972) are rounded to minutes; none of the zones above has any since 1971.
        expect(zoneOffset(zone, ms)).toBe((wallClock(zone, ms) - ms) / MINUTE_MS)
      }),
      { seed, numRuns: 300 },
    )
  })

  test('P-TIME-4: a wall clock time leads back to the first instant that shows it, also on the nights the clock is set', () => {
    let skipped = 0
    let repeated = 0
    for (const zone of ZONES) {
      for (const change of clockChanges(zone, 2024)) {
        for (let minute = -180; minute <= 180; minute += 10) {
          const ms = change + minute * MINUTE_MS
          const wall = wallClock(zone, ms)
          const found = millisOfWallClock(wall, zone)
          expect(wallClock(zone, found), `${zone} ${new Date(ms).toISOString()}`).toBe(wall)
          expect(found).toBeLessThanOrEqual(ms)
          if (found < ms) repeated += 1
        }
        const before = wallClock(zone, change - MINUTE_MS) + MINUTE_MS
        const gap = wallClock(zone, change) - before
        for (let minute = 0; minute < gap / MINUTE_MS; minute += 10) {
          skipped += 1
          expect(millisOfWallClock(before + minute * MINUTE_MS, zone)).toBe(change + minute * MINUTE_MS)
        }
      }
    }
    expect(skipped).toBeGreaterThan(0)
    expect(repeated).toBeGreaterThan(0)
  })

  test('P-TIME-4: away from those nights every wall clock time has one instant', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), moments, (zone, ms) => {
        const found = millisOfWallClock(wallClock(zone, ms), zone)
        expect(wallClock(zone, found)).toBe(wallClock(zone, ms))
      }),
      { seed, numRuns: 300 },
    )
  })

  test('P-TIME-4: a zone is known or not', () => {
    expect(ZONES.filter((zone) => !zoneKnown(zone))).toEqual([])
    for (const zone of ['', 'Mars/Olympus', 'London', '../../etc']) expect(zoneKnown(zone)).toBe(false)
  })
})
