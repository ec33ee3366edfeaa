// Who is one with whom: the facts that say so, and which member each merged name stands for by them.
import type { NameWrites } from '../member-port.ts'
import type { AliasRow, LinkRow } from '../port.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { changeSummed, findSummed, putSummed, sound } from './row-sums.ts'
import type { Raw } from './rows.ts'
import { present } from './statements.ts'
import type { preparer } from './statements.ts'
import { ANY_TENANT, addTally, compareTally } from './tallies.ts'
import type { TallyOf } from './tallies.ts'

function linkRow(raw: Raw): LinkRow {
  const { sum: _, ...row } = sound('links', raw)
  return row as unknown as LinkRow
}

function aliasRow(raw: Raw): AliasRow {
  const { member, root } = sound('aliases', raw)
  return { member, root } as unknown as AliasRow
}

const namesOf = (root: MemberId): TallyOf => ({ kind: 'names', tenant: ANY_TENANT, owner: root })

/** A member's own name, and those of members that were merged into it. */
export function namesOfMember(sql: ReturnType<typeof preparer>, member: MemberId): MemberId[] {
  const merged = sql('SELECT * FROM aliases WHERE root = ?').all(member).map(aliasRow)
  compareTally(sql, namesOf(member), merged.filter(({ root }) => root === member).length)
  return [member, ...merged.map((row) => row.member)]
}

export function linkWrites(sql: ReturnType<typeof preparer>): NameWrites {
  return {
    links: async (members) =>
      sql(
        `SELECT l.* FROM json_each($members) j JOIN links l ON l.survivor = j.value
         UNION SELECT l.* FROM json_each($members) j JOIN links l ON l.merged = j.value`,
      )
        .all({ members: JSON.stringify(members) })
        .map(linkRow),
    saveLink: async (row) => {
      const before = findSummed(sql, 'links', row.id)
      putSummed(sql, 'links', { ...row })
      return before && linkRow(before)
    },
    deleteLink: async (id) => {
      const before = findSummed(sql, 'links', id)
      sql('DELETE FROM links WHERE id = ?').run(id)
      return before && linkRow(before)
    },
    aliases: async (members) => {
      const find = sql('SELECT * FROM aliases WHERE member = ?')
      return present(members.map((member) => find.get(member))).map(aliasRow)
    },
    saveAliases: async (rows) => {
      const remove = sql('DELETE FROM aliases WHERE member = ?')
      for (const { member, root } of rows) {
        const before = findSummed(sql, 'aliases', member)
        if (before !== undefined) addTally(sql, namesOf(before.root as MemberId), -1)
        if (member === root) remove.run(member)
        else {
          putSummed(sql, 'aliases', { member, root })
          addTally(sql, namesOf(root), 1)
        }
        changeSummed(sql, 'members', [member], { root: member === root ? null : root })
      }
    },
  }
}
