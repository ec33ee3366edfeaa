// From a bearer token to who is calling. Tokens are looked up by their hash in one read; what ran out, was used up, revoked, or belongs to a client
// that is disabled is no token at all, and all of these look alike to the caller.
import type { Clock } from '../../protocol/time.ts'
import type { FamilyWhole, IssuedWhole } from '../store/platform-port.ts'
import type { Reads, TenantId } from '../store/port.ts'
import { NATIVE_SCOPES } from './native-scopes.ts'
import type { Principal } from './principal.ts'
import { sameSecret, secretHash } from './secrets.ts'

const TOKEN = /^[\x21-\x7e]{1,512}$/

export interface PrincipalParts {
  readonly read: Pick<Reads, 'issued' | 'tenantByHqHash'>
  readonly clock: Clock
  /** SHA-256 of the operator's token, and the node's first tenant, whose HQ the operator is. */
  readonly operatorHash: string
  readonly firstTenant: TenantId
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
    const hash = secretHash(token)
    const issued = await read.issued(hash)
    if (issued !== undefined)
      return issued.kind === 'access' && isAlive(issued, clock.now()) ? principalOf(issued) : undefined
    const tenant = await read.tenantByHqHash(hash)
    return tenant && headquarters('hq', tenant.id)
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
  const [only] = tenants
  return {
    kind: 'token',
    dialect: client.dialect,
    tenant: tenants.length === 1 ? (only ?? null) : null,
    tenants,
    person: of.person,
    client: client.id,
    family,
    scopes: new Set(scopes),
    staff: staff.filter(({ tenant }) => tenants.length === 0 || tenants.includes(tenant)),
  }
}
