// A browser in which somebody has logged in is known as theirs by a mark, a cookie that outlives the login: strangers who guess at the account from elsewhere
// then do not keep its owner out (PL-26). Nothing is stored: a mark is its own number with a code over it, keyed by the hash of the password, which nobody
// outside has. So another password makes every browser a stranger, and a mark says nothing without the row that it is checked against.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PersonRow } from '../store/platform-port.ts'
import type { System } from '../system.ts'

/** 32 bytes together, as all secrets of cookies have. */
const NUMBER_BYTES = 10
const CODE_BYTES = 22

/** Undefined for who has no password. */
export function markOf(system: System, person: PersonRow): string | undefined {
  const number = Buffer.from(system.randomBytes(NUMBER_BYTES))
  const code = codeOf(number, person)
  return code && Buffer.concat([number, code]).toString('base64url')
}

export function isMarkOf(mark: string, person: PersonRow): boolean {
  const bytes = Buffer.from(mark, 'base64url')
  if (bytes.length !== NUMBER_BYTES + CODE_BYTES) return false
  const code = codeOf(bytes.subarray(0, NUMBER_BYTES), person)
  return code !== undefined && timingSafeEqual(code, bytes.subarray(NUMBER_BYTES))
}

function codeOf(number: Uint8Array, { id, password }: PersonRow): Buffer | undefined {
  if (password === null) return undefined
  return createHmac('sha256', password)
    .update(`known browser of ${id}:`)
    .update(number)
    .digest()
    .subarray(0, CODE_BYTES)
}
