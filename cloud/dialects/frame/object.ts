// Field tables out: how a row of a collection looks in a dialect, field by field (DF-6). What a field needs beside its row (children's URIs, embedded
// objects) is loaded once for a whole page, and only what the caller may see.
import type { Json, Row, Value } from '../../collections/collection.ts'
import { datetimeText, uriText } from './values.ts'

/** Ours to the platform's. */
export type Words = Readonly<Record<string, string>>

type Shown = 'plain' | 'text' | 'datetime' | 'uri' | 'uris'

/** Of a row: a column, or a member of one that holds JSON: `body.fine_print`. */
interface Taken {
  readonly from: string
  readonly as: Shown
  /** Of URIs: the resource. */
  readonly of?: string
  /** What stands for nothing; left out: null. */
  readonly empty?: Json
  /** What is stored, in the platform's words, where they differ. */
  readonly words?: Words
  /** Left out of the object while this column is true, or while it is empty itself. */
  readonly omit?: 'empty' | { readonly while: string }
}

/** Rows of another collection that belong to the row: their URIs, or objects of their own. */
export interface Gathered {
  readonly children: string
  readonly by: string
  readonly of: string
  /** Left out: their URIs. */
  readonly fields?: Fields
  readonly order?: string
  /** Instead of a list: this value of the first, or an empty text; `uri`: its address, or null. */
  readonly first?: string
  /** The column of the row that `by` holds; left out: its id. */
  readonly through?: string
}

/** What no table can say. */
export interface Made {
  readonly make: (row: Row, base: string) => Json | undefined
}

export type FieldOut = Taken | Gathered | Made
export type Fields = Readonly<Record<string, FieldOut>>

export const plain = (from: string, empty?: Json): Taken => taken(from, 'plain', empty)
export const text = (from: string, empty?: Json): Taken => taken(from, 'text', empty)
export const datetime = (from: string): Taken => taken(from, 'datetime')
export const uri = (of: string, from: string): Taken => ({ ...taken(from, 'uri'), of })
export const uris = (of: string, from: string): Taken => ({ ...taken(from, 'uris'), of })
/** The record's own address. */
export const worded = (from: string, words: Words): Taken => ({ ...taken(from, 'plain'), words })
export const self = (of: string): Taken => uri(of, 'id')
export const omitted = (field: Taken, omit: Taken['omit'] = 'empty'): Taken =>
  omit === undefined ? field : { ...field, omit }
export const made = (make: Made['make']): Made => ({ make })

function taken(from: string, as: Shown, empty?: Json): Taken {
  return empty === undefined ? { from, as } : { from, as, empty }
}

/** Children of all rows of a page, by field and by the row's id. */
export type Children = Readonly<Record<string, ReadonlyMap<number, readonly Row[]>>>

export function objectOf(fields: Fields, row: Row, base: string, children: Children): Json {
  const object: Record<string, Json> = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = fieldOf(name, field, row, base, children)
    if (value !== undefined) object[name] = value
  }
  return object
}

function fieldOf(
  name: string,
  field: FieldOut,
  row: Row,
  base: string,
  children: Children,
): Json | undefined {
  if ('make' in field) return field.make(row, base)
  if ('children' in field) {
    const mine = children[name]?.get(Number(row[field.through ?? 'id'])) ?? []
    const { fields, of, first } = field
    if (first === 'uri') return mine[0] ? uriText(base, of, Number(mine[0].id)) : null
    if (first !== undefined) return (mine[0] && valueIn(mine[0], first)) ?? ''
    return mine.map((child) =>
      fields === undefined ? uriText(base, of, Number(child.id)) : objectOf(fields, child, base, {}),
    )
  }
  const value = valueIn(row, field.from)
  const none = value === null || value === undefined || (Array.isArray(value) && value.length === 0)
  if (field.omit === 'empty' && none) return undefined
  if (typeof field.omit === 'object' && valueIn(row, field.omit.while) === true) return undefined
  if (value === null || value === undefined) return field.empty ?? (field.as === 'uris' ? [] : null)
  return shown(field, value, base)
}

/** A column, or a member of one. */
export function valueIn(row: Row, from: string): Value | undefined {
  const [column = '', member] = from.split('.')
  const value = row[column]
  if (member === undefined || value === undefined) return value
  const holds = typeof value === 'object' && value !== null && Object.hasOwn(value, member)
  // An object that is no list has its members by name.
  return holds ? (value as { readonly [name: string]: Json })[member] : undefined
}

function shown({ as, of = '', words }: Taken, value: Json, base: string): Json {
  if (words !== undefined && typeof value === 'string') return words[value] ?? value
  switch (as) {
    case 'plain':
      return value
    case 'text':
      return typeof value === 'string' ? value : JSON.stringify(value)
    case 'datetime':
      return datetimeText(Number(value))
    case 'uri':
      return uriText(base, of, Number(value))
    case 'uris':
      return Array.isArray(value) ? value.map((key: Json) => uriText(base, of, Number(key))) : []
  }
}
