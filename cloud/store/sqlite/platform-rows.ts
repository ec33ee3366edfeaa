// Reads and writes of who may do what, each row with its sum (S-12). Each is a statement by a key; nothing here is hot: what `issued` found is remembered (issued-memory.ts).
import type {
  ClientRow,
  ConsentRow,
  ContactOfPerson,
  FamilyRow,
  FamilyWhole,
  IdentificationRow,
  InvitationRow,
  ProofRow,
  IssuedRow,
  IssuedWhole,
  PersonId,
  PersonRow,
  PlatformReads,
  PlatformWrites,
  SessionRow,
  StaffRow,
  TenantRow,
} from '../platform-port.ts'
import { assert } from '../../../protocol/result.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import { portRow, tableRow } from './platform-tables.ts'
import { changeSummed, findSummed, insertNumbered, insertSummed, putSummed, sound } from './row-sums.ts'
import type { SummedTable } from './row-sums.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

const CONTACT_TABLES = { email: 'person_emails', phone: 'person_phones' } as const

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says which table's row it reads
function one<T>(table: SummedTable, raw: Raw | undefined): T | undefined {
  return raw && portRow<T>(sound(table, raw))
}

/** Rows of one whom an index found them by: one that has another there is not theirs. */
function all<T>(table: SummedTable, raws: Raw[], whose: Raw): T[] {
  return raws.map((raw) => {
    for (const [column, value] of Object.entries(whose))
      if (raw[column] !== value) throw new UnsoundRow(`a row of ${table} is found by another key`)
    return portRow<T>(sound(table, raw))
  })
}

function staffOf(sql: Sql, person: PersonId): StaffRow[] {
  return all('staff', sql('SELECT * FROM staff WHERE person = ? ORDER BY tenant').all(person), { person })
}

function clientOf(sql: Sql, id: number): ClientRow | undefined {
  return one('clients', findSummed(sql, 'clients', id))
}

function familyWhole(sql: Sql, id: number): FamilyWhole | undefined {
  const of = one<FamilyRow>('families', findSummed(sql, 'families', id))
  const client = of && clientOf(sql, of.client)
  if (of === undefined || client === undefined) return undefined
  const staff = of.person === null ? [] : staffOf(sql, of.person)
  return { family: id, scopes: of.scopes, of, client, staff }
}

export function issuedWhole(sql: Sql, hash: string): IssuedWhole | undefined {
  const row = one<IssuedRow>('issued', findSummed(sql, 'issued', hash))
  const whole = row && familyWhole(sql, row.family)
  return row && whole && { ...whole, ...row }
}

