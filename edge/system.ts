// What the machine gives a node, as values that come in from outside: time, chance, timers and the turn of the event loop. Till, feed and
// link ask only these, so that a simulation runs a whole edge in virtual time from one seed. Nothing else under edge/ may call Date.now,
// Math.random or setTimeout. `clock` is the machine's wall clock, which may be wrong and may jump: the domain asks EdgeClock (CLK).
import { uptime } from 'node:os'
import type { Clock } from '../protocol/time.ts'

export type Cancel = () => void

export interface System {
  readonly clock: Clock
  /** Milliseconds since some moment of this process or before; never goes back, and goes on while the machine sleeps. */
  monotonic(): number
  /** Uniform in [0, 1). For jitter only: nothing secret comes from it. */
  random(): number
  /** Calls once after at least `ms` milliseconds, unless cancelled. */
  after(ms: number, call: () => void): Cancel
  /** Calls once after everything that is ready now has run: the end of the loop turn. */
  soon(call: () => void): void
}

/** How often it is looked whether the machine slept: the time a process has by itself stands still meanwhile. */
const SLEEP_LOOK_MS = 1_000
const sleep = { lookedAt: 0, ms: 0, base: uptime() * 1000 - performance.now() }

export const realSystem: System = {
  clock: { now: () => Date.now() },
  monotonic() {
    const awake = performance.now()
    if (awake - sleep.lookedAt > SLEEP_LOOK_MS) {
      sleep.lookedAt = awake
      // The uptime comes in hundredths of a second; less than a second is no sleep.
      const slept = uptime() * 1000 - awake - sleep.base
      if (slept > sleep.ms + SLEEP_LOOK_MS) sleep.ms = slept
    }
    return awake + sleep.ms
  },
  random: () => Math.random(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
  soon(call) {
    setImmediate(call)
  },
}
