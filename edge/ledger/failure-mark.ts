// A mark that the storage failed while the node ran (L-13): the next start looks at everything before it serves. Best effort, for the disk that shall
// take it is the one that failed; without it the start looks at what every start looks at.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const FAILURE_FILE = 'ledger.failed'

export function markFailed(directory: string): void {
  try {
    writeFileSync(join(directory, FAILURE_FILE), '', { mode: 0o600 })
  } catch {
    // The process ends with its own exit code, which says the same.
  }
}

export function hasFailed(directory: string): boolean {
  return existsSync(join(directory, FAILURE_FILE))
}

export function clearFailure(directory: string): void {
  rmSync(join(directory, FAILURE_FILE), { force: true })
}
