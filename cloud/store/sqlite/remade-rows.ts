// Rows that platforms list and that are not what was written, made again (S-15). What the facts say of the member is written as for one that is listed for the first
// time, and looked at, and undone; a row is believed where, with what they say, it fits the sum that it had. So neither an own column nor an id nor a time that
// flipped is taken for what was written, and nothing else of the member changes.
import type { Database } from 'better-sqlite3'
import type { MemberId } from '../../../protocol/ids.ts'
import { idText } from '../../../protocol/ids.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { UnsoundListed } from '../../storage/unsound.ts'
import { SCHEMA } from '../../collections/collections.ts'
import type { Collection } from '../../collections/collection.ts'
import { isSound, sumOf } from './collection-rows.ts'
import type { CollectionRows } from './collection-rows.ts'
import type { Raw } from './rows.ts'

/** Of writing, not of facts. */
const TIMES = ['created', 'modified', 'balance_modified'] as const

/** Within a transaction; `project` writes the rows of a member anew. Gives the members whose rows were made again, or throws. */
export async function remadeRows(
  database: Database,
  rows: CollectionRows,
  unsound: readonly UnsoundListed[],
  project: (member: MemberId) => Promise<void>,
): Promise<MemberId[]> {
  // Who else read them may have had them made again meanwhile.
  const still = unsound.filter(({ table, id }) => {
    const raw = rows.raw(SCHEMA.of(table), id)
    return raw === undefined || !isSound(SCHEMA.of(table), raw)
  })
  const byMember = Map.groupBy(still, ({ member }) => member as MemberId)
  for (const [member, listed] of byMember)
    await besideIndexes(database, async () => {
      const raws = (): (Raw | undefined)[] => listed.map(({ table, id }) => rows.raw(SCHEMA.of(table), id))
      database.exec('SAVEPOINT remade')
      const before = raws()
      await rows.believed(() => project(member))
      const after = raws()
      database.exec('ROLLBACK TO remade')
      database.exec('RELEASE remade')
      for (const [index, { table, id }] of listed.entries()) {
        const [was, is] = [before[index], after[index]]
        const made = was && is && believed(SCHEMA.of(table), was, is)
        if (was === undefined || made === undefined)
          throw new UnsoundRow(
            `row ${id} of ${table}, of member ${idText(member)}, is not what was written, nor is it with what facts say`,
          )
        put(database, table, was, made)
      }
    })
  return [...byMember.keys()]
}

/** What facts say, with the times as they were, where that fits the sum: a bit of the sum itself may have flipped. */
function believed(collection: Collection, was: Raw, is: Raw): Raw | undefined {
  const made: Raw = { ...is }
  for (const name of TIMES) if (Object.hasOwn(was, name)) made[name] = was[name]
  made.sum = sumOf(collection, made)
  const off = Number(made.sum) ^ Number(was.sum)
  return (off & (off - 1)) === 0 ? made : undefined
}

/** Only what differs. */
function put(database: Database, table: string, was: Raw, made: Raw): void {
  const names = Object.keys(made).filter((name) => made[name] !== was[name])
  const set = names.map((name) => `"${name}" = ?`).join(', ')
  const values = names.map((name) => made[name])
  if (names.length > 0) database.prepare(`UPDATE "${table}" SET ${set} WHERE id = ?`).run(...values, made.id)
}

/** Of an index that leads to a row by what had been written, SQLite takes away what the row says instead, and would call it damage that it has no such thing. */
async function besideIndexes<T>(database: Database, work: () => Promise<T>): Promise<T> {
  database.unsafeMode(true)
  database.pragma('writable_schema = ON')
  try {
    return await work()
  } finally {
    database.pragma('writable_schema = OFF')
    database.unsafeMode(false)
  }
}
