// Perks that are asked as rows of 32-bit integers give just what exact arithmetic gives (E-EARN-1), up to the largest sale for rows and beyond it.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../cloud/evaluation/compile.ts'
import type { EarnPerkDocument } from '../../cloud/evaluation/document/earning.ts'
import { EffectBuffer } from '../../cloud/evaluation/effects.ts'
import { NOTHING_EARLIER } from '../../cloud/evaluation/fold.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import { step } from '../../cloud/evaluation/step.ts'
import type { Sale } from '../../protocol/facts.ts'
import type { FactId, MemberId, ProgramVersion, RuleId, StoreId } from '../../protocol/ids.ts'
import { AMOUNT_MAX, POINTS_MAX, POINTS_PER_UNIT_MAX, QUANTITY_MAX } from '../../protocol/limits.ts'
import { ROUNDINGS, mulDiv } from '../../protocol/numbers.ts'
import type { Money, Points, Quantity } from '../../protocol/numbers.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { ZoneOffset } from '../../protocol/time.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

/** As often small as large. */
const upTo = (max: number) =>
  fc.nat({ max: Math.floor(Math.log2(max)) }).chain((bits) => fc.integer({ min: 1, max: 2 ** bits }))

const awards: fc.Arbitrary<EarnPerkDocument['award']> = fc.oneof(
  fc.record({
    kind: fc.constant('per_currency_unit' as const),
    points: upTo(POINTS_PER_UNIT_MAX),
    unit: upTo(AMOUNT_MAX),
    rounding: fc.constantFrom(...ROUNDINGS),
  }),
  fc.record({ kind: fc.constant('per_item' as const), points: upTo(POINTS_PER_UNIT_MAX) }),
  fc.record({ kind: fc.constant('fixed' as const), points: upTo(POINTS_PER_UNIT_MAX) }),
)

function exactly(award: EarnPerkDocument['award'], amount: number, quantity: number): number {
  switch (award.kind) {
    case 'per_currency_unit':
      return Math.min(POINTS_MAX, mulDiv(amount, award.points, award.unit, award.rounding))
    case 'per_item':
      return Math.min(POINTS_MAX, Math.floor(quantity / 1000) * award.points)
    default:
      return award.points
  }
}

function saleOf(amount: number, quantity: number): Sale {
  return {
    kind: 'sale',
    id: (2 ** 33 + 1) as FactId,
    at: hybridTime(Date.UTC(2026, 0, 5, 9)),
    claimed: null,
    offset: 0 as ZoneOffset,
    store: 1 as StoreId,
    terminal: 't',
    key: 'k',
    program: 1 as ProgramVersion,
    member: 1 as MemberId,
    claim: null,
    promised: 0 as Points,
    confirmed: false,
    suspect: false,
    amount: amount as Money,
    lines: [{ sku: 'S', category: 'C', quantity: quantity as Quantity, amount: amount as Money }],
    tenders: [],
  }
}

/** Points by perk. */
function given(perks: readonly EarnPerkDocument[], amount: number, quantity: number): Map<number, number> {
  const program = compile({ ...SMALL_PROGRAM, earn_perks: [...perks], bonuses: [] })
  const effects = new EffectBuffer()
  step(program, newState(), saleOf(amount, quantity), effects, NOTHING_EARLIER)
  const earned = effects.read().filter(({ kind }) => kind === 'earn')
  return new Map(earned.map(({ rule, amount: points }) => [rule as number, points]))
}

test('E-EARN-1 rows give what exact arithmetic gives', () => {
  const seen = { large: 0, given: 0, missed: 0 }
  const minimums = fc.option(upTo(AMOUNT_MAX), { nil: 1 })
  const documents = fc.array(fc.tuple(awards, minimums), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(documents, upTo(AMOUNT_MAX), upTo(QUANTITY_MAX), fc.boolean(), (list, some, many, edge) => {
      const perks = list.map(([award, minimum_amount], place): EarnPerkDocument => ({
        id: (100 + place) as RuleId,
        title: 'Perk',
        type: 'STANDARD',
        award,
        minimum_amount,
        ...(place % 2 === 0 ? {} : { categories: ['C'] }),
      }))
      const { largestPlainSale } = compile({ ...SMALL_PROGRAM, earn_perks: perks, bonuses: [] })
      // The largest that rows are asked about, and the first that they are not.
      const amounts = edge ? [largestPlainSale, largestPlainSale + 1] : [some]
      for (const amount of amounts) {
        const quantity = edge ? Math.min(amount, QUANTITY_MAX) : many
        if (amount > largestPlainSale) seen.large += 1
        const earned = given(perks, amount, quantity)
        for (const { id, award, minimum_amount = 0 } of perks) {
          const points = amount < minimum_amount ? 0 : exactly(award, amount, quantity)
          expect(earned.get(id) ?? 0).toBe(points)
          seen[points > 0 ? 'given' : 'missed'] += 1
        }
      }
    }),
    { numRuns: 300 },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
})
