// Pegke's OAuth 2 at a store (PG-9): a terminal's name and token for an access token and a refresh token. They live in this process alone and only as hashes;
// a terminal whose token was taken back has none.
import { hash } from 'node:crypto'
import { PEGKE_ACCESS_MS, PEGKE_REFRESH_MS, PEGKE_TOKENS_MAX } from '../../../protocol/limits.ts'
import type { Terminal } from '../../ledger/terminals.ts'
import type { System } from '../../system.ts'
import { newToken } from '../tokens.ts'
import type { Tokens } from '../tokens.ts'

interface Issued {
  readonly kind: 'access' | 'refresh'
  /** The terminal's own token: asked each time whether it is still good. */
  readonly secret: string
  readonly endsMono: number
}

export interface TokenPair {
  readonly access: string
  readonly refresh: string
}

export class IssuedTokens {
  readonly #tokens: Tokens
  readonly #system: System
  /** By hash, oldest first. */
  readonly #issued = new Map<string, Issued>()

  constructor(tokens: Tokens, system: System) {
    this.#tokens = tokens
    this.#system = system
  }

  /** The terminal behind a merchant key. */
  byKey(key: string): Terminal | undefined {
    return key.includes('.') ? this.#tokens.find(key) : undefined
  }

  byAccessToken(token: string): Terminal | undefined {
    const issued = this.#good(token, 'access')
    return issued === undefined ? undefined : this.#tokens.find(issued.secret)
  }

  /** Undefined where id and secret do not fit. */
  byClient(id: string, secret: string): TokenPair | undefined {
    return this.byKey(`${id}.${secret}`) === undefined ? undefined : this.#issue(secret)
  }

  /** The refresh token is used up by it. */
  refreshed(token: string): TokenPair | undefined {
    const issued = this.#good(token, 'refresh')
    this.#issued.delete(keyOf(token))
    return issued === undefined || this.#tokens.find(issued.secret) === undefined
      ? undefined
      : this.#issue(issued.secret)
  }

  #issue(secret: string): TokenPair {
    const now = this.#system.monotonic()
    const pair = { access: newToken(), refresh: newToken() }
    this.#issued.set(keyOf(pair.access), { kind: 'access', secret, endsMono: now + PEGKE_ACCESS_MS })
    this.#issued.set(keyOf(pair.refresh), { kind: 'refresh', secret, endsMono: now + PEGKE_REFRESH_MS })
    for (const oldest of this.#issued.keys()) {
      if (this.#issued.size <= PEGKE_TOKENS_MAX) break
      this.#issued.delete(oldest)
    }
    return pair
  }

  #good(token: string, kind: Issued['kind']): Issued | undefined {
    const issued = this.#issued.get(keyOf(token))
    return issued?.kind === kind && issued.endsMono > this.#system.monotonic() ? issued : undefined
  }
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64')
}
