// A mark that the storage failed while a node ran (L-13, S-5): the next start looks at everything before it serves. Best effort, for the disk that shall
// take it is the one that failed; without it the start looks at what every start looks at.
import { existsSync, rmSync, writeFileSync } from 'node:fs'

/** Of the file at `path`. */
const markOf = (path: string): string => path.replace(/\.db$/, '.failed')

export function markFailed(path: string): void {
  try {
    writeFileSync(markOf(path), '', { mode: 0o600 })
  } catch {
    // The process ends with its own exit code, which says the same.
  }
}

export function hasFailed(path: string): boolean {
  return existsSync(markOf(path))
}

export function clearFailure(path: string): void {
  rmSync(markOf(path), { force: true })
}
