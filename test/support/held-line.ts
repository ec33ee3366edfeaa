// A network that is held: what either side sends waits in a queue until the test lets it through, drops it or breaks the line. It is the
// edge's SocketFactory; the cloud's side of each connection is a Line that the test works by hand.
import type { SocketEvents, SocketFactory } from '../../edge/sync/socket.ts'

export class Line {
  readonly #events: SocketEvents
  /** From the edge, oldest first; a peer takes them out. */
  readonly up: Uint8Array[] = []
  /** To the edge, not delivered yet. */
  readonly down: Uint8Array[] = []
  /** The code the edge closed it with. */
  closedByEdge: number | undefined
  #open = false
  #gone = false

  constructor(events: SocketEvents) {
    this.#events = events
  }

  get usable(): boolean {
    return this.#open && !this.#gone && this.closedByEdge === undefined
  }

  open(): void {
    this.#open = true
    this.#events.opened()
  }

  /** Delivers what waits for the edge, at most `count` messages. */
  deliver(count = Infinity): void {
    for (let left = Math.min(count, this.down.length); left > 0; left--) {
      const message = this.down.shift()
      if (message !== undefined && this.usable) this.#events.message(message)
    }
  }

  /** The line is gone; the edge hears `code`. */
  break(code = 1006): void {
    if (this.#gone) return
    this.#gone = true
    if (this.closedByEdge === undefined) this.#events.closed(code)
  }

  /** What was on its way is lost, and the edge hears nothing. */
  silence(): void {
    this.#gone = true
  }
}

export class HeldNetwork {
  /** Every connection the edge asked for, newest last. */
  readonly lines: Line[] = []

  readonly factory: SocketFactory = (events) => {
    const line = new Line(events)
    this.lines.push(line)
    return {
      send: (sealed) => void line.up.push(Uint8Array.from(sealed)),
      close: (code) => {
        line.closedByEdge ??= code
      },
    }
  }

  get line(): Line {
    const last = this.lines.at(-1)
    if (last === undefined) throw new Error('the edge has not asked for a connection')
    return last
  }
}
