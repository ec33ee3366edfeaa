// What the two transports of the feed do with a reader's messages. A WebSocket knows how much it holds; an HTTP answer only says "full" and
// later "writable", so what went in between is counted here.
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { Farewell, ReaderSink } from '../feed/readers.ts'
import type { SocketForm } from './feed-request.ts'

/** The part of a uWebSockets.js socket that a sink uses. */
export interface FeedSocket {
  send(message: Uint8Array, binary: boolean): number
  getBufferedAmount(): number
  end(code: number, reason: string): void
}

export class SocketSink implements ReaderSink {
  readonly transport: SocketForm
  readonly #socket: FeedSocket

  constructor(socket: FeedSocket, transport: SocketForm) {
    this.#socket = socket
    this.transport = transport
  }

  backlog(): number {
    return this.#socket.getBufferedAmount()
  }

  send(message: Uint8Array): void {
    this.#socket.send(message, this.transport === 'cbor')
  }

  close(why: Farewell): void {
    this.#socket.end(CLOSE_CODES[why], why)
  }
}

/** The part of a uWebSockets.js response that a sink uses. */
export interface FeedResponse {
  /** False: the line is full and holds the rest. */
  write(message: Uint8Array | string): boolean
  cork(write: () => void): unknown
  close(): unknown
}

const COMMENT = ': \n\n'

export class SseSink implements ReaderSink {
  readonly transport = 'sse'
  readonly #response: FeedResponse
  #held = 0
  #open = true

  constructor(response: FeedResponse) {
    this.#response = response
  }

  backlog(): number {
    return this.#held
  }

  send(message: Uint8Array | string): void {
    if (!this.#open) return
    this.#response.cork(() => {
      if (!this.#response.write(message)) this.#held += message.length
    })
  }

  /** The library pushes out what it holds only when something is written. */
  writable(): void {
    this.#response.cork(() => {
      if (this.#response.write(COMMENT)) this.#held = 0
    })
  }

  /** SSE has no close codes: the browser comes back by itself with the last id it saw (F-5), which is what every reason asks for. */
  close(): void {
    if (!this.#open) return
    this.#response.close()
    this.gone()
  }

  gone(): void {
    this.#open = false
  }
}
