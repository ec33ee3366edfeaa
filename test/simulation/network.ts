// A network one can hold: every message is an entry of virtual time. A wire is up, cut (both ends hear it, some time later) or a black hole (nobody
// hears anything, which only the watchdogs notice; what was sent arrives when the hole closes, as TCP sends it again). What is under way when a
// connection ends is lost; within a connection nothing is lost and nothing overtakes.
import type { SocketEvents, SocketFactory } from '../../edge/sync/socket.ts'
import type { SyncSocket } from '../../cloud/sync/hub.ts'
import { frameKind } from './event-trace.ts'
import type { Random } from '../support/random.ts'
import type { VirtualTime } from './virtual-time.ts'

export type WireState = 'up' | 'cut' | 'black hole'

const ABNORMAL = 1006
const NOTICE_MS_MAX = 5_000

interface Connection {
  open: boolean
  edgeHears: boolean
  readonly edge: SocketEvents
  onCloudMessage: (bytes: Uint8Array) => void
  onCloudClose: () => void
  /** Messages arrive in the order they were sent: not before these times. */
  upAt: number
  downAt: number
  /** What fell into a black hole, in order. */
  readonly held: (() => void)[]
}

/** The line of one edge to the cloud. */
export class Wire {
  state: WireState = 'up'
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #accept: (socket: SyncSocket) => boolean
  readonly #connections = new Set<Connection>()
  readonly #latencyMsMax: number
  readonly #whose: string

  constructor(
    time: VirtualTime,
    random: Random,
    latencyMsMax: number,
    whose: string,
    accept: (socket: SyncSocket) => boolean,
  ) {
    this.#time = time
    this.#latencyMsMax = latencyMsMax
    this.#whose = whose
    this.#random = random
    this.#accept = accept
  }

  set(state: WireState): void {
    this.state = state
    if (state === 'up')
      for (const { held } of this.#connections) for (const arrive of held.splice(0)) arrive()
    if (state !== 'cut') return
    for (const connection of this.#connections)
      this.#end(connection, ABNORMAL, this.#random.below(NOTICE_MS_MAX))
  }

  /** The process at one end died: the other end hears it, soon. */
  dropAll(): void {
    for (const connection of this.#connections)
      this.#end(connection, ABNORMAL, this.#random.below(this.#latencyMsMax))
  }

  factory(): SocketFactory {
    return (edge) => {
      const connection: Connection = {
        open: true,
        edgeHears: true,
        edge,
        onCloudMessage: () => undefined,
        onCloudClose: () => undefined,
        upAt: 0,
        downAt: 0,
        held: [],
      }
      this.#connections.add(connection)
      this.#time.after(this.#latency(), () => this.#connect(connection), this.#whose)
      return {
        send: (bytes) => this.#carry(connection, 'up', bytes),
        close: (code) => this.#end(connection, code, 0),
      }
    }
  }

  #latency(): number {
    return 1 + this.#random.below(this.#latencyMsMax)
  }

  #connect(connection: Connection): void {
    if (!connection.open || this.state === 'black hole') return
    const accepted =
      this.state === 'up' &&
      this.#accept({
        send: (bytes) => this.#carry(connection, 'down', bytes),
        close: (code) => this.#end(connection, code, 0),
        bufferedBytes: () => 0,
        onMessage: (listener) => (connection.onCloudMessage = listener),
        onClose: (listener) => (connection.onCloudClose = listener),
      })
    if (!accepted) this.#end(connection, ABNORMAL, 0)
    else connection.edge.opened()
  }

  #carry(connection: Connection, way: 'up' | 'down', sent: Uint8Array): void {
    const bytes = Buffer.from(sent)
    const before = way === 'up' ? connection.upAt : connection.downAt
    const at = Math.max(before, this.#time.now() + this.#latency())
    if (way === 'up') connection.upAt = at
    else connection.downAt = at
    const arrive = (): void => {
      if (!connection.open) return
      if (this.state === 'black hole') connection.held.push(arrive)
      else if (way === 'up') connection.onCloudMessage(bytes)
      else connection.edge.message(bytes)
    }
    this.#time.after(at - this.#time.now(), arrive, () => `${this.#whose} ${way}: ${frameKind(bytes)}`)
  }

  #end(connection: Connection, code: number, delay: number): void {
    if (!connection.open) return
    connection.open = false
    this.#connections.delete(connection)
    this.#time.after(delay, () => connection.onCloudClose(), this.#whose)
    this.#time.after(delay, () => connection.edge.closed(code), this.#whose)
  }
}
