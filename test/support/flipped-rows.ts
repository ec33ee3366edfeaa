// Bits that flip in a file beneath a node: in rows together with their indexes, or in an index or a row alone, which SQLite goes on finding by.
import Sqlite from 'better-sqlite3'
import { expect } from 'vitest'

/** SQLite has no word for it. */
export const xor = (column: string, bit: number): string =>
  `${column} = (${column} | ${bit}) - (${column} & ${bit})`

export function flip(file: string, sql: string): void {
  const disk = new Sqlite(file)
  expect(disk.prepare(sql).run().changes, sql).toBeGreaterThan(0)
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

/** The key of a row is another in the index, and the row itself is whole: `sql` changes it with the index, and back without it. */
export function flipInIndex(file: string, index: string, sql: string): void {
  flip(file, sql)
  flipInRow(file, index, sql)
}
