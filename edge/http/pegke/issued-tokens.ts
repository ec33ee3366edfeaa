// Pegke's OAuth 2 at a store (PG-9): a merchant's client id and secret for an access token and a refresh token. They live in this process alone and only as
// hashes; a client that was taken back at HQ has none from the cloud's next word on.
import { hash } from 'node:crypto'
import type { StoreClient } from '../../../protocol/frames/clients.ts'
import { PEGKE_ACCESS_MS, PEGKE_REFRESH_MS, PEGKE_TOKENS_MAX } from '../../../protocol/limits.ts'
import type { Clients } from '../../ledger/clients.ts'
import type { System } from '../../system.ts'
import { newToken, tokenHash } from '../tokens.ts'

export const DIALECT = 'pegke'

interface Issued {
  readonly kind: 'access' | 'refresh'
  /** The client it is of: asked each time whether it is still one. */
  readonly client: Pick<StoreClient, 'key' | 'secret_hash'>
  readonly endsMono: number
}

export interface TokenPair {
  readonly access: string
  readonly refresh: string
}

export class IssuedTokens {
  readonly #clients: Pick<Clients, 'find'>
  readonly #system: System
  /** By hash, oldest first. */
  readonly #issued = new Map<string, Issued>()

  constructor(clients: Pick<Clients, 'find'>, system: System) {
    this.#clients = clients
    this.#system = system
  }

  /** Whose merchant key or access token this is. */
  holderOf(token: string): StoreClient | undefined {
    const dot = token.indexOf('.')
    if (dot > 0) return this.#clientOf(token.slice(0, dot), token.slice(dot + 1))
    const issued = this.#good(token, 'access')
    return issued && this.#clients.find(DIALECT, issued.client.key, issued.client.secret_hash)
  }

  /** Undefined where id and secret do not fit. */
  byClient(id: string, secret: string): TokenPair | undefined {
    const client = this.#clientOf(id, secret)
    return client && this.#issue(client)
  }

  /** The refresh token is used up by it. */
  refreshed(token: string): TokenPair | undefined {
    const issued = this.#good(token, 'refresh')
    this.#issued.delete(keyOf(token))
    const client = issued && this.#clients.find(DIALECT, issued.client.key, issued.client.secret_hash)
    return client && this.#issue(client)
  }

  #clientOf(key: string, secret: string): StoreClient | undefined {
    return this.#clients.find(DIALECT, key, tokenHash(secret))
  }

  #issue(client: StoreClient): TokenPair {
    const now = this.#system.monotonic()
    const pair = { access: newToken(), refresh: newToken() }
    this.#issued.set(keyOf(pair.access), { kind: 'access', client, endsMono: now + PEGKE_ACCESS_MS })
    this.#issued.set(keyOf(pair.refresh), { kind: 'refresh', client, endsMono: now + PEGKE_REFRESH_MS })
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
