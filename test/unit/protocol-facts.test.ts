import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHAIN_GENESIS, CHAIN_HASH_BYTES, chainHash, sameHash } from '../../protocol/chain.ts'
import {
  decodeFact,
  decodeStoredFact,
  decodeUpFrame,
  encodeFact,
  encodeFrame,
  factValidator,
} from '../../protocol/codec.ts'
import { FACT_KINDS, FACT_SHAPES, factFault } from '../../protocol/facts.ts'
import type { Fact, Return, Sale } from '../../protocol/facts.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import { SEQ_SPAN } from '../../protocol/ids.ts'
import { AMOUNT_MAX, LINES_MAX, POINTS_MAX, QUANTITY_MAX } from '../../protocol/limits.ts'
import { anyFact, factsOf } from '../support/generators.ts'

const [sale] = fc.sample(factsOf('sale'), { numRuns: 1, seed: 1 }) as [Sale]
const [giveBack] = fc.sample(factsOf('return'), { numRuns: 1, seed: 1 }) as [Return]

test('P-FACT-1: the kinds are these', () => {
  expect(FACT_KINDS.toSorted()).toEqual(
    [
      'profile',
      'activity',
      'award',
      'entitlement',
      'challenge',
      'response',
      'referral',
      'segment',
      'release',
      'moment',
      'merge',
      'retro_claim',
      'resolution',
      'lease',
      'sale',
      'return',
      'void',
      'checkin',
      'enrolment',
      'grant',
      'redemption',
      'voucher_use',
      'adjustment',
    ].toSorted(),
  )
})

describe.each(FACT_KINDS)('%s', (kind) => {
  const [fact] = fc.sample(factsOf(kind), { numRuns: 1, seed: 7 }) as [Fact]
  const { accepts, explain } = factValidator(kind)

  test('P-FACT-1: an unknown field is refused and named', () => {
    for (const name of ['balance', 'tier', '__proto__x', 'constructor']) {
      const more = { ...fact, [name]: 1 }
      expect(accepts(more)).toBe(false)
      expect(explain(more).message).toContain(name)
    }
  })

  test('P-FACT-1: no field may be left out, be undefined or be of another type', () => {
    for (const name of Object.keys(FACT_SHAPES[kind].properties)) {
      const less: Record<string, unknown> = { ...fact }
      delete less[name]
      expect(accepts(less), `without ${name}`).toBe(false)
      expect(accepts({ ...fact, [name]: undefined }), `undefined ${name}`).toBe(false)
      expect(accepts({ ...fact, [name]: Symbol.iterator }), `symbol ${name}`).toBe(false)
      expect(accepts({ ...fact, [name]: [fact] }), `nested ${name}`).toBe(false)
    }
  })

  test('P-FACT-1: is not accepted as another kind', () => {
    for (const other of FACT_KINDS) if (other !== kind) expect(factValidator(other).accepts(fact)).toBe(false)
  })
})

test('P-FACT-2: the bytes are carried by a batch and stored as they are; the fact in them is the one encoded', () => {
  fc.assert(
    fc.property(fc.array(anyFact, { minLength: 1, maxLength: 5 }), (facts) => {
      const encoded = facts.map(encodeFact)
      const batch = {
        type: 'batch',
        origin: 1 as Origin,
        from: 1 as Seq,
        previous: CHAIN_GENESIS,
        waiting: 0 as Seq,
        facts: encoded,
      } as const
      const decoded = decodeUpFrame(encodeFrame(batch))
      if (!decoded.ok || decoded.value.type !== 'batch') throw new Error('a batch comes back')
      const carried = decoded.value.facts
      expect(carried.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(
        encoded.map((bytes) => Buffer.from(bytes).toString('hex')),
      )
      for (const [index, bytes] of carried.entries()) expect(decodeStoredFact(bytes)).toEqual(facts[index])
    }),
    { numRuns: 50 },
  )
})

describe('chain', () => {
  test('P-FACT-3: starts at 32 zero bytes; the first hashes of a known chain', () => {
    expect(Buffer.from(CHAIN_GENESIS).toString('hex')).toBe('00'.repeat(CHAIN_HASH_BYTES))
    const first = chainHash(CHAIN_GENESIS, Buffer.from('a'))
    const second = chainHash(first, Buffer.from('b'))
    // printf '%064d%s' 0 61 | xxd -r -p | sha256sum, and so on.
    expect(Buffer.from(first).toString('hex')).toBe(
      '41a0370c3d9f42773a59e8e01651911cf43b1e3f66944cbb690029debc4eb647',
    )
    expect(sameHash(second, chainHash(first, Buffer.from('b')))).toBe(true)
    expect(sameHash(second, first)).toBe(false)
  })

  test('P-FACT-3: a changed byte, a swap, a gap and a fact too many each give another head', () => {
    const headOf = (facts: readonly Uint8Array[]): string =>
      Buffer.from(facts.reduce((head, bytes) => chainHash(head, bytes), CHAIN_GENESIS)).toString('hex')
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 20 }), {
          minLength: 2,
          maxLength: 8,
          selector: (b) => Buffer.from(b).toString('hex'),
        }),
        fc.nat(),
        (facts, pick) => {
          const head = headOf(facts)
          const at = pick % facts.length
          const changed = facts.map((bytes, index) => (index === at ? bytes.map((byte) => byte ^ 1) : bytes))
          expect(headOf(changed)).not.toBe(head)
          expect(headOf(facts.toReversed())).not.toBe(head)
          expect(headOf(facts.toSpliced(at, 1))).not.toBe(head)
          expect(headOf([...facts, Buffer.of(0)])).not.toBe(head)
        },
      ),
    )
  })
})

