// What is found by one key is found in two trees (S-14). SQLite cannot tell a key that was never there from one that an index lost to a flipped bit, so where
// that decides what counts, the same keys stand in a second tree in another order, and whoever looks compares. Hot: what is asked for with every commit asks
// for a set of keys at once, and the second tree only for how many rows it has of them.
import Sqlite from 'better-sqlite3'
import { NO_FACT, idText, originOf, seqOf } from '../../../protocol/ids.ts'
import type { FactId } from '../../../protocol/ids.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { FactRow } from '../port.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

/** Each beside the index, or the key of the table, that is asked first. */
export const SECOND_TREES = `
CREATE UNIQUE INDEX facts_key_second ON facts (key, store) WHERE status <> 'duplicate';
CREATE INDEX facts_claim_second ON facts (claim, tenant) WHERE claim IS NOT NULL;
CREATE INDEX facts_about_second ON facts (kind, about) WHERE about > 0;
CREATE INDEX identities_second ON identities (value, kind, tenant);
CREATE INDEX activities_fact_second ON activities (fact) WHERE fact > 0 AND revision > 0;
CREATE UNIQUE INDEX holds_key_second ON holds (key, store);
CREATE INDEX vouchers_second ON vouchers (code, tenant);
CREATE INDEX redemptions_second ON redemptions (id);
CREATE UNIQUE INDEX responses_second ON responses (challenge, tenant, number);
CREATE UNIQUE INDEX responses_period_second ON responses (challenge, tenant, period, number_in_period);
`

/** Behind `facts f`, found by an index: its row, and the record before it. Of `f` itself SQLite gives what the index has from there, flipped as it may be. */
export const ITS_ROW = 'LEFT JOIN facts r ON r.id = f.id LEFT JOIN facts p ON p.id = r.id - 1'
/** For `foundFact`. */
export const ROW = 'r.*, p.hash AS previous'

/** The rows; throws where the second tree has another count of them, or one of them is not what was asked for. */
export function foundTwice(
  rows: readonly Raw[],
  second: unknown,
  what: string,
  isAsked: (raw: Raw) => boolean,
): readonly Raw[] {
  if (rows.length !== second) throw new UnsoundRow(`of ${String(second)} ${what} ${rows.length} are found`)
  if (!rows.every(isAsked)) throw new UnsoundRow(`${what} are found that were not asked for`)
  return rows
}

/** The row of a key that only one row has; throws where the second tree has it and the first has not. */
export function foundOnce(
  raw: Raw | undefined,
  second: () => Raw | undefined,
  what: string,
): Raw | undefined {
  if (raw === undefined && second() !== undefined) throw new UnsoundRow(`${what} is lost`)
  return raw
}

/** Writes rows whose keys nobody else has by what was found; throws where a tree says otherwise. `isLost`: what has the key was there before. */
export function writeUnique<T>(
  rows: readonly T[],
  write: (row: T) => void,
  isLost: (row: T) => boolean,
): void {
  for (const row of rows)
    try {
      write(row)
    } catch (cause) {
      const taken = cause instanceof Sqlite.SqliteError && cause.code === 'SQLITE_CONSTRAINT_UNIQUE'
      if (taken && isLost(row)) throw new UnsoundRow(`a key is lost: ${cause.message}`, { cause })
      throw cause
    }
}

/** The fact of a store that a tree leads to by a business key. */
export function byKey(
  sql: Sql,
  tree: 'facts_key' | 'facts_key_second',
  { tenant, key, store }: Pick<FactRow, 'tenant' | 'key' | 'store'>,
): unknown {
  const where = `tenant = ? AND key = ? AND store = ? AND status <> 'duplicate'`
  return sql(`SELECT id FROM facts INDEXED BY ${tree} WHERE ${where}`).get(tenant, key, store)?.id
}

/** A fact that is not there: its ledger has not come so far, or it was set aside. Throws where it must be there. */
export function proveAbsent(sql: Sql, id: FactId): void {
  if (id === NO_FACT) return
  const ledger = sql('SELECT seq FROM origins WHERE origin = ?').get(originOf(id))
  if (ledger === undefined || Number(ledger.seq) < seqOf(id)) return
  if (sql('SELECT 1 FROM quarantine WHERE id = ?').get(id) === undefined)
    throw new UnsoundRow(`fact ${idText(id)} is lost`)
}
