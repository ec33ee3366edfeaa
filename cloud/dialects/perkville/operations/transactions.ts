// Posting a transaction: who, where and what as the domain's operation wants them. What a scope may do is said here, what a perk allows is said there.
import type { RuleId } from '../../../../protocol/ids.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Millis } from '../../../../protocol/time.ts'
import type { TransactionRequest } from '../../../domain/accounts/operations/transaction-request.ts'
import type { Who } from '../../../domain/accounts/operations/who.ts'
import { isStaffAt, isStaffOf } from '../../../platform/principal.ts'
import { STAFF_ROLES } from '../../../store/platform-port.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { Input } from '../../frame/input.ts'
import type { Outcome } from '../../frame/resource.ts'
import { NOT_STAFF, locationOf, refused, rowOf, textOf } from './access.ts'
import type { PerkvilleCall } from './access.ts'

export async function postTransaction(call: PerkvilleCall): Promise<Outcome> {
  const tenant = Number(call.input.business)
  if (!call.tenants.includes(tenant)) return NOT_STAFF
  const request = await requestOf(call, tenant, call.input)
  if (!request.ok) return refused(request.refusal)
  const posted = await call.services.accounts.transactions.post(tenant, request.value)
  return posted.ok ? { ok: true, row: posted.value[0] } : refused(posted.refusal)
}

/** Of a single post, and of a batch's row with what is said once for the batch. */
export async function requestOf(
  call: PerkvilleCall,
  tenant: number,
  input: Input,
): Promise<Result<TransactionRequest>> {
  const { scopes, person } = call.principal
  const grants = scopes.has('ADMIN_CUSTOMER_GRANT_POINTS')
  const redeems = scopes.has('ADMIN_CUSTOMER_REDEEM')
  const byOneself = scopes.has('USER_REDEEM') && person !== null
  if (!((grants || redeems) && isStaffOf(call.principal, tenant, STAFF_ROLES)) && !byOneself)
    return refuse('input_invalid', 'The token may not act for this business.', 'business')
  const perk = await rowOf(call, 'perks', tenant, Number(input.perk))
  if (perk === undefined) return refuse('perk_not_found', 'The business has no such perk.', 'perk')
  const location = await locationOf(call, tenant, input)
  const staff = location !== undefined && isStaffAt(call.principal, tenant, location, STAFF_ROLES)
  const mayEarn = staff && grants
  const byStaff = staff && redeems
  // Where staff does not work there is nothing for it (PL-28).
  if (location === undefined || (!mayEarn && !byStaff && !byOneself))
    return refuse(
      'store_not_found',
      'The business has no such location.',
      input.location === undefined ? 'external_location_id' : 'location',
    )
  const { voucher_start_as_used: used, voucher_start_as_unused: unused } = input
  if (used === true && (!byOneself || perk.classification !== 'REDEEM'))
    return refuse('input_invalid', 'Only for USER_REDEEM and a REDEEM perk.', 'voucher_start_as_used')
  if (unused === true && (!byStaff || perk.classification !== 'REDEEM'))
    return refuse(
      'input_invalid',
      'Only for ADMIN_CUSTOMER_REDEEM and a REDEEM perk.',
      'voucher_start_as_unused',
    )
  return accept({
    who: whoOf(input),
    location,
    perk: Number(perk.rule) as RuleId,
    quantity: Number(input.quantity),
    sourceId: textOf(input.trans_source_id),
    at: typeof input.transaction_dt === 'number' ? (input.transaction_dt as Millis) : null,
    mayEarn,
    mayRedeem: byStaff || byOneself,
    onlyFor: byStaff ? null : person,
    oncePerDay: input.limit_to_once_per_calendar_day === true,
    voucherStatus: used === true ? 'used' : unused === true ? 'unused' : null,
    sendEmail: input.send_email !== false,
  })
}

export function whoOf(input: Input): Who {
  const { user, user_email: email, external_member_id: id, external_system_id: system } = input
  const given = (name: string): string | undefined => textOf(input[name]) || undefined
  return {
    person: typeof user === 'number' ? (user as PersonId) : undefined,
    email: textOf(email) || undefined,
    external: id === undefined ? undefined : { id: textOf(id), system: textOf(system) },
    firstName: given('first_name'),
    lastName: given('last_name'),
    birthday: given('birthday'),
    receivesEmails: typeof input.can_receive_emails === 'boolean' ? input.can_receive_emails : undefined,
  }
}
