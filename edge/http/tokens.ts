// Who may call: a bearer token is 32 random bytes, shown once; the ledger keeps its SHA-256 and the memory only hashes too. A token is found
// by looking its hash up, so nothing compares secrets byte by byte. The admin's token is made at the first start and stands in `admin.token`
// of the data directory (mode 600); lose the file, and the next start makes another.
import { hash, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role, Terminal, Terminals } from '../ledger/terminals.ts'

const TOKEN_BYTES = 32
const TOKEN_CHARS_MAX = 128
/** Names of terminals and managers, as a JSON Schema pattern. */
export const CALLER_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'
export const ADMIN_NAME = 'admin'
export const ADMIN_TOKEN_FILE = 'admin.token'

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

export function tokenHash(token: string): Uint8Array {
  return hash('sha256', token, 'buffer')
}

export class Tokens {
  readonly #terminals: Terminals
  /** Tokens seen, by hash: at most as many as there are terminals. A token that is not known is asked of the ledger each time. */
  readonly #known = new Map<string, { readonly terminal: Terminal; heard: boolean }>()

  readonly #session: (tokenHash: Uint8Array) => string | undefined

  /** `session`: whose session a token's hash is, if it is one. */
  constructor(terminals: Terminals, session: (tokenHash: Uint8Array) => string | undefined) {
    this.#terminals = terminals
    this.#session = session
  }

  find(token: string): Terminal | undefined {
    if (token.length > TOKEN_CHARS_MAX) return undefined
    const key = hash('sha256', token, 'base64')
    const known = this.#known.get(key)
    if (known !== undefined) {
      known.heard = true
      return known.terminal
    }
    const bytes = Buffer.from(key, 'base64')
    const found = this.#terminals.find(bytes)
    if (found !== undefined) {
      this.#known.set(key, { terminal: found, heard: true })
      return found
    }
    // Sessions end by themselves, so they are not remembered here.
    const manager = this.#session(bytes)
    return manager === undefined ? undefined : { name: manager, role: 'manager' }
  }

  /** Names of terminals that called since this was last asked (F-11). */
  takeHeard(): string[] {
    const names: string[] = []
    for (const known of this.#known.values()) {
      if (known.heard && known.terminal.role === 'terminal') names.push(known.terminal.name)
      known.heard = false
    }
    return names
  }

  list(): Terminal[] {
    return this.#terminals.list()
  }

  /** The token, this once; undefined when the name is taken. */
  add(name: string, role: Role): string | undefined {
    const token = newToken()
    return this.#terminals.add({ name, role }, tokenHash(token)) ? token : undefined
  }

  /** False when there is none of that name. Its token is refused from the next request on. */
  remove(name: string): boolean {
    this.#known.clear()
    return this.#terminals.remove(name)
  }

  /** Sees to it that `admin.token` holds a token that is good for the admin. */
  ensureAdmin(directory: string): void {
    const file = join(directory, ADMIN_TOKEN_FILE)
    const written = readToken(file)
    if (written !== undefined && this.find(written)?.role === 'admin') return
    const token = newToken()
    // Whole or not at all: a file cut short by a crash would lock the admin out.
    writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    this.remove(ADMIN_NAME)
    this.#terminals.add({ name: ADMIN_NAME, role: 'admin' }, tokenHash(token))
  }
}

function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
