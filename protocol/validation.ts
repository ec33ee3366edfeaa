// Schemas compiled once at start into plain checking code; the sentence about what is wrong is only worked out when a check has failed, by
// going down the value beside its schema. The library's own list does not do: it stops at eight errors and mixes those of all branches of
// a union, so that a wrong number in one kind of bonus reads as an unknown field of another.
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Check, Errors } from 'typebox/value'

export interface InvalidInput {
  /** JSON pointer of the value at fault, '' for the whole. */
  readonly path: string
  readonly message: string
}

export interface Validator<T> {
  readonly shape: TSchema
  readonly accepts: (value: unknown) => value is T
  /** The first thing wrong with a value that `accepts` refused. */
  readonly explain: (value: unknown) => InvalidInput
}

export function validator<S extends TSchema>(shape: S): Validator<Static<S>> {
  const compiled = Compile(shape)
  return {
    shape,
    accepts: (value): value is Static<S> => compiled.Check(value),
    explain: (value) => explainAt(shape, value, ''),
  }
}

/** The parts of a schema this looks at; the library's type leaves them open. */
interface Schema extends TSchema {
  readonly const?: string | number | boolean
  readonly enum?: readonly unknown[]
  readonly type?: string
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly items?: Schema
}

function explainAt(schema: Schema, value: unknown, path: string): InvalidInput {
  if (schema.anyOf !== undefined) {
    const meant = branchMeant(schema.anyOf, value)
    return meant === undefined ? { path, message: oneOfText(schema.anyOf) } : explainAt(meant, value, path)
  }
  if (schema.type === 'object' && isObject(value)) return explainObject(schema, value, path)
  if (schema.items !== undefined && Array.isArray(value)) {
    const { items } = schema
    const index = value.findIndex((item: unknown) => !Check(items, item))
    if (index >= 0) return explainAt(items, value[index], `${path}/${index}`)
  }
  if (schema.enum !== undefined) return { path, message: `must be one of ${schema.enum.join(', ')}` }
  return { path, message: Errors(schema, value)[0]?.message ?? 'does not fit the schema' }
}

function explainObject(schema: Schema, value: Record<string, unknown>, path: string): InvalidInput {
  const { properties = {}, required = [] } = schema
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
  if (schema.additionalProperties === false) {
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(properties, name))
    if (unknown.length > 0) return { path, message: `unknown field ${quoted(unknown)}` }
  }
  const missing = required.filter((name) => !Object.hasOwn(value, name))
  if (missing.length > 0) return { path, message: `missing field ${quoted(missing)}` }
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(value, name) && !Check(property, value[name]))
      return explainAt(property, value[name], `${path}/${name}`)
  }
  return { path, message: 'does not fit the schema' }
}

/** The branch of a union that the value was meant for: the one whose words it says (`kind`, `type`), else the only one of its JSON type. */
function branchMeant(branches: readonly Schema[], value: unknown): Schema | undefined {
  const alike = branches.filter((branch) => branch.type === undefined || branch.type === jsonType(value))
  if (!isObject(value) || alike.length === 1) return alike.length === 1 ? alike[0] : undefined
  const saying = alike.filter((branch) => {
    const words = Object.entries(branch.properties ?? {}).filter(
      ([, property]) => property.const !== undefined,
    )
    return words.length > 0 && words.every(([name, property]) => value[name] === property.const)
  })
  return saying.length === 1 ? saying[0] : undefined
}

function oneOfText(branches: readonly Schema[]): string {
  const said = branches.map(({ type, enum: list, const: only, properties = {} }) => {
    const words = Object.entries(properties).flatMap(([name, property]) =>
      property.const === undefined ? [] : [`${name} ${String(property.const)}`],
    )
    return (
      words.join(' and ') || list?.join(', ') || (only === undefined ? (type ?? 'a value') : String(only))
    )
  })
  return `must be one of: ${said.join('; ')}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function jsonType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
