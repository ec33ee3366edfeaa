// What a check says: errors, for which a document is refused, and warnings, with which it is taken. The codes are for machines and stay; the
// sentences are for the person at HQ who will mend the document, and say what to do.

export const ERRORS = [
  'schema_mismatch',
  'nesting_too_deep',
  'id_duplicate',
  'name_duplicate',
  'reference_unknown',
  'voucher_missing',
  'tier_threshold_choice',
  'tier_first_unreachable',
  'tier_order',
  'date_unknown',
  'end_before_start',
  'from_date_choice',
  'interval_count_choice',
  'limit_too_long',
  'field_unusable',
  'award_unusable',
  'bonus_perk_unfit',
  'bonus_metrics_mixed',
  'group_mixed',
  'money_ratio',
  'draw_without_end',
  'condition_too_deep',
  'condition_too_large',
  'window_unusable',
  'segment_cycle',
  'offline_bounds_crossed',
] as const
export type ErrorCode = (typeof ERRORS)[number]

export const WARNINGS = [
  'perk_unreachable',
  'tier_unreachable',
  'metric_unearned',
  'metric_never_spendable',
  'condition_never_holds',
  'segment_unfilled',
  'over_already',
  'group_member_shadowed',
  'group_empty',
  'level_priority_equal',
  'schedule_overlap',
  'bonus_without_perk',
  'bonus_always_zero',
  'cap_idle',
  'field_idle',
  'requirement_unfulfillable',
  'prize_never_won',
  'voucher_never_usable',
  'limit_looser_than_budget',
  'card_shadowed',
  'card_never_filled',
  'money_gives_back_all',
  'offline_never_enough',
  'risk_never_taken',
  'risk_bound_idle',
] as const
export type WarningCode = (typeof WARNINGS)[number]

export interface Issue<Code> {
  /** JSON pointer into the document. */
  readonly path: string
  readonly code: Code
  readonly message: string
}
/** The document is refused. */
export type DocumentIssue = Issue<ErrorCode>
/** The document is taken, and does something its author will not have meant. */
export type DocumentWarning = Issue<WarningCode>

/** Errors, and warnings, told at once; who mends a hundred asks again. */
export const ISSUES_MAX = 100
