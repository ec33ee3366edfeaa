// Writes inside the one open transaction. Most of the port's sets become loops over prepared statements here; where nearly nothing is found, one
// statement over the set as JSON takes a third of the loop's time. Rows of many values in one INSERT take longer than one after the other.
import type { Database } from 'better-sqlite3'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { nameWords } from '../../../protocol/names.ts'
import type {
  ActivityRow,
  CheckpointRow,
  FactRow,
  MemberRow,
  QuarantineRow,
  StateRow,
  Writes,
} from '../port.ts'
import {
  activitiesOfFacts,
  activitiesOfMember,
  factOf,
  holdersOf,
  memberOfVoucher,
  programRecord,
  quarantineRow,
} from './reads.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import { preparer, present } from './statements.ts'
import type { Prepared } from './statements.ts'
import { conflictWrites } from './conflicts.ts'
import { accountWrites } from './accounts.ts'
import type { CollectionRows } from './collection-rows.ts'
import { collectionWrites } from './collections.ts'
import { CHAINED_FACTS, chainOf, chainedAside, foundFact, factsOf } from './chains.ts'
import { claimWrites } from './claims.ts'
import { fleetReads, fleetWrites } from './fleet-rows.ts'
import { leaseWrites } from './leases.ts'
import { linkWrites } from './links.ts'
import { metaOf, saveMeta } from './meta.ts'
import { platformWrites } from './platform-rows.ts'
import { checkedTime, effectsText, factRow, identityRow } from './rows.ts'
import {
  checkpointSum,
  findSummed,
  insertSummed,
  isSoundCheckpoint,
  isSoundState,
  stateSum,
  sumOfRow,
} from './row-sums.ts'
import { ITS_ROW, ROW, byKey, foundTwice, proveAbsent, writeUnique } from './second-trees.ts'
import { spendingWrites } from './spendings.ts'

const ACTIVITY_COLUMNS =
  'tenant, store, kind, at, fact, member, amount, points, effects, tell, revision, cause, goodwill, notice'

/** A statement for each word, made when it is first wanted. */
function perWord(of: (word: string) => Prepared): (word: string) => Prepared {
  const made = new Map<string, Prepared>()
  return (word) => {
    let known = made.get(word)
    if (known === undefined) made.set(word, (known = of(word)))
    return known
  }
}

const jsonOf = (list: readonly string[]): string => JSON.stringify(list)

