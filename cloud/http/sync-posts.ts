// The edges' link over plain requests, for networks that let no WebSocket through (N-8, P-SYNC-8). A line is opened by a request without one; then one
// request at a time waits for what the cloud has to say (the heartbeat ends each within seconds), and others bring frames, numbered so that none
// overtakes. Whatever goes wrong ends the line: the edge comes again and goes on from the welcome. To the hub it is a socket like any other.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { ATTESTATION_HEADER } from '../../protocol/attestation.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { CLOSED_HEADER, FRAMES_TYPE, LINE_HEADER, framesBody, framesOf } from '../../protocol/framing.ts'
import { FRAME_BYTES_MAX, POST_LINES_MAX, SILENCE_MS_MAX } from '../../protocol/limits.ts'
import { refuse } from '../../protocol/result.ts'
import type { Refusal } from '../../protocol/result.ts'
import type { EdgeId } from '../store/port.ts'
import type { SyncHub, SyncSocket } from '../sync/hub.ts'
import type { System } from '../system.ts'
import { faultFor } from './faults.ts'
import { refusePlainly } from './plain-refusal.ts'

const LINE_BYTES = 16
const FULL = refuse('busy', 'Many stores return at once; come again later').refusal

export interface SyncPostParts {
  readonly hub: Pick<SyncHub, 'accept' | 'busy' | 'edgeOf'>
  readonly system: System
  readonly log: Logger
  readonly stopping: () => boolean
}

export class SyncPosts {
  readonly #parts: SyncPostParts
  readonly #lines = new Map<string, PostLine>()

  constructor(parts: SyncPostParts) {
    this.#parts = parts
  }

  /** Whether a request is one of an edge's link. */
  serves({ method, url = '' }: IncomingMessage): boolean {
    return method === 'POST' && (url === '/v1/sync' || url.startsWith('/v1/sync?'))
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = await this.#answer(request, response)
      if (refusal !== null) refusePlainly(request, response, refusal)
    } catch (cause) {
      this.#parts.log.error({ err: cause }, 'a sync request broke')
      if (!response.headersSent) refusePlainly(request, response, faultFor(cause).refusal)
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Refusal | null> {
    const query = new URL(request.url ?? '', 'http://cloud').searchParams
    const name = request.headers[LINE_HEADER]
    if (typeof name === 'string') {
      const line = this.#lines.get(name)
      if (line === undefined) return refuse('route_unknown', 'This line has ended; open another').refusal
      const body = await bodyOf(request)
      if (body === undefined) return refuse('body_too_large', 'More than a line takes at once').refusal
      const number = query.get('n')
      if (number === null) line.poll(response)
      else line.take(Number(number), body, response)
      return null
    }
    if (this.#parts.stopping()) return refuse('stopping', 'This node is draining').refusal
    if (this.#isFull()) return FULL
    const text = query.get('edge') ?? ''
    const shown = request.headers[ATTESTATION_HEADER]?.toString()
    const edge = /^[1-9][0-9]{0,9}$/.test(text)
      ? await this.#parts.hub.edgeOf(Number(text), shown)
      : undefined
    if (edge === undefined) return refuse('edge_unknown', 'No such edge is enrolled here', 'edge').refusal
    // Others came while this one was looked up.
    if (this.#isFull()) return FULL
    await this.#open(edge.id, shown, response)
    return null
  }

  #isFull(): boolean {
    return this.#parts.hub.busy || this.#lines.size >= POST_LINES_MAX
  }

  async #open(edge: EdgeId, shown: string | undefined, response: ServerResponse): Promise<void> {
    const name = randomBytes(LINE_BYTES).toString('hex')
    const line = new PostLine(name, this.#parts.system, () => void this.#lines.delete(name))
    this.#lines.set(name, line)
    line.poll(response)
    await this.#parts.hub.accept(edge, line, shown)
  }
}

/** One line: what waits for the edge, and the request that waits for it. */
class PostLine implements SyncSocket {
  readonly #name: string
  readonly #system: System
  readonly #ended: () => void
  #frames: Uint8Array[] = []
  #bytes = 0
  #waiting: ServerResponse | null = null
  #taken = 0
  #closed: number | null = null
  #heard: (bytes: Uint8Array) => void = () => undefined
  readonly #gone: (() => void)[] = []
  #cancelIdle: () => void = () => undefined

  constructor(name: string, system: System, ended: () => void) {
    this.#name = name
    this.#system = system
    this.#ended = ended
    this.#idle()
  }

  send(bytes: Uint8Array): void {
    if (this.#closed !== null) return
    this.#frames.push(bytes)
    this.#bytes += bytes.length
    // What is said in one turn of the loop goes out together.
    this.#system.after(0, () => this.#flush())
  }

  bufferedBytes(): number {
    return this.#bytes
  }

  onMessage(listener: (bytes: Uint8Array) => void): void {
    this.#heard = listener
  }

  onClose(listener: () => void): void {
    if (this.#closed === null) this.#gone.push(listener)
    else listener()
  }

  close(code: number): void {
    if (this.#closed !== null) return
    this.#closed = code
    this.#cancelIdle()
    this.#flush()
    for (const tell of this.#gone.splice(0)) tell()
    // The edge may be between two requests: it hears of the end for a while.
    this.#system.after(SILENCE_MS_MAX, this.#ended)
  }

  /** A request waits until there is something to say. A second one means that the first was lost. */
  poll(response: ServerResponse): void {
    if (this.#waiting !== null) return this.#end(response)
    this.#cancelIdle()
    this.#waiting = response
    response.once('close', () => {
      if (this.#waiting === response) this.#end(null)
    })
    if (this.#frames.length > 0 || this.#closed !== null) this.#flush()
  }

  /** Frames of the edge, in their order. */
  take(number: number, body: Uint8Array, response: ServerResponse): void {
    const frames = framesOf(body)
    if (number !== this.#taken + 1 || frames === undefined) return this.#end(response)
    this.#taken = number
    for (const frame of frames) if (this.#closed === null) this.#heard(frame)
    this.#write(response, [])
  }

  #flush(): void {
    const response = this.#waiting
    if (response === null || (this.#frames.length === 0 && this.#closed === null)) return
    this.#waiting = null
    const frames = this.#frames
    this.#frames = []
    this.#bytes = 0
    this.#write(response, frames)
    if (this.#closed === null) this.#idle()
  }

  #write(response: ServerResponse, frames: readonly Uint8Array[]): void {
    const body = framesBody(frames)
    response.writeHead(200, {
      'Content-Type': FRAMES_TYPE,
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      [LINE_HEADER]: this.#name,
      ...(this.#closed === null ? {} : { [CLOSED_HEADER]: String(this.#closed) }),
    })
    response.end(body)
  }

  /** What was lost or out of order cannot be made good here. */
  #end(response: ServerResponse | null): void {
    this.close(CLOSE_CODES.malformed)
    if (response !== null) this.#write(response, [])
  }

  /** An edge that asks for nothing any more has gone. */
  #idle(): void {
    this.#cancelIdle = this.#system.after(SILENCE_MS_MAX, () => this.close(CLOSE_CODES.stopping))
  }
}

/** Undefined where it is more than two frames' worth. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request) {
    // A request without an encoding gives its body in buffers.
    const bytes = piece as Buffer
    size += bytes.length
    if (size > 2 * FRAME_BYTES_MAX) return undefined
    pieces.push(bytes)
  }
  return Buffer.concat(pieces)
}