export function platformReads(sql: Sql): PlatformReads {
  return {
    tenants: async () =>
      sql('SELECT id FROM tenants ORDER BY id')
        .all()
        .map(({ id }) => Number(id)),
    tenant: async (id) => one<TenantRow>('tenants', findSummed(sql, 'tenants', id)),
    tenantByHqHash: async (hash) =>
      one<TenantRow>(
        'tenants',
        sql('SELECT * FROM tenants WHERE hq_hash = ? AND hq_hash IS NOT NULL').get(hash),
      ),
    tenantList: async ({ after, limit }) =>
      all<TenantRow>(
        'tenants',
        sql('SELECT * FROM tenants WHERE id > ? ORDER BY id LIMIT ?').all(after, limit),
        {},
      ),
    person: async (id) => one<PersonRow>('persons', findSummed(sql, 'persons', id)),
    personByContact: async (kind, folded) => {
      const contact = findSummed(sql, CONTACT_TABLES[kind], folded)
      return contact && one<PersonRow>('persons', findSummed(sql, 'persons', contact.person))
    },
    contactsOf: async (person) =>
      (['email', 'phone'] as const).flatMap((kind) => {
        const table = CONTACT_TABLES[kind]
        const raws = sql(`SELECT * FROM ${table} WHERE person = ? ORDER BY main DESC, id`).all(person)
        return all<Omit<ContactOfPerson, 'kind'>>(table, raws, { person }).map(
          ({ value, folded, main }): ContactOfPerson => ({ person, value, folded, main, kind }),
        )
      }),
    staffOf: async (person) => staffOf(sql, person),
    staffMember: async (tenant, id) =>
      one<StaffRow>('staff', sql('SELECT * FROM staff WHERE tenant = ? AND id = ?').get(tenant, id)),
    staffOfTenant: async (tenant, { after, limit }) =>
      all<StaffRow>(
        'staff',
        sql('SELECT * FROM staff WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?').all(tenant, after, limit),
        { tenant },
      ),
    client: async (id) => clientOf(sql, id),
    clientByKey: async (key) =>
      one<ClientRow>('clients', sql('SELECT * FROM clients WHERE key = ?').get(key)),
    clientsOfTenant: async (tenant, { after, limit }) =>
      all<ClientRow>(
        'clients',
        sql(
          `SELECT c.* FROM clients c JOIN client_tenants o ON o.client = c.id WHERE o.tenant = ? AND c.id > ?
           AND (SELECT count(*) FROM client_tenants t WHERE t.client = c.id) = 1 ORDER BY c.id LIMIT ?`,
        ).all(tenant, after, limit),
        { tenants: JSON.stringify([tenant]) },
      ),
    issued: async (hash) => issuedWhole(sql, hash),
    familyWhole: async (id) => familyWhole(sql, id),
    session: async (hash) => one<SessionRow>('sessions', findSummed(sql, 'sessions', hash)),
    consent: async (person, client) =>
      one<ConsentRow>('consents', findSummed(sql, 'consents', person, client)),
    consentsOf: async (person) =>
      all<ConsentRow>(
        'consents',
        sql('SELECT * FROM consents WHERE person = ? ORDER BY client').all(person),
        { person },
      ),
    identification: async (hash) =>
      one<IdentificationRow>('identifications', findSummed(sql, 'identifications', hash)),
    invitation: async (hash) => one<InvitationRow>('invitations', findSummed(sql, 'invitations', hash)),
    proof: async (hash) => one<ProofRow>('proofs', findSummed(sql, 'proofs', hash)),
  }
}

export function platformWrites(sql: Sql): PlatformWrites {
  return {
    ...platformReads(sql),
    ...personWrites(sql),
    ...clientWrites(sql),
    insertTenant: async (name) =>
      insertNumbered(sql, 'tenants', { name, hq_hash: null, dialects: '[]', modified: 0 }),
    saveTenant: async (row) => {
      const { id, ...changes } = tableRow(row)
      changeSummed(sql, 'tenants', [id], changes)
    },
    insertSession: async (row) => insertSummed(sql, 'sessions', tableRow(row)),
    deleteSession: async (hash) => {
      sql('DELETE FROM sessions WHERE hash = ?').run(hash)
    },
    deleteSessionsOf: async (person) => {
      sql('DELETE FROM sessions WHERE person = ?').run(person)
    },
    endConsents: async (person, client) => {
      sql('DELETE FROM consents WHERE person = $person AND client = coalesce($client, client)').run({
        person,
        client,
      })
      const families = sql(
        'SELECT id FROM families WHERE person = $person AND client = coalesce($client, client)',
      ).all({ person, client })
      for (const { id } of families) changeSummed(sql, 'families', [id], { ended: 1 })
    },
    insertProof: async (row) => insertSummed(sql, 'proofs', tableRow(row)),
    takeProof: async (hash) =>
      one<ProofRow>('proofs', sql('DELETE FROM proofs WHERE hash = ? RETURNING *').get(hash)),
    insertIdentification: async (row) => insertSummed(sql, 'identifications', tableRow(row)),
    takeIdentification: async (hash) =>
      one<IdentificationRow>(
        'identifications',
        sql('DELETE FROM identifications WHERE hash = ? RETURNING *').get(hash),
      ),
    sweepPlatform: async (now, limit) => {
      const families = new Set<unknown>()
      for (const table of ['issued', 'sessions', 'identifications', 'invitations', 'proofs'])
        for (const { family } of sql(
          `DELETE FROM ${table} WHERE hash IN (SELECT hash FROM ${table} WHERE expires <= ? LIMIT ?) RETURNING *`,
        ).all(now, limit))
          families.add(family)
      const forget = sql(
        'DELETE FROM families WHERE id = ? AND NOT EXISTS (SELECT 1 FROM issued WHERE family = families.id)',
      )
      for (const family of families) forget.run(family)
    },
  }
}

function personWrites(
  sql: Sql,
): Pick<
  PlatformWrites,
  | 'insertPerson'
  | 'savePerson'
  | 'insertContact'
  | 'deleteContact'
  | 'moveContacts'
  | 'saveStaff'
  | 'deleteStaff'
  | 'insertInvitation'
  | 'takeInvitation'
