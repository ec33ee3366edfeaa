// Deeds: what a generated history is made of, in terms that shrink well. A deed that looks back (a return, a void, a settlement, the use of a voucher)
// picks any earlier deed, so that it may also meet another member's, one that comes later by the clock, or one of the wrong kind: the fold has to live
// with all of that. Times gather around days that something turns on, and around midnight there.
import fc from 'fast-check'
import { CATEGORIES, DAYS, SKUS, TENDERS, TURNING_DAYS } from './parts.ts'

export const MEMBERS = 2
/** Stores and their zones; each has an origin of its own. Two are a day apart on the wall clock, one is set to a quarter of an hour. */
export const ZONES = [
  'Europe/London',
  'America/New_York',
  'Pacific/Auckland',
  'Pacific/Honolulu',
  'Asia/Kathmandu',
] as const

export const WEIGHTS = {
  sale: 14,
  return: 6,
  void: 1,
  checkin: 3,
  enrolment: 2,
  grant: 2,
  redemption: 5,
  settlement: 3,
  voucher_use: 3,
  adjustment: 1,
  profile: 3,
  activity: 4,
  award: 2,
  entitlement: 4,
  challenge: 2,
  response: 4,
  verdict: 2,
  referral: 2,
  segment: 1,
  release: 1,
  moment: 3,
  merge: 1,
  retro_claim: 1,
} as const
export type DeedKind = keyof typeof WEIGHTS

interface DeedLine {
  readonly sku: number
  readonly category: number
  readonly quantity: number
  readonly amount: number
}

export interface Deed {
  readonly kind: DeedKind
  readonly member: number
  readonly store: number
  /** Since the first day; by the store's clock where `wall`. */
  readonly minute: number
  readonly wall: boolean
  /** What it looks back at, or which perk: any number. */
  readonly pick: number
  readonly points: number
  /** Points the receipt promised; below 0: the receipt was provisional. */
  readonly promised: number
  readonly lines: readonly DeedLine[]
  readonly tender: string
}

/** E-MEM-1, in words of its own: the oracle is not to take its number from where the evaluation does. */
const GIVE_BACK_DAYS = 1_100

const line = fc.record({
  sku: fc.nat({ max: SKUS.length - 1 }),
  category: fc.nat({ max: CATEGORIES.length }),
  quantity: fc.constantFrom(1000, 1000, 1000, 2000, 3000, 500, 750, 0),
  // Halves and edges of the units that programs count in, as often as anything.
  amount: fc.oneof(
    fc.constantFrom(0, 1, 50, 99, 100, 150, 250, 333, 350, 500, 999, 1000),
    fc.integer({ min: 0, max: 5000 }),
  ),
})

/** Minutes of a day: on the half hour half of the time, because that is where slots begin and end; at midnight and just before it. */
const minuteOfDay = fc.oneof(
  fc.integer({ min: 0, max: 47 }).map((halfHour) => halfHour * 30),
  fc.integer({ min: 0, max: 1439 }),
  fc.constantFrom(0, 0, 1, 1439),
)
/** The days of one history: a few near each other, and a few turning days away. */
const day = fc
  .tuple(fc.nat({ max: 7 }), fc.integer({ min: -2, max: 9 }))
  .map(([place, near]) => ({ place, near }))

export const deeds = (most: number): fc.Arbitrary<Deed[]> =>
  fc
    .tuple(
      fc
        .tuple(
          fc.array(fc.constantFrom(...TURNING_DAYS), { minLength: 1, maxLength: 4 }),
          fc.constantFrom(0, 0, 0, GIVE_BACK_DAYS),
        )
        // Of some histories a part lies as long after the rest as things can be given back.
        .map(([turning, later]) => [...turning, ...turning.map((start) => start + later)]),
      fc.array(
        fc.record({
          kind: fc.oneof(
            ...(Object.entries(WEIGHTS) as [DeedKind, number][]).map(([kind, weight]) => ({
              weight,
              arbitrary: fc.constant(kind),
            })),
          ),
          member: fc.nat({ max: MEMBERS - 1 }),
          store: fc.nat({ max: ZONES.length - 1 }),
          day,
          minute: minuteOfDay,
          wall: fc.boolean(),
          pick: fc.nat({ max: 1000 }),
          points: fc.integer({ min: -40, max: 60 }),
          promised: fc.constantFrom(0, 0, 0, 3, 10, 40, -10),
          lines: fc.array(line, { minLength: 1, maxLength: 4 }),
          tender: fc.constantFrom(...TENDERS),
        }),
        { minLength: 0, maxLength: most, size: 'max' },
      ),
    )
    .map(([turning, list]) =>
      list.map(({ day: { place, near }, minute, ...deed }) => {
        const start = (turning[place % turning.length] ?? 0) + near
        return { ...deed, minute: Math.min(Math.max(0, start), DAYS + GIVE_BACK_DAYS) * 1440 + minute }
      }),
    )
