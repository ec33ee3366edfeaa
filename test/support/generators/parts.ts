// What all parts of generated programs are made of: the days and stores that histories play in, the ids of every rule, and fields that are there now
// and then. Few skus, small numbers and round floors, so that conditions meet often.
import fc from 'fast-check'
import { DAY_MS } from '../../../protocol/time.ts'

/** Fourteen months with a leap day, two turns of the year, and the nights on which New York, Europe and Auckland set their clocks. */
export const FIRST_DAY_MS = Date.UTC(2023, 11, 29)
export const DAYS = 430
export const SKUS = ['tea', 'coffee', 'cake', 'soap']
export const CATEGORIES = ['DRINKS', 'FOOD']
export const TENDERS = ['cash', 'card', 'gift']
export const STORE_IDS = [1, 2, 3, 4, 5]
export const SECRET = 'the secret of the generators'

export const TIER_IDS = [1, 2, 3]
export const STANDARD_PERKS = [101, 102, 103]
export const STAMP_PERKS = [104, 105]
export const BIRTHDAY_PERK = 114
export const ACTIVITY_PERKS = [101, 104, 115, 116, 117]
export const REDEEM_PERKS = [301, 302, 303, 304]
/** Redeem perks that are only granted; the first two are LEVEL memberships. */
export const GRANTED_PERKS = [305, 306, 307, 308]
export const METRICS = [501, 502]
export const CARDS = [601, 602]
export const CHALLENGES = [701, 702]
export const RESPONSE_CHALLENGES = [801, 802]
export const SEGMENTS = [901, 902, 903]
export const AGGREGATES = [951, 952, 953, 954, 955, 956, 957]
export const RULES = [981, 982, 983, 984, 985, 986]

/** Days that something turns on: year's ends, the leap day, the months' ends, the nights the clocks are set. */
export const TURNING_DAYS = [
  '2023-12-31',
  '2024-01-31',
  '2024-02-28',
  '2024-03-10',
  '2024-03-31',
  '2024-04-30',
  '2024-12-31',
  '2025-02-28',
].map((date) => (Date.parse(`${date}T00:00:00Z`) - FIRST_DAY_MS) / DAY_MS)

export const dateOf = (index: number): string =>
  new Date(FIRST_DAY_MS + index * DAY_MS).toISOString().slice(0, 10)

export const day = fc
  .tuple(fc.constantFrom(...TURNING_DAYS), fc.integer({ min: -3, max: 6 }))
  .map(([turning, near]) => dateOf(Math.max(0, turning + near)))
export const clock = fc
  .tuple(fc.constantFrom(0, 0, 1, 6, 12, 18, 22, 23), fc.constantFrom('00', '00', '30', '59'))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`)
export const span = fc.oneof(
  fc.constantFrom(1, 2, 3, 7, 30).map((days) => ({ days })),
  fc.constantFrom(1, 2, 12).map((months) => ({ months })),
)

export const some = <T>(list: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...list], { minLength: 1 })

/** Fields that are there now and then. */
export function partly<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<
  Partial<T>
> {
  const often = Object.entries<fc.Arbitrary<unknown>>(fields).map(([name, values]) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: values.map((value) => ({ [name]: value })) },
    ),
  )
  return fc.tuple(...often).map((parts) => Object.assign({}, ...parts) as Partial<T>)
}

/** Objects put together from parts. */
export function joined(...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<object> {
  return fc.tuple(...parts).map((fields) => Object.assign({}, ...fields) as object)
}

/** A start that is not after its end. */
export function ordered<T extends { start?: string; end?: string }>(found: T): T {
  const { start, end } = found
  return start !== undefined && end !== undefined && end < start
    ? { ...found, start: end, end: start }
    : found
}
