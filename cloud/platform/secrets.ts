// Secrets: 256 random bits, shown once, kept as their SHA-256 (PL-4). At that length a plain hash needs no salt and no stretching, and a copied
// database lets nobody in. Passwords are another matter: see passwords.ts.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { System } from '../system.ts'

const SECRET_BYTES = 32

export interface Secret {
  readonly text: string
  readonly hash: string
}

export function newSecret(system: System): Secret {
  const text = Buffer.from(system.randomBytes(SECRET_BYTES)).toString('base64url')
  return { text, hash: secretHash(text) }
}

export function secretHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** In constant time, whatever the lengths. */
export function sameSecret(given: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(secretHash(given), 'hex'), Buffer.from(hash, 'hex'))
}
