// Whose business a call is about (PG-10): the one that the key is of. A key of several, or a person's token in several, says nothing about which, and a person
// who is no staff of all its locations (PL-28) may do nothing here, whatever was agreed to.
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { isStaffOfAll } from '../../platform/principal.ts'
import type { Principal } from '../../platform/principal.ts'
import { STAFF_ROLES } from '../../store/platform-port.ts'
import { MERCHANT_SCOPE } from './auth.ts'

/** `served`: the businesses that are listed in Pegke. */
export function merchantOf(principal: Principal, served: readonly number[]): Result<number> {
  const { dialect, scopes, tenants, person } = principal
  // A token of another dialect, or of HQ, opens nothing here (PL-6).
  if (dialect !== 'pegke')
    return refuse('token_unknown', 'This key or token is not, or no longer, valid here.')
  if (!scopes.has(MERCHANT_SCOPE)) return refuse('role_insufficient', 'This needs the key of a merchant.')
  const acts = tenants.length === 0 ? served : served.filter((tenant) => tenants.includes(tenant))
  const may = person === null ? acts : acts.filter((tenant) => isStaffOfAll(principal, tenant, STAFF_ROLES))
  const [only] = may
  if (only === undefined)
    return refuse('role_insufficient', 'This key is of no business that is served here.')
  return may.length === 1
    ? accept(only)
    : refuse('tenant_unclear', 'Use the key of one business: this one may act for several.')
}
