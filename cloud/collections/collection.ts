// What a collection is: a declared table. From the declaration come its tables, the one query engine over them (query.ts), and history where it is
// versioned. Every row has an id from the node's one sequence, or one that its owner gives; rows of a tenant name it.

export const COLUMN_TYPES = ['integer', 'text', 'decimal', 'datetime', 'date', 'boolean', 'json'] as const
/** `datetime`: milliseconds since 1970. `date`: YYYY-MM-DD. `decimal`: text, never a float. `json`: any value, not to be filtered by. */
export type ColumnType = (typeof COLUMN_TYPES)[number]

export interface Column {
  readonly type: ColumnType
  readonly null?: true
  /** The collection whose ids it holds: what a relational filter goes through. */
  readonly refers?: string
}

/** Rows of another collection that belong to a row, by the column that names it. */
export interface Children {
  readonly collection: string
  readonly by: string
}

export interface Collection {
  readonly name: string
  /** `node`: its rows belong to no tenant (persons). */
  readonly scope: 'tenant' | 'node'
  /** Besides `id`, `tenant`, and those of VERSION_COLUMNS. */
  readonly columns: Readonly<Record<string, Column>>
  readonly indexes?: readonly (readonly string[])[]
  readonly unique?: readonly (readonly string[])[]
  readonly children?: Readonly<Record<string, Children>>
  /** A versioned document: a body beside the columns, and a history row for every version. */
  readonly versioned: boolean
  /** Its table is made and written by SQL of its owner's; only reading is done here. */
  readonly owned?: true
}

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined }
export type Value = Json
export type Row = Readonly<Record<string, Value>>

/** What every versioned document has: its body, its version from 1 up, when it was made and last changed, and the downstream cursor. */
export const VERSION_COLUMNS: Readonly<Record<string, Column>> = {
  body: { type: 'json' },
  version: { type: 'integer' },
  created: { type: 'datetime' },
  modified: { type: 'datetime' },
  change: { type: 'integer' },
}

const ID: Column = { type: 'integer' }
const TENANT: Column = { type: 'integer', refers: 'businesses' }

/** All columns of a collection's table, in their order. */
export function columnsOf(collection: Collection): Readonly<Record<string, Column>> {
  return {
    id: ID,
    ...(collection.scope === 'tenant' ? { tenant: TENANT } : {}),
    ...collection.columns,
    ...(collection.versioned ? VERSION_COLUMNS : {}),
  }
}

/** Collections by name; a name that is not declared is a defect. */
export class Schema {
  readonly #byName: ReadonlyMap<string, Collection>

  constructor(collections: readonly Collection[]) {
    this.#byName = new Map(collections.map((collection) => [collection.name, collection]))
    for (const collection of collections) this.#check(collection)
  }

  of(name: string): Collection {
    const collection = this.#byName.get(name)
    if (collection === undefined) throw new Error(`no collection is declared as "${name}"`)
    return collection
  }

  #check(collection: Collection): void {
    const columns = columnsOf(collection)
    for (const [name, { refers }] of Object.entries(columns)) {
      if (!NAME.test(name)) throw new Error(`"${name}" of ${collection.name} is no name of a column`)
      if (refers !== undefined) this.of(refers)
    }
    for (const { collection: child, by } of Object.values(collection.children ?? {}))
      if (!Object.hasOwn(columnsOf(this.of(child)), by)) throw new Error(`${child} has no column ${by}`)
    for (const index of [...(collection.indexes ?? []), ...(collection.unique ?? [])])
      for (const name of index)
        if (!Object.hasOwn(columns, name))
          throw new Error(`${collection.name} has no column ${name} to index`)
  }
}

const NAME = /^[a-z][a-z0-9_]*$/
