// The frames of one connection as they come. Each has its place (P-ENV-2) from the moment it came, so large ones can be opened ahead of their turn, beside the loop
// (I-15): while a commit is under way, the batches of the next are verified, unpacked and hashed. What is opened is looked at only in its turn.
import { CHAIN_HASH_BYTES, chainHash } from '../../protocol/chain.ts'
import { decodeUpFrame } from '../../protocol/codec.ts'
import { BATCHES_IN_FLIGHT_MAX, OPENED_AHEAD_BYTES_MIN } from '../../protocol/limits.ts'
import { unsealed } from '../../protocol/seals.ts'
import type { CloudSeals, SealedFrame } from '../../protocol/seals.ts'

export interface OpenedFrame {
  readonly bytes: Uint8Array
  /** Of a batch that was opened ahead: the chain's hash behind each of its facts, one after the other (P-FACT-3). */
  readonly hashes: Uint8Array | null
}

/** Undefined where the frame was not signed by this edge for this place. */
type Opened = OpenedFrame | undefined

/** Opens one frame, once, when its turn has come. */
export type Opening = () => Promise<Opened>

/** Opens frames beside the loop. Undefined where it takes no more: the frame is opened in its turn. */
export interface Opener {
  open(frame: SealedFrame): Promise<Opened> | undefined
}

export class FramesAhead {
  readonly #seals: CloudSeals
  readonly #opener: Opener | undefined
  /** Opened, or being opened, and not asked for yet. */
  #ahead = 0

  constructor(seals: CloudSeals, opener: Opener | undefined) {
    this.#seals = seals
    this.#opener = opener
  }

  /** Of each frame that comes, in order. `known`: whoever sends has proved to be the edge. */
  take(sealed: Uint8Array, known: boolean): Opening {
    const frame = this.#seals.next(sealed)
    const large = sealed.length >= OPENED_AHEAD_BYTES_MIN && this.#ahead < BATCHES_IN_FLIGHT_MAX
    const opening = known && large ? this.#opener?.open(frame) : undefined
    if (opening === undefined) return () => Promise.resolve(openInTurn(frame))
    this.#ahead += 1
    // Its turn may never come; when it does, what broke is told.
    opening.catch(() => undefined)
    return async () => {
      const opened = await opening
      this.#ahead -= 1
      return opened
    }
  }
}

function openInTurn(frame: SealedFrame): Opened {
  const bytes = unsealed(frame)
  return bytes && { bytes, hashes: null }
}

/** The same, and a batch's hashes beside it: what an opener does. */
export function openAhead(frame: SealedFrame): Opened {
  const bytes = unsealed(frame)
  return bytes && { bytes, hashes: hashesIn(bytes) }
}

/** Why something is no frame is said by whoever handles it. */
function hashesIn(bytes: Uint8Array): Uint8Array | null {
  const decoded = decodeUpFrame(bytes)
  if (!decoded.ok || decoded.value.type !== 'batch') return null
  const { previous, facts } = decoded.value
  const hashes = Buffer.alloc(facts.length * CHAIN_HASH_BYTES)
  let hash = previous
  for (const [index, fact] of facts.entries()) {
    hash = chainHash(hash, fact)
    hashes.set(hash, index * CHAIN_HASH_BYTES)
  }
  return hashes
}
