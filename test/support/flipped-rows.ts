// Bits that flip in a file beneath a node: in rows together with their indexes, or in an index or a row alone, which SQLite goes on finding by.
import Sqlite from 'better-sqlite3'
import type { ProjectedTable } from '../../cloud/collections/tables/accounts.ts'

/** Columns of projected tables that no fact knows, or that say which facts are asked: flipped, such a row is not made again (S-15). */
export const OWN_COLUMNS: Readonly<Record<ProjectedTable, readonly string[]>> = {
  connections: [
    'person',
    'status',
    'joined',
    'membership_type',
    'membership_from',
    'membership_until',
    'receives_emails',
  ],
  transactions: ['fact', 'rule', 'classification', 'source_id', 'voucher'],
  entitlements: ['code', 'location'],
  challenge_connections: ['rule'],
  requirement_summaries: ['rule'],
  frequency_progress: ['rule'],
  referrals: [
    'fact',
    'to_person',
    'to_email',
    'to_first_name',
    'to_last_name',
    'content',
    'source',
    'referrer_status',
    'location',
    'voucher',
  ],
  connection_attributes: ['value'],
}
/** And in each of them what is of the row and of its writing. */
export const WRITTEN_COLUMNS = ['id', 'tenant', 'member', 'created', 'modified', 'balance_modified']

/** SQLite has no word for it. */
export const xor = (column: string, bit: number): string =>
  `${column} = (${column} | ${bit}) - (${column} & ${bit})`

export function flip(file: string, sql: string): void {
  const disk = new Sqlite(file)
  if (disk.prepare(sql).run().changes === 0) throw new Error(`nothing flips by ${sql}`)
  disk.close()
}

/** The row alone: SQLite does not know of the index meanwhile. */
export function flipInRow(file: string, index: string, sql: string): void {
  const unsafely = (work: (disk: InstanceType<typeof Sqlite>) => void): void => {
    const disk = new Sqlite(file)
    disk.unsafeMode()
    disk.pragma('writable_schema = ON')
    work(disk)
    disk.pragma(`schema_version = ${Number(disk.pragma('schema_version', { simple: true })) + 1}`)
    disk.close()
  }
  let schema: unknown
  unsafely((disk) => {
    schema = disk.prepare('SELECT * FROM sqlite_schema WHERE name = ?').get(index)
    disk.prepare('DELETE FROM sqlite_schema WHERE name = ?').run(index)
  })
  flip(file, sql)
  unsafely((disk) => {
    disk.prepare('INSERT INTO sqlite_schema VALUES ($type, $name, $tbl_name, $rootpage, $sql)').run(schema)
  })
}

/** The key of a row is another in the index, and the row itself is whole: `sql` changes it with the index, and `back`, or once more, without it. */
export function flipInIndex(file: string, index: string, sql: string, back = sql): void {
  flip(file, sql)
  flipInRow(file, index, back)
}
