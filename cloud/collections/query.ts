// What may be asked of a collection, as a value: a predicate over its columns, through references and child lists, an order, and a page. The
// store's engine turns it into SQL; names come from declarations only, values are always bound (COL-2).
import { columnsOf } from './collection.ts'
import type { Collection, Column, Schema } from './collection.ts'

export const COMPARISONS = ['eq', 'in', 'gt', 'gte', 'lt', 'lte'] as const
export type Comparison = (typeof COMPARISONS)[number]

/**
 * `at` names a column, or a way to one: columns that refer and child lists, then a column of the collection it ends in. `test`: other parts find few rows,
 * and this is asked of each; for what most rows are, such as being of the caller's business.
 */
export type Predicate =
  | { readonly all: readonly Predicate[] }
  | { readonly any: readonly Predicate[] }
  | {
      readonly at: readonly string[]
      readonly is: Exclude<Comparison, 'in'>
      readonly value: number | string | boolean
    }
  | {
      readonly at: readonly string[]
      readonly is: 'in'
      readonly value: readonly (number | string)[]
      readonly test?: boolean
    }
  | { readonly at: readonly string[]; readonly is: 'null' | 'not_null' }

export const EVERYTHING: Predicate = { all: [] }
export const NOTHING: Predicate = { any: [] }

export interface Order {
  readonly column: string
  readonly descending?: true
  /** Where rows without a value go; left out: where the engine has them, only for columns that always have one. */
  readonly nulls?: 'last'
}

export interface RowQuery {
  /** The tenants whose rows are asked for. `every` is a word of its own, so that leaving it out is no way to see them all. */
  readonly tenants: readonly number[] | 'every'
  readonly where: Predicate
  /** The id always comes last, so that pages are stable. */
  readonly order?: readonly Order[]
  readonly limit: number
  readonly offset?: number
  /** Values of the order's columns and the id of the last row of the page before; instead of an offset. All of one direction, without nulls. */
  readonly after?: readonly (number | string)[]
}

export const and = (...all: readonly Predicate[]): Predicate => ({ all })
export const or = (...any: readonly Predicate[]): Predicate => ({ any })
export const eq = (at: string, value: number | string | boolean): Predicate => ({
  at: at.split('.'),
  is: 'eq',
  value,
})
export const among = (at: string, value: readonly (number | string)[]): Predicate => ({
  at: at.split('.'),
  is: 'in',
  value,
})

/** One step of a way: the column itself, over a reference, or into a child list. */
export type Step =
  | { readonly kind: 'column'; readonly column: string; readonly type: Column['type'] }
  | { readonly kind: 'reference'; readonly column: string; readonly to: Collection }
  | { readonly kind: 'children'; readonly of: Collection; readonly by: string }

/** The steps of a way; undefined where there is no such way. */
export function stepsOf(
  schema: Schema,
  collection: Collection,
  at: readonly string[],
): readonly Step[] | undefined {
  const steps: Step[] = []
  let here = collection
  for (const [index, name] of at.entries()) {
    const last = index === at.length - 1
    const columns = columnsOf(here)
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined
    const children = here.children
    if (column !== undefined && last) {
      if (column.type === 'json') return undefined
      steps.push({ kind: 'column', column: name, type: column.type })
    } else if (column?.refers !== undefined) {
      here = schema.of(column.refers)
      steps.push({ kind: 'reference', column: name, to: here })
    } else if (!last && children !== undefined && Object.hasOwn(children, name)) {
      const child = children[name]
      if (child === undefined) return undefined
      here = schema.of(child.collection)
      steps.push({ kind: 'children', of: here, by: child.by })
    } else return undefined
  }
  return steps.at(-1)?.kind === 'column' ? steps : undefined
}
