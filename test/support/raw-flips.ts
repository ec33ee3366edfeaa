// Single bits of the bytes of a database file, beneath whatever has it open: no statement of SQL, so no tree and no sum is brought along.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import type { Random } from './random.ts'

/** What became of flips of which each was followed by the same questions. `faults`: what was answered wrong, or failed as nothing does that the disk did. */
export interface FlipTally {
  flips: number
  same: number
  mended: number
  ended: number
  wrong: number
  readonly faults: string[]
}

export const noFlips = (): FlipTally => ({ flips: 0, same: 0, mended: 0, ended: 0, wrong: 0, faults: [] })

export interface Bit {
  readonly at: number
  readonly mask: number
}

interface PageRow {
  readonly page: number
  readonly size: number
  readonly unused: number
}

/** The pages of these tables and their indexes, or of all, that have something in them. */
export function pagesOf(file: string, tables: readonly string[] | null): PageRow[] {
  const database = new Sqlite(file, { readonly: true })
  try {
    return database
      .prepare<[{ tables: string | null }], PageRow>(
        `SELECT d.pageno AS page, d.pgsize AS size, d.unused FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
         WHERE d.payload > 0 AND (s.tbl_name IN (SELECT value FROM json_each($tables)) OR $tables IS NULL)`,
      )
      .all({ tables: tables && JSON.stringify(tables) })
  } finally {
    database.close()
  }
}

/** Of what is used: it stands at the end of a page, but for its head. */
export function bitOf(random: Random, pages: readonly PageRow[]): Bit {
  const { page, size, unused } = random.pick(pages)
  const from = random.below(8) === 0 ? 0 : Math.min(unused, size - 1)
  return { at: (page - 1) * size + from + random.below(size - from), mask: 1 << random.below(8) }
}

/** Whoever has the file open hears that somebody wrote, and reads its pages again. */
export function flipBeneath(file: string, { at, mask }: Bit): void {
  const descriptor = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, at)
  byte.writeUInt8(byte.readUInt8(0) ^ mask)
  writeSync(descriptor, byte, 0, 1, at)
  closeSync(descriptor)
  const other = new Sqlite(file)
  other.pragma(`user_version = ${String(other.pragma('user_version', { simple: true }))}`)
  other.close()
}

/** Notes what a flip came to: the answers, or what was thrown. */
export function note(
  tally: FlipTally,
  bit: Bit,
  outcome: 'same' | 'mended' | 'ended' | 'wrong' | Error,
): void {
  tally.flips += 1
  if (outcome instanceof Error) tally.faults.push(`byte ${bit.at}, mask ${bit.mask}: ${outcome.message}`)
  else tally[outcome] += 1
  if (outcome === 'wrong') tally.faults.push(`byte ${bit.at}, mask ${bit.mask}: answered wrong`)
}
