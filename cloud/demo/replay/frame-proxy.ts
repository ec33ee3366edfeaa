// A line between a store and the cloud that is handed on frame by frame: whoever listens decides what becomes of each. Plain HTTP (an edge that enrols)
// is passed on as it is, and one end's close, whatever it is, is the other's.
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { FRAME_BYTES_MAX } from '../../../protocol/limits.ts'

/** Close codes a WebSocket may not send itself (RFC 6455, section 7.4.1). */
const UNSENDABLE = new Set([1005, 1006, 1015])

/** What is done with one connection's frames. Nothing passes by itself. */
export interface FrameEars {
  /** From the edge; from then on `up` may be called before `opened`. */
  up(data: Buffer): void
  down(data: Buffer): void
  /** The cloud's end is open. */
  opened(): void
  /** `by`: the end that was closed first, the edge's or the cloud's. */
  closed(by: 'edge' | 'cloud', code: number): void
}

/** One connection: `near` to the edge, `far` to the cloud. */
export interface FrameLine {
  readonly near: WebSocket
  readonly far: WebSocket
}

export class FrameProxy {
  readonly #targetPort: number
  readonly #joined: (line: FrameLine) => FrameEars
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES_MAX })

  constructor(targetPort: number, joined: (line: FrameLine) => FrameEars) {
    this.#targetPort = targetPort
    this.#joined = joined
    this.#server = createServer((request, response) => this.#passOn(request, response))
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#sockets.handleUpgrade(request, socket, head, (near) => this.#join(near, request))
    })
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', () => {
        // A listening TCP server has an address with a port.
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /** Ends what is open. */
  async close(): Promise<void> {
    for (const near of this.#sockets.clients) near.terminate()
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()))
  }

  #passOn(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = request
    const onward = httpRequest(
      { port: this.#targetPort, host: '127.0.0.1', method, path: url, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }

  #join(near: WebSocket, request: IncomingMessage): void {
    const far = new WebSocket(`ws://127.0.0.1:${this.#targetPort}${request.url ?? '/'}`, {
      headers:
        request.headers.authorization === undefined ? {} : { authorization: request.headers.authorization },
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
    })
    const ears = this.#joined({ near, far })
    near.on('message', (data: Buffer) => ears.up(data))
    far.on('message', (data: Buffer) => ears.down(data))
    far.on('open', () => ears.opened())
    let ended = false
    for (const [by, from, to] of [
      ['edge', near, far],
      ['cloud', far, near],
    ] as const) {
      from.on('error', () => to.terminate())
      from.on('close', (code, reason) => {
        if (!ended) ears.closed(by, code)
        ended = true
        if (UNSENDABLE.has(code)) to.terminate()
        else to.close(code, reason)
      })
    }
  }
}
