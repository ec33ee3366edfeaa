// Opens the one SQLite file of an edge, or refuses in words an operator understands. The only edge file that names better-sqlite3. What a
// newcomer would get wrong: after `journal_mode=WAL` the library sits at `synchronous=NORMAL`, which loses acknowledged commits at power
// loss and which no `kill -9` ever shows; so every setting is read back (L-1).
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { stepUp } from '../../protocol/schema-steps.ts'
import type { SteppedFile } from '../../protocol/schema-steps.ts'
import { SEQ_SPAN } from '../../protocol/ids.ts'
import { planOnce } from '../../protocol/sql-parameters.ts'
import { isDamage } from '../../cloud/storage/faults.ts'
import { lockFile } from '../../cloud/storage/lock.ts'
import { forgetPageSums, leavePageSums } from '../../cloud/storage/page-sums.ts'
import { fileFault, pageFault } from './inspection.ts'
import { SCHEMA_STEPS, stepFunctions } from './schema.ts'
import { SENTINEL_FILE } from './sentinel.ts'

export type Database = Sqlite.Database
export type Statement<P extends unknown[] = unknown[], R = unknown> = Sqlite.Statement<P, R>

export const LEDGER_FILE = 'ledger.db'
export const LOCK_FILE = 'ledger.lock'
export const IN_MEMORY = ':memory:'

/** SQLite's own page cache, in KiB. */
const CACHE_KIB = 16_384
/**
 * Pages in the write-ahead log at which a commit moves what is left of them into the file and waits for it (L-10). Most has been moved by then, but
 * the log starts over only when a commit finds all of it moved, which beside constant sales no other thread brings about.
 */
const CHECKPOINT_PAGES = 4_000
/** How long the threads of one process wait for each other's locks. */
const BUSY_MS_MAX = 1_000
const WAL_BYTES_KEPT_MAX = 64 * 1024 * 1024

/** The ledger cannot be opened safely; the message is a sentence for the operator. */
export class LedgerRefused extends Error {
  override readonly name = 'LedgerRefused'
}

/** The file is not what it was, or no ledger at all. Nothing of it is believed until recovery.ts has put it aside and taken over what is proven. */
export class LedgerDamaged extends LedgerRefused {
  readonly fault: string

  constructor(path: string, fault: string, options?: ErrorOptions) {
    super(`${path} is damaged: ${fault}. Nothing was changed.`, options)
    this.fault = fault
  }
}

export interface OpenDatabase {
  readonly database: Database
  /** Where it may be checkpointed; undefined in memory and for reading. */
  readonly path?: string
  /** Its pages are not those of the last orderly close: damaged, or put back from a copy, which the ledger tells apart (L-14). */
  readonly changed?: string
  /** It was put back: what lies there is looked upon as it is. */
  believe?(): void
  /** `believed`: what lies there is as it should be, and the next open may compare with it. */
  close(believed?: boolean): void
}

/** Where every statement is planned once (L-18). */
export class LedgerDatabase extends Sqlite {
  override prepare(sql: string): never {
    // The library's own type of what the text of a statement does not say.
    return super.prepare(planOnce(sql)) as never
  }
}

