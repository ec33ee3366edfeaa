// HQ's queue of conflicts. A row is opened once by (tenant, kind, subject); one that was withdrawn may open again under its old id.
import type { ConflictRow, Reads, Writes } from '../port.ts'
import type { preparer } from './statements.ts'
import { present } from './statements.ts'
import type { Raw } from './rows.ts'

type Sql = ReturnType<typeof preparer>

function conflictRow(raw: Raw): ConflictRow {
  const { resolved_by, ...rest } = raw
  return { ...rest, resolvedBy: resolved_by } as unknown as ConflictRow
}

export function conflictReads(sql: Sql): Pick<Reads, 'conflicts' | 'conflict'> {
  return {
    conflicts: async (tenant, open, page) =>
      sql(
        open
          ? 'SELECT * FROM conflicts WHERE tenant = ? AND decision IS NULL AND id > ? ORDER BY id LIMIT ?'
          : 'SELECT * FROM conflicts WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?',
      )
        .all(tenant, page.after, page.limit)
        .map(conflictRow),
    conflict: async (id) => conflictById(sql, id),
  }
}

function conflictById(sql: Sql, id: number): ConflictRow | undefined {
  const raw = sql('SELECT * FROM conflicts WHERE id = ?').get(id)
  return raw && conflictRow(raw)
}

export function conflictWrites(
  sql: Sql,
): Pick<Writes, 'conflict' | 'openConflicts' | 'conflictOf' | 'hasOpenConflict' | 'endConflict'> {
  return {
    conflict: async (id) => conflictById(sql, id),
    openConflicts: async (rows) => {
      const open = sql(
        `INSERT INTO conflicts (tenant, store, kind, subject, member, fact, at, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, kind, subject) DO UPDATE SET decision = NULL, resolved_by = 0 WHERE decision = 'withdrawn' RETURNING *`,
      )
      return present(
        rows.map(({ tenant, store, kind, subject, member, fact, at, text }) =>
          open.get(tenant, store, kind, subject, member, fact, at, text),
        ),
      ).map(conflictRow)
    },
    conflictOf: async (tenant, kind, subject) => {
      const raw = sql('SELECT * FROM conflicts WHERE tenant = ? AND kind = ? AND subject = ?').get(
        tenant,
        kind,
        subject,
      )
      return raw && conflictRow(raw)
    },
    hasOpenConflict: async (tenant, kind) =>
      sql('SELECT 1 FROM conflicts WHERE tenant = ? AND kind = ? AND decision IS NULL LIMIT 1').get(
        tenant,
        kind,
      ) !== undefined,
    endConflict: async (id, { decision, by }) => {
      sql('UPDATE conflicts SET decision = ?, resolved_by = ? WHERE id = ?').run(decision, by, id)
    },
  }
}
