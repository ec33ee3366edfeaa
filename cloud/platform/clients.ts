// API clients: registered with their addresses, scopes and grants, known by a key that is no secret and, unless they are public, by a secret that is
// shown once. A public client may only use the code grant with a challenge (PL-10).
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import type { ClientRow, Grant } from '../store/platform-port.ts'
import type { CloudStore, Page, TenantId } from '../store/port.ts'
import type { System } from '../system.ts'
import type { AuthDialect } from './oauth/auth-dialect.ts'
import { isScopeOf } from './oauth/auth-dialect.ts'
import { newSecret } from './secrets.ts'

const KEY_BYTES = 15

export interface ClientWanted {
  readonly name: string
  readonly dialect: string
  readonly redirect_uris: readonly string[]
  readonly scopes: readonly string[]
  readonly grants: readonly Grant[]
  readonly public: boolean
}

export interface ClientsParts {
  readonly store: CloudStore
  readonly system: System
  readonly dialects: readonly AuthDialect[]
}

export class Clients {
  readonly #parts: ClientsParts

  constructor(parts: ClientsParts) {
    this.#parts = parts
  }

  list(tenant: TenantId, page: Page): Promise<ClientRow[]> {
    return this.#parts.store.read.clientsOfTenant(tenant, page)
  }

  /** `tenants` empty: for all businesses of the node, which only the operator may say. */
  async register(
    wanted: ClientWanted,
    tenants: readonly TenantId[],
  ): Promise<Result<{ readonly client: ClientRow; readonly secret: string | null }>> {
    const { store, system } = this.#parts
    const fault = this.#faultOf(wanted)
    if (fault !== null) return fault
    const now = system.clock.now() as Millis
    const { text, hash } = newSecret(system)
    const client = await store.write((tx) =>
      tx.insertClient({
        key: Buffer.from(system.randomBytes(KEY_BYTES)).toString('base64url'),
        name: wanted.name,
        dialect: wanted.dialect,
        secretHash: wanted.public ? null : hash,
        redirectUris: wanted.redirect_uris,
        scopes: [...new Set(wanted.scopes)],
        grants: [...new Set(wanted.grants)],
        tenants,
        disabled: false,
        created: now,
        modified: now,
      }),
    )
    return accept({ client, secret: wanted.public ? null : text })
  }

  /** The next secret; the one before is none from now on. */
  async renewSecret(tenant: TenantId, key: string): Promise<Result<string>> {
    const { text, hash } = newSecret(this.#parts.system)
    const changed = await this.#change(tenant, key, (row) =>
      row.secretHash === null ? undefined : { ...row, secretHash: hash },
    )
    return changed.ok ? accept(text) : changed
  }

  /** Every token of a client that is disabled is no token at once (PL-3). */
  async setDisabled(tenant: TenantId, key: string, disabled: boolean): Promise<Result<ClientRow>> {
    return this.#change(tenant, key, (row) => ({ ...row, disabled }))
  }

  async #change(
    tenant: TenantId,
    key: string,
    change: (row: ClientRow) => ClientRow | undefined,
  ): Promise<Result<ClientRow>> {
    const { store, system } = this.#parts
    return store.write(async (tx) => {
      const row = await tx.clientByKey(key)
      const own = row?.tenants.length === 1 && row.tenants[0] === tenant ? row : undefined
      const after = own && change(own)
      if (after === undefined) return refuse('client_not_found', 'There is no such client of this business')
      const saved = { ...after, modified: system.clock.now() as Millis }
      await tx.saveClient(saved)
      return accept(saved)
    })
  }

  #faultOf(wanted: ClientWanted): ReturnType<typeof refuse> | null {
    const dialect = this.#parts.dialects.find(({ name }) => name === wanted.dialect)
    if (dialect === undefined)
      return refuse('input_invalid', `There is no API "${wanted.dialect}" here`, '/dialect')
    const scope = wanted.scopes.find((name) => !isScopeOf(dialect, name))
    if (scope !== undefined)
      return refuse('input_invalid', `${dialect.name} has no scope "${scope}"`, '/scopes')
    const grant = wanted.grants.find((name) => !dialect.grants.includes(name))
    if (grant !== undefined)
      return refuse('input_invalid', `${dialect.name} has no grant "${grant}"`, '/grants')
    const publicGrants: readonly Grant[] = ['pkce_mobile', 'refresh_token']
    if (wanted.public && !wanted.grants.every((name) => publicGrants.includes(name)))
      return refuse('input_invalid', 'A public client may use pkce_mobile and refresh_token only', '/grants')
    if (!wanted.public && wanted.grants.includes('pkce_mobile'))
      return refuse('input_invalid', 'pkce_mobile is for public clients', '/grants')
    const code = wanted.grants.some((name) => name === 'authorization_code' || name === 'pkce_mobile')
    if (code && wanted.redirect_uris.length === 0)
      return refuse('input_invalid', 'The code grant needs a redirect URI', '/redirect_uris')
    const uri = wanted.redirect_uris.find((text) => !isRedirectUri(text))
    return uri === undefined
      ? null
      : refuse(
          'input_invalid',
          "A redirect URI is absolute and without a fragment: https, http to this machine only, or an app's own scheme",
          '/redirect_uris',
        )
  }
}

/** RFC 8252: an app's own scheme has a dot; plain http goes to the person's own machine only. */
function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text) || text.includes('#') || /[^\x21-\x7e]/.test(text)) return false
  const { protocol, hostname } = new URL(text)
  if (protocol === 'https:') return true
  if (protocol === 'http:') return ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return protocol.includes('.')
}
