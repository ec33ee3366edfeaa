// What each end of a connection signs its frames for (P-ENV-2): the way, the edge's number, and the nonce that the other end has drawn for this
// connection. None of it is sent: who verifies knows it. A frame of another edge, of another connection, or of the other way does not fit.
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
export function addressed(way: 'up' | 'down', edge: number, nonce: Uint8Array): Uint8Array {
  return Buffer.from(`tillstream ${way} ${edge} ${Buffer.from(nonce).toString('hex')}\n`)
}

const FOR_EVERYBODY = addressed('down', EVERY_EDGE, NO_NONCE)

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
  readonly #edge: number
  readonly #keys: Keys
  #up: Uint8Array
  #down: Uint8Array

  constructor(edge: number, keys: Keys) {
    this.#edge = edge
    this.#keys = keys
    this.#up = addressed('up', edge, NO_NONCE)
    this.#down = addressed('down', edge, NO_NONCE)
  }

  /** Takes the challenge's nonce and gives the one for the hello: from here on both ends speak for this connection alone. */
  challenged(nonce: Uint8Array): Uint8Array {
    const own = randomBytes(NONCE_BYTES)
    this.#up = addressed('up', this.#edge, nonce)
    this.#down = addressed('down', this.#edge, own)
    return own
  }

  seal(frame: UpFrame): Uint8Array {
    return seal(encodeFrame(frame), this.#keys.privateKey, this.#up)
  }

  /** The frame's bytes; undefined where it was not signed by the cloud for this connection, and is no sign of life either. */
  unseal(sealed: Uint8Array): Uint8Array | undefined {
    return unseal(sealed, this.#keys.publicKey, this.#down) ?? this.#beat(sealed)
  }

  #beat(sealed: Uint8Array): Uint8Array | undefined {
    const bytes = unseal(sealed, this.#keys.publicKey, FOR_EVERYBODY)
    const said = bytes === undefined ? undefined : decodeDownFrame(bytes)
    return said?.ok === true && said.value.type === 'time' && said.value.question === null ? bytes : undefined
  }
}

/** The cloud's end of one connection. */
export class CloudSeals {
  readonly #edge: number
  readonly #keys: Keys
  readonly #up: Uint8Array
  #down: Uint8Array

  /** `nonce`: of the challenge. */
  constructor(edge: number, keys: Keys, nonce: Uint8Array) {
    this.#edge = edge
    this.#keys = keys
    this.#up = addressed('up', edge, nonce)
    this.#down = addressed('down', edge, NO_NONCE)
  }

  /** Takes the hello's nonce: the edge hears nothing else from here on. */
  greeted(nonce: Uint8Array): void {
    this.#down = addressed('down', this.#edge, nonce)
  }

  seal(frame: DownFrame): Uint8Array {
    return seal(encodeFrame(frame), this.#keys.privateKey, this.#down)
  }

  /** The frame's bytes; undefined where it was not signed by this edge for this connection. */
  unseal(sealed: Uint8Array): Uint8Array | undefined {
    return unseal(sealed, this.#keys.publicKey, this.#up)
  }
}
