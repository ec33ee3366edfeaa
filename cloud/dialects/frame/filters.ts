// Filters: names of a query string to a predicate (DF-4). Each resource declares what it can be filtered by and to which way of its collection that
// leads; a relational filter goes on with the filters of the resource it refers to. What must be given and what may never be given is declared too.
import { refuse } from '../../../protocol/result.ts'
import type { Refusal } from '../../../protocol/result.ts'
import { COMPARISONS, and } from '../../collections/query.ts'
import type { Comparison, Predicate } from '../../collections/query.ts'
import { WHOLE } from './input.ts'
import type { Words } from './object.ts'
import { booleanOf, dateOf, datetimeOf, keyOf } from './values.ts'

export interface Filter {
  /** The way in the collection, as in a query: `person.emails.folded`. */
  readonly way: string
  readonly type: 'key' | 'int' | 'text' | 'email' | 'datetime' | 'date' | 'boolean'
  /** Its key is of these, whose filters go on after `__`. */
  readonly into?: string
  /** A list of objects: what can be asked for is in them. */
  readonly list?: true
  /** Ours to the platform's, where what is stored has other words. */
  readonly words?: Words
  /** `me` stands for the token's person. */
  readonly me?: true
}

export type Filters = Readonly<Record<string, Filter>>

export interface Requires {
  /** At least one of these is given, exactly, as a list, or relationally. */
  readonly oneOf?: readonly string[]
  /** All names that are refused whatever else is given: `business__in`. */
  readonly forbids?: readonly string[]
  /** A filter, and the one that must be beside it. */
  readonly with?: Readonly<Record<string, string>>
}

export interface FilterContext {
  /** The filters of a resource, for relational ones. */
  readonly filtersOf: (resource: string) => Filters
  readonly me: number | null
  /** Names of parameters that filter nothing: limit, offset, format, and the resource's own. */
  readonly aside: readonly string[]
  /** Other names that filters go by. */
  readonly aliases: Readonly<Record<string, string>>
}

export type FilterOutcome =
  | { readonly ok: true; readonly value: Predicate; readonly given: ReadonlySet<string> }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

/** Values in one `__in`. */
const IN_MAX = 1_000
const DEPTH_MAX = 4

export function readFilters(
  params: URLSearchParams,
  filters: Filters,
  requires: Requires,
  context: FilterContext,
): FilterOutcome {
  const refusals: Refusal[] = []
  const parts: Predicate[] = []
  const given = new Set<string>()
  for (const [name, text] of params) {
    if (context.aside.includes(name)) continue
    const [first = '', ...rest] = name.split('__')
    const base = context.aliases[first] ?? first
    const full = [base, ...rest].join('__')
    if (requires.forbids?.includes(full) === true) {
      refusals.push(invalid(full, `The lookup ${full} is not allowed here.`))
      continue
    }
    const part = rest.length < DEPTH_MAX ? partOf([base, ...rest], text, filters, context) : undefined
    if (part === undefined) refusals.push(invalid(name, `"${name.slice(0, 64)}" cannot be filtered by so.`))
    else if (part === 'value') refusals.push(invalid(name, 'This value does not fit the filter.'))
    else {
      given.add(base)
      parts.push(part)
    }
  }
  const { oneOf, with: beside } = requires
  if (oneOf !== undefined && !oneOf.some((name) => given.has(name)))
    refusals.push(
      refuse(
        'input_missing',
        `A filter by ${oneOf.join(', ')} is required.`,
        oneOf.length === 1 ? oneOf[0] : WHOLE,
      ).refusal,
    )
  for (const [name, other] of Object.entries(beside ?? {}))
    if (given.has(name) && !given.has(other))
      refusals.push(refuse('input_missing', `A filter by ${name} needs ${other}.`, other).refusal)
  return refusals.length === 0 ? { ok: true, value: and(...parts), given } : { ok: false, refusals }
}

/** Undefined where there is no such filter, `value` where what is given does not fit it. */
function partOf(
  names: readonly string[],
  text: string,
  filters: Filters,
  context: FilterContext,
  before: readonly string[] = [],
): Predicate | 'value' | undefined {
  const [name = '', ...rest] = names
  const filter = Object.hasOwn(filters, name) ? filters[name] : undefined
  if (filter === undefined) return undefined
  const way = [...before, ...filter.way.split('.')]
  const [next] = rest
  const own = filter.list === undefined
  if (own && next === undefined) return compare(filter, way, 'eq', text, context)
  if (own && rest.length === 1 && next === 'exact') return compare(filter, way, 'eq', text, context)
  const comparison =
    own && rest.length === 1 ? COMPARISONS.find((known) => known === next && known !== 'eq') : undefined
  if (comparison !== undefined) return compare(filter, way, comparison, text, context)
  // A row's own id leads to the row itself.
  const from = way.at(-1) === 'id' ? way.slice(0, -1) : way
  return filter.into === undefined || rest.length === 0
    ? undefined
    : partOf(rest, text, context.filtersOf(filter.into), context, from)
}

function compare(
  filter: Filter,
  at: readonly string[],
  is: Comparison,
  text: string,
  { me }: FilterContext,
): Predicate | 'value' | undefined {
  if (is !== 'eq' && is !== 'in' && (filter.type === 'boolean' || filter.type === 'email')) return undefined
  if (filter.words !== undefined) {
    if (is !== 'eq' && is !== 'in') return undefined
    const words = is === 'in' ? text.split(',').map((word) => word.trim()) : [text]
    const { words: known } = filter
    return words.length > IN_MAX
      ? 'value'
      : { at, is: 'in', value: words.flatMap((word) => oursOf(known, word)) }
  }
  if (is === 'in') {
    const values = text.split(',').map((item) => valueOf(filter, item.trim(), me))
    const fit = values.filter((value) => value !== undefined && typeof value !== 'boolean')
    return values.length <= IN_MAX && fit.length === values.length ? { at, is, value: fit } : 'value'
  }
  const value = valueOf(filter, text, me)
  return value === undefined ? 'value' : { at, is, value }
}

/** All that goes by the platform's word: it may stand for several of ours. What has no other word goes by its own. */
function oursOf(words: Words, word: string): string[] {
  const ours = Object.keys(words).filter((one) => words[one] === word)
  return Object.hasOwn(words, word) ? ours : [...ours, word]
}

function valueOf(
  { type, into = '', me: named }: Filter,
  text: string,
  me: number | null,
): number | string | boolean | undefined {
  if (named === true && text === 'me') return me ?? undefined
  switch (type) {
    case 'key':
      return keyOf(into, text)
    case 'int':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
    case 'datetime':
      return datetimeOf(text)
    case 'date':
      return dateOf(text)
    case 'boolean':
      return booleanOf(text)
    case 'email':
      return text.trim().toLowerCase()
    case 'text':
      return text
  }
}

const invalid = (param: string, detail: string): Refusal =>
  refuse('input_invalid', detail, param.slice(0, 64)).refusal
