// The quick reader of bodies beside JSON.parse and the schema's check: whatever it reads they take too, and to the same value. What it does not read is
// theirs to decide, so a reader that read nothing would pass; how much it reads is asked as well.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { INPUT_SHAPES, WRITE_KINDS } from '../../edge/till/inputs.ts'
import { compileJsonReader } from '../../protocol/json-reader.ts'
import { validator } from '../../protocol/validation.ts'
import { fuzzSeed } from '../support/generators.ts'

const seed = fuzzSeed('json-reader')

/** Nearly always what the shapes ask for. */
function mostly<T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: unusual })
}

const ids = fc.integer({ min: 1, max: 2 ** 53 - 1 }).map(String)
const texts = mostly(
  fc.stringMatching(/^[A-Za-z0-9 -]{4,30}$/),
  fc.string({ minLength: 0, maxLength: 70, unit: 'binary' }),
)
const amounts = mostly(
  fc.integer({ min: 1, max: 100_000 }),
  fc.constantFrom(0, -1, -0, 1.5, 1e21, 10_000_000_001),
)
const keys = mostly(fc.constantFrom('k-1', 'k-2'), fc.constantFrom('a b', 'é', 'x'.repeat(65)))
const identities = fc.record({
  kind: mostly(fc.constantFrom('phone', 'email', 'card', 'external_id'), fc.constant('fax')),
  value: texts,
})
const members = fc.oneof(ids, identities)
const times = mostly(
  fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123+01:00'),
  fc.constant('yesterday'),
)
const pieces = mostly(
  fc.oneof(
    fc.nat(1_000),
    fc.nat(99_999).map((thousandths) => thousandths / 1_000),
  ),
  fc.oneof(fc.double({ min: 0, max: 2_000_000, noNaN: true }), fc.constantFrom(1e-7, -1)),
)
const saleLines = fc.array(
  fc.record(
    { sku: texts, category: fc.option(texts), quantity: pieces, amount: amounts },
    { requiredKeys: ['sku', 'amount'] },
  ),
  { minLength: 1, maxLength: 3 },
)
const returnLines = fc.array(
  fc.record(
    { sale: fc.option(ids), line: fc.nat(4_000), sku: texts, quantity: pieces, amount: amounts },
    { requiredKeys: ['sale', 'amount'] },
  ),
  { minLength: 1, maxLength: 3 },
)
/** Fields of all kinds of body, so that many are not of the kind they are read as. */
const bodies = fc.record(
  {
    member: members,
    occurred_at: times,
    lines: fc.oneof(saleLines, returnLines),
    tenders: fc.array(fc.record({ type: texts, amount: amounts }), { maxLength: 3 }),
    id: keys,
    fact: ids,
    reason: texts,
    name: fc.option(texts),
    identities: fc.array(identities, { maxLength: 3 }),
    points: amounts,
    perk: fc.nat(1_000),
    capture: fc.boolean(),
    redemption: ids,
    code: texts,
  },
  { requiredKeys: [] },
)
const spaces = fc.constantFrom(undefined, 1, '\t')
/** A byte put in, taken out or changed anywhere. */
const damages = fc.record({
  at: fc.nat(),
  byte: fc.nat(255),
  how: fc.constantFrom('none', 'put', 'drop', 'set'),
})

function damaged(text: string, { at, byte, how }: { at: number; byte: number; how: string }): Buffer {
  const bytes = Buffer.from(text)
  const place = at % bytes.length
  if (how === 'none') return bytes
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(how === 'put' ? place : place + 1)]
  return Buffer.concat(how === 'drop' ? [before, after] : [before, Buffer.of(byte), after])
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Without what is only there as undefined. */
function present(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** What callers send; a lease is given back by the edge itself, which reads no JSON for it. */
const SENT_KINDS = WRITE_KINDS.filter((kind) => kind !== 'lease_return')

test.each(SENT_KINDS)(
  'H-2 a %s that is read quickly is the same and as sound as one that is parsed and checked',
  (kind) => {
    const shape = INPUT_SHAPES[kind]
    const [read, { accepts }] = [compileJsonReader(shape), validator(shape)]
    const names = Object.keys(shape.properties)
    let quick = 0
    let sound = 0
    fc.assert(
      fc.property(bodies, spaces, damages, fc.boolean(), (body, space, damage, own) => {
        const fields = Object.entries(body).filter(([name]) => !own || names.includes(name))
        const bytes = damaged(JSON.stringify(Object.fromEntries(fields), null, space), damage)
        const value = parsed(bytes)
        const accepted = value !== undefined && accepts(value)
        const made = read(bytes)
        if (accepted) sound += 1
        if (made === undefined) return
        quick += 1
        expect(accepted).toBe(true)
        expect(present(made)).toStrictEqual(value)
      }),
      { seed, numRuns: 3_000 },
    )
    expect(sound).toBeGreaterThan(0)
    expect(quick).toBeGreaterThan(sound / 2)
  },
)

test('H-2 a body whose fields come twice, or in another order, is read as JSON.parse would or not at all', () => {
  const read = compileJsonReader(INPUT_SHAPES.sale)
  const line = '{"amount":5,"sku":"A","quantity":0.25}'
  expect(present(read(Buffer.from(`{"id":"k","lines":[${line}]}`)))).toStrictEqual({
    lines: [{ sku: 'A', quantity: 0.25, amount: 5 }],
    id: 'k',
  })
  expect(read(Buffer.from(`{"id":"k","id":"l","lines":[${line}]}`))).toBeUndefined()
  expect(read(Buffer.from(`{"lines":[${line}]} x`))).toBeUndefined()
  expect(read(Buffer.from(''))).toBeUndefined()
})