/** `thorough`: whatever the size of the file, because something failed the last time (L-13). */
export function openDatabase(directory: string, thorough = false): OpenDatabase {
  if (directory === IN_MEMORY) {
    const database = new LedgerDatabase(IN_MEMORY)
    database.pragma('foreign_keys = ON')
    migrate(database)
    return { database, close: () => database.close() }
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const unlock = lockDirectory(directory)
  try {
    const path = join(directory, LEDGER_FILE)
    if (isEmptied(directory)) throw new LedgerDamaged(path, 'it is empty')
    const changed = pageFault(path)
    if (changed === null) forgetPageSums(path)
    const database = openInspected(path, thorough, changed)
    return {
      database,
      path,
      ...(changed === null ? {} : { changed }),
      believe: () => forgetPageSums(path),
      close(believed = true) {
        database.close()
        if (believed) leavePageSums(path)
        unlock()
      },
    }
  } catch (cause) {
    unlock()
    throw cause
  }
}

/** An empty file with nothing beside it is a first start that a power cut ended before it had written anything (L-14). */
function isEmptied(directory: string): boolean {
  const size = (name: string): number | undefined =>
    statSync(join(directory, name), { throwIfNoEntry: false })?.size
  return (
    size(LEDGER_FILE) === 0 && (size(SENTINEL_FILE) !== undefined || (size(`${LEDGER_FILE}-wal`) ?? 0) > 0)
  )
}

/** L-14. */
function openInspected(path: string, thorough: boolean, changed: string | null): Database {
  let database: Database
  try {
    database = openFile(path)
  } catch (cause) {
    if (changed !== null) throw new LedgerDamaged(path, changed, { cause })
    throw cause
  }
  const fault = faultOf(() => fileFault(database, path, thorough || changed !== null))
  if (fault === null) return database
  database.close()
  throw new LedgerDamaged(path, fault)
}

function faultOf(look: () => string | null): string | null {
  try {
    return look()
  } catch (cause) {
    if (isDamage(cause)) return cause.message
    throw cause
  }
}

/** For looking at a ledger beside a running node: takes no lock, changes nothing. */
export function openForReading(directory: string): OpenDatabase {
  const database = new LedgerDatabase(join(directory, LEDGER_FILE), { readonly: true, fileMustExist: true })
  return { database, close: () => database.close() }
}

/** L-4. What ends it. */
export function lockDirectory(directory: string): () => void {
  const unlock = lockFile(join(directory, LOCK_FILE))
  if (unlock !== undefined) return unlock
  throw new LedgerRefused(
    `The ledger in ${directory} is in use by another process. One edge has one writer: stop that process first.`,
  )
}

function openFile(path: string): Database {
  const database = new LedgerDatabase(path, { timeout: BUSY_MS_MAX })
  try {
    // It holds the device's key.
    chmodSync(path, 0o600)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.pragma(`cache_size = -${CACHE_KIB}`)
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    database.pragma(`journal_size_limit = ${WAL_BYTES_KEPT_MAX}`)
    refuseUnsafe(database)
    migrate(database)
    return database
  } catch (cause) {
    database.close()
    if (isDamage(cause))
      throw new LedgerDamaged(path, `it is not a ledger that can be read (${cause.message})`, { cause })
    throw cause
  }
}

/** L-1: what was asked for is what is in force. 2 is FULL. */
export function refuseUnsafe(database: Database): void {
  const wanted = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1 } as const
  for (const [setting, value] of Object.entries(wanted)) {
    const inForce = database.pragma(setting, { simple: true })
    if (inForce !== value)
      throw new LedgerRefused(
        `The ledger needs ${setting}=${value}, but the database says ${String(inForce)}. ` +
          'Without it a power cut can lose what was acknowledged, so the edge does not start.',
      )
  }
}

/** L-7. */
function migrate(database: Database): void {
  const { done, from, to } = stepUp(steppedFile(database), SCHEMA_STEPS)
  if (done === 'newer')
    throw new LedgerRefused(
      `The ledger has schema version ${from}; this software knows ${to}. Install the newer software again.`,
    )
}

export function steppedFile(database: Database): SteppedFile {
  stepFunctions(database)
  return {
    version: () => database.pragma('user_version', { simple: true }) as number,
    execute: (statement) => void database.exec(statement),
    proof: () =>
      database
        .prepare<[], string>(
          `SELECT count(*) || ' ' || (max(rowid) % ${SEQ_SPAN}) || ' ' || (SELECT hex(hash) FROM facts ORDER BY rowid DESC LIMIT 1) FROM facts`,
        )
        .pluck()
        .get() ?? null,
  }
}
