// From a bearer token to who is calling. Tokens are looked up by their hash in one read; what ran out, was used up, revoked, or belongs to a client
// that is disabled is no token at all, and all of these look alike to the caller.
import type { Clock } from '../../protocol/time.ts'
import type { ClientRow, FamilyWhole, IssuedWhole } from '../store/platform-port.ts'
import type { Reads, TenantId } from '../store/port.ts'
import { NATIVE_SCOPES } from './native-scopes.ts'
import type { Principal } from './principal.ts'
import { sameSecret, secretHash } from './secrets.ts'

const TOKEN = /^[\x21-\x7e]{1,512}$/

export interface PrincipalParts {
  readonly read: Pick<Reads, 'issued' | 'tenantByHqHash' | 'clientByKey'>
  readonly clock: Clock
  /** SHA-256 of the operator's token, and the node's first tenant, whose HQ the operator is. */
  readonly operatorHash: string
  readonly firstTenant: TenantId
  /** APIs in which a client's id and secret, joined by a dot, are a token. */
  readonly keyDialects: ReadonlySet<string>
}

export class Principals {
  readonly #parts: PrincipalParts

  constructor(parts: PrincipalParts) {
    this.#parts = parts
  }

  /** Undefined for what is no token now. */
  async of(token: string): Promise<Principal | undefined> {
    const { read, operatorHash, firstTenant, clock } = this.#parts
    if (!TOKEN.test(token)) return undefined
    if (sameSecret(token, operatorHash)) return headquarters('operator', firstTenant)
    // No other token has a dot.
    const dot = token.indexOf('.')
    if (dot > 0) return this.#byKey(token.slice(0, dot), token.slice(dot + 1))
    const hash = secretHash(token)
    const issued = await read.issued(hash)
    if (issued !== undefined)
      return issued.kind === 'access' && isAlive(issued, clock.now()) ? principalOf(issued) : undefined
    const tenant = await read.tenantByHqHash(hash)
    return tenant && headquarters('hq', tenant.id)
  }

  /** PL-23. */
  async #byKey(key: string, secret: string): Promise<Principal | undefined> {
    const { read, keyDialects } = this.#parts
    const client = await read.clientByKey(key)
    if (client === undefined || client.disabled || !keyDialects.has(client.dialect)) return undefined
    const may = client.grants.includes('client_credentials')
    return may && client.secretHash !== null && sameSecret(secret, client.secretHash)
      ? clientItself(client)
      : undefined
  }
}

/** Codes, access and refresh tokens alike. */
export function isAlive({ expires, used, of, client }: IssuedWhole, now: number): boolean {
  return !used && !of.ended && !client.disabled && (expires === null || expires > now)
}

function headquarters(kind: 'operator' | 'hq', tenant: TenantId): Principal {
  return {
    kind,
    dialect: 'native',
    tenant,
    tenants: [tenant],
    person: null,
    client: null,
    family: 0,
    scopes: new Set(NATIVE_SCOPES),
    staff: [],
  }
}

export function principalOf({ scopes, of, client, staff, family }: FamilyWhole): Principal {
  const { tenants } = client
  return {
    ...clientItself(client),
    person: of.person,
    family,
    scopes: new Set(scopes),
    staff: staff.filter(({ tenant }) => tenants.length === 0 || tenants.includes(tenant)),
  }
}

function clientItself({ id, dialect, tenants, scopes }: ClientRow): Principal {
  const [only] = tenants
  return {
    kind: 'token',
    dialect,
    tenant: tenants.length === 1 ? (only ?? null) : null,
    tenants,
    person: null,
    client: id,
    family: 0,
    scopes: new Set(scopes),
    staff: [],
  }
}
