// One writer of one directory (L-4, S-9): an open exclusive transaction on a file of its own. The operating system drops it with the process, so that a killed
// node leaves no stale lock, and a pid file's guesswork is not needed.
import Sqlite from 'better-sqlite3'
import { isBusy } from './faults.ts'

/** What ends the lock; undefined where another process has it. Throws where it cannot be asked. */
export function lockFile(path: string): (() => void) | undefined {
  const held = new Sqlite(path, { timeout: 0 })
  try {
    held.pragma('locking_mode = EXCLUSIVE')
    held.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    held.close()
    if (isBusy(cause)) return undefined
    throw cause
  }
  return () => held.close()
}
