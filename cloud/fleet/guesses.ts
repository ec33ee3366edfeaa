// Counts wrong enrolment codes per caller and over all callers, in fixed windows. A guess is counted before it is looked up and given back
// when it was right, so that a thousand guesses sent at once are counted like a thousand sent in turn.
import { ENROL_GUESSES_MAX, ENROL_GUESSES_TOTAL_MAX, ENROL_GUESS_WINDOW_MS } from '../../protocol/limits.ts'
import type { Clock } from '../../protocol/time.ts'

const CALLERS_MAX = 10_000

export class Guesses {
  readonly #clock: Clock
  readonly #byCaller = new Map<string, number>()
  #total = 0
  #windowEnds = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** 0: go on. Otherwise the whole seconds after which another guess may be made. */
  begin(caller: string): number {
    const now = this.#clock.now()
    // A clock set back must not lock everyone out for longer than a window.
    if (now >= this.#windowEnds || now < this.#windowEnds - ENROL_GUESS_WINDOW_MS) {
      this.#byCaller.clear()
      this.#total = 0
      this.#windowEnds = now + ENROL_GUESS_WINDOW_MS
    }
    const made = this.#byCaller.get(caller) ?? 0
    const full = this.#byCaller.size >= CALLERS_MAX && made === 0
    if (made >= ENROL_GUESSES_MAX || this.#total >= ENROL_GUESSES_TOTAL_MAX || full)
      return Math.max(1, Math.ceil((this.#windowEnds - now) / 1000))
    this.#byCaller.set(caller, made + 1)
    this.#total++
    return 0
  }

  /** The guess that was begun was right. */
  forgive(caller: string): void {
    const made = this.#byCaller.get(caller) ?? 0
    if (made > 0) {
      this.#byCaller.set(caller, made - 1)
      this.#total--
    }
  }
}
