// What is done with a customer beside transactions: joining challenges, attributes, status, vouchers, referrals.
import type { RuleId } from '../../../../protocol/ids.ts'
import { refuse } from '../../../../protocol/result.ts'
import { and, eq } from '../../../collections/query.ts'
import { isStaffOf, staffedTenants } from '../../../platform/principal.ts'
import { STAFF_ROLES } from '../../../store/platform-port.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { Outcome } from '../../frame/resource.ts'
import { NOT_STAFF, locationOf, ownLocationOf, refused, rowOf, textOf } from './access.ts'
import type { PerkvilleCall } from './access.ts'
import { membershipOf } from './external-members.ts'

const NO_CHALLENGE = refused(
  refuse('challenge_not_found', 'There is no such challenge.', 'challenge').refusal,
)

export async function joinChallenge(call: PerkvilleCall): Promise<Outcome> {
  const { services, tenants, input, principal } = call
  const [challenge] = await services.read.rows(services.schema.of('challenges'), {
    tenants,
    where: eq('id', Number(input.challenge)),
    limit: 1,
  })
  if (challenge === undefined) return NO_CHALLENGE
  const tenant = Number(challenge.tenant)
  const [connection] = await services.read.rows(services.schema.of('connections'), {
    tenants: [tenant],
    where: and(eq('person', principal.person ?? 0), eq('hidden', false)),
    limit: 1,
  })
  if (connection === undefined)
    return refused(
      refuse('connection_not_found', 'You are no customer of this business.', 'challenge').refusal,
    )
  return takePart(call, tenant, Number(connection.id), Number(challenge.rule))
}

export async function changeParticipation(call: PerkvilleCall): Promise<Outcome> {
  const { row } = call
  return takePart(call, Number(row?.tenant), Number(row?.connection), Number(row?.rule))
}

async function takePart(
  { services, input }: PerkvilleCall,
  tenant: number,
  connection: number,
  rule: number,
): Promise<Outcome> {
  const action = input.join_status === 'ACTIVE' ? 'join' : 'leave'
  const done = await services.accounts.customers.takePart(tenant, connection, rule as RuleId, action)
  return done.ok ? { ok: true, id: done.value.id } : refused(done.refusal)
}

export async function assignAttribute(call: PerkvilleCall): Promise<Outcome> {
  const { services, tenants, input, principal } = call
  const [connection] = await services.read.rows(services.schema.of('connections'), {
    tenants,
    where: and(eq('id', Number(input.connection)), eq('hidden', false)),
    limit: 1,
  })
  const tenant = Number(connection?.tenant)
  if (connection === undefined || !isStaffOf(principal, tenant, STAFF_ROLES))
    return refused(refuse('connection_not_found', 'There is no such customer.', 'connection').refusal)
  const value = await rowOf(call, 'custom_attribute_values', tenant, Number(input.custom_attribute_value))
  if (value === undefined)
    return refused(
      refuse('input_invalid', 'The business has no such value.', 'custom_attribute_value').refusal,
    )
  const done = await services.accounts.customers.addAttribute(tenant, Number(connection.id), Number(value.id))
  if (!done.ok && done.refusal.code === 'attribute_taken')
    return refused(refuse('attribute_taken', done.refusal.detail).refusal)
  return done.ok ? { ok: true, id: done.value.id } : refused(done.refusal)
}

export async function removeAttribute({ services, row }: PerkvilleCall): Promise<Outcome> {
  const done = await services.accounts.customers.removeAttribute(Number(row?.tenant), Number(row?.id))
  return done.ok ? { ok: true, none: true } : refused(done.refusal)
}

const ADMIN_FIELDS = [
  'external_cancel_dt',
  'external_join_dt',
  'external_membership_status',
  'external_membership_type',
  'external_home_location_id',
  'home_location',
]

