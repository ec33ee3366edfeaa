// The hash chain over an origin's facts (P-FACT-3): hash(n) = SHA-256(hash(n-1) || bytes(n)). Whoever knows the head of a chain knows
// every byte before it, which is how forks, rewinds and bit rot are told apart from ordinary lateness.
import { createHash } from 'node:crypto'

export const CHAIN_HASH_BYTES = 32
export const CHAIN_GENESIS: Uint8Array = new Uint8Array(CHAIN_HASH_BYTES)

export function chainHash(previous: Uint8Array, bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(previous).update(bytes).digest()
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
