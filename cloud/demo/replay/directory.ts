// The data directory of a replay: wiped before each, but never one that something else made.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PlainFault } from '../plain-fault.ts'

/** Says that a directory was made by a replay, and may be wiped by the next. */
export const MARKER = 'replay.json'

export function prepareDirectory(directory: string, keep: boolean): void {
  const marker = join(directory, MARKER)
  if (existsSync(directory) && !existsSync(marker) && readdirSync(directory).length > 0)
    throw new PlainFault(
      `${directory} is not empty and was not made by a replay, so it is left alone. Choose another with --data DIR.`,
    )
  if (!keep) rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  writeFileSync(marker, `${JSON.stringify({ made_by: 'npm start -- --sales' })}\n`)
}