/** Customers change their status, staff the membership; each is refused the other's fields. */
export async function changeConnection(call: PerkvilleCall): Promise<Outcome> {
  const { input, principal, row, services } = call
  const tenant = Number(row?.tenant)
  const own = row?.person === principal.person && principal.scopes.has('USER_CUSTOMER_INFO')
  const byStaff = principal.scopes.has('ADMIN_CUSTOMER_INFO') && isStaffOf(principal, tenant, ['ADMIN'])
  const foreign = [...(own ? [] : ['status']), ...(byStaff ? [] : ADMIN_FIELDS)].filter(
    (name) => name in input,
  )
  if (foreign.length > 0)
    return refused(
      ...foreign.map((name) => refuse('role_insufficient', 'The token may not change this.', name).refusal),
    )
  if (ADMIN_FIELDS.some((name) => name in input)) {
    const membership = await membershipOf(call, tenant, input)
    if (!membership.ok) return membership
    const done = await services.accounts.memberships.change(tenant, Number(row?.id), membership.value)
    if (!done.ok) return refused(done.refusal)
  }
  if (input.status === 'ACTIVE' || input.status === 'INACTIVE') {
    const done = await services.accounts.customers.changeStatus(tenant, Number(row?.id), input.status)
    if (!done.ok) return refused(done.refusal)
  }
  return { ok: true, id: Number(row?.id) }
}

export async function changeVoucher(call: PerkvilleCall): Promise<Outcome> {
  const { input, row } = call
  const tenant = Number(row?.tenant)
  const named = input.location !== undefined || input.external_location_id !== undefined
  const location = named ? await ownLocationOf(call, tenant, input) : null
  if (location === undefined)
    return refused(refuse('store_not_found', 'The business has no such location.', 'location').refusal)
  const { status, expiration_date: until } = input
  const done = await call.services.accounts.customers.changeVoucher(tenant, Number(row?.id), {
    ...(status === 'USED' || status === 'UNUSED' || status === 'EXPIRED' ? { status } : {}),
    ...(typeof until === 'string' ? { until } : {}),
    ...(location === null ? {} : { location }),
  })
  return done.ok ? { ok: true, id: done.value.id } : refused(done.refusal)
}

export async function useOwnVoucher({ services, row }: PerkvilleCall): Promise<Outcome> {
  const done = await services.accounts.customers.changeVoucher(Number(row?.tenant), Number(row?.id), {
    status: 'USED',
  })
  return done.ok ? { ok: true, id: done.value.id } : refused(done.refusal)
}

/** A customer refers in their own name; staff between customers, or as if the referrer had done it. */
export async function createReferral(call: PerkvilleCall): Promise<Outcome> {
  const { input, principal, services } = call
  const tenant = Number(input.business)
  const byStaff = principal.scopes.has('ADMIN_CUSTOMER_REFERRAL') && isStaffOf(principal, tenant, STAFF_ROLES)
  if (!call.tenants.includes(tenant) || (!byStaff && !principal.scopes.has('USER_REFERRAL'))) return NOT_STAFF
  const from = byStaff ? input.referral_from_user : principal.person
  if (typeof from !== 'number')
    return refused(refuse('input_missing', 'This field is required.', 'referral_from_user').refusal)
  const named = byStaff ? ownLocationOf : locationOf
  const location = input.location === undefined ? null : await named(call, tenant, input)
  if (location === undefined)
    return refused(refuse('store_not_found', 'The business has no such location.', 'location').refusal)
  const asReferrer = !byStaff || input.submit_as_referrer === true
  const referrer = await services.read.rows(services.schema.of('connections'), {
    // Staff know their customers, of whichever of their businesses (PK-57).
    tenants: asReferrer ? [tenant] : staffedTenants(principal, STAFF_ROLES),
    where: and(eq('person', from), eq('hidden', false)),
    limit: 1,
  })
  if (referrer.length === 0)
    return refused(
      refuse('connection_not_found', 'The referrer is no customer.', 'referral_from_user').refusal,
    )
  const done = await services.accounts.referring.refer(tenant, {
    from: from as PersonId,
    toEmail: textOf(input.referral_to_email),
    toFirstName: textOf(input.referral_to_first_name),
    toLastName: textOf(input.referral_to_last_name),
    content: textOf(input.referral_content),
    location,
    source: 'API_SUBMITTED',
    sendEmail: input.send_referral_email !== false,
    byStaff: !asReferrer,
  })
  return done.ok ? { ok: true, id: done.value.id } : refused(done.refusal)
}
