// Packing loses nothing (F-12): whatever the till may write comes back as it was, or is not packed.
import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import { ACTIVITY_KINDS } from '../../edge/till/answers.ts'
import type { Activity } from '../../edge/till/answers.ts'
import { FeedPackedShape } from '../../protocol/feed-frames.ts'
import { pack, unpack } from '../../protocol/packed-feed.ts'
import type { PackedRow } from '../../protocol/packed-feed.ts'
import { validator } from '../../protocol/validation.ts'

const isPacked = validator(FeedPackedShape)
const words = fc.constantFrom('J. D. …42', '12.34', '1 more', '$& $1', '{member}', 'Ж. Я. …07', '')
const rowsOf = fc.array(
  fc.record({
    position: fc.integer({ min: 1, max: 1e9 }),
    epoch: fc.integer({ min: 0, max: 3 }),
    time: fc
      .date({ min: new Date(0), max: new Date('2089-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    kind: fc.constantFrom(...ACTIVITY_KINDS),
    fact: fc.option(fc.integer({ min: 2 ** 33 + 1, max: Number.MAX_SAFE_INTEGER }).map(String)),
    terminal: fc.option(words),
    member: fc.option(words),
    amount: fc.option(fc.oneof(fc.constantFrom(0, 5, 1234, -1234), fc.maxSafeInteger())),
    points: fc.oneof(fc.constantFrom(0, 1, -12), fc.maxSafeInteger()),
    status: fc.constantFrom('provisional', 'confirmed', null),
    tier: fc.option(words),
    vouchers: fc.nat(3),
  }),
  { minLength: 1, maxLength: 12 },
)
const textOf = (row: Omit<PackedRow, 'text'>, tail: string): string =>
  `Sale of ${((row.amount ?? 0) / 100).toFixed(2)} GBP to ${row.member ?? 'a guest'}: ${Math.abs(row.points)} points, ${row.amount ?? 0}${tail}`

test('F-12 what is packed comes back as it was, over JSON', () => {
  expectTypeOf<keyof PackedRow>().toEqualTypeOf<keyof Activity>()
  fc.assert(
    fc.property(rowsOf, words, ([...heads], tail) => {
      const rows = heads.map((head) => ({ ...head, text: textOf(head, tail) }))
      const packed = pack({ epoch: 1, from: 7, to: 1e9 }, rows)
      const carried: unknown = JSON.parse(JSON.stringify(packed))
      expect(isPacked.accepts(carried) ? unpack(carried) : isPacked.explain(carried)).toEqual(rows)
    }),
    { numRuns: 300 },
  )
})

const ROW: PackedRow = {
  position: 8,
  epoch: 1,
  time: '2026-01-01T12:00:00.000Z',
  kind: 'sale',
  fact: '17179869185',
  terminal: 't1',
  member: null,
  amount: 1234,
  points: 12,
  status: 'provisional',
  tier: null,
  vouchers: 0,
  text: 'Sale of 12.34 GBP to a guest: 12 points',
}
const HEAD = { epoch: 1, from: 8, to: 10 }

test.each<[string, Partial<PackedRow>]>([
  ['a text with a character that stands for a field', { text: 'Bell \u0003' }],
  ['a time that Date writes otherwise', { time: '2026-01-01T12:00:00Z' }],
  ['a fact that is no plain decimal', { fact: '007' }],
])('F-12 not packed: %s', (_, odd) => {
  expect(pack(HEAD, [ROW, { ...ROW, ...odd }])).toBeUndefined()
})

test('F-12 what a frame has in common travels once', () => {
  const rows = [0, 1, 2].map((index) => ({
    ...ROW,
    position: 8 + index,
    fact: String(17_179_869_185 + index),
    amount: 1234 + index * 100,
    points: 12 + index,
    text: `Sale of ${12 + index}.34 GBP to a guest: ${12 + index} points`,
  }))
  expect(pack(HEAD, rows)?.columns).toMatchObject({
    position: [0],
    time: [0],
    fact: [0],
    kind: ['sale'],
    amount: [1234, 1334, 1434],
    text: ['Sale of \u0002 GBP to a guest: \u0004 points'],
  })
})
