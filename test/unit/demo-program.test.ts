// The sample program: the evaluation's own check takes it, and it uses every everyday feature, so that the demo shows them.
import { expect, test } from 'vitest'
import { CATEGORIES } from '../../cloud/demo/replay/categories.ts'
import { PRODUCTS, drawBasket } from '../../cloud/demo/live/catalogue.ts'
import { PROGRAM_EFFECTIVE_FROM, sampleProgram } from '../../cloud/demo/program.ts'
import { liveProgram } from '../../cloud/demo/live/program.ts'
import { seededRandom } from '../../cloud/demo/random.ts'
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import { FREQUENCIES } from '../../cloud/evaluation/document/earning.ts'
import { INTERVALS } from '../../cloud/evaluation/document/parts.ts'

const sorted = (values: Iterable<string>): string[] => [...new Set(values)].toSorted()
const fieldsUsed = (rules: readonly object[]): string[] => sorted(rules.flatMap((rule) => Object.keys(rule)))

test('the sample program is sound', () => {
  expect(checkDocument(structuredClone(sampleProgram))).toEqual({ ok: true, document: sampleProgram })
})

test('the program of the running demo is sound, and shows a card, a challenge, a club and a segment', () => {
  expect(checkDocument(structuredClone(liveProgram))).toEqual({ ok: true, document: liveProgram })
  for (const list of ['stamp_cards', 'challenges', 'segments', 'aggregates', 'rules'] as const)
    expect(liveProgram[list].length).toBeGreaterThan(0)
})

test('it is in force before the first sale of the real data', () => {
  expect(Date.parse(PROGRAM_EFFECTIVE_FROM)).toBeLessThan(Date.parse('2010-12-01T00:00:00Z'))
})

/** What a shop's everyday program needs; the rest of the document language is for programs that need it, and sends every sale the long way. */
const SHOWN = {
  tiers: 'id name point_floor entry_perk',
  earn_perks:
    'id title type status start end stores required_tier award skus categories minimum_amount once_per_day',
  bonuses: 'id title type award perks schedule start end required_to_earn frequency from_date',
  redeem_perks: 'id title points start end required_tier limit voucher',
} as const

test.each(Object.entries(SHOWN))('its %s show every everyday field', (list, fields) => {
  const rules = sampleProgram[list as keyof typeof SHOWN]
  for (const field of fields.split(' ')) expect(fieldsUsed(rules)).toContain(field)
})

test('it uses every kind of award, perk, bonus, frequency and interval', () => {
  const { earn_perks, bonuses, redeem_perks, tiers } = sampleProgram
  expect(sorted(earn_perks.map(({ type }) => type))).toEqual(['CHECKIN', 'REGISTRATION', 'STANDARD'])
  expect(sorted(earn_perks.map(({ award }) => award.kind))).toEqual([
    'fixed',
    'per_currency_unit',
    'per_item',
  ])
  expect(sorted(bonuses.map(({ type }) => type))).toEqual(['DATE_RANGE', 'FREQUENCY', 'TIME'])
  expect(sorted(bonuses.map(({ award }) => award.kind))).toEqual(['fixed', 'multiplier'])
  expect(sorted(bonuses.flatMap((bonus) => ('frequency' in bonus ? [bonus.frequency] : [])))).toEqual(
    sorted(FREQUENCIES),
  )
  const limits = redeem_perks.flatMap((perk) => ('limit' in perk ? [perk.limit.interval] : []))
  expect(sorted(limits)).toEqual(sorted(INTERVALS))
  expect(tiers.length).toBe(3)
})

test('every category a perk names is one that products have', () => {
  const named = sampleProgram.earn_perks.flatMap((perk) => ('categories' in perk ? perk.categories : []))
  for (const category of named) expect(CATEGORIES).toContain(category)
  for (const category of CATEGORIES) expect(PRODUCTS.map((product) => product.category)).toContain(category)
})

test('baskets are drawn from the catalogue, at its prices', () => {
  const random = seededRandom(5)
  for (let count = 0; count < 500; count += 1) {
    const basket = drawBasket(random)
    expect(basket.length).toBeGreaterThan(0)
    for (const { sku, quantity, amount, category } of basket) {
      const product = PRODUCTS.find((one) => one.sku === sku)
      expect(product).toMatchObject({ category, pence: amount / quantity })
    }
  }
})
