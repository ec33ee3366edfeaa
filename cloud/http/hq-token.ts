// The HQ token: 256 random bits in a file that only the operator's user can read. The
// token itself never enters a log, an answer or the database. Deleting the file and starting again makes a new one.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { System } from '../system.ts'

export const HQ_TOKEN_FILE = 'hq.token'
const TOKEN_BYTES = 32
const OWNER_ONLY = 0o600

export function loadHqToken(directory: string, system: System): string {
  const path = join(directory, HQ_TOKEN_FILE)
  // Empty: a first start that a power cut ended.
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) {
    const made = Buffer.from(system.randomBytes(TOKEN_BYTES)).toString('base64url')
    writeFileSync(path, `${made}\n`, { mode: OWNER_ONLY })
  }
  chmodSync(path, OWNER_ONLY)
  const token = readFileSync(path, 'utf8').trim()
  if (!/^[A-Za-z0-9_-]{43,128}$/.test(token))
    throw new Error(`${path} holds no token: delete it, and the next start makes a new one`)
  return token
}
