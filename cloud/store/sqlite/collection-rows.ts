// Rows of declared tables as the embedded engine keeps them: truth values and JSON are numbers and text inside, and behind the declared columns stands the sum of
// them (S-12), which whoever reads the row compares. Only what was written is changed. Hot: of each row of every list.
import { assert } from '../../../protocol/result.ts'
import { UnsoundRow, UnsoundRows } from '../../storage/unsound.ts'
import { columnsOf } from '../../collections/collection.ts'
import type { Collection, ColumnType, Json, Row, Value } from '../../collections/collection.ts'
import { COLLECTIONS } from '../../collections/collections.ts'
import { PROJECTED } from '../../collections/tables/accounts.ts'
import { columnsInSum } from './row-sums.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'
import { sumOfColumns, sumOfValues } from '../../../protocol/value-sums.ts'

type Sql = ReturnType<typeof preparer>

interface Kept {
  /** What is in the sum of a row, in this order. */
  readonly columns: readonly string[]
  readonly types: readonly (readonly [name: string, type: ColumnType])[]
  /** Those that are something else inside. */
  readonly readings: readonly (readonly [name: string, type: 'boolean' | 'json'])[]
  readonly insert: string
  readonly find: string
}

/** Of those that have an owner the ones whose sums are of declared columns: what else staff have, no query reads. */
const OWNED = ['persons', 'person_emails', 'person_phones'] as const

export function hasSum({ name, owned }: Collection): boolean {
  return owned !== true || OWNED.some((known) => known === name)
}

const KEPT: ReadonlyMap<Collection, Kept> = new Map(
  COLLECTIONS.map((collection) => {
    const declared = columnsOf(collection)
    const owned = OWNED.find((name) => name === collection.name)
    const columns = owned === undefined ? Object.keys(declared) : columnsInSum(owned)
    const names = columns.map((name) => `"${name}"`).join(', ')
    return [
      collection,
      {
        columns,
        types: Object.entries(declared).map(([name, { type }]) => [name, type] as const),
        readings: Object.entries(declared).flatMap(([name, { type }]) =>
          type === 'boolean' || type === 'json' ? [[name, type] as const] : [],
        ),
        insert: `INSERT INTO "${collection.name}" (${names}, sum) VALUES (${columns.map(() => '?').join(', ')}, ?)`,
        find: `SELECT * FROM "${collection.name}" WHERE id = ?`,
      },
    ]
  }),
)

function keptOf(collection: Collection): Kept {
  const kept = KEPT.get(collection)
  if (kept === undefined) throw new Error(`${collection.name} is no declared collection`)
  return kept
}

export function isSound(collection: Collection, raw: Raw): boolean {
  return !hasSum(collection) || sumOf(collection, raw) === raw.sum
}

export function sumOf(collection: Collection, raw: Raw): number {
  return sumOfColumns(keptOf(collection).columns, raw)
}

/** The sum of a row in SQL, where `sumFunctions` are. */
export function collectionSumSql(collection: Collection): string {
  return `row_sum(${keptOf(collection)
    .columns.map((name) => `"${name}"`)
    .join(', ')})`
}

export class CollectionRows {
  readonly #sql: Sql
  #believed = false

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** As they were declared; throws where one is not what was written. */
  read(collection: Collection, raws: Raw[]): Row[] {
    this.prove(collection, raws)
    return this.declared(collection, raws)
  }

  /** Of rows that were proven; takes them over. */
  declared(collection: Collection, raws: Raw[]): Row[] {
    const { readings } = keptOf(collection)
    for (const raw of raws) {
      // The last of the columns, so that the rows of a list keep one shape.
      delete raw.sum
      for (const [name, type] of readings) {
        const value = raw[name]
        if (value === null) continue
        // What was written was JSON.
        raw[name] = type === 'boolean' ? value === 1 : (JSON.parse(value as string) as Json)
      }
    }
    // Read as they were declared.
    return raws as Row[]
  }

  prove(collection: Collection, raws: readonly Raw[]): void {
    if (this.#believed || raws.every((raw) => isSound(collection, raw))) return
    const { name: table } = collection
    if (!PROJECTED.has(collection)) throw new UnsoundRow(`a row of ${table} is not what was written`)
    throw new UnsoundRows(
      raws
        .filter((raw) => !isSound(collection, raw))
        .map(({ id, member }) => ({ table, id: Number(id), member: Number(member) })),
    )
  }

  /** While rows are made again they are read as they are. */
  async believed<T>(work: () => Promise<T>): Promise<T> {
    this.#believed = true
    try {
      return await work()
    } finally {
      this.#believed = false
    }
  }

  /** As SQLite keeps it, whatever it is. */
  raw(collection: Collection, id: number): Raw | undefined {
    return this.#sql(keptOf(collection).find).get(id)
  }

  insert(collection: Collection, row: Row): void {
    const { types, insert } = keptOf(collection)
    const values = types.map(([name, type]) => stored(type, row[name] ?? null))
    this.#sql(insert).run(...values, sumOfValues(values))
  }

  /** Only the columns that are named, of a row that is there. */
  change(collection: Collection, id: number, changes: Row): void {
    const { types, columns, find } = keptOf(collection)
    const named = types.filter(([name]) => name !== 'id' && Object.hasOwn(changes, name))
    const raw = named.length === 0 ? undefined : this.#sql(find).get(id)
    if (raw === undefined) return
    this.prove(collection, [raw])
    const values = named.map(([name, type]) => (raw[name] = stored(type, changes[name] ?? null)))
    const set = named.map(([name]) => `"${name}" = ?, `).join('')
    this.#sql(`UPDATE "${collection.name}" SET ${set}sum = ? WHERE id = ?`).run(
      ...values,
      sumOfColumns(columns, raw),
      id,
    )
  }

  delete({ name }: Collection, id: number): void {
    this.#sql(`DELETE FROM "${name}" WHERE id = ?`).run(id)
  }
}

/** What SQLite will give back: a value of another type would be changed as it is written, and not fit its sum. */
function stored(type: ColumnType, value: Value): Value {
  if (value === null) return null
  switch (type) {
    case 'boolean':
      return Number(value)
    case 'json':
      return JSON.stringify(value)
    case 'integer':
    case 'datetime':
      assert(Number.isSafeInteger(value), 'whole numbers go into columns of whole numbers')
      return value
    case 'text':
    case 'decimal':
    case 'date':
      assert(typeof value === 'string', 'texts go into columns of texts')
      return value
  }
}

/** Rows of declared tables that are not what was written: those that nothing makes again (S-5), and those that facts do (S-15). */
export function unsoundRows(sql: Sql): { readonly lost: string[]; readonly listed: UnsoundRows['rows'] } {
  const lost: string[] = []
  const listed: UnsoundRows['rows'][number][] = []
  for (const collection of COLLECTIONS) {
    const { name: table, owned } = collection
    if (owned === true) continue
    let count = 0
    for (const raw of sql(`SELECT * FROM "${table}"`).iterate()) {
      if (isSound(collection, raw)) continue
      if (PROJECTED.has(collection)) listed.push({ table, id: Number(raw.id), member: Number(raw.member) })
      else count += 1
    }
    if (count > 0) lost.push(`${count} rows of ${table} are not what was written`)
  }
  return { lost, listed }
}
