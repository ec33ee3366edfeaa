// The machine of an edge in a test's hands: time stands still until it is moved, chance is a fixed number, the end of a loop turn comes when
// it is called for. Timers fire in the order of their time, so a run is the same every time.
import type { Cancel, System } from '../../edge/system.ts'

interface Timer {
  readonly at: number
  readonly number: number
  readonly call: () => void
}

export class VirtualSystem implements System {
  now: number
  /** What random() answers. */
  chance = 0.5
  #numbers = 0
  #timers: Timer[] = []
  #soon: (() => void)[] = []
  /** How far the machine's clock is ahead of the time that passes: set it and the clock jumps. */
  wallAhead = 0
  readonly clock = { now: (): number => this.now + this.wallAhead }

  constructor(now = Date.UTC(2026, 0, 5, 9)) {
    this.now = now
  }

  monotonic(): number {
    return this.now
  }

  random(): number {
    return this.chance
  }

  after(ms: number, call: () => void): Cancel {
    const timer: Timer = { at: this.now + ms, number: this.#numbers++, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  soon(call: () => void): void {
    this.#soon.push(call)
  }

  /** Milliseconds from now of every timer that is set, soonest first. */
  get waits(): number[] {
    return this.#timers.map(({ at }) => at - this.now).toSorted((a, b) => a - b)
  }

  /** Runs ends of loop turns, and the promises between them, until nothing is left to do now. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await new Promise<void>((resolve) => void setImmediate(resolve))
      if (this.#soon.length === 0) continue
      quiet = -1
      for (const call of this.#soon.splice(0)) call()
    }
  }

  /** Moves time on, firing what becomes due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms
    await this.settle()
    for (;;) {
      const due = this.#timers
        .filter(({ at }) => at <= end)
        .toSorted((a, b) => a.at - b.at || a.number - b.number)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.now = Math.max(this.now, due.at)
      due.call()
      await this.settle()
    }
    this.now = end
    await this.settle()
  }
}
