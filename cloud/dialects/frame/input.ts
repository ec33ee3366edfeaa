// Input tables in: what a body may hold, field by field, as JSON or as a form (DF-5). All that is wrong is said at once, each under its field. A field that
// the table does not know is ignored, as the platforms do; what it knows is exact.
import { refuse } from '../../../protocol/result.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Json } from '../../collections/collection.ts'
import { booleanOf, dateOf, datetimeOf, integerOf, keyOf } from './values.ts'

export type Body = Readonly<Record<string, Json | undefined>>

export interface InputField {
  readonly type: 'int' | 'text' | 'email' | 'boolean' | 'datetime' | 'date' | 'key' | 'keys' | 'list'
  /** Of keys: the resource they are of. */
  readonly of?: string
  readonly required?: true
  /** May be null, which is then its value. */
  readonly null?: true
  readonly among?: readonly string[]
  /** Characters of a text, rows of a list. */
  readonly max?: number
  /** Another name it goes by. */
  readonly alias?: string
}

export interface InputTable {
  readonly fields: Readonly<Record<string, InputField>>
  /** Of each list exactly one is given. */
  readonly exactlyOne?: readonly (readonly string[])[]
  /** Of each list at least one is given. */
  readonly atLeastOne?: readonly (readonly string[])[]
  /** Of each list at most one is given. */
  readonly notBoth?: readonly (readonly string[])[]
  /** A field, and what must come with it. */
  readonly needs?: Readonly<Record<string, string>>
}

/** What a field came to: a key is its number, a time its milliseconds. */
export type InputValue =
  string | number | boolean | null | readonly number[] | readonly Json[] | { readonly [name: string]: Json }
export type Input = Readonly<Record<string, InputValue>>

/** Where a table cannot say it: reads the whole body. */
export type ReadInput = (body: Body) => InputOutcome

export type InputOutcome =
  { readonly ok: true; readonly value: Input } | { readonly ok: false; readonly refusals: readonly Refusal[] }

const TEXT_MAX = 10_000
const LIST_MAX = 1_000
const EMAIL = /^[^\s@<>(),;:"\\[\]]{1,64}@[^\s@<>(),;:"\\[\]]{1,185}\.[^\s@<>(),;:"\\[\].]{2,63}$/

export function readInput(table: InputTable | ReadInput, body: Body): InputOutcome {
  if (typeof table === 'function') return table(body)
  const refusals: Refusal[] = []
  const value: Record<string, InputValue> = {}
  for (const [name, field] of Object.entries(table.fields)) {
    const given = Object.hasOwn(body, name) ? body[name] : field.alias && body[field.alias]
    const absent = given === undefined || (given === null && field.null !== true) || given === ''
    if (absent && field.required === true) refusals.push(missing(name, 'This field is required.'))
    // An empty text is a value for texts: it empties them.
    if (given === undefined || (absent && !(given === '' && field.type === 'text'))) continue
    const read = given === null ? null : readField(field, given)
    if (read === undefined) refusals.push(invalid(name, wrongOf(field)))
    else value[name] = read
  }
  refusals.push(...togetherOf(table, value))
  return refusals.length === 0 ? { ok: true, value } : { ok: false, refusals }
}

function readField(field: InputField, given: Json): InputValue | undefined {
  const read = typed(field, given)
  if (read === undefined) return undefined
  if (field.among !== undefined && typeof read === 'string' && !field.among.includes(read)) return undefined
  return read
}

function typed({ type, of = '', max = TEXT_MAX }: InputField, given: Json): InputValue | undefined {
  switch (type) {
    case 'int':
      return integerOf(given)
    case 'boolean':
      return booleanOf(given)
    case 'datetime':
      return datetimeOf(given)
    case 'date':
      return dateOf(given)
    case 'key':
      return keyOf(of, given)
    case 'keys':
      return keysOf(of, given)
    case 'list':
      return Array.isArray(given) && given.length <= (max === TEXT_MAX ? LIST_MAX : max) ? given : undefined
    case 'email':
      return typeof given === 'string' && EMAIL.test(given.trim()) && given.isWellFormed()
        ? given.trim()
        : undefined
    case 'text': {
      const text = typeof given === 'number' ? String(given) : given
      // Half a surrogate pair would be kept as another character.
      return typeof text === 'string' && text.length <= max && text.isWellFormed() ? text : undefined
    }
  }
}

function keysOf(of: string, given: Json): readonly number[] | undefined {
  const list = typeof given === 'string' ? given.split(',') : given
  if (!Array.isArray(list) || list.length > LIST_MAX) return undefined
  const keys = list.map((item: Json) => keyOf(of, item))
  return keys.every((key) => key !== undefined) ? keys : undefined
}

function togetherOf({ exactlyOne, atLeastOne, notBoth, needs }: InputTable, value: Input): Refusal[] {
  const given = (names: readonly string[]): string[] => names.filter((name) => value[name] !== undefined)
  const refusals: Refusal[] = []
  for (const names of [...(exactlyOne ?? []), ...(atLeastOne ?? [])])
    if (given(names).length === 0) refusals.push(missing(WHOLE, `One of ${names.join(', ')} is required.`))
  for (const names of [...(exactlyOne ?? []), ...(notBoth ?? [])])
    if (given(names).length > 1) refusals.push(invalid(WHOLE, `Give only one of ${names.join(', ')}.`))
  for (const [name, other] of Object.entries(needs ?? {}))
    if (value[name] !== undefined && value[other] === undefined)
      refusals.push(missing(other, `It is required with ${name}.`))
  return refusals
}

/** The whole request, where no one field is at fault. */
export const WHOLE = ''

const missing = (param: string, detail: string): Refusal => refuse('input_missing', detail, param).refusal
const invalid = (param: string, detail: string): Refusal => refuse('input_invalid', detail, param).refusal

function wrongOf({ type, among, of, max }: InputField): string {
  if (among !== undefined) return `Choose one of ${among.join(', ')}.`
  const what: Readonly<Record<InputField['type'], string>> = {
    int: 'a whole number',
    boolean: 'true or false',
    datetime: 'a time, YYYY-MM-DD HH:MM:SS',
    date: 'a date, YYYY-MM-DD',
    key: `the URI or key of one of ${of ?? 'the records'}`,
    keys: `a list of URIs or keys of ${of ?? 'records'}`,
    list: `a list of at most ${max ?? LIST_MAX}`,
    email: 'a valid e-mail address',
    text: `a text of at most ${max ?? TEXT_MAX} characters`,
  }
  return `Enter ${what[type]}.`
}
