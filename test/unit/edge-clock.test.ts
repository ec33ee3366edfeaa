// The edge's clock alone: what it believes at the start, what moves it, and what it says of itself. Machine and cloud are in the test's hands.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { BUILD_TIME, EdgeClock, OFF_MS_MAX, ROUND_MS_MAX } from '../../edge/clock.ts'
import { CLOCK_SKEW_MS_MAX, CLOCK_SLEW_MS_MAX } from '../../protocol/limits.ts'
import { VirtualSystem } from '../support/virtual-system.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const YEAR = 365 * DAY
/** What time it really is. */
const TRUE = Date.UTC(2026, 5, 1, 12)

let system: VirtualSystem
beforeEach(() => (system = new VirtualSystem(TRUE)))

/** The true time is the virtual one; the machine's clock is off by `ahead`. */
function started(saved: number | null, ahead = 0): EdgeClock {
  system.wallAhead = ahead
  return new EdgeClock(system, saved)
}

/** Asks, and is answered after `rtt`, of which the way up took `up`. */
function ask(clock: EdgeClock, rtt = 100, up = rtt / 2, off = 0): ReturnType<EdgeClock['heard']> {
  const asked = system.monotonic()
  system.now += up
  const time = system.now + off
  system.now += rtt - up
  return clock.heard(time, asked)
}

describe('CLK-1 the start', () => {
  test.each([
    ['the time is the machine’s where nothing speaks against it', TRUE - DAY, 0, null, 0],
    ['a ledger without a time takes the machine’s', null, 0, null, 0],
    ['two minutes before the floor is the cloud’s time of before', TRUE + 90_000, 0, null, 90_000],
    ['1970: the floor, suspect', TRUE - HOUR, -56 * YEAR, 'behind', -HOUR],
    ['1970 on the first day: the build time, suspect', null, -56 * YEAR, 'behind', BUILD_TIME - TRUE],
    ['2036: the floor, suspect', TRUE - HOUR, 10 * YEAR, 'ahead', -HOUR],
    ['off for two weeks is believed', TRUE - OFF_MS_MAX, 0, null, 0],
    ['longer is not', TRUE - OFF_MS_MAX - 1, 0, 'ahead', -OFF_MS_MAX - 1],
  ] as const)('%s', (_, saved, ahead, doubt, off) => {
    const clock = started(saved, ahead)
    expect(clock.doubt).toBe(doubt)
    expect(clock.suspect).toBe(doubt !== null)
    expect(clock.now() - system.now).toBe(off)
    expect(clock.errorMs()).toBeNull()
  })

  test('what is saved for the next start never passes a time that has not come, whatever the machine says', () => {
    const clock = started(TRUE - HOUR, -56 * YEAR)
    system.now += 5 * HOUR
    // Somebody sets the clock to a day that is possible, and wrong.
    system.wallAhead = 3 * DAY
    clock.look()
    expect(clock.now()).toBe(TRUE + 5 * HOUR + 3 * DAY)
    expect(clock.least()).toBe(TRUE + 4 * HOUR)
    ask(clock)
    expect(Math.abs(clock.least() - system.now)).toBeLessThan(100)
  })
})

describe('CLK-2, CLK-4 the machine’s clock jumps', () => {
  test.each([10 * YEAR, -25 * YEAR, 3_000, -3_000])(
    'R16 by %i ms: time goes on as it was, and it is told',
    (ms) => {
      const clock = started(TRUE - DAY)
      system.now += HOUR
      system.wallAhead += ms
      system.now += 5_000
      const jump = clock.look()
      expect(jump).toEqual({ ms, trusted: false })
      expect(clock.doubt).toBe('jumped')
      if (ms !== 3_000) expect(clock.now()).toBe(system.now)
      expect(clock.look()).toBeNull()
      system.now += HOUR
      expect(clock.look()).toBeNull()
    },
  )

  test('R16 after the cloud has set it, a jump leaves it trusted', () => {
    const clock = started(TRUE - DAY)
    ask(clock)
    system.wallAhead -= 25 * YEAR
    expect(clock.look()).toEqual({ ms: -25 * YEAR, trusted: true })
    expect(clock.suspect).toBe(false)
    expect(Math.abs(clock.now() - system.now)).toBeLessThanOrEqual(50)
    expect(clock.wallAheadMs()).toBeLessThan(-24 * YEAR)
  })

  test('R17 a clock that was behind follows one that is set to a possible time, and stays suspect', () => {
    const clock = started(TRUE - 2 * DAY, -56 * YEAR)
    system.now += 30_000
    system.wallAhead = 0
    expect(clock.look()?.trusted).toBe(false)
    expect(clock.now()).toBe(system.now)
    expect(clock.doubt).toBe('behind')
    system.wallAhead = 5 * YEAR
    clock.look()
    expect(clock.now()).toBe(system.now)
  })
})

