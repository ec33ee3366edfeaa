// Which rows a caller sees (DF-3): the union of what the token's scopes open, inside the businesses its client may act for. A token without a person owns
// nothing and is staff nowhere, so only what is open to all is left to it.
import type { Predicate } from '../../collections/query.ts'
import { EVERYTHING, NOTHING, among, eq, or } from '../../collections/query.ts'
import { staffedTenants } from '../../platform/principal.ts'
import type { Principal } from '../../platform/principal.ts'
import type { Sees, Visibility } from './resource.ts'

export function seenBy(principal: Principal, visibility: Visibility): Predicate {
  const opened = Object.entries(visibility)
    .filter(([scope]) => scope === '*' || principal.scopes.has(scope))
    .map(([, sees]) => openedBy(principal, sees))
  if (opened.some((predicate) => predicate === EVERYTHING)) return EVERYTHING
  const [only] = opened
  return opened.length === 1 && only !== undefined ? only : or(...opened)
}

function openedBy(principal: Principal, sees: Sees): Predicate {
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
      return tenants.length === 0 ? NOTHING : among(sees.way, tenants)
    }
  }
}
