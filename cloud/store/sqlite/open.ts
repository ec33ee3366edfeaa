// Opening the embedded engine's file: one writer at a time, durable at COMMIT. The library's default after WAL is synchronous=NORMAL, which
// loses acknowledged commits at power loss; FULL is set and read back, and anything else refuses to start.
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { RESTORED_MARK } from '../../../protocol/restored.ts'
import { giveBallast } from '../../storage/disk-room.ts'
import { isStorageBroken, isStorageFull } from '../../storage/faults.ts'
import { lockFile } from '../../storage/lock.ts'
import { forgetPageSums } from '../../storage/page-sums.ts'
import { damaged, inspect, inspectPages, inspectRows } from './failure.ts'
import { saveMeta } from './meta.ts'
import { teachPlanner } from './planner.ts'
import { sumFunctions } from './row-sums.ts'
import { migrate } from './schema.ts'
import { preparer } from './statements.ts'

export const STORE_FILE = 'cloud.db'
/** HQ's, beside it. */
const TOKEN_FILE = 'hq.token'
const SYNCHRONOUS_FULL = 2
const CACHE_KIB = 32_768
/**
 * Pages in the write-ahead log at which a commit moves what is left of them into the file and waits for it (S-7). Most has been moved by then, but the
 * log starts over only when a commit finds all of it moved.
 */
const CHECKPOINT_PAGES = 8_000
/** While a walk reads one moment of the file (S-10) the log grows; afterwards it is cut to this. */
const WAL_BYTES_KEPT_MAX = 64 * 1024 * 1024

export interface OpenStore {
  readonly path: string
  readonly writer: Database
  readonly reader: Database
  /** Held as long as the process lives. */
  readonly unlock: () => void
}

export function openDatabase(directory: string): OpenStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, STORE_FILE)
  try {
    return openFile(directory, path)
  } catch (cause) {
    // Room was held back for this (S-8).
    if (!isStorageFull(cause) || !giveBallast(path)) throw cause
    return openFile(directory, path)
  }
}

function openFile(directory: string, path: string): OpenStore {
  const unlock = takeLock(directory)
  if (isGone(directory, path)) {
    unlock()
    throw damaged(path, 'it is empty or gone, though a cloud was founded here')
  }
  const writer = openInspected(path, unlock)
  try {
    // It holds the keys that the cloud signs and certifies with.
    chmodSync(path, 0o600)
    configure(writer)
    inspect(path, writer)
    forgetPageSums(path)
    migrate(writer)
    inspectRows(path, writer)
    teachPlanner(writer)
    noteRestored(writer)
  } catch (cause) {
    writer.close()
    unlock()
    if (cause instanceof Error && isStorageBroken(cause))
      throw Object.assign(damaged(path, cause.message), { cause })
    throw cause
  }
  const reader = new Sqlite(path, { readonly: true })
  sumFunctions(reader)
  reader.pragma(`cache_size = -${CACHE_KIB}`)
  return { path, writer, reader, unlock }
}

/** S-5: before SQLite writes to it. */
function openInspected(path: string, unlock: () => void): Database {
  try {
    inspectPages(path)
    return new Sqlite(path)
  } catch (cause) {
    unlock()
    throw cause
  }
}

/** BK-3: the mark of `restore` becomes a word that the node's start acts on, in one transaction. */
function noteRestored(writer: Database): void {
  if (writer.pragma('application_id', { simple: true }) !== RESTORED_MARK) return
  writer.transaction(() => {
    saveMeta(preparer(writer), 'restored', '1')
    writer.pragma('application_id = 0')
  })()
}

/** For `verify` beside a running node: no lock, no writes. */
export function openReader(directory: string): Database {
  const reader = new Sqlite(join(directory, STORE_FILE), { readonly: true, fileMustExist: true })
  sumFunctions(reader)
  return reader
}

/** S-5: the token is written after the first COMMIT. */
function isGone(directory: string, path: string): boolean {
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return size(path) === 0 && size(`${path}-wal`) === 0 && size(join(directory, TOKEN_FILE)) > 0
}

/** S-9. */
function takeLock(directory: string): () => void {
  const unlock = lockFile(join(directory, 'cloud.lock'))
  if (unlock === undefined)
    throw new Error(`another cloud node works in ${directory}: stop it, or give this one another --data`)
  return unlock
}

function configure(database: Database): void {
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.pragma(`cache_size = -${CACHE_KIB}`)
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  database.pragma(`journal_size_limit = ${WAL_BYTES_KEPT_MAX}`)
  const mode = database.pragma('journal_mode', { simple: true })
  const synchronous = database.pragma('synchronous', { simple: true })
  if (mode !== 'wal' || synchronous !== SYNCHRONOUS_FULL)
    throw new Error(
      `the store is not durable here: journal_mode=${String(mode)}, synchronous=${String(synchronous)}`,
    )
}
