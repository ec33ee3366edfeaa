// Hot: one keep-alive HTTP/1.1 connection of a terminal, one call after the other. 20,000 calls cost the driver 0.7 s of CPU here and
// 3.4 s through node:http (measured against the same uWebSockets.js server), on a machine whose two cores the stores and the cloud need.
// It speaks only what our own nodes answer: a status line, headers, Content-Length. Anything else is a fault, never a guess.
// A call either gives an answer or throws WireFault; after that the next call opens a new connection.
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** No answer for this long: the node is gone or stuck, the call is made again with its key. */
export const CALL_WAIT_MS_MAX = 30_000
const HEAD_BYTES_MAX = 16 * 1024

export interface WireAnswer {
  readonly status: number
  /** The stored answer of an earlier call with this key (K-2). */
  readonly replayed: boolean
  readonly body: Buffer
}

/** The connection broke, or the answer never came. Whether the node did the work is not known. */
export class WireFault extends Error {}

interface Waiting {
  readonly resolve: (answer: WireAnswer) => void
  readonly reject: (fault: WireFault) => void
}

interface Head {
  readonly status: number
  readonly replayed: boolean
  readonly close: boolean
  readonly bodyFrom: number
  readonly bodyBytes: number
}

export class WireConnection {
  readonly #port: number
  readonly #token: string
  #socket: Socket | undefined
  #waiting: Waiting | undefined
  #received: Buffer = Buffer.alloc(0)
  #head: Head | undefined

  constructor(port: number, token: string) {
    this.#port = port
    this.#token = token
  }

  /** `body` is JSON text. One call at a time. */
  async post(path: string, key: string, body: string): Promise<WireAnswer> {
    const socket = this.#socket ?? (await this.#open())
    const bytes = Buffer.byteLength(body)
    const text =
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\nAuthorization: Bearer ${this.#token}\r\n` +
      `Idempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n${body}`
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      // Nearly every body is ASCII, and copying is cheaper than encoding.
      socket.write(text, bytes === body.length ? 'latin1' : 'utf8')
    })
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
      const fail = (message: string, cause?: unknown): void => {
        socket.destroy()
        const fault = new WireFault(message, { cause })
        reject(fault)
        if (this.#socket !== socket) return
        this.#socket = undefined
        this.#settle()?.reject(fault)
      }
      socket.setTimeout(CALL_WAIT_MS_MAX, () => {
        if (this.#waiting !== undefined || this.#socket !== socket) fail('no answer in time')
      })
      socket.once('connect', () => {
        this.#socket = socket
        resolve(socket)
      })
      socket.on('error', (cause) => fail('the connection broke', cause))
      socket.on('close', () => fail('the connection was closed'))
      socket.on('data', (piece) => {
        try {
          this.#take(piece)
        } catch (cause) {
          fail(cause instanceof Error ? cause.message : 'no HTTP', cause)
        }
      })
    })
  }

  /** Ends the wait for an answer, whichever way it ends. */
  #settle(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#received = Buffer.alloc(0)
    this.#head = undefined
    return waiting
  }

  #take(piece: Buffer): void {
    this.#received = this.#received.length === 0 ? piece : Buffer.concat([this.#received, piece])
    this.#head ??= readHead(this.#received)
    const head = this.#head
    if (head === undefined || this.#received.length < head.bodyFrom + head.bodyBytes) return
    const body = this.#received.subarray(head.bodyFrom, head.bodyFrom + head.bodyBytes)
    if (this.#received.length > head.bodyFrom + head.bodyBytes)
      throw new WireFault('more bytes than announced')
    if (head.close) this.close()
    this.#settle()?.resolve({ status: head.status, replayed: head.replayed, body })
  }
}

/** Undefined while the blank line has not come. */
function readHead(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) {
    if (bytes.length > HEAD_BYTES_MAX) throw new WireFault('the headers never end')
    return undefined
  }
  const text = bytes.toString('latin1', 0, end + 2).toLowerCase()
  const status = /^http\/1\.1 ([0-9]{3})[ \r]/.exec(text)?.[1]
  const length = /\r\ncontent-length: *([0-9]{1,15})\r/.exec(text)?.[1]
  if (status === undefined || length === undefined) throw new WireFault('not an answer of this API')
  return {
    status: Number(status),
    replayed: text.includes('\r\nidempotent-replayed: true\r'),
    close: text.includes('\r\nconnection: close\r'),
    bodyFrom: end + 4,
    bodyBytes: Number(length),
  }
}
