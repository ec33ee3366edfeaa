// Where a replay stands, for a person: one bar redrawn in place on a terminal, a calm line now and then otherwise. All of it on stderr, so
// that stdout stays with the summary.

const REDRAW_MS = 100
const LINE_MS = 5_000
const BAR_CHARS = 24

export interface ProgressState {
  done: number
  lines: number
  /** Latest file time sent, in milliseconds. */
  at: number
  total: number
  note: string
}

interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export class Progress {
  readonly state: ProgressState = { done: 0, lines: 0, at: 0, total: 0, note: '' }
  readonly #screen: Screen
  readonly #bar: boolean
  #timer: ReturnType<typeof setInterval> | undefined
  #startedAt = 0

  constructor(screen: Screen) {
    this.#screen = screen
    this.#bar = screen.isTTY === true
  }

  start(total: number): void {
    this.state.total = total
    this.state.done = 0
    this.state.lines = 0
    this.#startedAt = Date.now()
    this.#timer = setInterval(() => this.#draw(), this.#bar ? REDRAW_MS : LINE_MS)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#draw()
    if (this.#bar) this.#screen.write('\n')
  }

  /** A line of its own, above the bar. */
  say(text: string): void {
    this.#screen.write(this.#bar && this.#timer !== undefined ? `\r\u001b[2K${text}\n` : `${text}\n`)
  }

  #draw(): void {
    const text = progressText(this.state, (Date.now() - this.#startedAt) / 1000, this.#bar)
    this.#screen.write(this.#bar ? `\r\u001b[2K${text}` : `${text}\n`)
  }
}

export function progressText(state: ProgressState, seconds: number, bar: boolean): string {
  const part = state.total === 0 ? 1 : state.done / state.total
  const filled = Math.round(part * BAR_CHARS)
  const drawn = bar ? `[${'='.repeat(filled)}${' '.repeat(BAR_CHARS - filled)}] ` : ''
  const percent = `${Math.floor(part * 100)}%`.padStart(4)
  const day = state.at === 0 ? '' : `  ${new Date(state.at).toISOString().slice(0, 10)}`
  const rate = seconds > 0 ? Math.round(state.done / seconds) : 0
  const note = state.note === '' ? '' : `  ${state.note}`
  return `${drawn}${percent}${day}  ${state.done} of ${state.total} calls, ${rate}/s, ${state.lines} lines${note}`
}
