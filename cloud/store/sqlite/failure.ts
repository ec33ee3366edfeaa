// What the store does when its disk fails (S-4, S-5), as a store's ledger does: at the first I/O error or sign of damage nothing more is written, a mark is
// left, and the next start looks at the whole file before it serves.
import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { clearFailure, hasFailed } from '../../storage/failure-mark.ts'
import { leavePageSums, pagesChanged } from '../../storage/page-sums.ts'
import { isStorageBroken } from '../../storage/faults.ts'
import { UnsoundRow, askedAgain } from '../../storage/unsound.ts'
import type { UnsoundListed } from '../../storage/unsound.ts'
import { chainFault } from './chains.ts'
import { unsoundRows } from './collection-rows.ts'
import { rowFaults } from './row-sums.ts'
import { preparer } from './statements.ts'

/** Larger files are looked at after a failure, and by `verify`: a start must not take longer than the stores can wait. */
const CHECKED_AT_OPEN_BYTES_MAX = 256 * 1024 * 1024
const FAULTS_TOLD = 3

/** S-5: a file that was closed in order is, page by page, as it was left. Before it is opened, which changes it. */
export function inspectPages(file: string): void {
  if (isLarge(file)) return
  const [page, ...more] = pagesChanged(file) ?? []
  if (page !== undefined)
    throw damaged(file, `page ${page} and ${more.length} others are not what they were when it was closed`)
}

/** For the next start to compare with. */
export function leaveSums(file: string): void {
  if (!isLarge(file)) leavePageSums(file)
}

function isLarge(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > CHECKED_AT_OPEN_BYTES_MAX
}

/** S-5: throws with a sentence where the file is not what SQLite must find in it, or, after a failure, a fact is not what its chain says. */
export function inspect(file: string, database: Database): void {
  const failed = hasFailed(file)
  if (!failed && isLarge(file)) return
  const said = faultsOf(database)
  if (said !== 'ok') throw damaged(file, said)
  if (!failed) return
  const broken = chainFault(database)
  if (broken !== undefined) throw damaged(file, broken)
}

/** After a failure, of a file whose tables are of this release: rows that no fact makes again (S-12). Then it was found sound. */
export function inspectRows(file: string, database: Database): void {
  const failed = hasFailed(file)
  // What numbers go on from is read before anything else.
  const sql = preparer(database)
  const [fault] = failed ? [...rowFaults(sql), ...lostRows(sql)] : rowFaults(sql, ['meta'])
  if (fault !== undefined) throw damaged(file, fault)
  if (failed) clearFailure(file)
}

/** Those that facts say too: had they been made again, the node would not have failed over them (S-15). */
function lostRows(sql: ReturnType<typeof preparer>): string[] {
  const { lost, listed } = unsoundRows(sql)
  const [one] = listed
  return one === undefined
    ? lost
    : [...lost, `row ${one.id} of ${one.table} and ${listed.length - 1} others are not what was written`]
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

/** What makes again what a read gave out, or would not give out. */
export interface Remaking {
  /** Something to wait for where states have to be made again: then it is read once more. Asked in the turn of the read. */
  readonly mended: () => Promise<void> | undefined
  readonly remade: (rows: readonly UnsoundListed[]) => Promise<void>
}

/** Every read that stumbles over the disk is told too; the caller gets its error, never a wrong value. */
export function watched<T extends object>(
  reads: T,
  told: (cause: unknown) => void,
  { mended, remade }: Remaking,
): T {
  const entries = Object.entries(reads).map(([name, read]: [string, unknown]) => {
    if (typeof read !== 'function') return [name, read] as const
    const once = async (values: unknown[]): Promise<unknown> => {
      const answer: unknown = Reflect.apply(read, reads, values)
      const mending = mended()
      if (mending === undefined) return answer
      await Promise.all([answer, mending])
      const again: unknown = Reflect.apply(read, reads, values)
      if (mended() !== undefined) throw new UnsoundRow('what was made again is not what is read')
      return again
    }
    const call = async (...values: unknown[]): Promise<unknown> => {
      try {
        return await askedAgain(() => once(values), remade)
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
