// What SQLite's planner is told about declared tables. It would guess that every index finds as few rows as any other, and then walk a business's million
// transactions in their order to find the ten of one person. The numbers are fixed, made from the declarations: plans are the same on every file, full or
// empty, and tests can look at them (COL-7). https://sqlite.org/fileformat2.html#stat1tab
import type { Database } from 'better-sqlite3'
import { columnsOf } from '../../collections/collection.ts'
import type { Collection, Column } from '../../collections/collection.ts'
import { COLLECTIONS } from '../../collections/collections.ts'
import { indexesOf } from './collection-sql.ts'

const ROWS = 1_000_000
/** Into how many parts a column with an index divides the rows; of several columns the parts multiply. */
const PARTS = {
  tenant: 100,
  /** What a business has some dozens of: locations, perks, levels. */
  configured: 50,
  /** Statuses and types. */
  word: 4,
  many: 100_000,
} as const
const WORDS: ReadonlySet<string> = new Set(['status', 'type', 'classification', 'main', 'is_active'])
const CUSTOMERS: ReadonlySet<string> = new Set(['persons', 'connections', 'challenge_connections'])

function partsOf(name: string, { refers }: Column): number {
  if (name === 'tenant') return PARTS.tenant
  if (WORDS.has(name)) return PARTS.word
  return refers === undefined || CUSTOMERS.has(refers) ? PARTS.many : PARTS.configured
}

interface Told {
  readonly tbl: string
  readonly idx: string
  readonly stat: string
}

function toldOf(collection: Collection): Told[] {
  const columns = columnsOf(collection)
  return indexesOf(collection).map(({ name, columns: names, unique }) => {
    let left = ROWS
    const counts = names.map((column, index) => {
      left = Math.max(1, Math.round(left / partsOf(column, columns[column] ?? { type: 'integer' })))
      return unique && index === names.length - 1 ? 1 : left
    })
    return { tbl: collection.name, idx: name, stat: [ROWS, ...counts].join(' ') }
  })
}

const TOLD: readonly Told[] = COLLECTIONS.filter(({ owned }) => owned !== true).flatMap(toldOf)

/** Writes only what differs from what the file says already; what is open goes by it at once. */
export function teachPlanner(database: Database): void {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").get()
  const said = known === undefined ? [] : database.prepare('SELECT tbl, idx, stat FROM sqlite_stat1').all()
  if (JSON.stringify(said) !== JSON.stringify(TOLD))
    database.transaction(() => {
      // The table cannot be made by its name.
      if (known === undefined) database.exec('ANALYZE meta')
      database.exec('DELETE FROM sqlite_stat1')
      const tell = database.prepare('INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)')
      for (const { tbl, idx, stat } of TOLD) tell.run(tbl, idx, stat)
    })()
  database.exec('ANALYZE sqlite_schema')
}