> {
  return {
    insertPerson: async (row) => ({
      ...row,
      id: insertNumbered(sql, 'persons', tableRow(row)) as PersonId,
    }),
    savePerson: async (row) => {
      const { id, ...changes } = withoutCreated(row)
      changeSummed(sql, 'persons', [id], changes)
    },
    insertContact: async ({ kind, ...row }) => {
      const table = CONTACT_TABLES[kind]
      const { person, folded, main } = row
      if (findSummed(sql, table, folded) !== undefined) return false
      insertSummed(sql, table, tableRow(row))
      if (!main) return true
      const mains = sql(`SELECT folded FROM ${table} WHERE person = ? AND folded <> ? AND main = 1`)
      for (const other of mains.all(person, folded)) changeSummed(sql, table, [other.folded], { main: 0 })
      return true
    },
    deleteContact: async (kind, folded) => {
      sql(`DELETE FROM ${CONTACT_TABLES[kind]} WHERE folded = ?`).run(folded)
    },
    moveContacts: async (from, to) => {
      for (const table of Object.values(CONTACT_TABLES)) {
        const of = sql(`SELECT folded, main FROM ${table} WHERE person = ?`)
        const hasMain = of.all(to).some(({ main }) => main === 1)
        for (const { folded, main } of of.all(from))
          changeSummed(sql, table, [folded], { person: to, main: hasMain ? 0 : main })
      }
    },
    saveStaff: async (row) => {
      const { created, ...changes } = tableRow(row)
      const key = [row.tenant, row.person]
      if (findSummed(sql, 'staff', ...key) === undefined) insertSummed(sql, 'staff', { ...changes, created })
      else changeSummed(sql, 'staff', key, changes)
      const saved = findSummed(sql, 'staff', ...key)
      assert(saved !== undefined, 'what was saved is there')
      return portRow<StaffRow>(saved)
    },
    deleteStaff: async (tenant, person) => {
      sql('DELETE FROM staff WHERE tenant = ? AND person = ?').run(tenant, person)
    },
    insertInvitation: async (row) => insertSummed(sql, 'invitations', tableRow(row)),
    takeInvitation: async (hash) =>
      one<InvitationRow>('invitations', sql('DELETE FROM invitations WHERE hash = ? RETURNING *').get(hash)),
  }
}

function withoutCreated(row: PersonRow | ClientRow): Raw {
  const { created: _, ...rest } = row
  return tableRow(rest)
}

function clientWrites(
  sql: Sql,
): Pick<
  PlatformWrites,
  | 'insertClient'
  | 'saveClient'
  | 'insertFamily'
  | 'endFamily'
  | 'insertIssued'
  | 'useIssued'
  | 'deleteIssued'
  | 'saveConsent'
> {
  const saveTenants = (client: number, tenants: readonly number[]): void => {
    sql('DELETE FROM client_tenants WHERE client = ?').run(client)
    for (const tenant of tenants)
      sql('INSERT INTO client_tenants (client, tenant) VALUES (?, ?)').run(client, tenant)
  }
  return {
    insertClient: async (row) => {
      const id = insertNumbered(sql, 'clients', tableRow(row)) as ClientRow['id']
      saveTenants(id, row.tenants)
      return { ...row, id }
    },
    saveClient: async (row) => {
      const { id, key: _, ...changes } = withoutCreated(row)
      changeSummed(sql, 'clients', [id], changes)
      saveTenants(row.id, row.tenants)
    },
    insertFamily: async (row) => ({
      ...row,
      id: insertNumbered(sql, 'families', { ...tableRow(row), ended: 0 }),
      ended: false,
    }),
    endFamily: async (id) => changeSummed(sql, 'families', [id], { ended: 1 }),
    insertIssued: async (row) => insertSummed(sql, 'issued', { ...tableRow(row), used: 0 }),
    useIssued: async (hash) => {
      const unused = findSummed(sql, 'issued', hash)?.used === 0
      if (unused) changeSummed(sql, 'issued', [hash], { used: 1 })
      return unused
    },
    deleteIssued: async (hash) => {
      sql('DELETE FROM issued WHERE hash = ?').run(hash)
    },
    saveConsent: async (row) => putSummed(sql, 'consents', tableRow(row)),
  }
}
