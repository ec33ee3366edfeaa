// The numbers of the conditions that may keep a rule from applying. On their own, because the arithmetic of the hot path names them and the asking of
// conditions looks at that arithmetic.
/** Why a rule does not apply; 0 is "applies". Append-only; the order in which they are asked is E-EARN-8. */
export const CONDITIONS = [
  'applies',
  'status',
  'dates',
  'store',
  'required_tier',
  'no_matching_line',
  'minimum_amount',
  'once_per_day',
  'points',
  'qualifying_points',
  'schedule',
  'from_date',
  'frequency',
  'attributes',
  'when',
  'tenders',
  'caps',
  'group',
  'clock',
] as const
export type ConditionName = (typeof CONDITIONS)[number]

export const APPLIES = 0
export const STATUS = 1
export const DATES = 2
export const STORE = 3
export const TIER = 4
export const NO_LINE = 5
export const MINIMUM = 6
export const ONCE = 7
export const NO_POINTS = 8
export const NOT_QUALIFYING = 9
export const SCHEDULE = 10
export const FROM_DATE = 11
export const FREQUENCY = 12
export const ATTRIBUTES = 13
export const WHEN = 14
export const TENDERS = 15
export const CAPS = 16
export const GROUP = 17
export const CLOCK = 18
