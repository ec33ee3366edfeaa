// Which rows a caller sees (DF-3): the union of what the token's scopes open, inside the businesses its client may act for. A token without a person owns
// nothing and is staff nowhere, so only what is open to all is left to it.
import type { Predicate } from '../../collections/query.ts'
import { EVERYTHING, NOTHING, among, eq, or } from '../../collections/query.ts'
import { staffedTenants } from '../../platform/principal.ts'
import type { Principal } from '../../platform/principal.ts'
import type { Sees, Visibility } from './resource.ts'

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
      sees.kind === 'staff' && sees.way === 'tenant' ? staffedTenants(principal, sees.roles) : [],
    ),
  )
  const others = opened.filter((sees) => sees.kind !== 'staff' || sees.way !== 'tenant')
  const own = tenants.filter((tenant) => staffed.has(tenant))
  if (opened.some(({ kind }) => kind === 'all') || (tenants.length > 0 && own.length === tenants.length))
    return { tenants, where: EVERYTHING }
  if (others.length === 0)
    return own.length === 0 ? { tenants, where: NOTHING } : { tenants: own, where: EVERYTHING }
  const parts = others.map((sees) => openedBy(principal, sees, few))
  if (own.length > 0) parts.push(among('tenant', own))
  const [only] = parts
  return { tenants, where: parts.length === 1 && only !== undefined ? only : or(...parts) }
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
