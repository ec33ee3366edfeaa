import fc from 'fast-check'
import { expect, test } from 'vitest'
import { voucherCode } from '../../cloud/evaluation/spending/entitlements.ts'
import type { FactId, Origin, RuleId, Seq } from '../../protocol/ids.ts'
import { ORIGIN_MAX, SEQ_SPAN, factIdOf, idFromText, idText, originOf, seqOf } from '../../protocol/ids.ts'

const origins = fc.oneof(fc.constantFrom(1, 2, ORIGIN_MAX), fc.integer({ min: 1, max: ORIGIN_MAX }))
const seqs = fc.oneof(fc.constantFrom(1, 2, SEQ_SPAN - 1), fc.integer({ min: 1, max: SEQ_SPAN - 1 }))

test('P-ID-1: a fact id is a safe integer that both parts come back from, in order of origin and seq', () => {
  fc.assert(
    fc.property(origins, seqs, origins, seqs, (origin, seq, otherOrigin, otherSeq) => {
      const id = factIdOf(origin as Origin, seq as Seq)
      expect(Number.isSafeInteger(id) && id > 0).toBe(true)
      expect([originOf(id), seqOf(id)]).toEqual([origin, seq])
      const other = factIdOf(otherOrigin as Origin, otherSeq as Seq)
      expect(Math.sign(id - other)).toBe(Math.sign(origin - otherOrigin || seq - otherSeq))
      expect(idFromText(idText(id))).toBe(id)
    }),
  )
})

test.each([
  [0, 1],
  [ORIGIN_MAX + 1, 1],
  [1, 0],
  [1, SEQ_SPAN],
])('P-ID-1: origin %i with seq %i is no id', (origin, seq) => {
  expect(() => factIdOf(origin as Origin, seq as Seq)).toThrow('out of range')
})

test.each([
  ['', 'nothing'],
  ['0', 'zero'],
  ['8589934592', 'seq 0'],
  ['5', 'no origin'],
  ['08589934593', 'a leading zero'],
  ['+8589934593', 'a sign'],
  ['8589934593.0', 'a fraction'],
  ['8.6e9', 'an exponent'],
  ['0x200000001', 'hexadecimal'],
  [' 8589934593', 'a blank'],
  ['9007199254740993', 'beyond 2^53'],
  ['90071992547409930', 'too long'],
])('P-ID-1: "%s" names no record: %s', (text) => {
  expect(idFromText(text)).toBeUndefined()
})

test('P-ID-1: the first and the last id read back from their text', () => {
  expect(idFromText('8589934593')).toBe(SEQ_SPAN + 1)
  expect(idFromText(String(Number.MAX_SAFE_INTEGER))).toBe(
    factIdOf(ORIGIN_MAX as Origin, (SEQ_SPAN - 1) as Seq),
  )
})

test('P-ID-2: a voucher is named by (fact, perk, index): another of the three is another voucher', () => {
  const fact = factIdOf(3 as Origin, 7 as Seq)
  const code = (of: FactId, perk: number, index: number): string =>
    voucherCode('a secret of some length', of, perk as RuleId, index)
  expect(code(fact, 301, 0)).toBe(code(fact, 301, 0))
  expect(
    new Set([code(fact, 301, 0), code(fact, 301, 1), code(fact, 302, 0), code((fact + 1) as FactId, 301, 0)])
      .size,
  ).toBe(4)
})
