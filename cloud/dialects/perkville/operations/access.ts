// What a caller may act for. A business that the token's person is no staff of is answered like one that does not exist (PL-2).
import { refuse } from '../../../../protocol/result.ts'
import type { Refusal } from '../../../../protocol/result.ts'
import { isStaffAt, isStaffOf, isStaffOfAll } from '../../../platform/principal.ts'
import { STAFF_ROLES } from '../../../store/platform-port.ts'
import type { Row } from '../../../collections/collection.ts'
import { eq } from '../../../collections/query.ts'
import type { StoreId } from '../../../../protocol/ids.ts'
import type { Input, InputValue } from '../../frame/input.ts'
import type { Call, Outcome } from '../../frame/resource.ts'
import type { PerkvilleServices } from '../services.ts'

export type PerkvilleCall = Call<PerkvilleServices>

/** The business that a body names, if the caller is its staff. */
export function staffedBusiness(call: PerkvilleCall): number | undefined {
  const business = Number(call.input.business ?? call.row?.tenant)
  return call.tenants.includes(business) && isStaffOf(call.principal, business, STAFF_ROLES)
    ? business
    : undefined
}

/** The same, for what concerns all of its locations. */
export function ownBusiness(call: PerkvilleCall): number | undefined {
  const business = staffedBusiness(call)
  return business !== undefined && isStaffOfAll(call.principal, business, STAFF_ROLES) ? business : undefined
}

export const NOT_STAFF = refused(
  refuse('input_invalid', 'The token may not act for this business.', 'business').refusal,
)

export function refused(...refusals: readonly Refusal[]): Extract<Outcome, { ok: false }> {
  return { ok: false, refusals }
}

/** Who made a change, as history tells it. */
export function authorOf({ principal }: PerkvilleCall): string {
  return principal.person === null ? `client ${principal.client ?? 0}` : `person ${principal.person}`
}

/** A text of the input; its table says that it is one. */
export function textOf(value: InputValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** The location that a body names, by its key or by the business's own id; undefined where there is none. */
export async function locationOf(
  call: PerkvilleCall,
  tenant: number,
  { location, external_location_id: external }: Input,
): Promise<StoreId | undefined> {
  const where =
    typeof location === 'number' ? eq('id', location) : eq('external_location_id', textOf(external))
  const [row] = await call.services.read.rows(call.services.schema.of('locations'), {
    tenants: [tenant],
    where,
    limit: 1,
  })
  return row === undefined ? undefined : (Number(row.id) as StoreId)
}

/** The same for staff, who name only locations they work at. */
export async function ownLocationOf(
  call: PerkvilleCall,
  tenant: number,
  input: Input,
): Promise<StoreId | undefined> {
  const location = await locationOf(call, tenant, input)
  return location !== undefined && isStaffAt(call.principal, tenant, location, STAFF_ROLES)
    ? location
    : undefined
}

/** One row of a collection by its id, in a business. */
export async function rowOf(
  call: PerkvilleCall,
  collection: string,
  tenant: number,
  id: number,
): Promise<Row | undefined> {
  const [row] = await call.services.read.rows(call.services.schema.of(collection), {
    tenants: [tenant],
    where: eq('id', id),
    limit: 1,
  })
  return row
}
