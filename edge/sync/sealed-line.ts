// The edge's end of the connection to the cloud, as signatures see it: nothing of a frame is decoded before it fits its place on this connection (N-5, P-ENV-2),
// and a sign of life, which is signed for all connections, has to be later than what was heard on this one (P-ENV-4).
import type { Logger } from 'pino'
import { decodeDownFrame } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { importPrivateKey, importPublicKey } from '../../protocol/envelope.ts'
import { assert } from '../../protocol/result.ts'
import { EdgeSeals } from '../../protocol/seals.ts'
import type { UpFrame } from '../../protocol/up.ts'
import type { EdgeIdentity } from '../ledger/meta.ts'

export class SealedLine {
  readonly #identity: () => EdgeIdentity
  readonly #log: Logger
  #seals: EdgeSeals
  /** The latest that the cloud told on this connection. */
  #time = 0
  #refused = 0
  /** Of the last hello: not kept, for a copy of the files must not know it. */
  #nonce: Uint8Array | null = null

  constructor(identity: () => EdgeIdentity, log: Logger) {
    this.#identity = identity
    this.#log = log
    this.#seals = this.#sealsOfNow()
  }

  /** Another connection, of the device that this edge is now: a copy becomes another one (P-LIFE-6). */
  connecting(): void {
    this.#seals = this.#sealsOfNow()
    this.#time = 0
  }

  #sealsOfNow(): EdgeSeals {
    const { edge, privateKey, cloudPublicKey } = this.#identity()
    const publicKey = importPublicKey(cloudPublicKey)
    assert(publicKey !== undefined, 'the cloud key was checked at enrolment')
    return new EdgeSeals(edge, { privateKey: importPrivateKey(privateKey).privateKey, publicKey })
  }

  /** Frames that the cloud did not sign for their place on their connection, or that were none, since the start. */
  get refused(): number {
    return this.#refused
  }

  /** The nonce for the hello, and that of the hello before it (P-LIFE-10). */
  challenged(challenge: Uint8Array): { readonly nonce: Uint8Array; readonly previous: Uint8Array | null } {
    const previous = this.#nonce
    const nonce = this.#seals.challenged(challenge)
    this.#nonce = nonce
    return { nonce, previous }
  }

  seal(frame: UpFrame): Uint8Array {
    return this.#seals.seal(frame)
  }

  hear(sealed: Uint8Array): DownFrame | 'misplaced' | 'malformed' | 'played_again' {
    const bytes = this.#seals.unseal(sealed)
    const decoded = bytes === undefined ? undefined : decodeDownFrame(bytes)
    if (decoded?.ok !== true) {
      const reason = decoded?.malformed.reason ?? 'not signed by the cloud for this place on this connection'
      this.#refused += 1
      this.#log.warn({ reason }, 'frame refused')
      return decoded === undefined ? 'misplaced' : 'malformed'
    }
    const frame = decoded.value
    const beat = frame.type === 'time' && frame.question === null
    if (beat && frame.time < this.#time) return 'played_again'
    if (beat || frame.type === 'welcome') this.#time = frame.time
    return frame
  }
}
