// The hash chain over an origin's facts (P-FACT-3): hash(n) = SHA-256(hash(n-1) || bytes(n)). Whoever knows the head of a chain knows
// every byte before it, which is how forks, rewinds and bit rot are told apart from ordinary lateness.
import { hash } from 'node:crypto'
import { FACT_BYTES_MAX } from './limits.ts'

export const CHAIN_HASH_BYTES = 32
export const CHAIN_GENESIS: Uint8Array = new Uint8Array(CHAIN_HASH_BYTES)

const scratch = Buffer.alloc(CHAIN_HASH_BYTES + FACT_BYTES_MAX)

/** One-shot hashing over one scratch buffer takes half the time of a hash object per fact, and a binary string is the cheapest way out of it. */
export function chainHash(previous: Uint8Array, bytes: Uint8Array): Uint8Array {
  const size = CHAIN_HASH_BYTES + bytes.length
  const input = size <= scratch.length ? scratch.subarray(0, size) : Buffer.alloc(size)
  input.set(previous)
  input.set(bytes, CHAIN_HASH_BYTES)
  return Buffer.from(hash('sha256', input, 'binary'), 'binary')
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
