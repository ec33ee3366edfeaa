// Who is one with whom: the facts that say so, and which member each merged name stands for by them.
import type { AliasRow, LinkRow, Writes } from '../port.ts'
import { present } from './statements.ts'
import type { preparer } from './statements.ts'

type LinkWrites = Pick<Writes, 'links' | 'insertLinks' | 'deleteLinks' | 'aliases' | 'saveAliases'>

export function linkWrites(sql: ReturnType<typeof preparer>): LinkWrites {
  return {
    links: async (members) =>
      sql(
        `SELECT l.* FROM json_each($members) j JOIN links l ON l.survivor = j.value
         UNION SELECT l.* FROM json_each($members) j JOIN links l ON l.merged = j.value`,
      ).all({ members: JSON.stringify(members) }) as unknown as LinkRow[],
    insertLinks: async (rows) => {
      const insert = sql(
        'INSERT OR REPLACE INTO links (id, tenant, at, survivor, merged) VALUES (?, ?, ?, ?, ?)',
      )
      for (const { id, tenant, at, survivor, merged } of rows) insert.run(id, tenant, at, survivor, merged)
    },
    deleteLinks: async (ids) => {
      const remove = sql('DELETE FROM links WHERE id = ?')
      for (const id of ids) remove.run(id)
    },
    aliases: async (members) => {
      const find = sql('SELECT * FROM aliases WHERE member = ?')
      return present(members.map((member) => find.get(member))) as unknown as AliasRow[]
    },
    saveAliases: async (rows) => {
      const save = sql('INSERT OR REPLACE INTO aliases (member, root) VALUES (?, ?)')
      const remove = sql('DELETE FROM aliases WHERE member = ?')
      for (const { member, root } of rows) {
        if (member === root) remove.run(member)
        else save.run(member, root)
      }
    },
  }
}
