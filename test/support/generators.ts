// Generators of everything that crosses the wire, read off the schemas themselves, so that a new field or frame is generated without a
// word here. A generated value has its fields in the schema's order, because the wire knows records by that order (P-COD-1).
import fc from 'fast-check'
import type { TSchema } from 'typebox'
import { DOWN_SHAPES } from '../../protocol/down.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { FACT_KINDS, FACT_SHAPES, factFault } from '../../protocol/facts.ts'
import type { Fact, FactKind, Sale } from '../../protocol/facts.ts'
import { assert } from '../../protocol/result.ts'
import { BytesShape, HashShape } from '../../protocol/shapes.ts'
import { UP_SHAPES } from '../../protocol/up.ts'
import type { UpFrame } from '../../protocol/up.ts'

const ITEMS_MAX = 6
const TEXT_MAX = 40

/** The seed of a fuzzing test: `SEED=` or a new one, told either way so that a failure can be run again. */
export function fuzzSeed(name: string): number {
  const given = process.env.SEED
  const seed = given === undefined ? Math.floor(Math.random() * 0x7fff_ffff) : Number(given)
  assert(Number.isSafeInteger(seed), `SEED=${given} is a whole number`)
  process.stdout.write(`${name}: SEED=${seed}\n`)
  return seed
}

/** What a schema of ours is made of; the library's own type leaves the fields open. */
interface Schema {
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
}

/** Values of a schema: small ones mostly, the bounds now and then. */
export function valuesOf(shape: TSchema): fc.Arbitrary<unknown> {
  // Bytes are not JSON: the schema only holds a predicate, so the two shapes are known by identity.
  if (shape === HashShape) return fc.uint8Array({ minLength: 32, maxLength: 32 })
  if (shape === BytesShape) return fc.uint8Array({ maxLength: 48 })
  const schema = shape as Schema
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined)
    return fc.oneof(...schema.anyOf.map((branch) => valuesOf(branch as TSchema)))
  switch (schema.type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return integers(schema.minimum ?? Number.MIN_SAFE_INTEGER, schema.maximum ?? Number.MAX_SAFE_INTEGER)
    case 'string':
      return texts(schema)
    case 'array':
      return fc.array(valuesOf(schema.items as TSchema), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? ITEMS_MAX, Math.max(schema.minItems ?? 0, ITEMS_MAX)),
      })
    case 'object': {
      const fields = Object.entries(schema.properties ?? {})
      return fc.record(
        Object.fromEntries(fields.map(([name, field]) => [name, valuesOf(field as TSchema)])),
        {
          noNullPrototype: true,
        },
      )
    }
    default:
      throw new Error(`no generator for the schema ${JSON.stringify(schema)}: add its case here`)
  }
}

/** Around the places where CBOR changes the width of a number, and the bounds. */
const TURNING_POINTS = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 52]

function integers(minimum: number, maximum: number): fc.Arbitrary<number> {
  const places = TURNING_POINTS.flatMap((point) => [
    point - 1,
    point,
    point + 1,
    -point - 1,
    -point,
    -point + 1,
  ])
  const edges = [minimum, maximum, ...places].filter((value) => value >= minimum && value <= maximum)
  return fc.oneof(
    // `+ 0` because a negated 0 is -0, which no integer on the wire is.
    { weight: 1, arbitrary: fc.constantFrom(...edges.map((value) => value + 0)) },
    { weight: 2, arbitrary: fc.integer({ min: minimum, max: Math.min(maximum, minimum + 2 ** 40) }) },
    { weight: 1, arbitrary: fc.integer({ min: minimum, max: maximum }) },
  )
}

function texts({ minLength = 0, maxLength = TEXT_MAX, pattern }: Schema): fc.Arbitrary<string> {
  const bounds = { minLength, maxLength: Math.min(maxLength, Math.max(minLength, TEXT_MAX)) }
  if (pattern?.startsWith('^[0-9]{4}-[0-9]{2}-[0-9]{2}$') === true)
    return fc
      .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10))
  if (pattern?.includes('\\x21-\\x7e') === true)
    return fc.string({
      ...bounds,
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    })
  if (pattern === '^[0-9a-f]+$')
    return fc.string({ ...bounds, unit: fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)) })
  return fc.oneof(fc.string({ ...bounds, unit: 'grapheme-ascii' }), fc.string({ ...bounds, unit: 'binary' }))
}

/** A sale whose amount is its lines' sum, as P-FACT-4 has it. */
function summed(fact: Fact): Fact {
  if (fact.kind !== 'sale') return fact
  const lines = fact.lines.map(
    (line) => ({ ...line, amount: line.amount % 1_000_000_000 }) as Sale['lines'][number],
  )
  const amount = lines.reduce((sum, line) => sum + line.amount, 0) as Sale['amount']
  return { ...fact, amount, lines }
}

export function factsOf(kind: FactKind): fc.Arbitrary<Fact> {
  return (valuesOf(FACT_SHAPES[kind]) as fc.Arbitrary<Fact>)
    .map(summed)
    .filter((fact) => factFault(fact) === undefined)
}

export const anyFact: fc.Arbitrary<Fact> = fc.oneof(...FACT_KINDS.map(factsOf))

export function upFramesOf(type: UpFrame['type']): fc.Arbitrary<UpFrame> {
  return valuesOf(UP_SHAPES[type]) as fc.Arbitrary<UpFrame>
}

export function downFramesOf(type: DownFrame['type']): fc.Arbitrary<DownFrame> {
  return valuesOf(DOWN_SHAPES[type]) as fc.Arbitrary<DownFrame>
}

export const UP_TYPES = Object.keys(UP_SHAPES) as UpFrame['type'][]
export const DOWN_TYPES = Object.keys(DOWN_SHAPES) as DownFrame['type'][]
