// What of a query stays when its values change: queries of one shape are one statement, compiled by the first of them. Reading a shape gathers the
// values in the order in which the statement takes them.
import type { Collection } from '../../collections/collection.ts'
import type { Predicate, RowQuery } from '../../collections/query.ts'

export interface Shaped {
  readonly shape: string
  readonly parameters: readonly unknown[]
}

export function shapeOf(collection: Collection, query: RowQuery): Shaped {
  const { tenants, where, order = [], limit, offset = 0, after } = query
  const parameters: unknown[] = []
  const owners = collection.scope === 'node' || tenants === 'every' ? '' : tenantsShape(tenants, parameters)
  const asked = predicateShape(where, parameters)
  const sorted = order.map(
    ({ column, descending, nulls }) => `${JSON.stringify(column)}${descending ?? ''}${nulls ?? ''}`,
  )
  if (after !== undefined) parameters.push(...after)
  parameters.push(limit, offset)
  return {
    shape: `${collection.name} ${owners} ${asked} ${sorted.join()} ${after?.length ?? ''}`,
    parameters: parameters.map(boundOf),
  }
}

function tenantsShape(tenants: readonly number[], parameters: unknown[]): string {
  const [first] = tenants
  const single = first !== undefined && tenants.length === 1
  parameters.push(single ? first : JSON.stringify(tenants))
  return single ? 'one' : 'some'
}

/** Names are quoted: no name can look like a piece of a shape. */
function predicateShape(predicate: Predicate, parameters: unknown[]): string {
  if ('all' in predicate) return `&(${predicate.all.map((part) => predicateShape(part, parameters)).join()})`
  if ('any' in predicate) return `|(${predicate.any.map((part) => predicateShape(part, parameters)).join()})`
  if (predicate.is === 'in') parameters.push(JSON.stringify(predicate.value))
  else if ('value' in predicate) parameters.push(predicate.value)
  return `${predicate.is}${JSON.stringify(predicate.at)}`
}

/** SQLite knows no truth values. */
export function boundOf(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : value
}
