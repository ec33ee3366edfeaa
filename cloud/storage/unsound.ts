// What is read and is not what was written, though SQLite has nothing to say against it.

/** A row, or what rows say of each other. It breaks the store (S-4): a caller gets an error, never a wrong value. */
export class UnsoundRow extends Error {}

/** Of a table whose rows are functions of facts. */
export interface UnsoundListed {
  readonly table: string
  readonly id: number
  /** Whose it says it is. */
  readonly member: number
}

/** Rows that platforms list, which are not what was written: they are made again from the facts, and whoever asked is answered then (S-15). */
export class UnsoundRows extends Error {
  readonly rows: readonly UnsoundListed[]

  constructor(rows: readonly UnsoundListed[]) {
    super(`${rows.length} rows of ${rows[0]?.table ?? 'no table'} are not what was written`)
    this.rows = rows
  }
}

/** Asks until there is an answer: each time other rows are made again, which are sound afterwards. */
export async function askedAgain<T>(
  ask: () => Promise<T>,
  remake: (rows: readonly UnsoundListed[]) => Promise<void>,
): Promise<T> {
  const made = new Set<string>()
  for (;;)
    try {
      return await ask()
    } catch (cause) {
      if (!(cause instanceof UnsoundRows)) throw cause
      const before = made.size
      for (const { table, id } of cause.rows) made.add(`${table} ${id}`)
      if (made.size === before)
        throw new UnsoundRow('rows that were made again are not what is read', { cause })
      await remake(cause.rows)
    }
}