/** `mend`: makes sure that the states of these members are what was written, or throws (S-12). */
export function sqliteWrites(
  database: Database,
  kept: CollectionRows,
  mend: (members: readonly MemberId[]) => Promise<void>,
): Writes {
  const sql = preparer(database)
  // Not the highest in the table: a deleted member's number was sent to edges already, and must not come again.
  let change = Number(metaOf(sql, 'change') ?? 0)
  const stateOf = sql('SELECT * FROM states WHERE member = ?')
  const collections = collectionWrites(database, sql, kept)
  // As most rows are. Every value that is not bound saves 0.1 us of some 3.5, a text more.
  const plainFact = perWord((kind) =>
    sql(`INSERT INTO facts VALUES (?, ?, ?, ?, '${kind}', ?, NULL, 0, ?, 'counted', ?, ?, ?)`),
  )
  const plainActivity = perWord((kind) =>
    sql(
      `INSERT INTO activities (${ACTIVITY_COLUMNS}) VALUES (?, ?, '${kind}', ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, NULL)`,
    ),
  )
  const anyFact = sql('INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertFact = (row: FactRow): void => {
    const { id, tenant, store, key, kind, member, claim, about, at, status, bytes, hash } = row
    const came = checkedTime(row.receivedAt)
    if (claim === null && about === NO_FACT && status === 'counted')
      plainFact(kind).run(id, tenant, store, key, member, at, bytes, hash, came)
    else anyFact.run(id, tenant, store, key, kind, member, claim, about, at, status, bytes, hash, came)
  }
  return {
    fact: async (id) => factOf(sql, id),
    programs: async (tenant) =>
      sql('SELECT * FROM programs WHERE tenant = ? ORDER BY version').all(tenant).map(programRecord),
    activitiesOfFacts: async (facts) => activitiesOfFacts(sql, facts),
    memberOfVoucher: async (tenant, code) => memberOfVoucher(sql, tenant, code),

    ...fleetReads(sql),
    ...fleetWrites(sql),
    chain: async (origin, afterSeq, limit) => chainOf(sql, origin, afterSeq, limit),
    insertProgram: async (tenant, record, publishedAt) => {
      const { version, effectiveFrom, document } = record
      const row = { tenant, version, effective_from: effectiveFrom, document }
      sql(
        'INSERT INTO programs (tenant, version, effective_from, document, published_at, sum) VALUES (?, ?, ?, ?, ?, ?)',
      ).run(tenant, version, effectiveFrom, document, publishedAt, sumOfRow('programs', row))
    },

    factsByKeys: async (tenant, keys) => {
      const find = sql(
        `SELECT ${ROW}, j.value AS asked FROM json_each(?) j CROSS JOIN facts f INDEXED BY facts_key
         ON f.tenant = ? AND f.key = j.value AND f.store = ? AND f.status <> 'duplicate' ${ITS_ROW}`,
      )
      const byStore = Map.groupBy(keys, ({ store }) => store)
      // That one was missed is seen when the fact is inserted.
      return [...byStore].flatMap(([store, those]) =>
        find.all(jsonOf(those.map(({ key }) => key)), tenant, store).map(({ asked, ...raw }) => {
          if (raw.key !== asked || raw.store !== store) throw new UnsoundRow('a fact is found by another key')
          return foundFact(sql, raw)
        }),
      )
    },
    factsWithKey: async (tenant, key) => {
      const where = `f.tenant = ? AND f.key = ? AND f.status <> 'duplicate'`
      const rows = sql(
        `SELECT ${ROW} FROM facts f INDEXED BY facts_key ${ITS_ROW} WHERE ${where} ORDER BY f.store`,
      )
      const second = sql(`SELECT count(*) AS n FROM facts f INDEXED BY facts_key_second WHERE ${where}`)
      return foundTwice(
        rows.all(tenant, key),
        second.get(tenant, key)?.n,
        'facts with a key',
        (raw) => raw.key === key.toWellFormed() && raw.tenant === tenant,
      ).map((raw) => foundFact(sql, raw))
    },
    factsByIds: async (ids) => {
      const find = sql(`${CHAINED_FACTS} WHERE f.id = ?`)
      return ids.flatMap((id) => {
        const raw = find.get(id)
        if (raw !== undefined) return [foundFact(sql, raw)]
        proveAbsent(sql, id)
        return []
      })
    },
    insertFacts: async (rows: readonly FactRow[]) => {
      // Where the order of a tree is broken, one search finds what another does not.
      const isNew = (row: FactRow): boolean =>
        rows.some(({ id }) => id === byKey(sql, 'facts_key_second', row))
      writeUnique(rows, insertFact, (row) => !isNew(row))
    },
    saveFactStanding: async (rows) => {
      const depart = sql(
        'INSERT OR IGNORE INTO departed (member, fact) SELECT member, id FROM facts WHERE id = ? AND member > 0 AND member <> ?',
      )
      const save = sql('UPDATE facts SET status = ?, member = ? WHERE id = ?')
      // One that counted had its key alone.
      const saved = sql('SELECT * FROM facts WHERE id = ?')
      writeUnique(
        rows,
        ({ id, status, member }) => {
          depart.run(id, member)
          save.run(status, member, id)
        },
        ({ id }) =>
          present([saved.get(id)])
            .map(factRow)
            .some(
              (row) =>
                row.status !== 'duplicate' ||
                byKey(sql, 'facts_key', row) !== byKey(sql, 'facts_key_second', row),
            ),
      )
    },
    insertQuarantine: async (rows: readonly QuarantineRow[]) => {
      const insert = sql('INSERT INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?)')
      for (const row of rows)
        insert.run(row.id, row.tenant, row.store, row.reason, row.bytes, row.hash, row.receivedAt)
    },
    quarantined: async (ids) => {
      const find = sql('SELECT * FROM quarantine WHERE id = ?')
      return present(ids.map((id) => find.get(id))).map((raw) => chainedAside(sql, quarantineRow(raw)))
    },
    factsOfMemberAfter: async (member, place) => factsOf(sql, member, place),
    hasOtherFacts: async (member, ids) =>
      sql(
        `SELECT 1 FROM facts WHERE member = ? AND member > 0 AND status = 'counted' AND id NOT IN (SELECT value FROM json_each(?)) LIMIT 1`,
      ).get(member, JSON.stringify(ids)) !== undefined,
    activitiesOfMember: async (member, page) => activitiesOfMember(sql, member, page),

    identities: async (tenant, wanted) =>
      wanted.flatMap((identity) => holdersOf(sql, tenant, identity)).map(identityRow),
    identitiesOfMember: async (member) =>
      sql('SELECT * FROM identities WHERE member = ?').all(member).map(identityRow),
    insertIdentities: async (rows) => {
      const insert = sql(
        'INSERT OR IGNORE INTO identities (tenant, kind, value, at, member, sum) VALUES (?, ?, ?, ?, ?, ?)',
      )
      for (const { tenant, kind, value, at, member } of rows)
        insert.run(
          tenant,
          kind,
          value,
          at,
          member,
          sumOfRow('identities', { tenant, kind, value, at, member }),
        )
    },
    insertMembers: async (rows: readonly MemberRow[]) => {
      const found = sql('INSERT OR IGNORE INTO name_words (tenant, word, member) VALUES (?, ?, ?)')
      for (const row of rows) {
        const root = findSummed(sql, 'aliases', row.id)?.root
        insertSummed(sql, 'members', { ...row, enrolled_at: row.enrolledAt, root })
        for (const word of nameWords(row.name ?? '')) found.run(row.tenant, word, row.id)
      }
    },
    deleteMembers: async (ids) => {
      const deletions = [
        sql('DELETE FROM members WHERE id = ?'),
        ...['name_words', 'identities', 'states', 'checkpoints', 'store_members', 'vouchers'].map((table) =>
          sql(`DELETE FROM ${table} WHERE member = ?`),
        ),
      ]
      for (const id of ids) for (const deletion of deletions) deletion.run(id)
    },
    meet: async (rows) => {
      const insert = sql('INSERT OR IGNORE INTO store_members (store, member) VALUES (?, ?)')
      return rows.filter(({ store, member }) => insert.run(store, member).changes > 0)
    },

    meetAlso: async (from, to) => {
      sql(
        'INSERT OR IGNORE INTO store_members (store, member) SELECT store, ? FROM store_members WHERE member = ?',
      ).run(to, from)
    },

    ...claimWrites(sql),
    ...linkWrites(sql),

    soundStates: async (members) =>
      present(members.map((member) => stateOf.get(member))).filter(isSoundState) as unknown as StateRow[],
    states: async (members) => {
      const found = present(members.map((member) => stateOf.get(member)))
      const unsound = found.filter((raw) => !isSoundState(raw)).map(({ member }) => member as MemberId)
      if (unsound.length === 0) return found as unknown as StateRow[]
      await mend(unsound)
      return present(members.map((member) => stateOf.get(member))) as unknown as StateRow[]
    },
    saveStates: async (rows) => {
      const save = sql(
        'INSERT OR REPLACE INTO states (member, tenant, change, state, due, sum) VALUES (?, ?, ?, ?, ?, ?)',
      )
      for (const { member, tenant, state, due } of rows) {
        change += 1
        save.run(member, tenant, change, state, due, stateSum({ member, tenant, due, change, state }))
      }
      saveMeta(sql, 'change', String(change))
    },
    saveDue: async (member, due) => {
      const raw = stateOf.get(member)
      if (raw === undefined) return
      if (!isSoundState(raw)) await mend([member])
      const row = (stateOf.get(member) ?? raw) as unknown as StateRow
      sql('UPDATE states SET due = ?, sum = ? WHERE member = ?').run(due, stateSum({ ...row, due }), member)
    },
    // One that is not what was written is none: the fold begins at an earlier one, or at the first fact.
    checkpointBefore: async (member, place) => {
      const find = sql(
        'SELECT * FROM checkpoints WHERE member = ? AND (at, id) < (?, ?) ORDER BY at DESC, id DESC',
      )
      for (const raw of find.iterate(member, place.at, place.id))
        if (isSoundCheckpoint(raw)) return raw as unknown as CheckpointRow
      return undefined
    },
    deleteCheckpointsFrom: async (member, place) => {
      sql('DELETE FROM checkpoints WHERE member = ? AND (at, id) >= (?, ?)').run(member, place.at, place.id)
    },
    insertCheckpoints: async (rows: readonly CheckpointRow[]) => {
      const insert = sql(
        'INSERT OR REPLACE INTO checkpoints (member, at, id, state, sum) VALUES (?, ?, ?, ?, ?)',
      )
      for (const { member, at, id, state } of rows)
        insert.run(member, at, id, state, checkpointSum({ member, at, id, state }))
    },
    appendActivities: async (rows) => {
      const insert = sql(
        `INSERT INTO activities (${ACTIVITY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      return rows.map((row): ActivityRow => {
        const { tenant, store, kind, at, fact, member, amount, points, revision, cause, goodwill, notice } =
          row
        const effects = effectsText(row.effects, row)
        const tell = row.tell ? 1 : 0
        const { lastInsertRowid } =
          revision === 0 && cause === NO_FACT && goodwill === 0 && notice === null
            ? plainActivity(kind).run(tenant, store, at, fact, member, amount, points, effects, tell)
            : insert.run(
                tenant,
                store,
                kind,
                at,
                fact,
                member,
                amount,
                points,
                effects,
                tell,
                revision,
                cause,
                goodwill,
                notice === null ? null : JSON.stringify(notice),
              )
        return {
          position: Number(lastInsertRowid),
          tenant,
          store,
          kind,
          at,
          fact,
          revision,
          member,
          cause,
          amount,
          points,
          goodwill,
          effects: row.effects,
          notice,
          tell: row.tell,
        }
      })
    },
    saveVouchers: async (rows) => {
      const save = sql('INSERT OR REPLACE INTO vouchers (tenant, code, member) VALUES (?, ?, ?)')
      for (const { tenant, code, member } of rows) save.run(tenant, code, member)
    },

    ...spendingWrites(sql),
    ...conflictWrites(sql),
    ...leaseWrites(sql),
    ...collections,
    ...platformWrites(sql),
    ...accountWrites(sql, kept, (count) => collections.nextIds(count)),

    meta: async (name) => metaOf(sql, name),
    saveMeta: async (name, value) => saveMeta(sql, name, value),
  }
}
