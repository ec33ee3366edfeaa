// What of a query stays when its values change: queries of one shape are one statement, compiled by the first of them. Reading a shape gathers the
// values in the order in which the statement takes them.
import type { Collection, Schema } from '../../collections/collection.ts'
import { stepsOf } from '../../collections/query.ts'
import type { Predicate, RowQuery } from '../../collections/query.ts'

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
