// What each end of a connection signs its frames for (P-ENV-2): the way, the edge's number, the nonce that the other end has drawn for this
// connection, and how many frames went that way before. None of it is sent: who verifies knows it. A frame of another edge, of another connection or
// of the other way does not fit, and neither does one that is repeated, comes behind one that was lost, or has overtaken another.
import type { KeyObject } from 'node:crypto'
import { randomBytes } from 'node:crypto'
import { decodeDownFrame, encodeFrame } from './codec.ts'
import type { DownFrame } from './down.ts'
import { NONCE_BYTES, seal, unseal } from './envelope.ts'
import type { Millis } from './time.ts'
import type { UpFrame } from './up.ts'

const NO_NONCE = new Uint8Array(0)
/** Numbers of edges begin at 1. */
const EVERY_EDGE = 0

/** Ends with a line feed, and begins as no attestation does, which is signed for itself. */
export function addressed(way: Way, edge: number, nonce: Uint8Array, place: number): Uint8Array {
  return Buffer.from(`tillstream ${way} ${edge} ${Buffer.from(nonce).toString('hex')} ${place}\n`)
}

type Way = 'up' | 'down'

const FOR_EVERYBODY = addressed('down', EVERY_EDGE, NO_NONCE, 0)

/** One way of one connection, at either end. */
class Direction {
  readonly #way: Way
  readonly #edge: number
  #nonce: Uint8Array
  /** Frames that went before. */
  #place = 0

  constructor(way: Way, edge: number, nonce: Uint8Array = NO_NONCE) {
    this.#way = way
    this.#edge = edge
    this.#nonce = nonce
  }

  /** The other end has drawn its nonce. */
  bind(nonce: Uint8Array): void {
    this.#nonce = nonce
  }

  get #address(): Uint8Array {
    return addressed(this.#way, this.#edge, this.#nonce, this.#place)
  }

  /** Every frame that is sealed is sent, in this order. */
  seal(frame: Uint8Array, key: KeyObject): Uint8Array {
    const sealed = seal(frame, key, this.#address)
    this.#place += 1
    return sealed
  }

  unseal(sealed: Uint8Array, key: KeyObject): Uint8Array | undefined {
    const bytes = unseal(sealed, key, this.#address)
    if (bytes !== undefined) this.#place += 1
    return bytes
  }

  next(sealed: Uint8Array, publicKey: KeyObject): SealedFrame {
    const address = this.#address
    this.#place += 1
    return { sealed, address, publicKey }
  }
}

/** A frame that came: what it has to be signed for, and by whom. */
export interface SealedFrame {
  readonly sealed: Uint8Array
  readonly address: Uint8Array
  readonly publicKey: KeyObject
}

/** The frame's bytes; undefined where it was not signed by that end for that place on that connection. */
export function unsealed({ sealed, address, publicKey }: SealedFrame): Uint8Array | undefined {
  return unseal(sealed, publicKey, address)
}

/** A sign of life, sealed once for all connections. */
export function sealBeat(time: Millis, privateKey: KeyObject): Uint8Array {
  return seal(encodeFrame({ type: 'time', time, question: null }), privateKey, FOR_EVERYBODY)
}

export interface Keys {
  /** Our own. */
  readonly privateKey: KeyObject
  /** Of the other end. */
  readonly publicKey: KeyObject
}

/** The edge's end of one connection. */
export class EdgeSeals {
  readonly #keys: Keys
  readonly #up: Direction
  readonly #down: Direction

  constructor(edge: number, keys: Keys) {
    this.#keys = keys
    this.#up = new Direction('up', edge)
    this.#down = new Direction('down', edge)
  }

  /** Takes the challenge's nonce and gives the one for the hello: from here on both ends speak for this connection alone. */
  challenged(nonce: Uint8Array): Uint8Array {
    const own = randomBytes(NONCE_BYTES)
    this.#up.bind(nonce)
    this.#down.bind(own)
    return own
  }

  seal(frame: UpFrame): Uint8Array {
    return this.#up.seal(encodeFrame(frame), this.#keys.privateKey)
  }

  /** The frame's bytes; undefined where it was not signed by the cloud for this place on this connection, and is no sign of life either. */
  unseal(sealed: Uint8Array): Uint8Array | undefined {
    return this.#down.unseal(sealed, this.#keys.publicKey) ?? this.#beat(sealed)
  }

  #beat(sealed: Uint8Array): Uint8Array | undefined {
    const bytes = unseal(sealed, this.#keys.publicKey, FOR_EVERYBODY)
    const said = bytes === undefined ? undefined : decodeDownFrame(bytes)
    return said?.ok === true && said.value.type === 'time' && said.value.question === null ? bytes : undefined
  }
}

/** The cloud's end of one connection. */
export class CloudSeals {
  readonly #keys: Keys
  readonly #up: Direction
  readonly #down: Direction

  /** `nonce`: of the challenge. */
  constructor(edge: number, keys: Keys, nonce: Uint8Array) {
    this.#keys = keys
    this.#up = new Direction('up', edge, nonce)
    this.#down = new Direction('down', edge)
  }

  /** Takes the hello's nonce: the edge hears nothing else from here on. */
  greeted(nonce: Uint8Array): void {
    this.#down.bind(nonce)
  }

  seal(frame: DownFrame): Uint8Array {
    return this.#down.seal(encodeFrame(frame), this.#keys.privateKey)
  }

  /** Of every frame that comes, in order: whoever opens it, and whenever, its place is taken. One that does not fit ends the connection. */
  next(sealed: Uint8Array): SealedFrame {
    return this.#up.next(sealed, this.#keys.publicKey)
  }
}
