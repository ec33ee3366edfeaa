// What the machine gives a node, as values that come in from outside: time, chance, timers and the turn of the event loop. Till, feed and
// link ask only these, so that a simulation runs a whole edge in virtual time from one seed. Nothing else under edge/ may call Date.now,
// Math.random or setTimeout.
import type { Clock } from '../protocol/time.ts'

export type Cancel = () => void

export interface System {
  readonly clock: Clock
  /** Uniform in [0, 1). For jitter only: nothing secret comes from it. */
  random(): number
  /** Calls once after at least `ms` milliseconds, unless cancelled. */
  after(ms: number, call: () => void): Cancel
  /** Calls once after everything that is ready now has run: the end of the loop turn. */
  soon(call: () => void): void
}

export const realSystem: System = {
  clock: { now: () => Date.now() },
  random: () => Math.random(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
  soon(call) {
    setImmediate(call)
  },
}
