import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHAIN_GENESIS } from '../../protocol/chain.ts'
import { decodeDownFrame, encodeFact, encodeFrame, factValidator } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import type { Enrolment, Fact } from '../../protocol/facts.ts'
import { STRUCTURES } from '../../protocol/structures.ts'
import type { Millis } from '../../protocol/time.ts'
import { anyFact, factsOf } from '../support/generators.ts'

const time: DownFrame = { type: 'time', time: 1 as Millis, question: null }
const [enrolment] = fc.sample(factsOf('enrolment'), { numRuns: 1, seed: 1 }) as [Enrolment]

test('P-COD-1: every structure is a list of distinct fields, and no two structures are the same', () => {
  expect(STRUCTURES.every((fields) => fields.length > 0 && new Set(fields).size === fields.length)).toBe(true)
  expect(new Set(STRUCTURES.map((fields) => fields.join())).size).toBe(STRUCTURES.length)
})

describe('what is not on the wire is not encoded', () => {
  // `never` stands for a caller whose types were overruled: the encoder is the last to see it.
  test.each<[string, unknown]>([
    ['a field too many', { ...time, more: 1 }],
    ['a field too few', { type: 'time' }],
    ['fields in another order', { time: 1, type: 'time' }],
    ['a nested object of its own', { type: 'notice', code: 'x', fact: { origin: 1 }, text: '' }],
    ['undefined', { type: 'time', time: undefined, question: null }],
    ['a fraction', { type: 'time', time: 0.5, question: null }],
    ['NaN', { type: 'time', time: Number.NaN, question: null }],
    ['a bigint beyond 32 bits', { type: 'time', time: 2n ** 63n, question: null }],
    ['a Map', { type: 'time', time: new Map([[1, 2]]), question: null }],
    ['a Date', { type: 'time', time: new Date(0), question: null }],
    ['half a surrogate pair', { type: 'notice', code: '\ud800', fact: 0, text: '' }],
  ])('P-COD-1: %s throws, and the next frame is encoded as ever', (_, value) => {
    const before = Buffer.from(encodeFrame(time)).toString('hex')
    expect(() => encodeFrame(value as never)).toThrow('assertion failed')
    expect(Buffer.from(encodeFrame(time)).toString('hex')).toBe(before)
  })

  test('P-COD-1: an object that gained a prototype field is still only its own fields', () => {
    const spoilt = Object.assign(Object.create({ balance: 1 }) as object, time)
    expect(Buffer.from(encodeFrame(spoilt as DownFrame)).equals(encodeFrame(time))).toBe(true)
  })
})

test('P-COD-4: plain byte arrays and Buffers are the same on the wire', () => {
  const ack = (head: Uint8Array): DownFrame =>
    ({ type: 'ack', seq: 0, head, credit_facts: 1, credit_bytes: 1 }) as DownFrame
  const bytes = encodeFrame(ack(CHAIN_GENESIS))
  expect(Buffer.from(bytes).equals(encodeFrame(ack(Buffer.from(CHAIN_GENESIS))))).toBe(true)
  expect(decodeDownFrame(bytes).ok).toBe(true)
  // A view into a larger buffer carries only its own bytes.
  const view = new Uint8Array(64).fill(7).subarray(16, 48)
  const decoded = decodeDownFrame(encodeFrame(ack(view)))
  expect(
    decoded.ok && decoded.value.type === 'ack' ? Buffer.from(decoded.value.head).toString('hex') : '',
  ).toBe('07'.repeat(32))
})

test('P-COD-4: what was encoded before stays as it was while more is encoded', () => {
  const facts = fc.sample(anyFact, { numRuns: 300, seed: 5 })
  const encoded = facts.map((fact) => encodeFact(fact))
  const copies = encoded.map((bytes) => Buffer.from(bytes).toString('hex'))
  for (const fact of facts) encodeFact(fact)
  expect(encoded.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(copies)
})

describe('P-COD-6: half a surrogate pair', () => {
  const { accepts } = factValidator('enrolment')
  test.each(['\ud800', 'a\udc00b', `${'x'.repeat(100)}\ud83d`])('is refused in %j', (value) => {
    expect(accepts({ ...enrolment, name: value })).toBe(false)
    expect(accepts({ ...enrolment, terminal: value.slice(-20) })).toBe(false)
    expect(accepts({ ...enrolment, identities: [{ kind: 'card', value }] })).toBe(false)
  })

  test("is refused in a line's sku, category and tender", () => {
    const [sale] = fc.sample(factsOf('sale'), { numRuns: 1, seed: 1 }) as [Fact]
    const line = { sku: 'a', category: null, quantity: 1, amount: 1 }
    const check = factValidator('sale')
    expect(check.accepts({ ...sale, lines: [line], tenders: [] })).toBe(true)
    expect(check.accepts({ ...sale, lines: [{ ...line, sku: '\ud800' }], tenders: [] })).toBe(false)
    expect(check.accepts({ ...sale, lines: [{ ...line, category: '\ud800' }], tenders: [] })).toBe(false)
    expect(check.accepts({ ...sale, lines: [line], tenders: [{ type: '\ud800', amount: 1 }] })).toBe(false)
  })

  test('whole ones, combining marks, right-to-left and zero-width text are welcome', () => {
    for (const name of ['😀', 'e\u0301', '\u202eabc', '\u200b', 'שלום', '田中', '\u0000'])
      expect(accepts({ ...enrolment, name })).toBe(true)
  })
})
