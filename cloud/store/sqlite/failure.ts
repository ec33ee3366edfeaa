// What the store does when its disk fails (S-4, S-5), as a store's ledger does: at the first I/O error or sign of damage nothing more is written, a mark is
// left, and the next start looks at the whole file before it serves.
import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { clearFailure, hasFailed } from '../../storage/failure-mark.ts'
import { isStorageBroken } from '../../storage/faults.ts'
import { chainFault } from './chains.ts'

/** Larger files are looked at after a failure, and by `verify`: a start must not take longer than the stores can wait. */
const CHECKED_AT_OPEN_BYTES_MAX = 256 * 1024 * 1024
const FAULTS_TOLD = 3

/** S-5: throws with a sentence where the file is not what SQLite must find in it, or, after a failure, a fact is not what its chain says. */
export function inspect(file: string, database: Database): void {
  const failed = hasFailed(file)
  if (!failed && statSync(file).size > CHECKED_AT_OPEN_BYTES_MAX) return
  const said = faultsOf(database)
  if (said !== 'ok') throw damaged(file, said)
  if (!failed) return
  const broken = chainFault(database)
  if (broken !== undefined) throw damaged(file, broken)
  clearFailure(file)
}

/** A sentence for the operator. */
export function damaged(file: string, said: string): Error {
  return new Error(
    `${file} is damaged: ${said}. Nothing was changed. Put the last backup in its place (tillstream restore --data DIR --from FILE --replace, which keeps ` +
      'this file beside); the stores send again what came after it. Have the disk looked at.',
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
