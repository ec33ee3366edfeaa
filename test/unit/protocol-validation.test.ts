// What a caller is told when the input does not fit: the first thing wrong, where it is, in words of the schema.
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { closed, oneOf, orNull, text } from '../../protocol/shapes.ts'
import { validator } from '../../protocol/validation.ts'

const Identity = Type.Object({ kind: oneOf(['phone', 'card']), value: text(1, 20) }, closed)
const Payment = Type.Union([
  Type.Object({ type: Type.Literal('cash'), amount: Type.Integer({ minimum: 0 }) }, closed),
  Type.Object(
    {
      type: Type.Literal('card'),
      amount: Type.Integer({ minimum: 0 }),
      last4: Type.String({ pattern: '^[0-9]{4}$' }),
    },
    closed,
  ),
])
const Order = validator(
  Type.Object(
    {
      member: Type.Union([Type.String({ minLength: 1 }), Identity]),
      note: orNull(text(0, 5)),
      payments: Type.Array(Payment, { minItems: 1, maxItems: 20 }),
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    },
    closed,
  ),
)
const sound = { member: '1', note: null, payments: [{ type: 'cash', amount: 5 }] }

test('P-COD-3 a sound value is accepted', () => {
  expect(Order.accepts(sound)).toBe(true)
  expect(Order.accepts({ ...sound, member: { kind: 'card', value: 'x' }, count: 3 })).toBe(true)
})

test.each<[what: string, value: unknown, path: string, message: string]>([
  ['an unknown field', { ...sound, tier: 3 }, '', 'unknown field "tier"'],
  ['two unknown fields', { ...sound, tier: 3, balance: 9 }, '', 'unknown field "tier", "balance"'],
  ['a missing field', { note: null, payments: sound.payments }, '', 'missing field "member"'],
  ['another type', 'text', '', 'must be object'],
  ['a number out of bounds', { ...sound, count: 10 }, '/count', 'must be <= 9'],
  [
    'a union of word and object: neither',
    { ...sound, member: 5 },
    '/member',
    'must be one of: string; object',
  ],
  [
    'a union of word and object: the word is empty',
    { ...sound, member: '' },
    '/member',
    'must not have fewer than 1 characters',
  ],
  [
    'a union of word and object: a field of the object',
    { ...sound, member: { kind: 'fax', value: 'x' } },
    '/member/kind',
    'must be one of phone, card',
  ],
  [
    'a nullable text that is too long',
    { ...sound, note: 'longer' },
    '/note',
    'must not have more than 5 characters',
  ],
  ['a nullable text that is a number', { ...sound, note: 5 }, '/note', 'must be one of: string; null'],
  ['an empty list', { ...sound, payments: [] }, '/payments', 'must not have fewer than 1 items'],
  [
    'a branch named by its type',
    {
      ...sound,
      payments: [
        { type: 'cash', amount: 5 },
        { type: 'card', amount: -1, last4: '1234' },
      ],
    },
    '/payments/1/amount',
    'must be >= 0',
  ],
  [
    'a field that only another branch has',
    { ...sound, payments: [{ type: 'cash', amount: 5, last4: '1234' }] },
    '/payments/0',
    'unknown field "last4"',
  ],
  [
    'a branch nobody knows',
    { ...sound, payments: [{ type: 'barter', amount: 5 }] },
    '/payments/0',
    'must be one of: type cash; type card',
  ],
])('P-COD-3 %s', (_, value, path, message) => {
  expect(Order.accepts(value)).toBe(false)
  expect(Order.explain(value)).toEqual({ path, message })
})

test('P-COD-3 the fault in the last of 5,000 lines is found', () => {
  const lines = validator(Type.Array(Payment, { maxItems: 5_000 }))
  const value = Array.from({ length: 5_000 }, (_, index) => ({
    type: 'cash',
    amount: index === 4_999 ? 0.5 : index,
  }))
  expect(lines.explain(value)).toEqual({ path: '/4999/amount', message: 'must be integer' })
})
