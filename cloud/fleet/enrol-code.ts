// One-time enrolment codes: 80 random bits as four groups of Crockford's base 32, to be read out over a telephone. Only the SHA-256 of the
// bare letters is ever stored, so a copied database enrols nobody; at 80 bits a plain hash needs no salt and no stretching (G-1).
import { createHash } from 'node:crypto'

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CODE_CHARS = 16
const GROUP_CHARS = 4
export const CODE_BYTES = 10

/** `K7QX-2M9D-…` from `CODE_BYTES` random bytes: five bits a letter. */
export function enrolCode(bytes: Uint8Array): string {
  let bits = 0n
  for (const byte of bytes.subarray(0, CODE_BYTES)) bits = (bits << 8n) | BigInt(byte)
  const letters = Array.from({ length: CODE_CHARS }, (_, index) => {
    const shift = BigInt(5 * (CODE_CHARS - 1 - index))
    return DIGITS.charAt(Number((bits >> shift) & 31n))
  }).join('')
  return letters.replace(new RegExp(`.{${GROUP_CHARS}}(?=.)`, 'g'), '$&-')
}

/** What is stored and looked up. Case, dashes and spaces do not matter; O reads as 0, I and L as 1. */
export function enrolCodeHash(typed: string): string {
  const bare = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return createHash('sha256').update(bare).digest('hex')
}
