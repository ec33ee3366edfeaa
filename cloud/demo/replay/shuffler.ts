// A bad network between the stores and the cloud, frame by frame, from one seed. The edges connect here instead of to the cloud. Frames of
// one connection keep their order, as on any WebSocket; batches of different connections are held and released in random order, some twice,
// some not at all. After a loss, either the connection breaks at once, or the next batch shows the cloud a gap and the edge goes back; when
// nothing more comes to show it, the connection breaks after GAP_WAIT_MS_MAX, so that nobody waits for the edge's own ack timeout.
// Everything but batches passes, behind the batches that its connection already has in hand. Plain HTTP (an edge that enrols) is passed on.
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { decodeUpFrame } from '../../../protocol/codec.ts'
import { SIGNATURE_BYTES } from '../../../protocol/envelope.ts'
import { unpack } from '../../../protocol/packing.ts'
import { FRAME_BYTES_MAX } from '../../../protocol/limits.ts'
import { seededRandom } from '../random.ts'
import type { Random } from '../random.ts'

export interface Chances {
  /** Of a batch. */
  readonly duplicate: number
  readonly drop: number
  /** Of a drop. Each break makes the edge wait longer before it comes back; a gap costs it one round trip. */
  readonly break: number
}

export const CHANCES: Chances = { duplicate: 0.1, drop: 0.05, break: 0.2 }
/** How often held frames are looked at, and the chance that one more is released while some are held. */
const RELEASE_MS = 4
const RELEASE_CHANCE = 0.6
const GAP_WAIT_MS_MAX = 300
/** An edge waits longer after each break of a short-lived link, up to half a minute. After so many, only what a later batch shows is lost. */
export const BREAKS_MAX = 8
/** Close codes a WebSocket may not send itself (RFC 6455, section 7.4.1). */
const UNSENDABLE = new Set([1005, 1006, 1015])

export interface ShuffleCounts {
  batches: number
  duplicated: number
  dropped: number
  broken: number
  /** Batches released before an older one of another connection. */
  overtook: number
}

interface Held {
  readonly order: number
  readonly batch: boolean
  /** A second copy is neither dropped nor copied again. */
  readonly copy: boolean
  readonly data: Buffer
}

interface Connection {
  readonly near: WebSocket
  readonly far: WebSocket
  readonly held: Held[]
  gap: ReturnType<typeof setTimeout> | undefined
}

export class Shuffler {
  readonly counts: ShuffleCounts = { batches: 0, duplicated: 0, dropped: 0, broken: 0, overtook: 0 }
  readonly #random: Random
  readonly #chances: Chances
  readonly #targetPort: number
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES_MAX })
  readonly #connections = new Set<Connection>()
  #order = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(targetPort: number, seed: number, chances = CHANCES) {
    this.#targetPort = targetPort
    this.#chances = chances
    this.#random = seededRandom(seed)
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

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    for (const connection of this.#connections) this.#break(connection)
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
    const connection: Connection = { near, far, held: [], gap: undefined }
    this.#connections.add(connection)
    near.on('message', (data: Buffer) => this.#up(connection, data))
    far.on('message', (data: Buffer, binary: boolean) => near.send(data, { binary }))
    // One end's close, whatever it is, is the other's.
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.terminate())
      from.on('close', (code, reason) => {
        this.#forget(connection)
        if (UNSENDABLE.has(code)) to.terminate()
        else to.close(code, reason)
      })
    }
    far.on('open', () => this.#plan())
  }

  #up(connection: Connection, data: Buffer): void {
    const bytes = unpack(data.subarray(SIGNATURE_BYTES))
    const frame = bytes === undefined ? undefined : decodeUpFrame(bytes)
    const batch = frame?.ok === true && frame.value.type === 'batch'
    if (batch) this.counts.batches += 1
    this.#order += 1
    connection.held.push({ order: this.#order, batch, copy: false, data })
    // What is no batch waits only for what is before it.
    this.#passHead(connection)
    this.#plan()
  }

  /** Sends from the head of the line whatever is no batch. */
  #passHead({ far, held }: Connection): void {
    while (far.readyState === WebSocket.OPEN && held[0]?.batch === false) {
      const passed = held.shift()
      if (passed !== undefined) far.send(passed.data, { binary: true })
    }
  }

  #plan(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#release()
    }, RELEASE_MS)
  }

  /** Releases some of what is held: each time the head of a connection drawn by lot. */
  #release(): void {
    for (const connection of this.#connections) this.#passHead(connection)
    let ready = this.#ready()
    while (ready.length > 0 && this.#random.happens(RELEASE_CHANCE)) {
      const connection = ready[this.#random.below(ready.length)]
      const frame = connection?.held.shift()
      if (connection !== undefined && frame !== undefined) {
        if (ready.some(({ held }) => (held[0]?.order ?? Infinity) < frame.order)) this.counts.overtook += 1
        this.#deliver(connection, frame)
        this.#passHead(connection)
      }
      ready = this.#ready()
    }
    if (ready.length > 0) this.#plan()
  }

  #ready(): Connection[] {
    return [...this.#connections].filter(
      ({ far, held }) => far.readyState === WebSocket.OPEN && held.length > 0,
    )
  }

  #deliver(connection: Connection, frame: Held): void {
    const shown = this.counts.broken < BREAKS_MAX || connection.held.some(({ batch }) => batch)
    if (shown && !frame.copy && this.#random.happens(this.#chances.drop)) {
      this.counts.dropped += 1
      if (this.counts.broken < BREAKS_MAX && this.#random.happens(this.#chances.break))
        this.#break(connection)
      else connection.gap ??= setTimeout(() => this.#break(connection), GAP_WAIT_MS_MAX)
      return
    }
    connection.far.send(frame.data, { binary: true })
    if (!frame.copy && this.#random.happens(this.#chances.duplicate)) {
      this.counts.duplicated += 1
      // The copy comes at the end of what its connection has in hand: late, when the cloud has gone on.
      connection.held.push({ ...frame, copy: true })
    }
    // The cloud sees the gap by this batch and says where to go on.
    clearTimeout(connection.gap)
    connection.gap = undefined
  }

  #break(connection: Connection): void {
    if (!this.#connections.has(connection)) return
    this.counts.broken += 1
    this.#forget(connection)
    connection.near.terminate()
    connection.far.terminate()
  }

  #forget(connection: Connection): void {
    clearTimeout(connection.gap)
    this.#connections.delete(connection)
  }
}
