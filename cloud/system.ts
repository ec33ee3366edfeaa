// What the machine gives a node, as values that come in from outside: time, chance and timers. Domain, fleet, sync and feed ask only these,
// so that a simulation can run a whole cloud in virtual time from one seed. `randomBytes` makes
// secrets: a simulation's source must never reach a real node.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../protocol/time.ts'

export type Cancel = () => void

export interface System {
  readonly clock: Clock
  /** Unpredictable bytes, for tokens, codes, nonces and keys. */
  randomBytes(count: number): Uint8Array
  /** Calls once after at least `ms` milliseconds, unless cancelled. Never keeps the process alive by itself. */
  after(ms: number, call: () => void): Cancel
}

export function systemWith(clock: Clock): System {
  return {
    clock,
    randomBytes: (count) => randomBytes(count),
    after(ms, call) {
      const timer = setTimeout(call, ms)
      timer.unref()
      return () => clearTimeout(timer)
    },
  }
}

export const realSystem: System = systemWith({ now: () => Date.now() })
