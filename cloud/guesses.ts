// Counts wrong guesses of a secret per name (an address, an account) and over all names, in fixed windows. A guess is counted before it is looked
// at and given back when it was right, so that a thousand guesses sent at once are counted like a thousand sent in turn.
import type { Clock } from '../protocol/time.ts'

export interface GuessBounds {
  readonly windowMs: number
  /** Wrong ones of one name, and of all together, in a window. */
  readonly eachMax: number
  readonly totalMax: number
}

const NAMES_MAX = 10_000

export class Guesses {
  readonly #clock: Clock
  readonly #bounds: GuessBounds
  readonly #byName = new Map<string, number>()
  #total = 0
  #windowEnds = 0

  constructor(clock: Clock, bounds: GuessBounds) {
    this.#clock = clock
    this.#bounds = bounds
  }

  /** 0: go on. Otherwise the whole seconds after which another guess may be made. */
  begin(name: string): number {
    const now = this.#clock.now()
    const { windowMs, eachMax, totalMax } = this.#bounds
    // A clock set back must not lock everyone out for longer than a window.
    if (now >= this.#windowEnds || now < this.#windowEnds - windowMs) {
      this.#byName.clear()
      this.#total = 0
      this.#windowEnds = now + windowMs
    }
    const made = this.#byName.get(name) ?? 0
    const full = this.#byName.size >= NAMES_MAX && made === 0
    if (made >= eachMax || this.#total >= totalMax || full)
      return Math.max(1, Math.ceil((this.#windowEnds - now) / 1000))
    this.#byName.set(name, made + 1)
    this.#total++
    return 0
  }

  /** The guess that was begun was right. */
  forgive(name: string): void {
    const made = this.#byName.get(name) ?? 0
    if (made > 0) {
      this.#byName.set(name, made - 1)
      this.#total--
    }
  }
}
