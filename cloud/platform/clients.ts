// API clients: registered with their addresses, scopes and grants, known by a key that is no secret and, unless they are public, by a secret that is
// shown once. A public client may only use the code grant with a challenge (PL-10).
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import type { StoreClient } from '../../protocol/frames/clients.ts'
import { STORE_CLIENTS_MAX } from '../../protocol/limits.ts'
import type { ClientId, ClientRow, Grant, PlatformReads } from '../store/platform-port.ts'
import type { CloudStore, Page, TenantId } from '../store/port.ts'
import type { System } from '../system.ts'
import type { AuthDialect } from './oauth/auth-dialect.ts'
import { isScopeOf } from './oauth/auth-dialect.ts'
import { newSecret } from './secrets.ts'

const KEY_BYTES = 15
const PAGE = 500

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
  readonly #listeners: ((tenant: TenantId) => void)[] = []

  constructor(parts: ClientsParts) {
    this.#parts = parts
  }

  byId(id: ClientId): Promise<ClientRow | undefined> {
    return this.#parts.store.read.client(id)
  }

  /** Told of every business whose stores serve other clients than before. */
  onChanged(listener: (tenant: TenantId) => void): void {
    this.#listeners.push(listener)
  }

  /** PL-24: the clients that a business's stores serve too, with the hashes of their secrets. */
  async ofStores(tenant: TenantId): Promise<StoreClient[]> {
    const { store, dialects } = this.#parts
    const row = await store.read.tenant(tenant)
    const served = dialects.filter(({ name, atStores }) => atStores && row?.dialects.includes(name))
    if (served.length === 0) return []
    return (await allOf(store.read, tenant)).flatMap(
      ({ key, name, dialect, secretHash, grants, disabled, created }) =>
        disabled || secretHash === null || !grants.includes('client_credentials')
          ? []
          : served.some((one) => one.name === dialect)
            ? [{ dialect, key, name, secret_hash: Buffer.from(secretHash, 'hex'), created }]
            : [],
    )
  }

  /** What stores serve may be something else now. */
  changed(tenants: readonly TenantId[]): void {
    for (const tenant of tenants) for (const listener of this.#listeners) listener(tenant)
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
    const client = await store.write(async (tx) => {
      const [only] = tenants
      if (only !== undefined && (await this.#isFull(tx, only, wanted.dialect))) return undefined
      return tx.insertClient({
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
      })
    })
    if (client === undefined)
      return refuse('input_invalid', `A business has at most ${STORE_CLIENTS_MAX} of these`, '/dialect')
    this.changed(tenants)
    return accept({ client, secret: wanted.public ? null : text })
  }

  /** A store is told of all of them in one frame. */
  async #isFull(
    tx: Pick<PlatformReads, 'clientsOfTenant'>,
    tenant: TenantId,
    dialect: string,
  ): Promise<boolean> {
    if (!this.#parts.dialects.some(({ name, atStores }) => atStores === true && name === dialect))
      return false
    const rows = await allOf(tx, tenant)
    return rows.filter((row) => row.dialect === dialect).length >= STORE_CLIENTS_MAX
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
    const done = await store.write(async (tx): Promise<Result<ClientRow>> => {
      const row = await tx.clientByKey(key)
      const own = row?.tenants.length === 1 && row.tenants[0] === tenant ? row : undefined
      const after = own && change(own)
      if (after === undefined) return refuse('client_not_found', 'There is no such client of this business')
      const saved = { ...after, modified: system.clock.now() as Millis }
      await tx.saveClient(saved)
      return accept(saved)
    })
    if (done.ok) this.changed([tenant])
    return done
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

async function allOf(read: Pick<PlatformReads, 'clientsOfTenant'>, tenant: TenantId): Promise<ClientRow[]> {
  const rows: ClientRow[] = []
  for (let full = true; full;) {
    const page = await read.clientsOfTenant(tenant, { after: rows.at(-1)?.id ?? 0, limit: PAGE })
    rows.push(...page)
    full = page.length === PAGE
  }
  return rows
}

/** URLs allow more; what stands in a policy of a page must end nothing there. */
const HOST = /^[a-z0-9._:[\]-]+$/i

/** RFC 8252: an app's own scheme has a dot; plain http goes to the person's own machine only. */
function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text) || text.includes('#') || /[^\x21-\x7e]/.test(text)) return false
  const { protocol, hostname } = new URL(text)
  if (protocol === 'https:') return HOST.test(hostname)
  if (protocol === 'http:') return ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return protocol.includes('.')
}
