// The scopes of the native API, which role of staff may have which, and for which business a call counts (PL-5). HQ and the operator have all of them;
// what only the operator may do is no scope, so that no token can ever be given it.
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { StaffRole } from '../store/platform-port.ts'
import type { TenantId } from '../store/port.ts'
import { actsFor } from './principal.ts'
import type { Principal } from './principal.ts'

export const NATIVE_SCOPES = [
  'members:read',
  'members:write',
  'facts:read',
  'feed:read',
  'program:read',
  'program:write',
  'fleet:read',
  'fleet:write',
  'conflicts:read',
  'conflicts:write',
  'access:read',
  'access:write',
] as const
export type NativeScope = (typeof NATIVE_SCOPES)[number]

/** What a person of this role can let a client do. */
export const SCOPES_OF_ROLE: Readonly<Record<StaffRole, readonly NativeScope[]>> = {
  ADMIN: NATIVE_SCOPES,
  EMPLOYEE: ['members:read', 'members:write', 'facts:read', 'feed:read', 'program:read'],
  FRONT_DESK: ['members:read', 'program:read'],
  EMAIL_ONLY: [],
}

/** What also those have who are limited to locations: rows of the native API are of all of them, but for what every customer may know (PL-28). */
const AT_ANY: ReadonlySet<NativeScope> = new Set(['program:read'])

/** Who may use an endpoint of the native API. */
export type NativeNeed = 'public' | 'operator' | NativeScope

/** The business a call of the native API counts for, or why it may not be made. `wanted`: which one the caller names. */
export function admitNative(
  principal: Principal,
  need: NativeNeed,
  wanted: TenantId | undefined,
): Result<TenantId> {
  if (need === 'public') return accept(0)
  if (principal.kind === 'operator' || principal.kind === 'hq') {
    if (need === 'operator' && principal.kind !== 'operator')
      return refuse('role_insufficient', 'Only the operator of the node may do that, with its token')
    if (principal.tenant === null || (wanted !== undefined && wanted !== principal.tenant))
      return refuse('role_insufficient', 'This token speaks for another business')
    return accept(principal.tenant)
  }
  if (need === 'operator' || principal.dialect !== 'native' || !principal.scopes.has(need))
    return refuse(
      'role_insufficient',
      `This needs ${need === 'operator' ? 'the operator' : `the scope ${need}`}`,
    )
  const able = principal.person === null ? principal.tenants : tenantsWith(principal, need)
  const [only] = able
  const tenant = wanted ?? (able.length === 1 ? only : undefined)
  if (tenant === undefined)
    return able.length === 0
      ? refuse('role_insufficient', `This person has no role that has ${need}`)
      : refuse('tenant_unclear', 'Say which business with the header Tillstream-Tenant', 'Tillstream-Tenant')
  return able.includes(tenant) && actsFor(principal, tenant)
    ? accept(tenant)
    : refuse('role_insufficient', 'This token may not act for that business')
}

function tenantsWith(principal: Principal, need: NativeScope): TenantId[] {
  return principal.staff
    .filter(
      ({ role, locations }) =>
        SCOPES_OF_ROLE[role].includes(need) && (locations === null || AT_ANY.has(need)),
    )
    .map(({ tenant }) => tenant)
}
