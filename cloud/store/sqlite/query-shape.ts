// What of a query stays when its values change: queries of one shape are one statement, compiled by the first of them. Reading a shape gathers the
// values in the order in which the statement takes them. What a query finds is held against it once more.
import type { Collection, Schema } from '../../collections/collection.ts'
import { stepsOf } from '../../collections/query.ts'
import type { Comparison, Predicate, RowQuery } from '../../collections/query.ts'
import type { Raw } from './rows.ts'

export interface Shaped {
  readonly shape: string
  readonly parameters: readonly unknown[]
}

export function shapeOf(schema: Schema, collection: Collection, query: RowQuery): Shaped {
  const { where, order = [], limit, offset = 0, after } = query
  const parameters: unknown[] = []
  const tenants = tenantsOf(query)
  if (tenants !== undefined && collection.scope === 'tenant') parameters.push(tenants)
  const asked = predicateShape(where)
  const sorted = order.map(
    ({ column, descending, nulls }) => `${JSON.stringify(column)}${descending ?? ''}${nulls ?? ''}`,
  )
  if (after !== undefined) parameters.push(...after)
  parameters.push(limit, offset)
  return {
    shape: `${collection.name} ${typeof tenants} ${asked} ${sorted.join()} ${after?.length ?? ''}`,
    parameters: parameters.map(boundOf),
  }

  /** Names are quoted: no name can look like a piece of a shape. */
  function predicateShape(predicate: Predicate): string {
    if ('all' in predicate) return `&(${predicate.all.map(predicateShape).join()})`
    if ('any' in predicate) return `|(${predicate.any.map(predicateShape).join()})`
    const { at, is } = predicate
    // Each further collection on the way is asked for the same tenants.
    if (tenants !== undefined && at.length > 1)
      for (const step of stepsOf(schema, collection, at) ?? [])
        if (step.kind !== 'column' && (step.kind === 'reference' ? step.to : step.of).scope === 'tenant')
          parameters.push(tenants)
    if (predicate.is === 'in') parameters.push(JSON.stringify(predicate.value))
    else if ('value' in predicate) parameters.push(predicate.value)
    const test = 'test' in predicate && predicate.test ? 'test' : ''
    return `${test}${is}${JSON.stringify(at)}`
  }
}

/** One is compared with, several are a list; undefined: all. */
function tenantsOf({ tenants }: RowQuery): number | string | undefined {
  if (tenants === 'every') return undefined
  const [first] = tenants
  return first !== undefined && tenants.length === 1 ? first : JSON.stringify(tenants)
}

/** SQLite knows no truth values. */
export function boundOf(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : value
}

type Test = (raw: Raw) => boolean

/**
 * Whether a row, as SQLite keeps it, is one that was asked for, as far as numbers of its own say: one that an index leads to by a flipped key is not (S-12). Texts
 * are left to SQLite: it does not keep all that a parameter may be.
 */
export function askedBy({ tenants, where }: RowQuery): Test {
  const fits = testOf(where)
  if (tenants === 'every') return fits
  return (raw) => (typeof raw.tenant !== 'number' || tenants.includes(raw.tenant)) && fits(raw)
}

const ANY: Test = () => true

function testOf(predicate: Predicate): Test {
  if ('all' in predicate) {
    const tests = predicate.all.map(testOf)
    return (raw) => tests.every((test) => test(raw))
  }
  if ('any' in predicate) {
    const tests = predicate.any.map(testOf)
    return (raw) => tests.some((test) => test(raw))
  }
  const [column = '', ...further] = predicate.at
  if (further.length > 0) return ANY
  switch (predicate.is) {
    case 'null':
      return (raw) => raw[column] === null
    case 'not_null':
      return (raw) => raw[column] !== null
    case 'in': {
      const { value } = predicate
      if (value.some((one) => typeof one !== 'number')) return ANY
      const among: ReadonlySet<unknown> = new Set(value)
      return (raw) => typeof raw[column] !== 'number' || among.has(raw[column])
    }
    default: {
      const { is } = predicate
      const asked = boundOf(predicate.value)
      return (raw) => isCompared(is, raw[column], asked)
    }
  }
}

function isCompared(is: Exclude<Comparison, 'in'>, value: unknown, asked: unknown): boolean {
  if (typeof value !== 'number' || typeof asked !== 'number') return true
  switch (is) {
    case 'eq':
      return value === asked
    case 'gt':
      return value > asked
    case 'gte':
      return value >= asked
    case 'lt':
      return value < asked
    case 'lte':
      return value <= asked
  }
}
