// How Perkville says no. The table is total over our refusal codes; fields and codes are the platform's words. Everything the platform has no code for is
// `invalid`, under the field it is about, or `__all__`.
import type { RefusalCode } from '../../../protocol/refusals.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Json } from '../../collections/collection.ts'
import type { RefusalTable } from '../frame/dialect.ts'

type ErrorType = 'oauth_error' | 'authorization_error' | 'invalid_request_error' | 'unknown_error'

interface Words {
  readonly status: number
  readonly type: ErrorType
  readonly code: string
  /** Where the refusal names none. */
  readonly field?: string
}

const invalid = (field?: string, code = 'invalid', status = 400): Words => ({
  status,
  type: 'invalid_request_error',
  code,
  ...(field === undefined ? {} : { field }),
})
const forbidden: Words = { status: 403, type: 'authorization_error', code: 'forbidden' }
const unauthorized: Words = { status: 401, type: 'oauth_error', code: 'invalid_token' }
const missing = (field?: string): Words => invalid(field, 'not_found', 404)
const ours = (status: number, code: string): Words => ({ status, type: 'unknown_error', code })

export const REFUSAL_WORDS: RefusalTable<Words> = {
  stopping: ours(503, 'unavailable'),
  busy: ours(503, 'unavailable'),
  storage_full: ours(507, 'unavailable'),
  body_too_large: invalid(undefined, 'too_large', 413),
  body_malformed: invalid(),
  token_missing: unauthorized,
  token_unknown: unauthorized,
  passcode_wrong: { ...unauthorized, code: 'invalid_grant' },
  password_wrong: { ...unauthorized, code: 'invalid_grant' },
  passcode_locked: ours(429, 'too_many_requests'),
  host_unknown: ours(421, 'unknown_host'),
  origin_refused: forbidden,
  role_insufficient: forbidden,
  tenant_unclear: invalid('business', 'required'),
  route_unknown: missing(),
  method_unknown: invalid(undefined, 'not_implemented', 501),
  key_missing: invalid(undefined, 'required'),
  input_invalid: invalid(),
  input_missing: invalid(undefined, 'required'),
  record_not_found: missing(),
  verb_unsupported: invalid(undefined, 'not_implemented', 501),
  attribute_taken: invalid(undefined, 'pv_api_duplicate_connection_attribute'),
  attribute_not_found: missing(),
  connection_not_found: invalid('user'),
  external_member_unknown: invalid('external_member_id'),
  source_id_taken: invalid('trans_source_id', 'duplicate'),
  referral_not_possible: invalid('referral_to_email'),
  time_out_of_range: invalid('transaction_dt'),
  tls_required: forbidden,
  key_in_flight: invalid('trans_source_id', 'in_progress', 409),
  key_reused: invalid('trans_source_id', 'duplicate'),
  identity_missing: invalid(undefined, 'required'),
  identity_taken: invalid('user_email'),
  member_not_found: invalid('user'),
  member_unreachable: invalid('user', 'try_later', 409),
  tenant_not_found: missing('business'),
  person_not_found: invalid('user'),
  client_not_found: { ...unauthorized, code: 'invalid_client' },
  invitation_unknown: missing(),
  identification_not_possible: invalid('code'),
  conflict_not_found: missing(),
  conflict_closed: invalid(),
  record_unsound: invalid(),
  fact_not_found: missing(),
  terminal_not_found: missing(),
  manager_not_found: missing(),
  terminal_taken: invalid(),
  store_not_found: invalid('location'),
  sale_not_found: missing(),
  sale_line_unknown: invalid(),
  quantity_over_sold: invalid('quantity'),
  amount_mismatch: invalid(),
  void_not_possible: invalid(),
  already_voided: invalid(),
  grant_over_limit: invalid('quantity'),
  metric_not_found: invalid('perk'),
  perk_not_found: invalid('perk'),
  perk_not_active: invalid('perk', 'pv_txn_perk_inactive'),
  perk_not_here: invalid('location', 'pv_txn_location_not_eligible'),
  tier_insufficient: invalid('perk', 'pv_txn_level_required'),
  condition_unmet: invalid('perk', 'pv_txn_not_eligible'),
  perk_not_awardable: invalid('perk'),
  limit_reached: invalid('perk', 'pv_txn_redemption_limit'),
  budget_spent: invalid('perk', 'pv_txn_redemption_limit'),
  points_insufficient: invalid(undefined, 'pv_txn_insufficient_points'),
  redemption_not_found: missing(),
  redemption_settled: invalid(),
  voucher_not_found: missing(),
  voucher_used: invalid('status', 'pv_voucher_used'),
  voucher_expired: invalid('status', 'pv_voucher_expired'),
  voucher_not_usable: invalid('status', 'pv_voucher_not_usable'),
  voucher_not_now: invalid('status', 'pv_voucher_not_usable'),
  challenge_not_found: invalid('challenge'),
  challenge_not_possible: invalid('challenge', 'pv_challenge_not_eligible'),
  authority_missing: invalid(undefined, 'pv_txn_insufficient_points'),
  lease_exhausted: invalid(undefined, 'pv_txn_insufficient_points'),
  lease_expired: invalid(undefined, 'pv_txn_insufficient_points'),
  lease_elsewhere: invalid(undefined, 'pv_txn_insufficient_points'),
  response_not_possible: invalid('challenge'),
  segment_not_found: missing(),
  merge_not_possible: invalid(),
  claim_not_possible: invalid(),
  draw_not_possible: invalid(),
  edge_unknown: missing(),
  edge_settled: invalid(),
  what_if_not_found: missing(),
  program_not_found: missing(),
  code_unknown: invalid('code'),
  program_invalid: invalid(),
  program_backdated: invalid(),
  program_missing: invalid('perk'),
  too_many_requests: ours(429, 'too_many_requests'),
  fault: ours(500, 'unknown'),
}

/** What the domain calls a part of its input, where the platform has another name for it. */
const FIELDS: Readonly<Record<string, string>> = {
  stores: 'eligible_locations',
  store: 'location',
  member: 'user',
  action: 'status',
  until: 'expiration_date',
}

export function fieldOf(refusal: Refusal): string {
  const { param } = refusal
  const named = param?.startsWith('/') === true ? param.split('/')[1] : param
  return (named && (FIELDS[named] ?? named)) || wordsOf(refusal.code).field || '__all__'
}

export function wordsOf(code: RefusalCode): Words {
  return REFUSAL_WORDS[code]
}

/** One envelope for everything that is wrong; its status and type are those of the first. */
export function refusedBody(refusals: readonly Refusal[]): { readonly status: number; readonly body: Json } {
  const [first] = refusals
  const { status, type } = wordsOf(first?.code ?? 'fault')
  const errors: Record<string, Json[]> = {}
  for (const refusal of refusals)
    (errors[fieldOf(refusal)] ??= []).push({ code: wordsOf(refusal.code).code, message: refusal.detail })
  return { status, body: { error_type: type, errors } }
}
