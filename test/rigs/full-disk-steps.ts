// R25 and R05: what a node writes besides its records, on a disk with hardly any room: the steps that bring a file of an earlier release up to date, and the
// log that is moved into the file. However much room there is, a file is old or new and loses nothing; with room again the next start goes on by itself.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { verify as verifyCloud } from '../../cloud/verify.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { verify as verifyEdge } from '../../edge/verify.ts'
import { SIDES, layDown } from '../versions/recorded-files.ts'
import type { Side } from '../versions/recorded-files.ts'
import { leaveRoom } from './frame/filled-disk.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'

const SIZE_MIB = 16
const KIB = 1024
const VERSION = 1
const SIZES = { quick: { tries: 10 }, long: { tries: 200 } } as const
/** Room that is enough for either. */
const ENOUGH_BYTES = 3 * 1024 * KIB
const ROWS = 400
const ROWS_A_COMMIT = 20
const ROW_TEXT = 'x'.repeat(2_000)

export const fullDiskSteps: Rig = {
  name: 'full-disk-steps',
  faults: ['R05', 'R25'],
  needs: ['linux', 'tmpfs'],
  run,
}

async function run({ length, directory }: RigOptions): Promise<readonly RigRow[]> {
  const disk = join(directory, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', disk])
  try {
    const { tries } = SIZES[length]
    const stepped = [await onDisk('edge', steps, disk, tries), await onDisk('cloud', steps, disk, tries)]
    const moved = [await onDisk('edge', log, disk, tries), await onDisk('cloud', log, disk, tries)]
    return [
      rowOf('R25', `files of version ${VERSION} stepped up on disks with too little room`, stepped),
      rowOf('R05', 'logs moved into their files on disks with too little room', moved),
    ]
  } finally {
    execFileSync('umount', ['-l', disk])
  }
}

interface Tally {
  readonly tries: number
  refused: number
  lost: number
  broken: number
  readonly told: string[]
}

function rowOf(fault: 'R05' | 'R25', what: string, tallies: readonly Tally[]): RigRow {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0)
  const refused = sum((tally) => tally.refused)
  return {
    fault,
    what: `${what}: ${sum(({ tries }) => tries)} of a store and of a cloud, ${refused} did not start; with room again all do, and all is there`,
    figures: { L: sum(({ lost }) => lost), V: sum(({ broken }) => broken) },
    faults: [
      ...tallies.flatMap(({ told }) => told),
      ...(refused === 0 ? ['there was always room: the rig is blind'] : []),
    ],
  }
}

/** What is laid down, and how many of its rows are there. */
interface Work {
  readonly lay: (side: Side, directory: string) => Promise<void>
  readonly rows: (side: Side, directory: string) => number
}

const steps: Work = {
  lay: async (side, directory) => layDown(VERSION, side, directory),
  rows: (side, directory) => asked(side, directory, 'SELECT count(*) FROM facts'),
}

/** Rows of a table in which any number means nothing to the node. */
const FILLED: Readonly<Record<Side, { readonly insert: string; readonly count: string }>> = {
  edge: {
    insert: `INSERT INTO managers VALUES (?, x'00', CAST(? AS BLOB), 0, 0)`,
    count: 'SELECT count(*) FROM managers',
  },
  cloud: {
    insert: `INSERT INTO codes (hash, tenant, store, expires) VALUES (?, 0, 0, ?)`,
    count: `SELECT count(*) FROM codes WHERE hash LIKE 'filled %'`,
  },
}

/** As a node leaves it that dies with a long log: the file is small, the log is not. */
const log: Work = {
  lay: async (side, directory) => {
    // Beside the disk.
    const made = join(directory, '../../made')
    mkdirSync(made)
    layDown(VERSION, side, made)
    await openOnce(side, made)
    const database = new Sqlite(join(made, SIDES[side].file))
    database.pragma('wal_autocheckpoint = 0')
    const insert = database.prepare(FILLED[side].insert)
    for (let n = 0; n < ROWS; n += ROWS_A_COMMIT)
      database.transaction(() => {
        for (let row = n; row < n + ROWS_A_COMMIT; row++) insert.run(`filled ${row}`, ROW_TEXT)
      })()
    for (const suffix of ['', '-wal']) {
      const name = SIDES[side].file + suffix
      cpSync(join(made, name), join(directory, name))
    }
    database.close()
    rmSync(made, { recursive: true })
  },
  rows: (side, directory) => asked(side, directory, FILLED[side].count),
}

function asked(side: Side, directory: string, sql: string): number {
  const database = new Sqlite(join(directory, SIDES[side].file))
  try {
    return Number(database.prepare(sql).pluck().get())
  } finally {
    database.close()
  }
}

async function onDisk(side: Side, work: Work, disk: string, tries: number): Promise<Tally> {
  const tally: Tally = { tries, refused: 0, lost: 0, broken: 0, told: [] }
  const directory = join(disk, 'data')
  const filler = join(disk, 'filler')
  for (let n = 0; n < tries; n++) {
    const room = Math.floor((ENOUGH_BYTES * n) / tries)
    mkdirSync(directory)
    await work.lay(side, directory)
    const before = work === steps ? work.rows(side, directory) : ROWS
    leaveRoom(filler, room)
    if (!(await opens(side, directory))) tally.refused += 1
    rmSync(filler)
    const again = await opens(side, directory)
    const { ok, problems } = again
      ? await (side === 'edge' ? verifyEdge(directory) : verifyCloud(directory))
      : { ok: false, problems: ['it does not open'] }
    if (again) tally.lost += Math.max(0, before - work.rows(side, directory))
    if (!ok) {
      tally.broken += 1
      tally.told.push(`${side} with room for ${room} bytes: ${problems.join('; ')}`)
    }
    rmSync(directory, { recursive: true })
  }
  return tally
}

async function opens(side: Side, directory: string): Promise<boolean> {
  try {
    await openOnce(side, directory)
    return true
  } catch {
    return false
  }
}

/** As its node does at a start and at its end. */
async function openOnce(side: Side, directory: string): Promise<void> {
  if (side === 'edge') openLedger({ directory }).close()
  else await openSqliteStore({ directory, checkpointer: false }).close()
}
