// Single bits that flip in rows of declared tables beneath a running cloud: in the row alone, so that indexes go on leading to it by what was written. The
// node sees nothing of how it is done: its schema's version stays, and what it commits meanwhile goes into the indexes too.
import Sqlite from 'better-sqlite3'
import type { Random } from '../../support/random.ts'

type Kept = bigint | string | null

export interface FlippedRow {
  readonly table: string
  readonly column: string
  readonly id: bigint
  readonly was: Kept
}

/** Any bit of a value as SQLite keeps it, of any row of the table that has one there; undefined: none has. */
export function flipInColumn(
  file: string,
  table: string,
  column: string,
  random: Random,
): FlippedRow | undefined {
  const rows = withDatabase(
    file,
    (database) =>
      database.prepare(`SELECT id, "${column}" AS value FROM "${table}"`).safeIntegers().all() as {
        id: bigint
        value: Kept
      }[],
  ).filter(({ value }) => value !== '')
  if (rows.length === 0) return undefined
  const { id, value: was } = random.pick(rows)
  const flipped = { table, column, id, was }
  putInRow(file, flipped, flippedValue(was, random))
  return flipped
}

/** As if it had not flipped, where nothing else was written of it. */
export function flipBack(file: string, flipped: FlippedRow): void {
  putInRow(file, flipped, flipped.was)
}

const INTEGER_BYTES = [1, 2, 3, 4, 6, 8] as const

function flippedValue(value: Kept, random: Random): Kept | Buffer {
  // These three are no bytes but types, and one bit apart.
  if (value === null) return 0n
  if (value === 0n || value === 1n) return 1n - value
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    const at = random.below(bytes.length)
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
    return bytes
  }
  const bits = 8 * (INTEGER_BYTES.find((bytes) => BigInt.asIntN(8 * bytes, value) === value) ?? 8)
  return BigInt.asIntN(bits, value ^ (1n << BigInt(random.below(bits))))
}

const INDEXES = `FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`

function putInRow(file: string, { table, column, id }: FlippedRow, value: Kept | Buffer): void {
  const indexes = withSchema(file, (database) => {
    const found = database.prepare(`SELECT type, name, tbl_name, rootpage, sql ${INDEXES}`).all(table)
    database.prepare(`DELETE ${INDEXES}`).run(table)
    return found
  })
  const placed = Buffer.isBuffer(value) ? 'CAST(? AS TEXT)' : '?'
  withDatabase(file, (database) =>
    database.prepare(`UPDATE "${table}" SET "${column}" = ${placed} WHERE id = ?`).run(value, id),
  )
  withSchema(file, (database) => {
    const insert = database.prepare(
      'INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ($type, $name, $tbl_name, $rootpage, $sql)',
    )
    for (const index of indexes) insert.run(index)
  })
}

function withSchema<T>(file: string, work: (database: InstanceType<typeof Sqlite>) => T): T {
  return withDatabase(file, (database) => {
    database.unsafeMode()
    database.pragma('writable_schema = ON')
    return database.transaction(() => work(database)).immediate()
  })
}

function withDatabase<T>(file: string, work: (database: InstanceType<typeof Sqlite>) => T): T {
  const database = new Sqlite(file)
  try {
    return work(database)
  } finally {
    database.close()
  }
}
