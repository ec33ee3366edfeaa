// Open reservations and their end. A reservation that nobody settles is cancelled by a fact of the edge's own, whose key names the
// reservation: cancelling twice, also over a restart, is one fact. One timer, for the most urgent.
import type { FactId } from '../../protocol/ids.ts'
import type { EdgeClock } from '../clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Cancel, System } from '../system.ts'

/** Keys of the edge's own facts; a caller's key never begins like this (K-5). */
export const OWN_KEY_PREFIX = 'edge:'
export const OWN_TERMINAL = 'edge'

/** How soon an expired reservation is tried again when its fact could not be recorded. */
const RETRY_MS = 10_000

export class Reservations {
  readonly #ledger: Ledger
  readonly #system: System
  readonly #clock: EdgeClock
  #expire: ((redemption: FactId) => void) | undefined
  #cancel: Cancel | undefined

  constructor(ledger: Ledger, system: System, clock: EdgeClock) {
    this.#ledger = ledger
    this.#system = system
    this.#clock = clock
  }

  /** From now on `expire` is called for each that ran out, again and again until it is settled. */
  start(expire: (redemption: FactId) => void): void {
    this.#expire = expire
    this.#look()
  }

  stop(): void {
    this.#expire = undefined
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Inside the transaction of its fact. Every reservation lasts as long as any, so a timer that runs already is soon enough. */
  add(fact: FactId, due: number): void {
    this.#ledger.sequels.reserve(fact, due)
    if (this.#cancel === undefined) this.#wait(due - this.#clock.now())
  }

  #look(): void {
    this.#cancel = undefined
    const now = this.#clock.now()
    // Nothing expires by a clock that cannot be trusted (CLK-5).
    if (this.#clock.suspect) return this.#wait(RETRY_MS)
    const open = this.#ledger.sequels.reservations()
    let wait = Infinity
    for (const { fact, due } of open) {
      if (due <= now) this.#expire?.(fact)
      wait = Math.min(wait, due <= now ? RETRY_MS : due - now)
    }
    if (wait < Infinity) this.#wait(wait)
  }

  #wait(ms: number): void {
    if (this.#expire === undefined) return
    this.#cancel = this.#system.after(Math.max(0, ms), () => this.#look())
  }
}
