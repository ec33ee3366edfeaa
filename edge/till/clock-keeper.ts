// What the store is told about its clock (CLK): every jump of the machine's clock and every setting by the cloud is an activity, and the status says
// whether the time can be trusted. Also saves the time while no fact does, so that a machine without a battery does not start far behind.
import { CLOCK_SAVE_MS } from '../../protocol/limits.ts'
import type { Doubt, EdgeClock, Jump } from '../clock.ts'
import type { Status } from './answers.ts'
import { spanText } from './backlog.ts'
import type { Books } from './books.ts'
import { tell } from './cloud-word.ts'
import type { Recorder } from './recorder.ts'
import { timeText } from './wording.ts'

const DOUBTS: Readonly<Record<Doubt, string>> = {
  behind: 'The clock of this machine is before a time that has certainly passed; its battery may be empty.',
  ahead: 'The clock of this machine is further ahead than it can have been switched off.',
  jumped:
    'The clock of this machine was set while the node ran, and the cloud has not confirmed the time yet.',
}

export class ClockKeeper {
  readonly #books: Books
  readonly #recorder: Recorder
  #savedMono: number

  constructor(books: Books, recorder: Recorder) {
    this.#books = books
    this.#recorder = recorder
    this.#savedMono = books.system.monotonic()
    const { doubt } = books.clock
    if (doubt !== null)
      this.#tell(`${DOUBTS[doubt]} Until the cloud has told the time, nothing expires and no bonus is given.`)
  }

  heard(time: number, askedMono: number): void {
    const { clock } = this.#books
    const { doubt } = clock
    const before = clock.now()
    const done = clock.heard(time, askedMono)
    if (done === 'refused' || (doubt === null && done !== 'stepped')) return
    const moved = clock.now() - before
    if (done === 'stepped') this.#recorder.standingChanged(() => this.#books.ledger.sequels.postpone(moved))
    this.#tell(
      done === 'stepped'
        ? `The clock was set ${spanText(Math.abs(moved))} ${moved < 0 ? 'back' : 'forward'} to ${timeText(clock.now())} by the cloud's time`
        : "The cloud's time confirms the clock",
    )
  }

  look(): void {
    const jump = this.#books.clock.look()
    if (jump !== null) this.#tell(jumpText(jump))
    const mono = this.#books.system.monotonic()
    if (jump === null && mono - this.#savedMono < CLOCK_SAVE_MS) return
    this.#savedMono = mono
    this.#recorder.standingChanged()
  }

  #tell(text: string): void {
    this.#recorder.standingChanged(() =>
      tell(this.#books, { kind: 'notice', fact: null, member: null, points: 0, text }),
    )
  }
}

function jumpText({ ms, trusted }: Jump): string {
  const how = `The clock of this machine jumped ${spanText(Math.abs(ms))} ${ms < 0 ? 'back' : 'forward'}`
  return trusted
    ? `${how}; the store's time did not follow`
    : `${how}; until the cloud has told the time, it cannot be trusted`
}

export function clockStatus(clock: EdgeClock): Status['clock'] {
  return {
    state: clock.suspect ? 'suspect' : 'trusted',
    reason: clock.doubt === null ? null : DOUBTS[clock.doubt],
    error_ms: clock.errorMs(),
    machine_ahead_ms: clock.wallAheadMs(),
  }
}
