// What a failure of the disk or its file system means, told by its code: a disk that is full, one that is broken, a place that may not be written. Both
// nodes and their tools ask here, so that the same failure has the same words everywhere: what is wrong, where, and what to do.
import Sqlite from 'better-sqlite3'
import { UnsoundRow } from './unsound.ts'

/** The error of SQLite with a code that begins so. */
function isSqliteError(cause: unknown, ...codes: readonly string[]): cause is Error {
  return cause instanceof Sqlite.SqliteError && codes.some((code) => cause.code.startsWith(code))
}

/** SQLite found what it reads to be no database, or one against its own rules. */
export function isDamage(cause: unknown): cause is Error {
  return isSqliteError(cause, 'SQLITE_NOTADB', 'SQLITE_CORRUPT')
}

/** The disk did not do what it was asked to, or gave back what it was not given: nothing more may be believed of it (L-13, S-4). A full disk is not broken. */
export function isStorageBroken(cause: unknown): boolean {
  return (
    (isSqliteError(cause, 'SQLITE_IOERR') && !isStorageFull(cause)) ||
    isDamage(cause) ||
    cause instanceof UnsoundRow
  )
}

/** What was to be written did not fit; also where the memory file beside the log could not grow, which SQLite calls an I/O error. */
export function isStorageFull(cause: unknown): boolean {
  const code = codeOf(cause)
  return isSqliteError(cause, 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE') || code === 'ENOSPC' || code === 'EDQUOT'
}

/** Somebody else has the file. */
export function isBusy(cause: unknown): boolean {
  return isSqliteError(cause, 'SQLITE_BUSY')
}

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined

const UNWRITABLE = ['EACCES', 'EPERM', 'SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM'] as const

/** This user may not, or the disk is mounted read-only: SQLite does not tell which. */
export function isUnwritable(cause: unknown): boolean {
  const code = codeOf(cause)
  return code === 'EROFS' || UNWRITABLE.some((known) => code?.startsWith(known) === true)
}

/**
 * A sentence for whoever looks after the machine, about a failure at `place` (a file or directory); undefined where it is none of the disk's. What is
 * damaged is not told here: that is the node's to say, which knows what can be done about it.
 */
export function diskSentence(place: string, cause: unknown): string | undefined {
  const code = codeOf(cause)
  if (code === undefined) return undefined
  if (isStorageFull(cause))
    return `The disk of ${place} is full, nothing was changed: make room on it, then try again.`
  if (code === 'EROFS')
    return `${place} cannot be written, its disk is mounted read-only: a disk with errors is mounted so. Look at the system log (dmesg), then mount it to be written.`
  if (isUnwritable(cause))
    return `${place} may not be written by this user, or its disk is mounted read-only: run as the user the node runs as, or give it the directory (chown -R).`
  if (code === 'ENOENT') return `There is no ${place}: make the directory first, or correct the path.`
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return `${place} is not a directory: name one, or move away what stands there.`
  if (code.startsWith('SQLITE_IOERR') || code === 'EIO')
    return `The disk of ${place} does not read or write as it should (${code}): look at the system log (dmesg) and have the disk looked at.`
  return undefined
}
