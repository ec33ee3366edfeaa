// How the shapes of the wire grow (P-VER-2): a later version adds fields to records, and records; nothing that was said before changes. Each record keeps
// its structure of every version, for facts stay in the bytes of the day they were made. What an older structure did not say is filled in when it is
// read, and left out for a reader that does not know it.
import type { Static, TSchema } from 'typebox'
import { assert } from './result.ts'

interface Grown {
  readonly since?: { readonly version: number; readonly absent: unknown }
  readonly type?: string
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly items?: TSchema
  readonly anyOf?: readonly TSchema[]
}

const FIRST_VERSION = 1

/** A field, or a whole record, that this version brought. `absent`: what the field is where an older one does not say it; no list, for it is shared. */
export function since<T extends TSchema>(version: number, shape: T, absent?: Static<T>): T {
  const grown = { since: { value: { version, absent }, enumerable: true } }
  // What a shape is lies in properties that a spread leaves out.
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(shape), ...grown }) as T
}

export function sinceOf(shape: TSchema): number {
  return (shape as Grown).since?.version ?? FIRST_VERSION
}

/** The fields of each record in every version that changed it. Those of a later version come behind all earlier ones: the place is the record's tag. */
export function structuresOf(records: readonly TSchema[]): string[][] {
  return records
    .flatMap((record) => {
      const fields = Object.entries((record as Grown).properties ?? {})
      const own = sinceOf(record)
      const versions = new Set([own, ...fields.map(([, field]) => Math.max(own, sinceOf(field)))])
      return [...versions].map((version) => ({
        version,
        names: fields.filter(([, field]) => sinceOf(field) <= version).map(([name]) => name),
      }))
    })
    .toSorted((a, b) => a.version - b.version)
    .map(({ names }) => names)
}

const known = new WeakMap<TSchema, boolean>()

/** Whether a version after the first added a field anywhere in it. */
export function grows(shape: TSchema): boolean {
  let answer = known.get(shape)
  if (answer === undefined) known.set(shape, (answer = looksGrown(shape)))
  return answer
}

function looksGrown({ properties = {}, items, anyOf = [] }: Grown): boolean {
  const choice = anyOf.some(grows)
  assert(!choice || (anyOf[1] as Grown)?.type === 'null', 'of a choice only one with null grows')
  return (
    choice ||
    (items !== undefined && grows(items)) ||
    Object.values(properties).some((field) => sinceOf(field) > FIRST_VERSION || grows(field))
  )
}

/** Fills in what an older structure did not say. Changes the value, which the schema has not seen yet. */
export function complete(shape: TSchema, value: unknown): void {
  if (typeof value !== 'object' || value === null || !grows(shape)) return
  const { properties = {}, items, anyOf } = shape as Grown
  if (anyOf?.[0] !== undefined) return complete(anyOf[0], value)
  if (items !== undefined) {
    if (Array.isArray(value)) for (const item of value) complete(items, item)
    return
  }
  const record = value as Record<string, unknown>
  for (const [name, field] of Object.entries(properties)) {
    const { since: added } = field as Grown
    if (Object.hasOwn(record, name)) complete(field, record[name])
    else if (added !== undefined) record[name] = added.absent
  }
}

/** A sound value as that version says it. */
export function abridged(shape: TSchema, value: unknown, version: number): unknown {
  if (typeof value !== 'object' || value === null || !grows(shape)) return value
  const { properties = {}, items, anyOf } = shape as Grown
  if (anyOf?.[0] !== undefined) return abridged(anyOf[0], value, version)
  if (items !== undefined) return (value as unknown[]).map((item) => abridged(items, item, version))
  const record = value as Record<string, unknown>
  const fields = Object.entries(properties).filter(([, field]) => sinceOf(field) <= version)
  return Object.fromEntries(fields.map(([name, field]) => [name, abridged(field, record[name], version)]))
}
