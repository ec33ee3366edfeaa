// Reads on a connection of their own: a snapshot of what is committed, never the middle of a write.
import type { Database } from 'better-sqlite3'
import { idText } from '../../../protocol/ids.ts'
import type { FactId, MemberId, Origin, ProgramVersion, Seq, StoreId } from '../../../protocol/ids.ts'
import { wordsEnd } from '../../../protocol/names.ts'
import { FACT_KINDS } from '../../../protocol/facts.ts'
import type { Identity } from '../../../protocol/facts.ts'
import type { HybridTime, Millis } from '../../../protocol/time.ts'
import type { ProgramRecord } from '../../evaluation/programs.ts'
import type {
  ActivityRow,
  ContactRow,
  DueRow,
  FactRow,
  MemberListRow,
  Page,
  QuarantineRow,
  Reads,
  SnapshotRow,
  Snapshots,
  TenantId,
} from '../port.ts'
import type { FoldedRow } from '../member-port.ts'
import { conflictReads } from './conflicts.ts'
import { accountReads } from './accounts.ts'
import { chainOf, factsOf } from './chains.ts'
import { CollectionRows } from './collection-rows.ts'
import { collectionReads } from './collections.ts'
import { fleetReads } from './fleet-rows.ts'
import { leaseReads } from './leases.ts'
import { platformReads } from './platform-rows.ts'
import { isSoundState, sound } from './row-sums.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import { activityRow, edgeRow, factRow, isStatus, identitiesOf, identityRow, memberRow } from './rows.ts'
import type { Raw } from './rows.ts'
import { foundOnce, foundTwice, proveAbsent } from './second-trees.ts'
import { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

/** The identities of a member are those it holds itself and those that members merged into it hold. */
const MEMBER_COLUMNS = `m.*, s.state AS state, s.tenant AS state_tenant, s.due AS due, s.change AS change, s.sum AS state_sum, (SELECT root FROM aliases WHERE member = m.id) AS merged_into,
  (SELECT json_group_array(json_array(i.kind, i.value, i.tenant, i.at, i.member, i.sum)) FROM identities i
    WHERE i.member IN (SELECT m.id WHERE NOT EXISTS (SELECT 1 FROM aliases WHERE member = m.id) UNION ALL SELECT member FROM aliases WHERE root = m.id)
    AND NOT EXISTS (SELECT 1 FROM identities o WHERE o.tenant = i.tenant AND o.kind = i.kind AND o.value = i.value
      AND (o.at, o.member) < (i.at, i.member))) AS identities`

/** A member that has facts has a state, saved in the commit of the first. */
function hasSoundState(sql: ReturnType<typeof preparer>, raw: Raw): boolean {
  const { id, state, state_tenant, due, change, state_sum } = raw
  return state === null
    ? sql(`SELECT 1 FROM facts WHERE member = ? AND member > 0 AND status = 'counted' LIMIT 1`).get(id) ===
        undefined
    : isSoundState({ member: id, tenant: state_tenant, due, change, state, sum: state_sum })
}

/** Which member this one stands for is said in two trees, by two rows that are what was written. */
function mergedIn(raw: Raw): MemberId | null {
  const { id, root } = sound('members', raw)
  if (root !== raw.merged_into) throw new UnsoundRow(`whom member ${String(id)} stands for is lost`)
  return root as MemberId | null
}

export function programRecord(raw: Raw): ProgramRecord {
  return {
    version: sound('programs', raw).version as ProgramVersion,
    effectiveFrom: raw.effective_from as HybridTime,
    document: raw.document as string,
  }
}

/** `unsound` is told of members that are given out with a state that is none, or not what was written (S-12). */
export function sqliteReads(database: Database, unsound: (member: MemberId) => void): Reads {
  const sql = preparer(database)
  const kept = new CollectionRows(sql)
  const listRow = (raw: Raw): MemberListRow => {
    const mergedInto = mergedIn(raw)
    if (!hasSoundState(sql, raw)) unsound(raw.id as MemberId)
    return {
      ...memberRow(raw),
      mergedInto,
      identities: identitiesOf(raw.identities),
      state: raw.state as Uint8Array | null,
    }
  }
  const ids = (list: readonly number[]): string => JSON.stringify(list)
  const snapshotRow = (raw: Raw): SnapshotRow => ({ ...listRow(raw), change: raw.change as number })
  // One transaction, so that the states and the position they cover are of the same moment.
  const snapshots = database.transaction((origin: Origin, text: string, values: unknown[]): Snapshots => {
    const covers = (sql('SELECT seq FROM origins WHERE origin = ?').get(origin)?.seq ?? 0) as Seq
    return {
      covers,
      rows: sql(text)
        .all(...values)
        .map(snapshotRow),
    }
  })
  return {
    ...fleetReads(sql),
    edges: async (tenant) => sql('SELECT * FROM edges WHERE tenant = ? ORDER BY id').all(tenant).map(edgeRow),
    contacts: async (tenant) =>
      sql('SELECT c.* FROM contacts c JOIN origins o USING (origin) WHERE o.tenant = ?')
        .all(tenant)
        .map(contactRow),
    contact: async (origin) => {
      const raw = sql('SELECT * FROM contacts WHERE origin = ?').get(origin)
      return raw && contactRow(raw)
    },
    programs: async (tenant) =>
      sql('SELECT * FROM programs WHERE tenant = ? ORDER BY version').all(tenant).map(programRecord),

    fact: async (id) => factOf(sql, id),
    chain: async (origin, afterSeq, limit) => chainOf(sql, origin, afterSeq, limit),
    facts: async (tenant, filter, page) =>
      sql(
        `SELECT * FROM facts WHERE id > $after AND tenant = $tenant AND ($store IS NULL OR store = $store)
         AND ($member IS NULL OR member = $member) AND ($kind IS NULL OR kind = $kind) ORDER BY id LIMIT $limit`,
      )
        .all({
          tenant,
          store: filter.store ?? null,
          member: filter.member ?? null,
          kind: filter.kind ?? null,
          after: page.after,
          limit: page.limit,
        })
        .map(factRow),
    factsOfMember: async (member) => factsOf(sql, member, null),
    storedFactsOf: async (member) =>
      sql(`SELECT * FROM facts WHERE member = ? AND member > 0 AND status = 'counted' ORDER BY at, id`)
        .all(member)
        .map(factRow),
    factCounts: async (tenant) =>
      sql(
        `SELECT status, kind, COUNT(*) AS count FROM facts WHERE tenant = $tenant GROUP BY status, kind
         UNION ALL SELECT 'quarantined', '', COUNT(*) FROM quarantine q WHERE tenant = $tenant
           AND NOT EXISTS (SELECT 1 FROM facts f WHERE f.id = q.id)`,
      )
        .all({ tenant })
        .map((raw) => countRow(raw)),
    quarantine: async (tenant, page) =>
      sql('SELECT * FROM quarantine WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?')
        .all(tenant, page.after, page.limit)
        .map(quarantineRow),

    member: async (id) => {
      const raw = sql(
        `SELECT ${MEMBER_COLUMNS} FROM members m LEFT JOIN states s ON s.member = m.id WHERE m.id = ?`,
      ).get(id)
      if (raw === undefined) proveNoMember(sql, id)
      return raw && listRow(raw)
    },
    memberByIdentity: async (tenant, kind, value) => {
      const [holder] = holdersOf(sql, tenant, { kind, value }).map(identityRow)
      if (holder === undefined) return undefined
      const raw = sql(
        `SELECT ${MEMBER_COLUMNS} FROM members m LEFT JOIN states s ON s.member = m.id
         WHERE m.id = coalesce((SELECT root FROM aliases WHERE member = $holder), $holder)`,
      ).get({ holder: holder.member })
      if (raw === undefined) proveNoMember(sql, holder.member)
      return raw && listRow(raw)
    },
    membersByName: async (tenant, [first = '', ...rest], limit) =>
      sql(
        `SELECT ${MEMBER_COLUMNS} FROM (SELECT DISTINCT member FROM name_words WHERE tenant = ? AND word >= ? AND word < ?) w
         JOIN members m ON m.id = w.member LEFT JOIN states s ON s.member = m.id
         WHERE NOT EXISTS (SELECT 1 FROM aliases WHERE member = m.id)
         ${rest.map(() => 'AND EXISTS (SELECT 1 FROM name_words o WHERE o.member = m.id AND o.word >= ? AND o.word < ?)').join(' ')}
         ORDER BY m.id LIMIT ?`,
      )
        .all(tenant, first, wordsEnd(first), ...rest.flatMap((word) => [word, wordsEnd(word)]), limit)
        .map(listRow),
    members: async (tenant, page) =>
      sql(
        `SELECT ${MEMBER_COLUMNS} FROM members m LEFT JOIN states s ON s.member = m.id
         WHERE m.tenant = ? AND m.id > ? AND NOT EXISTS (SELECT 1 FROM aliases WHERE member = m.id) ORDER BY m.id LIMIT ?`,
      )
        .all(tenant, page.after, page.limit)
        .map(listRow),
    folded: async (tenant, page) =>
      sql(
        `SELECT s.member, m.store FROM states s LEFT JOIN members m ON m.id = s.member
         WHERE s.tenant = ? AND s.member > ? ORDER BY s.member LIMIT ?`,
      ).all(tenant, page.after, page.limit) as unknown as FoldedRow[],
    orphans: async (tenant, page) =>
      sql(
        `SELECT o.id, s.state, s.tenant AS state_tenant, s.due, s.change, s.sum AS state_sum
         FROM (SELECT member AS id FROM states WHERE tenant = $tenant AND member > $after
           UNION SELECT member FROM facts WHERE tenant = $tenant AND member > $after AND member > 0 AND status = 'counted') o
         LEFT JOIN states s ON s.member = o.id WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.id = o.id)
           AND NOT EXISTS (SELECT 1 FROM aliases a WHERE a.member = o.id) ORDER BY o.id LIMIT $limit`,
      )
        .all({ tenant, after: page.after, limit: page.limit })
        .map((raw) => {
          const member = raw.id as MemberId
          proveNoMember(sql, member)
          if (!hasSoundState(sql, raw)) unsound(member)
          else if (raw.state === null)
            throw new UnsoundRow(`whose facts those of ${idText(member)} are, is lost`)
          return { member, state: raw.state as Uint8Array | null }
        }),
    orphansTold: async (tenant, after, limit) =>
      sql(
        `SELECT o.id, m.id IS NULL AND a.member IS NULL AS orphan, s.state, s.tenant AS state_tenant, s.due, s.change, s.sum AS state_sum
         FROM (SELECT subject, CAST(subject AS INTEGER) AS id FROM conflicts WHERE tenant = ? AND kind = 'orphan_member' AND subject > ? ORDER BY subject LIMIT ?) o
         LEFT JOIN members m ON m.id = o.id LEFT JOIN aliases a ON a.member = o.id LEFT JOIN states s ON s.member = o.id ORDER BY o.subject`,
      )
        .all(tenant, after, limit)
        .map((raw) => {
          const member = raw.id as MemberId
          if (raw.orphan !== 1) return { member, state: null }
          if (!hasSoundState(sql, raw)) unsound(member)
          return { member, state: raw.state as Uint8Array | null }
        }),
    dueMembers: async (now, after, limit) =>
      sql(
        `SELECT s.tenant, s.member, s.due, m.store FROM states s LEFT JOIN members m ON m.id = s.member
         WHERE s.due IS NOT NULL AND s.due <= ? AND (s.due, s.member) > (?, ?) ORDER BY s.due, s.member LIMIT ?`,
      ).all(now, after?.due ?? Number.MIN_SAFE_INTEGER, after?.member ?? 0, limit) as unknown as DueRow[],
    changedMembers: async (origin, store, cursor, limit) =>
      snapshots(
        origin,
        `SELECT ${MEMBER_COLUMNS} FROM states s CROSS JOIN store_members w ON w.member = s.member AND w.store = ?
         JOIN members m ON m.id = s.member WHERE s.change > ? ORDER BY s.change LIMIT ?`,
        [store, cursor, limit],
      ),
    snapshots: async (origin, members) =>
      snapshots(
        origin,
        `SELECT ${MEMBER_COLUMNS} FROM json_each(?) j JOIN states s ON s.member = j.value
         JOIN members m ON m.id = s.member ORDER BY s.change`,
        [ids(members)],
      ),
    storesThatMet: async (members) =>
      sql('SELECT w.store, w.member FROM json_each(?) j JOIN store_members w ON w.member = j.value').all(
        ids(members),
      ) as unknown as { store: StoreId; member: MemberId }[],

    activities: async (tenant, page) =>
      sql('SELECT * FROM activities WHERE position > ? AND tenant = ? ORDER BY position LIMIT ?')
        .all(page.after, tenant, page.limit)
        .map(activityRow),
    activitiesOfFacts: async (facts) => activitiesOfFacts(sql, facts),
    activitiesOfMember: async (member, page) => activitiesOfMember(sql, member, page),
    activitiesToTell: async (store, page) =>
      sql('SELECT * FROM activities WHERE store = ? AND tell = 1 AND position > ? ORDER BY position LIMIT ?')
        .all(store, page.after, page.limit)
        .map(activityRow),
    notices: async (tenant, page) =>
      sql(
        `SELECT * FROM activities WHERE tenant = ? AND notice IS NOT NULL AND position > ? ORDER BY position LIMIT ?`,
      )
        .all(tenant, page.after, page.limit)
        .map(activityRow),
    ...conflictReads(sql),
    lastPosition: async () =>
      (sql('SELECT MAX(position) AS position FROM activities').get()?.position ?? 0) as number,
    memberOfVoucher: async (tenant, code) => memberOfVoucher(sql, tenant, code),

    ...leaseReads(sql),
    ...collectionReads(database, sql, kept),
    ...platformReads(sql),
    ...accountReads(sql, kept),
  }
}

export function factOf(sql: Sql, id: FactId): FactRow | undefined {
  const raw = sql('SELECT * FROM facts WHERE id = ?').get(id)
  if (raw === undefined) proveAbsent(sql, id)
  return raw && factRow(raw)
}

/** Of somebody who is not enrolled here: the enrolment has the same number. Throws where it is here, and its member is lost (S-14). */
function proveNoMember(sql: Sql, member: MemberId): void {
  if (sql('SELECT 1 FROM members WHERE id = ?').get(member) !== undefined) return
  const enrolment = sql(`SELECT 1 FROM facts WHERE id = ? AND kind = 'enrolment' AND status <> 'duplicate'`)
  if (enrolment.get(member) !== undefined) throw new UnsoundRow(`member ${idText(member)} is lost`)
}

/** All rows of an identity, canonically first first. */
export function holdersOf(sql: Sql, tenant: TenantId, { kind, value }: Identity): readonly Raw[] {
  const where = 'tenant = ? AND kind = ? AND value = ?'
  const rows = sql(
    `SELECT * FROM identities INDEXED BY sqlite_autoindex_identities_1 WHERE ${where} ORDER BY at, member`,
  ).all(tenant, kind, value)
  const second = sql(`SELECT count(*) AS n FROM identities INDEXED BY identities_second WHERE ${where}`)
  return foundTwice(
    rows,
    second.get(tenant, kind, value)?.n,
    'holders of an identity',
    (raw) => raw.value === value.toWellFormed() && raw.kind === kind,
  )
}

export function memberOfVoucher(sql: Sql, tenant: TenantId, code: string): MemberId | undefined {
  const where = 'tenant = ? AND code = ?'
  const raw = sql(`SELECT member FROM vouchers INDEXED BY sqlite_autoindex_vouchers_1 WHERE ${where}`).get(
    tenant,
    code,
  )
  const second = sql(`SELECT 1 FROM vouchers INDEXED BY vouchers_second WHERE ${where}`)
  return foundOnce(raw, () => second.get(tenant, code), 'a voucher')?.member as MemberId | undefined
}

export function activitiesOfFacts(sql: Sql, facts: readonly FactId[]): ActivityRow[] {
  const asked = JSON.stringify(facts)
  const rows = sql(
    `SELECT a.* FROM json_each(?) j JOIN activities a INDEXED BY activities_fact ON a.fact = j.value AND a.fact > 0
     ORDER BY a.fact, a.revision`,
  )
    .all(asked)
    .map(activityRow)
  const corrections = rows.filter(({ revision }) => revision > 0).length
  const second = sql(
    `SELECT count(*) AS n FROM json_each(?) j CROSS JOIN activities a INDEXED BY activities_fact_second
     ON a.fact = j.value AND a.fact > 0 AND a.revision > 0`,
  ).get(asked)?.n
  if (corrections !== second)
    throw new UnsoundRow(`of ${String(second)} corrections of facts ${corrections} are found`)
  return rows
}

export function activitiesOfMember(
  sql: ReturnType<typeof preparer>,
  member: MemberId,
  page: Page,
): ActivityRow[] {
  return sql(
    `SELECT a.* FROM (SELECT id FROM facts WHERE member = $member AND member > 0 UNION SELECT fact FROM departed WHERE member = $member) f
     CROSS JOIN activities a ON a.fact = f.id AND a.fact > 0 AND a.revision = 0 WHERE a.member = $member AND a.position > $after
     UNION ALL SELECT * FROM activities WHERE member = $member AND member > 0 AND revision > 0 AND position > $after ORDER BY position LIMIT $limit`,
  )
    .all({ member, after: page.after, limit: page.limit })
    .map(activityRow)
}

const KINDS: ReadonlySet<unknown> = new Set(FACT_KINDS)

function countRow({ status, kind, count }: Raw): Awaited<ReturnType<Reads['factCounts']>>[number] {
  const isKind = status === 'quarantined' || KINDS.has(kind)
  if (!isKind || (status !== 'quarantined' && !isStatus(status)))
    throw new UnsoundRow('the standing of a fact is not what was written')
  return { status, kind: kind as string, count: count as number }
}

export function quarantineRow(raw: Raw): QuarantineRow {
  const { received_at, ...rest } = raw
  return { ...rest, receivedAt: received_at } as unknown as QuarantineRow
}

function contactRow(unproven: Raw): ContactRow {
  const raw = sound('contacts', unproven)
  return {
    origin: raw.origin as Origin,
    saidSeq: raw.said_seq as Seq,
    contactAt: raw.contact_at as Millis,
    software: raw.software as string,
    program: raw.program as ProgramVersion,
  }
}
