// Which tills are in use (F-11): a till that begins to call, and one that has fallen silent, are told to managers once each. What a call leaves behind is a
// mark on its token; it is looked at now and then, so a sale pays nothing for it.
import { TERMINAL_LOOK_MS, TERMINAL_SILENT_MS } from '../../protocol/limits.ts'
import type { Cancel, System } from '../system.ts'

export interface AttendanceParts {
  readonly system: System
  /** Names of the terminals that called since this was last asked. */
  readonly takeHeard: () => readonly string[]
  readonly tell: (terminal: string, text: string) => void
}

const SILENT_MIN = TERMINAL_SILENT_MS / 60_000

export class Attendance {
  readonly #parts: AttendanceParts
  /** Monotonic time at which each that is in use was last heard. */
  readonly #inUse = new Map<string, number>()
  #cancel: Cancel = () => undefined

  constructor(parts: AttendanceParts) {
    this.#parts = parts
  }

  /** Looks every TERMINAL_LOOK_MS from now on. */
  start(): void {
    this.#cancel = this.#parts.system.after(TERMINAL_LOOK_MS, () => {
      this.#look()
      this.start()
    })
  }

  stop(): void {
    this.#cancel()
  }

  #look(): void {
    const { system, takeHeard, tell } = this.#parts
    const now = system.monotonic()
    for (const name of takeHeard()) {
      if (!this.#inUse.has(name)) tell(name, `Terminal ${name} is in use`)
      this.#inUse.set(name, now)
    }
    for (const [name, heard] of this.#inUse) {
      if (now - heard < TERMINAL_SILENT_MS) continue
      this.#inUse.delete(name)
      tell(name, `Terminal ${name} has not called for ${SILENT_MIN} minutes`)
    }
  }
}