describe('CLK-3 the cloud’s time', () => {
  test('R17 an edge that started in 1970 is right after one answer, and trusted', () => {
    const clock = started(TRUE - 2 * DAY, -56 * YEAR)
    expect(ask(clock, 200, 30)).toBe('stepped')
    expect(clock.suspect).toBe(false)
    expect(Math.abs(clock.now() - system.now)).toBeLessThanOrEqual(100)
    expect(clock.errorMs()).toBe(100)
  })

  test('a small difference is slewed: time never stands, never runs back, and arrives', () => {
    for (const off of [20_000, -20_000]) {
      system = new VirtualSystem(TRUE)
      const clock = started(TRUE - DAY, -off)
      expect(ask(clock, 0)).toBe('slewed')
      let last = clock.now()
      for (let second = 1; second <= 400; second++) {
        system.now += 1_000
        const now = clock.now()
        expect(now - last).toBeGreaterThanOrEqual(949)
        expect(now - last).toBeLessThanOrEqual(1_051)
        last = now
      }
      expect(last).toBe(system.now)
      expect(ask(clock, 0)).toBe('kept')
    }
  })

  test('one beyond CLOCK_SLEW_MS_MAX is set at once', () => {
    const clock = started(TRUE - DAY, -CLOCK_SLEW_MS_MAX - 1_000)
    expect(ask(clock, 0)).toBe('stepped')
    expect(clock.now()).toBe(system.now)
  })

  test('an answer of before the cloud’s last, also over a restart, and one that took too long, change nothing', () => {
    const clock = started(TRUE - HOUR, 10 * YEAR)
    expect(ask(clock, ROUND_MS_MAX + 1)).toBe('refused')
    expect(clock.doubt).toBe('ahead')
    expect(ask(clock, 100)).toBe('stepped')
    system.now += HOUR
    const earlier = -CLOCK_SKEW_MS_MAX - 1_000
    expect(ask(clock, 100, 50, earlier)).toBe('refused')
    system.now += DAY
    const again = new EdgeClock(system, clock.least(), clock.word())
    expect(ask(again, 100, 50, earlier)).toBe('refused')
    expect(ask(again, 100)).toBe('kept')
    expect(ask(new EdgeClock(system, null), 100, 50, BUILD_TIME - system.now + earlier)).toBe('refused')
  })

  test('R16 what this machine’s clock said, wrongly and over a restart, does not stand against the cloud', () => {
    const ahead = started(TRUE - DAY, 10 * DAY)
    expect(ahead.suspect).toBe(false)
    system.now += HOUR
    for (const wall of [10 * DAY, 0, -56 * YEAR]) {
      system.wallAhead = wall
      const again = new EdgeClock(system, ahead.least(), ahead.word())
      expect(ask(again, 0)).toBe('stepped')
      expect([again.now(), again.least(), again.suspect]).toEqual([system.now, system.now, false])
    }
  })

  test('the true time is within the error it states, over any round trips', () => {
    const trip = fc.record({ up: fc.nat(3_000), down: fc.nat(3_000), pause: fc.nat(600_000) })
    fc.assert(
      fc.property(
        fc.array(trip, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: -9e6, max: 9e6 }),
        (trips, ahead) => {
          system = new VirtualSystem(TRUE)
          const clock = started(TRUE - HOUR, ahead)
          let error = Infinity
          for (const { up, down, pause } of trips) {
            ask(clock, up + down, up)
            const stated = clock.errorMs() ?? Infinity
            expect(stated).toBeLessThanOrEqual(Math.min(error + 200, (up + down) / 2 + 1))
            error = stated
            // What is slewed is off until it has arrived.
            system.now += pause
          }
          system.now += 20 * CLOCK_SLEW_MS_MAX
          expect(Math.abs(clock.now() - system.now)).toBeLessThanOrEqual((clock.errorMs() ?? 0) + 1)
        },
      ),
    )
  })
})
