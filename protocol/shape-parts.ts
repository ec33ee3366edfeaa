// What compiled readers and writers know of a schema, as one word per part. A schema that says anything else is refused when it is compiled, so that a
// check nobody compiled cannot be left out in silence.
import type { TSchema } from 'typebox'
import { assert } from './result.ts'

interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly string[]
  readonly anyOf?: readonly TSchema[]
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly items?: TSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

export type Part =
  | { readonly is: 'word'; readonly words: readonly string[] }
  /** `pattern` null where every text of the wire fits (WELL_FORMED). */
  | { readonly is: 'text'; readonly min: number; readonly max: number; readonly pattern: string | null }
  | { readonly is: 'integer'; readonly min: number; readonly max: number }
  /** With a fraction; in JSON alone. */
  | { readonly is: 'number'; readonly min: number; readonly max: number }
  | { readonly is: 'boolean' }
  | { readonly is: 'nullable'; readonly part: Part }
  | { readonly is: 'list'; readonly min: number; readonly max: number; readonly part: Part }
  | { readonly is: 'record'; readonly fields: readonly Field[] }
  /** A text or a record; in JSON alone. */
  | { readonly is: 'either'; readonly text: Part; readonly record: Part }

export interface Field {
  readonly name: string
  readonly part: Part
  /** May be left out; in JSON alone. */
  readonly optional: boolean
}

/** What `text()` in shapes.ts asks; UTF-8 cannot say anything else. */
const WELL_FORMED = '^\\P{Cs}*$'
const TEXT_CHARS_UNBOUNDED = 1_000

export function partOf(shape: TSchema): Part {
  const schema = shape as Schema
  if (schema.anyOf !== undefined) {
    const [first, second, ...more] = schema.anyOf
    assert(first !== undefined && second !== undefined && more.length === 0, 'a choice is between two')
    if ((second as Schema).type === 'null') return { is: 'nullable', part: partOf(first) }
    const [text, record] = [partOf(first), partOf(second)]
    assert(text.is === 'text' && record.is === 'record', 'a choice is told from its first byte')
    return { is: 'either', text, record }
  }
  if (schema.enum !== undefined) return { is: 'word', words: schema.enum }
  if (typeof schema.const === 'string') return { is: 'word', words: [schema.const] }
  switch (schema.type) {
    case 'string': {
      const { minLength: min = 0, maxLength: max = TEXT_CHARS_UNBOUNDED, pattern = WELL_FORMED } = schema
      return { is: 'text', min, max, pattern: pattern === WELL_FORMED ? null : pattern }
    }
    case 'integer':
    case 'number': {
      const { type: is, minimum: min, maximum: max } = schema
      assert(min !== undefined && max !== undefined, 'a number has both bounds')
      return { is, min, max }
    }
    case 'boolean':
      return { is: 'boolean' }
    case 'array': {
      const { minItems: min = 0, maxItems: max, items } = schema
      assert(items !== undefined && max !== undefined, 'a list has a bound')
      return { is: 'list', min, max, part: partOf(items) }
    }
    case 'object': {
      const { properties = {}, required = [], additionalProperties } = schema
      assert(additionalProperties === false, 'a record is closed')
      const fields = Object.entries(properties).map(([name, part]) => {
        return { name, part: partOf(part), optional: !required.includes(name) }
      })
      return { is: 'record', fields }
    }
    default:
      throw new Error(`There is no code for a part of type ${schema.type}.`)
  }
}

/** The names of a record's fields, where none may be left out. */
export function wholeNames({ fields }: Part & { is: 'record' }): string[] {
  assert(
    fields.every(({ optional }) => !optional),
    'a record of the wire is whole',
  )
  return fields.map(({ name }) => name)
}

/** For parts that facts do not have. */
export function notInFacts(part: Part): never {
  throw new Error(`A fact cannot hold a part "${part.is}".`)
}
