// What the store does when its disk fails (S-4, S-5), as a store's ledger does: at the first I/O error or sign of damage nothing more is written, a mark is
// left, and the next start looks at the whole file before it serves. The mark is best effort, for the disk that shall take it is the one that failed.
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'

const FAILURE_FILE = 'cloud.failed'
/** Larger files are looked at after a failure, and by `verify`: a start must not take longer than the stores can wait. */
const CHECKED_AT_OPEN_BYTES_MAX = 256 * 1024 * 1024
const FAULTS_TOLD = 3
const BROKEN_CODES = ['SQLITE_IOERR', 'SQLITE_CORRUPT', 'SQLITE_NOTADB'] as const

/** The disk did not do what it was asked to, or gave back what it was not given. A full disk is not broken. */
export function isStorageBroken(cause: unknown): boolean {
  return cause instanceof Sqlite.SqliteError && BROKEN_CODES.some((code) => cause.code.startsWith(code))
}

export function markFailed(directory: string): void {
  try {
    writeFileSync(join(directory, FAILURE_FILE), '', { mode: 0o600 })
  } catch {
    // The process ends with its own exit code, which says the same.
  }
}

/** S-5: throws with a sentence where the file is not what SQLite must find in it. */
export function inspect(directory: string, file: string, database: Database): void {
  const failed = existsSync(join(directory, FAILURE_FILE))
  if (!failed && statSync(file).size > CHECKED_AT_OPEN_BYTES_MAX) return
  const said = faultsOf(database)
  if (said !== 'ok') throw damaged(file, said)
  rmSync(join(directory, FAILURE_FILE), { force: true })
}

/** A sentence for the operator. */
export function damaged(file: string, said: string): Error {
  return new Error(
    `${file} is damaged: ${said}. Nothing was changed. Move it away and put the last backup in its place (tillstream restore); the stores send again what ` +
      'came after it.',
  )
}

function faultsOf(database: Database): string {
  try {
    return database
      .prepare<[], string>(`PRAGMA integrity_check(${FAULTS_TOLD})`)
      .pluck()
      .all()
      .join('; ')
      .replaceAll('\n', ', ')
  } catch (cause) {
    if (cause instanceof Error && isStorageBroken(cause)) return cause.message
    throw cause
  }
}

/** Every read that stumbles over the disk is told too; the caller gets its error, never a wrong value. */
export function watched<T extends object>(reads: T, told: (cause: unknown) => void): T {
  const entries = Object.entries(reads).map(([name, read]: [string, unknown]) => {
    if (typeof read !== 'function') return [name, read] as const
    const call = async (...values: unknown[]): Promise<unknown> => {
      try {
        return (await Reflect.apply(read, reads, values)) as unknown
      } catch (cause) {
        told(cause)
        throw cause
      }
    }
    return [name, call] as const
  })
  // The same names with functions of the same shapes.
  return Object.fromEntries(entries) as T
}
