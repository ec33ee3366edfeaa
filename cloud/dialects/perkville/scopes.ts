// Perkville's scopes, the sets of them that endpoints ask for, and which rows each opens. Sections of the document differ in whether any staff or ADMIN
// staff only may look (PK-38): each row here says what its own section says.
import type { ScopesNeeded } from '../../platform/principal.ts'
import { STAFF_ROLES } from '../../store/platform-port.ts'
import type { StaffRole } from '../../store/platform-port.ts'
import type { Sees, Visibility } from '../frame/resource.ts'

export const PERKVILLE_SCOPES = [
  'PUBLIC',
  'USER_CUSTOMER_INFO',
  'USER_REDEEM',
  'USER_REFERRAL',
  'ADMIN_CUSTOMER_INFO',
  'ADMIN_CUSTOMER_REDEEM',
  'ADMIN_CUSTOMER_GRANT_POINTS',
  'ADMIN_CUSTOMER_REFERRAL',
  'ADMIN_PERK',
  'ADMIN_LOCATION',
  'ADMIN_IDENTIFY_USER',
] as const
export type PerkvilleScope = (typeof PERKVILLE_SCOPES)[number]

export function needs(
  all: readonly PerkvilleScope[],
  ...anyOf: readonly (readonly PerkvilleScope[])[]
): ScopesNeeded {
  return { all, anyOf }
}

export const PUBLIC = needs(['PUBLIC'])
export const CUSTOMER_INFO = ['ADMIN_CUSTOMER_INFO', 'USER_CUSTOMER_INFO'] as const
/** PUBLIC and either scope that opens customers' data. */
export const INFO = needs(['PUBLIC'], CUSTOMER_INFO)

export const EVERYBODY: Visibility = { '*': { kind: 'all' } }
export const own = (...ways: readonly string[]): Sees => ({ kind: 'own', ways })
export const staff = (way = 'tenant'): Sees => ({ kind: 'staff', roles: STAFF_ROLES, way })
export const admins = (way = 'tenant'): Sees => ({ kind: 'staff', roles: ['ADMIN'], way })
/** Those of the locations that they work at: the column says which. */
export const staffAt = (at: string, roles: readonly StaffRole[] = STAFF_ROLES): Sees => ({
  kind: 'staff',
  roles,
  way: 'tenant',
  at,
})
/** Those who work at all locations of the business. */
export const staffOfAll: Sees = { kind: 'staff', roles: STAFF_ROLES, way: 'tenant', whole: true }

/** Customers see their own, ADMIN staff their business's. */
export const OWN_OR_ADMINS: Visibility = {
  USER_CUSTOMER_INFO: own('person'),
  ADMIN_CUSTOMER_INFO: admins(),
}
