// Writing a row only where something changed: `modified` is when it did.
import type {
  AccountChanges,
  AccountDraft,
  AccountRow,
  AccountTable,
} from '../../../collections/tables/accounts.ts'
import type { Writes } from '../../../store/port.ts'

/** The columns of `wanted` that differ. */
export function differences<T extends AccountTable>(
  row: AccountRow<T>,
  wanted: AccountChanges<T>,
): AccountChanges<T> {
  const have = row as Readonly<Record<string, unknown>>
  // True because these are entries of `wanted`.
  return Object.fromEntries(
    Object.entries(wanted).filter(([column, value]) => have[column] !== value),
  ) as AccountChanges<T>
}

type Kept = 'created' | 'modified'

/** Makes the row what is wanted; gives its id. */
export async function syncRow<T extends AccountTable>(
  tx: Writes,
  table: T,
  row: AccountRow<T> | undefined,
  wanted: Omit<AccountDraft<T>, Kept>,
  { created, now }: { readonly created: number; readonly now: number },
): Promise<number> {
  if (row === undefined) {
    const draft = { ...wanted, created, modified: now } as unknown as AccountDraft<T>
    return (await tx.insertAccountRow(table, draft)).id
  }
  const changes = differences(row, wanted as unknown as AccountChanges<T>)
  if (Object.keys(changes).length > 0) await tx.saveAccountRow(table, row.id, { ...changes, modified: now })
  return row.id
}
