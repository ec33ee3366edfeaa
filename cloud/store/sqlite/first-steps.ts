// An exact filter along a way mostly leads to one row: the person with an address, the location with a name. That row is looked up first; then its id is
// compared with, and the index of the column that holds it answers in the list's order, however deep the page.
import type { Collection, Row, Schema } from '../../collections/collection.ts'
import { and, stepsOf } from '../../collections/query.ts'
import type { Predicate, RowQuery } from '../../collections/query.ts'

type Leaf = Extract<Predicate, { at: readonly string[] }>
type LookUp = (collection: Collection, query: RowQuery) => readonly Row[]

/** The same question; null where it has no answer. */
export function withFirstSteps(
  schema: Schema,
  collection: Collection,
  query: RowQuery,
  lookUp: LookUp,
): RowQuery | null {
  let none = false
  const settled = (predicate: Predicate): Predicate => {
    if ('all' in predicate) return and(...predicate.all.map(settled))
    if ('any' in predicate || predicate.is !== 'eq' || predicate.at.length < 2) return predicate
    const found = firstOf(predicate)
    if (found === null) none = true
    return found ?? predicate
  }
  const where = settled(query.where)
  return none ? null : { ...query, where }

  /** Null: there is none. Where there are several, the predicate as it is. */
  function firstOf(leaf: Leaf): Predicate | null {
    const [first] = stepsOf(schema, collection, leaf.at) ?? []
    if (first === undefined || first.kind === 'column') return leaf
    const to = first.kind === 'reference' ? first.to : first.of
    const further = { ...leaf, at: leaf.at.slice(1) }
    const rows = lookUp(to, { tenants: query.tenants, where: further, limit: 2 })
    const [row] = rows
    if (row === undefined) return null
    if (rows.length > 1) return leaf
    return first.kind === 'reference'
      ? { at: [first.column], is: 'eq', value: Number(row.id) }
      : { at: ['id'], is: 'eq', value: Number(row[first.by]) }
  }
}
