// A bad network between the stores and the cloud, frame by frame, from one seed. The edges connect here instead of to the cloud. Frames of
// one connection keep their order, as on any WebSocket; batches of different connections are held and released in random order, some twice,
// some not at all. After a loss, either the connection breaks at once, or what comes behind it does not fit and the cloud closes (P-ENV-2), as it does
// at a copy; when nothing comes, the connection breaks after LOSS_SHOWN_MS_MAX, so that nobody waits for the edge's own ack timeout.
// Everything but batches passes, behind the batches that its connection already has in hand.
import { WebSocket } from 'ws'
import { CLOSE_CODES } from '../../../protocol/close-codes.ts'
import { decodeUpFrame } from '../../../protocol/codec.ts'
import { SIGNATURE_BYTES } from '../../../protocol/envelope.ts'
import { unpack } from '../../../protocol/packing.ts'
import { seededRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { FrameProxy } from './frame-proxy.ts'
import type { FrameEars, FrameLine } from './frame-proxy.ts'

export interface Chances {
  /** Of a batch. */
  readonly duplicate: number
  readonly drop: number
  /** Of a drop, at once. */
  readonly break: number
}

export const CHANCES: Chances = { duplicate: 0.1, drop: 0.05, break: 0.2 }
/** How often held frames are looked at, and the chance that one more is released while some are held. */
const RELEASE_MS = 4
const RELEASE_CHANCE = 0.6
const LOSS_SHOWN_MS_MAX = 300
/** Copies and losses, each of which ends a connection: an edge waits longer after each short-lived link, up to half a minute. */
export const SPOILT_MAX = 8
export interface ShuffleCounts {
  batches: number
  duplicated: number
  dropped: number
  /** Connections that were broken here, and that the cloud closed over a frame out of its place. */
  broken: number
  refused: number
  /** Batches released before an older one of another connection. */
  overtook: number
}

interface Held {
  readonly order: number
  readonly batch: boolean
  readonly data: Buffer
}

interface Connection extends FrameLine {
  readonly held: Held[]
  /** A batch of it was lost or will come twice: it will end. */
  spoilt: boolean
  loss: ReturnType<typeof setTimeout> | undefined
}

export class Shuffler {
  readonly counts: ShuffleCounts = {
    batches: 0,
    duplicated: 0,
    dropped: 0,
    broken: 0,
    refused: 0,
    overtook: 0,
  }
  readonly #random: Random
  readonly #chances: Chances
  readonly #proxy: FrameProxy
  readonly #connections = new Set<Connection>()
  #order = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(targetPort: number, seed: number, chances = CHANCES) {
    this.#chances = chances
    this.#random = seededRandom(seed)
    this.#proxy = new FrameProxy(targetPort, (line) => this.#join(line))
  }

  listen(): Promise<number> {
    return this.#proxy.listen()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    for (const connection of this.#connections) this.#break(connection)
    await this.#proxy.close()
  }

  #join({ near, far }: FrameLine): FrameEars {
    const connection: Connection = { near, far, held: [], spoilt: false, loss: undefined }
    this.#connections.add(connection)
    return {
      up: (data) => this.#up(connection, data),
      down: (data) => near.send(data, { binary: true }),
      opened: () => this.#plan(),
      closed: (by, code) => {
        this.#forget(connection)
        if (by === 'cloud' && code === CLOSE_CODES.misplaced) this.counts.refused += 1
      },
    }
  }

  #up(connection: Connection, data: Buffer): void {
    const bytes = unpack(data.subarray(SIGNATURE_BYTES))
    const frame = bytes === undefined ? undefined : decodeUpFrame(bytes)
    const batch = frame?.ok === true && frame.value.type === 'batch'
    if (batch) this.counts.batches += 1
    this.#order += 1
    connection.held.push({ order: this.#order, batch, data })
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
    const { duplicated, dropped } = this.counts
    const whole = !connection.spoilt && duplicated + dropped < SPOILT_MAX
    if (whole && this.#random.happens(this.#chances.drop)) {
      this.counts.dropped += 1
      connection.spoilt = true
      if (this.#random.happens(this.#chances.break)) this.#break(connection)
      else connection.loss = setTimeout(() => this.#break(connection), LOSS_SHOWN_MS_MAX)
      return
    }
    connection.far.send(frame.data, { binary: true })
    if (!whole || !this.#random.happens(this.#chances.duplicate)) return
    this.counts.duplicated += 1
    connection.spoilt = true
    // The copy comes at the end of what its connection has in hand: late, when the cloud has gone on.
    connection.held.push(frame)
  }

  #break(connection: Connection): void {
    if (!this.#connections.has(connection)) return
    this.counts.broken += 1
    this.#forget(connection)
    connection.near.terminate()
    connection.far.terminate()
  }

  #forget(connection: Connection): void {
    clearTimeout(connection.loss)
    this.#connections.delete(connection)
  }
}
