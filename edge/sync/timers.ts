// The timers of the sync machine, by name: each runs at most once at a time, and starting one that runs starts it over.
import type { Cancel, System } from '../system.ts'
import type { TimerName } from './states.ts'

export class Timers {
  readonly #system: System
  readonly #due: (timer: TimerName) => void
  readonly #running = new Map<TimerName, Cancel>()

  constructor(system: System, due: (timer: TimerName) => void) {
    this.#system = system
    this.#due = due
  }

  start(timer: TimerName, ms: number): void {
    this.cancel(timer)
    const cancel = this.#system.after(ms, () => {
      this.#running.delete(timer)
      this.#due(timer)
    })
    this.#running.set(timer, cancel)
  }

  cancel(timer: TimerName): void {
    this.#running.get(timer)?.()
    this.#running.delete(timer)
  }

  cancelAll(): void {
    for (const cancel of this.#running.values()) cancel()
    this.#running.clear()
  }
}
