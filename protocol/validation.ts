// Schemas compiled once, when first asked, into plain checking code: a process has a hundred schemas and most need few of them, so compiling
// all at start was a sixth of it. The sentence about what is wrong is only worked out when a check has failed, by going down the value beside
// its schema. The library's own list does not do: it stops at eight errors and mixes those of all branches of a union, so that a wrong number
// in one kind of bonus reads as an unknown field of another.
import type { Static, TSchema } from 'typebox'
import { Compile, Errors } from 'typebox/schema'
import type { Validator as CompiledSchema } from 'typebox/schema'

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
  /** Everything that is wrong with it, top down, at most `countMax` things. */
  readonly explainAll: (value: unknown, countMax: number) => InvalidInput[]
}

export function validator<S extends TSchema>(shape: S): Validator<Static<S>> {
  let compiled: CompiledSchema | undefined
  return {
    shape,
    accepts: (value): value is Static<S> => (compiled ??= Compile(shape)).Check(value),
    explain: (value) => faultsAt(shape, value, '').next().value ?? { path: '', message: UNFIT },
    explainAll: (value, countMax) => firstOf(faultsAt(shape, value, ''), countMax),
  }
}

/** The first so many of what a generator yields; it is not asked for more. */
export function firstOf<T>(all: Iterable<T>, countMax: number): T[] {
  const first: T[] = []
  for (const item of all) if (first.push(item) >= countMax) break
  return first
}

const UNFIT = 'does not fit the schema'

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
  readonly $ref?: string
  readonly $defs?: Definitions
}
type Definitions = Readonly<Record<string, Schema>>

/** What is wrong with a value that does not fit: something, always. `defs` are those of the schema around this one, for what refers to itself. */
function* faultsAt(
  schema: Schema,
  value: unknown,
  path: string,
  defs: Definitions | undefined = schema.$defs,
): Generator<InvalidInput, undefined> {
  if (schema.$ref !== undefined) {
    const meant = defs?.[schema.$ref]
    if (meant !== undefined) return yield* faultsAt(meant, value, path, defs)
  }
  if (schema.anyOf !== undefined) {
    const meant = branchMeant(schema.anyOf, value)
    if (meant === undefined) yield { path, message: oneOfText(schema.anyOf) }
    else yield* faultsAt(meant, value, path, defs)
    return
  }
  if (schema.type === 'object' && isObject(value)) return yield* faultsInObject(schema, value, path, defs)
  if (schema.items !== undefined && Array.isArray(value)) {
    let found = false
    for (const [index, item] of value.entries()) {
      if (fits(schema.items, item, defs)) continue
      found = true
      yield* faultsAt(schema.items, item, `${path}/${index}`, schema.items.$defs ?? defs)
    }
    if (found) return
  }
  if (schema.enum !== undefined) yield { path, message: `must be one of ${schema.enum.join(', ')}` }
  else {
    // The items were looked at; what is wrong is their number.
    const { items: _, ...own } = within(schema, defs)
    yield { path, message: Errors(own, value)[1][0]?.message ?? UNFIT }
  }
}

function* faultsInObject(
  schema: Schema,
  value: Record<string, unknown>,
  path: string,
  defs: Definitions | undefined,
): Generator<InvalidInput, undefined> {
  const { properties = {}, required = [] } = schema
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
  let found = false
  if (schema.additionalProperties === false) {
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(properties, name))
    found = unknown.length > 0
    if (found) yield { path, message: `unknown field ${quoted(unknown)}` }
  }
  const missing = required.filter((name) => !Object.hasOwn(value, name))
  found ||= missing.length > 0
  if (missing.length > 0) yield { path, message: `missing field ${quoted(missing)}` }
  for (const [name, property] of Object.entries(properties)) {
    if (!Object.hasOwn(value, name) || fits(property, value[name], defs)) continue
    found = true
    yield* faultsAt(property, value[name], `${path}/${name}`, property.$defs ?? defs)
  }
  if (!found) yield { path, message: UNFIT }
}

/** A part of a schema, with what it may refer to. */
function within(schema: Schema, defs: Definitions | undefined): Schema {
  return defs === undefined || schema.$defs !== undefined ? schema : { ...schema, $defs: defs }
}

/** Compiled parts: without compiling, a list of a thousand rules takes a second to look through. */
const compiledParts = new WeakMap<Schema, CompiledSchema>()

function fits(schema: Schema, value: unknown, defs: Definitions | undefined): boolean {
  let compiled = compiledParts.get(schema)
  if (compiled === undefined) compiledParts.set(schema, (compiled = Compile(within(schema, defs))))
  return compiled.Check(value)
}

/** The branch of a union that the value was meant for: the one whose words it says (`kind`, `type`) or whose first field it has, else the only one of its JSON type. */
function branchMeant(branches: readonly Schema[], value: unknown): Schema | undefined {
  const alike = branches.filter((branch) => branch.type === undefined || branch.type === jsonType(value))
  if (!isObject(value) || alike.length === 1) return alike.length === 1 ? alike[0] : undefined
  const saying = alike.filter((branch) => {
    const words = Object.entries(branch.properties ?? {}).filter(
      ([, property]) => property.const !== undefined,
    )
    return words.length > 0 && words.every(([name, property]) => value[name] === property.const)
  })
  if (saying.length > 0) return saying.length === 1 ? saying[0] : undefined
  if (!alike.every(isLed)) return undefined
  const having = alike.filter(({ required }) => Object.hasOwn(value, required?.[0] ?? ''))
  return having.length === 1 ? having[0] : undefined
}

/** Told from its siblings by its first field, not by a word. */
function isLed({ required, properties = {} }: Schema): boolean {
  return (
    required?.[0] !== undefined && Object.values(properties).every((property) => property.const === undefined)
  )
}

function oneOfText(branches: readonly Schema[]): string {
  if (branches.every((branch) => branch.type === 'object' && isLed(branch)))
    return `must be an object with just one of: ${branches.map(({ required }) => required?.[0]).join(', ')}`
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
