// Every refusal code there is, in order of precedence: when several apply, the first is answered (P-REF-1).
// `retry` says whether the same request may succeed: never, later (unchanged, after a wait), or changed (mend the request).
export type Retry = 'never' | 'later' | 'changed'

interface RefusalRule {
  readonly status: number
  readonly retry: Retry
  readonly title: string
}

export const REFUSALS = {
  stopping: { status: 503, retry: 'later', title: 'The node is shutting down' },
  storage_full: { status: 507, retry: 'later', title: 'The disk has no room for another record' },
  body_too_large: { status: 413, retry: 'changed', title: 'The body is larger than the limit' },
  body_malformed: { status: 400, retry: 'changed', title: 'The body is not valid JSON' },
  token_missing: { status: 401, retry: 'changed', title: 'A bearer token is needed' },
  token_unknown: { status: 401, retry: 'changed', title: 'The token is not known here' },
  role_insufficient: { status: 403, retry: 'never', title: 'This token may not do that' },
  route_unknown: { status: 404, retry: 'never', title: 'There is nothing at this address' },
  method_unknown: { status: 405, retry: 'changed', title: 'This address does not know that method' },
  key_missing: { status: 400, retry: 'changed', title: 'An idempotency key is needed for every write' },
  input_invalid: { status: 400, retry: 'changed', title: 'The input does not fit the schema' },
  key_in_flight: { status: 409, retry: 'later', title: 'A request with this key is being worked on' },
  key_reused: { status: 422, retry: 'changed', title: 'The key was used before with another body' },
  identity_missing: { status: 422, retry: 'changed', title: 'A member needs at least one identity' },
  identity_taken: { status: 409, retry: 'changed', title: 'The identity belongs to a member already' },
  member_not_found: { status: 404, retry: 'changed', title: 'No such member' },
  fact_not_found: { status: 404, retry: 'changed', title: 'No such fact' },
  terminal_not_found: { status: 404, retry: 'changed', title: 'No such terminal' },
  terminal_taken: { status: 409, retry: 'changed', title: 'There is a terminal of that name already' },
  store_not_found: { status: 404, retry: 'changed', title: 'No such store' },
  sale_not_found: { status: 404, retry: 'changed', title: 'No such sale' },
  sale_line_unknown: { status: 422, retry: 'changed', title: 'The sale has no such line' },
  quantity_over_sold: { status: 422, retry: 'changed', title: 'More is given back than was sold' },
  amount_mismatch: { status: 422, retry: 'changed', title: 'The amounts do not add up' },
  void_not_possible: { status: 422, retry: 'never', title: 'This fact cannot be voided' },
  already_voided: { status: 409, retry: 'never', title: 'This fact has been voided already' },
  grant_over_limit: { status: 422, retry: 'changed', title: 'More points than one grant may give' },
  metric_not_found: { status: 404, retry: 'changed', title: 'No such metric in the program' },
  perk_not_found: { status: 404, retry: 'changed', title: 'No such perk in the program' },
  perk_not_active: { status: 422, retry: 'later', title: 'The perk is not active now' },
  perk_not_here: { status: 422, retry: 'changed', title: 'The perk is not offered in this store' },
  tier_insufficient: { status: 422, retry: 'later', title: 'The perk needs a higher tier' },
  condition_unmet: { status: 422, retry: 'later', title: 'The perk asks for something that is not so' },
  perk_not_awardable: { status: 422, retry: 'changed', title: 'The perk has no entitlement to award' },
  limit_reached: { status: 422, retry: 'later', title: 'The perk has been used as often as allowed' },
  budget_spent: { status: 422, retry: 'never', title: 'The perk has been redeemed as often as planned' },
  points_insufficient: { status: 422, retry: 'later', title: 'Not enough points' },
  redemption_not_found: { status: 404, retry: 'changed', title: 'No such redemption' },
  redemption_settled: { status: 409, retry: 'never', title: 'The redemption is settled already' },
  voucher_not_found: { status: 404, retry: 'changed', title: 'No such voucher' },
  voucher_used: { status: 409, retry: 'never', title: 'The voucher has been used' },
  voucher_expired: { status: 422, retry: 'never', title: 'The voucher has expired' },
  voucher_not_usable: { status: 409, retry: 'later', title: 'The voucher cannot be used as it stands' },
  voucher_not_now: { status: 422, retry: 'later', title: 'The voucher cannot be used now' },
  challenge_not_found: { status: 404, retry: 'changed', title: 'No such challenge in the program' },
  challenge_not_possible: {
    status: 409,
    retry: 'later',
    title: 'The member cannot join or leave this challenge as it stands',
  },
  response_not_possible: { status: 409, retry: 'later', title: 'This response would not count' },
  segment_not_found: { status: 404, retry: 'changed', title: 'No such segment in the program' },
  merge_not_possible: { status: 409, retry: 'never', title: 'These two are one member already' },
  claim_not_possible: { status: 409, retry: 'never', title: 'The sale belongs to a member' },
  draw_not_possible: { status: 409, retry: 'changed', title: 'This challenge cannot be drawn, or not so' },
  authority_missing: {
    status: 409,
    retry: 'later',
    title: 'Spending needs the cloud, which is out of reach',
  },
  edge_unknown: { status: 404, retry: 'never', title: 'No such device is enrolled here' },
  what_if_not_found: { status: 404, retry: 'changed', title: 'There is no such what-if' },
  program_not_found: { status: 404, retry: 'changed', title: 'There is no such program version' },
  code_unknown: { status: 403, retry: 'changed', title: 'The enrolment code is not valid' },
  program_invalid: { status: 422, retry: 'changed', title: 'The program document has errors' },
  program_backdated: { status: 422, retry: 'changed', title: 'A program cannot take effect in the past' },
  program_missing: { status: 409, retry: 'later', title: 'No program is in force yet' },
  too_many_requests: { status: 429, retry: 'later', title: 'Too many requests' },
  fault: { status: 500, retry: 'later', title: 'Something broke on our side' },
} as const satisfies Record<string, RefusalRule>

export type RefusalCode = keyof typeof REFUSALS
