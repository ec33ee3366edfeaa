// Which rows a caller sees (DF-3): the union of what the token's scopes open, inside the businesses its client may act for. A token without a person owns
// nothing and is staff nowhere, so only what is open to all is left to it.
import type { Predicate } from '../../collections/query.ts'
import { EVERYTHING, NOTHING, among, and, eq, or } from '../../collections/query.ts'
import { isStaffOfAll, locationsOf, staffedTenants } from '../../platform/principal.ts'
import type { Principal } from '../../platform/principal.ts'
import type { Sees, Visibility } from './resource.ts'

type StaffSees = Extract<Sees, { kind: 'staff' }>

export interface Sight {
  readonly tenants: readonly number[]
  readonly where: Predicate
}

/**
 * `few`: what else is asked finds few rows.
 * Where being staff is all that counts it is said by the businesses alone: then their indexes answer, in their order.
 */
export function sightOf(
  principal: Principal,
  visibility: Visibility,
  tenants: readonly number[],
  few: boolean,
): Sight {
  const opened = Object.entries(visibility)
    .filter(([scope]) => scope === '*' || principal.scopes.has(scope))
    .map(([, sees]) => sees)
  const staffed = new Set(
    opened.flatMap((sees) =>
      sees.kind === 'staff' && sees.way === 'tenant' ? wholeTenants(principal, sees) : [],
    ),
  )
  const own = tenants.filter((tenant) => staffed.has(tenant))
  const others = opened
    .filter((sees) => sees.kind !== 'staff' || sees.way !== 'tenant')
    .map((sees) => openedBy(principal, sees, few))
  for (const sees of opened)
    for (const tenant of tenants) if (!staffed.has(tenant)) others.push(...openedAt(principal, sees, tenant))
  if (opened.some(({ kind }) => kind === 'all') || (tenants.length > 0 && own.length === tenants.length))
    return { tenants, where: EVERYTHING }
  if (others.length === 0)
    return own.length === 0 ? { tenants, where: NOTHING } : { tenants: own, where: EVERYTHING }
  if (own.length > 0) others.push(among('tenant', own))
  const [only] = others
  return { tenants, where: others.length === 1 && only !== undefined ? only : or(...others) }
}

/** Where the rows are seen whatever location they are of. */
function wholeTenants(principal: Principal, { roles, at, whole }: StaffSees): number[] {
  const tenants = staffedTenants(principal, roles)
  return at === undefined && whole === undefined
    ? tenants
    : tenants.filter((tenant) => isStaffOfAll(principal, tenant, roles))
}

/** Of who is limited to locations of the business: the rows that are of these (DF-13). */
function openedAt(principal: Principal, sees: Sees, tenant: number): Predicate[] {
  if (sees.kind !== 'staff' || sees.at === undefined) return []
  const locations = locationsOf(principal, tenant, sees.roles) ?? []
  return locations.length === 0 ? [] : [and(eq('tenant', tenant), among(sees.at, locations))]
}

/** The businesses that a list is about, as far as its own filters say so. */
export function narrowed(tenants: readonly number[], where: Predicate): readonly number[] {
  if (!('all' in where)) return tenants
  return where.all.reduce((left, part) => {
    if (!('at' in part) || part.at.length !== 1 || part.at[0] !== 'tenant') return left
    if (part.is === 'eq') return left.filter((tenant) => tenant === part.value)
    return part.is === 'in' ? left.filter((tenant) => part.value.includes(tenant)) : left
  }, tenants)
}

function openedBy(principal: Principal, sees: Sees, few: boolean): Predicate {
  switch (sees.kind) {
    case 'all':
      return EVERYTHING
    case 'own': {
      const { person } = principal
      if (person === null) return NOTHING
      const own = sees.ways.map((way) => eq(way, person))
      const [only] = own
      return own.length === 1 && only !== undefined ? only : or(...own)
    }
    case 'staff': {
      const tenants = staffedTenants(principal, sees.roles)
      return tenants.length === 0 ? NOTHING : { at: sees.way.split('.'), is: 'in', value: tenants, test: few }
    }
  }
}

/** Whether a list's own filters are exact in something that is not its business. */
export function asksForFew(where: Predicate): boolean {
  if ('all' in where) return where.all.some(asksForFew)
  return 'at' in where && (where.is === 'eq' || where.is === 'in') && where.at[0] !== 'tenant'
}
