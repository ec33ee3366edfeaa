// Who is calling, decided once at the border from what the call proves; everything behind it asks this value and nothing else (PL-1). The same value
// serves the native API, the dialects, the feed and the console.
import type { ClientId, PersonId, StaffRole, StaffRow } from '../store/platform-port.ts'
import type { TenantId } from '../store/port.ts'

export interface Principal {
  /** `operator`: who runs the node. `hq`: a business by its HQ token. `token`: what a client was given. `nobody`: nothing was proved. */
  readonly kind: 'operator' | 'hq' | 'token' | 'nobody'
  /** Whose scopes these are: `native`, or a dialect's name. */
  readonly dialect: string
  /** The business it speaks for; null where that is the caller's to say among those it may. */
  readonly tenant: TenantId | null
  /** The businesses the client may act for; empty: all. */
  readonly tenants: readonly TenantId[]
  /** Null: the client, the operator or HQ acts for itself. */
  readonly person: PersonId | null
  readonly client: ClientId | null
  /** Everything issued with the token; 0 for what is no token. */
  readonly family: number
  readonly scopes: ReadonlySet<string>
  /** Where the person is staff, within `tenants`. */
  readonly staff: readonly StaffRow[]
}

export const NOBODY: Principal = {
  kind: 'nobody',
  dialect: 'native',
  tenant: null,
  tenants: [],
  person: null,
  client: null,
  family: 0,
  scopes: new Set(),
  staff: [],
}

/** What an endpoint asks for: every scope of `all`, and of each list in `anyOf` at least one. */
export interface ScopesNeeded {
  readonly all: readonly string[]
  readonly anyOf: readonly (readonly string[])[]
}

export function permits(principal: Principal, { all, anyOf }: ScopesNeeded): boolean {
  const has = (scope: string): boolean => principal.scopes.has(scope)
  return all.every(has) && anyOf.every((list) => list.some(has))
}

/** Whether the client may act for this business at all (PL-2). */
export function actsFor(principal: Principal, tenant: TenantId): boolean {
  if (principal.kind === 'nobody') return false
  if (principal.kind !== 'token') return principal.tenant === tenant
  return principal.tenants.length === 0 || principal.tenants.includes(tenant)
}

/** The businesses where the person is staff in one of these roles. */
export function staffedTenants(principal: Principal, roles: readonly StaffRole[]): TenantId[] {
  return principal.staff.filter(({ role }) => roles.includes(role)).map(({ tenant }) => tenant)
}

export function isStaffOf(principal: Principal, tenant: TenantId, roles: readonly StaffRole[]): boolean {
  return staffedTenants(principal, roles).includes(tenant)
}

/** Where such a role counts in a business: null for all its locations, an empty list for who is none of its staff (PL-28). */
export function locationsOf(
  principal: Principal,
  tenant: TenantId,
  roles: readonly StaffRole[],
): readonly number[] | null {
  const row = principal.staff.find((one) => one.tenant === tenant && roles.includes(one.role))
  return row === undefined ? [] : row.locations
}

/** Whether the person may do what concerns all locations of the business. */
export function isStaffOfAll(principal: Principal, tenant: TenantId, roles: readonly StaffRole[]): boolean {
  return locationsOf(principal, tenant, roles) === null
}

export function isStaffAt(
  principal: Principal,
  tenant: TenantId,
  location: number,
  roles: readonly StaffRole[],
): boolean {
  return locationsOf(principal, tenant, roles)?.includes(location) ?? true
}
