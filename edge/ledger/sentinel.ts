// A second memory of how far the ledger was (R07): 80 bytes in a file of their own, written in place after each COMMIT, read when the ledger is
// opened. A ledger that is behind its sentinel lost its log, was cut short or was put back from a copy; it never goes on in the same life. The
// file is not synced: after a power cut it may be old or torn, and then it simply says less than the ledger.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { CHAIN_HASH_BYTES } from '../../protocol/chain.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'

export const SENTINEL_FILE = 'ledger.sentinel'

/** Origin, epoch and seq as doubles, the head, and 16 bytes of SHA-256 over them. */
const PLACE_BYTES = 24
const CHECKED_BYTES = PLACE_BYTES + CHAIN_HASH_BYTES
const SUM_BYTES = 16

export interface SentinelWord {
  readonly origin: Origin
  readonly epoch: number
  readonly seq: Seq
  readonly head: Uint8Array
}

export class Sentinel {
  readonly #file: number
  readonly #bytes = Buffer.alloc(CHECKED_BYTES + SUM_BYTES)

  constructor(directory: string) {
    this.#file = openSync(join(directory, SENTINEL_FILE), 'a+', 0o600)
    closeSync(this.#file)
    this.#file = openSync(join(directory, SENTINEL_FILE), 'r+')
  }

  write({ origin, epoch, seq, head }: SentinelWord): void {
    this.#bytes.writeDoubleBE(origin, 0)
    this.#bytes.writeDoubleBE(epoch, 8)
    this.#bytes.writeDoubleBE(seq, 16)
    this.#bytes.set(head, PLACE_BYTES)
    this.#bytes.set(sumOf(this.#bytes), CHECKED_BYTES)
    writeSync(this.#file, this.#bytes, 0, this.#bytes.length, 0)
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** Undefined where there is none, or it cannot be read whole. */
export function readSentinel(directory: string): SentinelWord | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(directory, SENTINEL_FILE))
  } catch {
    return undefined
  }
  const whole = bytes.length === CHECKED_BYTES + SUM_BYTES
  if (!whole || Buffer.compare(sumOf(bytes), bytes.subarray(CHECKED_BYTES)) !== 0) return undefined
  return {
    origin: bytes.readDoubleBE(0) as Origin,
    epoch: bytes.readDoubleBE(8),
    seq: bytes.readDoubleBE(16) as Seq,
    head: Uint8Array.from(bytes.subarray(PLACE_BYTES, CHECKED_BYTES)),
  }
}

function sumOf(bytes: Buffer): Buffer {
  return hash('sha256', bytes.subarray(0, CHECKED_BYTES), 'buffer').subarray(0, SUM_BYTES)
}