describe('sale', () => {
  test("P-FACT-4: a sale whose amount is not its lines' sum is neither encoded nor decoded", () => {
    const wrong = { ...sale, amount: (sale.amount + 1) as Sale['amount'] }
    expect(factFault(wrong)).toContain('/amount')
    expect(() => encodeFact(wrong)).toThrow('/amount')
    // What a peer with other software would send: the same record, with another amount before the lines.
    const line = { sku: 'a', category: null, quantity: 1000, amount: 1_234_567 }
    const bytes = Buffer.from(encodeFact({ ...sale, amount: 1_234_567, lines: [line] } as unknown as Sale))
    expect(decodeFact(bytes).ok).toBe(true)
    bytes.writeUInt32BE(1_234_568, bytes.indexOf(Buffer.from('1a0012d687', 'hex')) + 1)
    const decoded = decodeFact(bytes)
    expect(decoded.ok ? '' : decoded.malformed.reason).toContain('/amount')
  })

  test('P-FACT-4 P-NUM-1: negative, fractional and oversize amounts and quantities are refused', () => {
    const { accepts } = factValidator('sale')
    const withLine = (line: object): unknown => ({
      ...sale,
      lines: [{ sku: 'a', category: null, quantity: 1000, amount: 1, ...line }],
    })
    expect(accepts(withLine({}))).toBe(true)
    for (const amount of [-1, 0.5, AMOUNT_MAX + 1, Number.NaN, Infinity, '1', 2 ** 53])
      expect(accepts(withLine({ amount })), `amount ${amount}`).toBe(false)
    for (const quantity of [-1, 0.5, QUANTITY_MAX + 1, null])
      expect(accepts(withLine({ quantity })), `quantity ${quantity}`).toBe(false)
  })

  test('P-FACT-4: lines keep receipt order; none or too many are refused', () => {
    const line = (index: number) => ({ sku: `sku ${index}`, category: null, quantity: 1000, amount: index })
    const lines = Array.from({ length: 1_200 }, (_, index) => line(index))
    const long = {
      ...sale,
      lines,
      amount: lines.reduce((sum, { amount }) => sum + amount, 0),
    } as unknown as Sale
    expect((decodeStoredFact(encodeFact(long)) as Sale).lines).toEqual(lines)
    expect(factValidator('sale').accepts({ ...sale, lines: [] })).toBe(false)
    expect(
      factValidator('sale').accepts({ ...sale, lines: Array.from({ length: LINES_MAX + 1 }, () => line(0)) }),
    ).toBe(false)
  })
})

test('P-FACT-5: a return line names a sale, or 0 for none, and a line of it', () => {
  const { accepts } = factValidator('return')
  const withLine = (line: object): unknown => ({
    ...giveBack,
    lines: [{ sale: 0, line: 0, sku: 'a', quantity: 1, amount: 1, ...line }],
  })
  expect(accepts(withLine({}))).toBe(true)
  expect(accepts(withLine({ sale: SEQ_SPAN + 1, line: LINES_MAX - 1 }))).toBe(true)
  for (const bad of [{ sale: -1 }, { sale: null }, { line: -1 }, { line: LINES_MAX }, { line: null }])
    expect(accepts(withLine(bad)), JSON.stringify(bad)).toBe(false)
})

test('P-NUM-1 P-LIM-1: points beyond the limit are refused in every fact that carries them', () => {
  for (const kind of ['grant', 'adjustment', 'redemption'] as const) {
    const [fact] = fc.sample(factsOf(kind), { numRuns: 1, seed: 3 }) as [Fact]
    expect(factValidator(kind).accepts({ ...fact, points: POINTS_MAX })).toBe(true)
    expect(factValidator(kind).accepts({ ...fact, points: POINTS_MAX + 1 })).toBe(false)
    expect(factValidator(kind).accepts({ ...fact, points: -1 })).toBe(kind === 'adjustment')
  }
})

test('P-ID-1: a fact whose id names no position is malformed', () => {
  const nowhere = { ...giveBack, id: (2 * SEQ_SPAN) as Fact['id'] }
  expect(factFault(nowhere)).toContain('/id')
  expect(() => encodeFact(nowhere)).toThrow('/id')
})
