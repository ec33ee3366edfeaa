// Reads and writes of who may do what. Each is a statement by a key; nothing here is hot: what `issued` found is remembered (issued-memory.ts).
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
import { portRow, tableRow } from './platform-tables.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

const CONTACT_TABLES = { email: 'person_emails', phone: 'person_phones' } as const

const CLIENT = `SELECT c.*, (SELECT json_group_array(t.tenant) FROM client_tenants t WHERE t.client = c.id) AS tenants FROM clients c`

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says which table's row it reads
function one<T>(raw: Raw | undefined): T | undefined {
  return raw && portRow<T>(raw)
}

function staffOf(sql: Sql, person: PersonId): StaffRow[] {
  return sql('SELECT * FROM staff WHERE person = ? ORDER BY tenant')
    .all(person)
    .map((raw) => portRow<StaffRow>(raw))
}

function clientWhere(sql: Sql, where: string, value: unknown): ClientRow | undefined {
  return one(sql(`${CLIENT} WHERE ${where} = ?`).get(value))
}

function familyWhole(sql: Sql, id: number): FamilyWhole | undefined {
  const of = one<FamilyRow>(sql('SELECT * FROM families WHERE id = ?').get(id))
  const client = of && clientWhere(sql, 'c.id', of.client)
  if (of === undefined || client === undefined) return undefined
  const staff = of.person === null ? [] : staffOf(sql, of.person)
  return { family: id, scopes: of.scopes, of, client, staff }
}

export function issuedWhole(sql: Sql, hash: string): IssuedWhole | undefined {
  const row = one<IssuedRow>(sql('SELECT * FROM issued WHERE hash = ?').get(hash))
  const whole = row && familyWhole(sql, row.family)
  return row && whole && { ...whole, ...row }
}

export function platformReads(sql: Sql): PlatformReads {
  return {
    tenants: async () =>
      sql('SELECT id FROM tenants ORDER BY id')
        .all()
        .map(({ id }) => Number(id)),
    tenant: async (id) => one<TenantRow>(sql('SELECT * FROM tenants WHERE id = ?').get(id)),
    tenantByHqHash: async (hash) =>
      one<TenantRow>(sql('SELECT * FROM tenants WHERE hq_hash = ? AND hq_hash IS NOT NULL').get(hash)),
    tenantList: async ({ after, limit }) =>
      sql('SELECT * FROM tenants WHERE id > ? ORDER BY id LIMIT ?')
        .all(after, limit)
        .map((raw) => portRow<TenantRow>(raw)),
    person: async (id) => one<PersonRow>(sql('SELECT * FROM persons WHERE id = ?').get(id)),
    personByContact: async (kind, folded) =>
      one<PersonRow>(
        sql(
          `SELECT p.* FROM ${CONTACT_TABLES[kind]} c JOIN persons p ON p.id = c.person WHERE c.folded = ?`,
        ).get(folded),
      ),
    contactsOf: async (person) =>
      (['email', 'phone'] as const).flatMap((kind) =>
        sql(
          `SELECT person, value, folded, main FROM ${CONTACT_TABLES[kind]} WHERE person = ? ORDER BY main DESC, id`,
        )
          .all(person)
          .map((raw) => ({ ...portRow<Omit<ContactOfPerson, 'kind'>>(raw), kind })),
      ),
    staffOf: async (person) => staffOf(sql, person),
    staffMember: async (tenant, id) =>
      one<StaffRow>(sql('SELECT * FROM staff WHERE tenant = ? AND id = ?').get(tenant, id)),
    staffOfTenant: async (tenant, { after, limit }) =>
      sql('SELECT * FROM staff WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?')
        .all(tenant, after, limit)
        .map((raw) => portRow<StaffRow>(raw)),
    client: async (id) => clientWhere(sql, 'c.id', id),
    clientByKey: async (key) => clientWhere(sql, 'c.key', key),
    clientsOfTenant: async (tenant, { after, limit }) =>
      sql(
        `${CLIENT} JOIN client_tenants o ON o.client = c.id WHERE o.tenant = ? AND c.id > ?
         AND (SELECT count(*) FROM client_tenants t WHERE t.client = c.id) = 1 ORDER BY c.id LIMIT ?`,
      )
        .all(tenant, after, limit)
        .map((raw) => portRow<ClientRow>(raw)),
    issued: async (hash) => issuedWhole(sql, hash),
    familyWhole: async (id) => familyWhole(sql, id),
    session: async (hash) => one<SessionRow>(sql('SELECT * FROM sessions WHERE hash = ?').get(hash)),
    consent: async (person, client) =>
      one<ConsentRow>(sql('SELECT * FROM consents WHERE person = ? AND client = ?').get(person, client)),
    consentsOf: async (person) =>
      sql('SELECT * FROM consents WHERE person = ? ORDER BY client')
        .all(person)
        .map((raw) => portRow<ConsentRow>(raw)),
    identification: async (hash) =>
      one<IdentificationRow>(sql('SELECT * FROM identifications WHERE hash = ?').get(hash)),
    invitation: async (hash) => one<InvitationRow>(sql('SELECT * FROM invitations WHERE hash = ?').get(hash)),
    proof: async (hash) => one<ProofRow>(sql('SELECT * FROM proofs WHERE hash = ?').get(hash)),
  }
}

export function platformWrites(sql: Sql): PlatformWrites {
  return {
    ...platformReads(sql),
    ...personWrites(sql),
    ...clientWrites(sql),
    insertTenant: async (name) =>
      Number(sql('INSERT INTO tenants (name) VALUES (?)').run(name).lastInsertRowid),
    saveTenant: async (row) => {
      sql(
        `UPDATE tenants SET name = $name, hq_hash = $hq_hash, dialects = $dialects, modified = $modified WHERE id = $id`,
      ).run(tableRow(row))
    },
    insertSession: async (row) => {
      sql('INSERT INTO sessions (hash, person, expires) VALUES ($hash, $person, $expires)').run(tableRow(row))
    },
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
      sql('UPDATE families SET ended = 1 WHERE person = $person AND client = coalesce($client, client)').run({
        person,
        client,
      })
    },
    insertProof: async (row) => {
      sql(
        'INSERT INTO proofs (hash, purpose, person, email, expires) VALUES ($hash, $purpose, $person, $email, $expires)',
      ).run(tableRow(row))
    },
    takeProof: async (hash) => one<ProofRow>(sql('DELETE FROM proofs WHERE hash = ? RETURNING *').get(hash)),
    insertIdentification: async (row) => {
      sql(
        `INSERT INTO identifications (hash, kind, family, tenant, person, redirect_uri, state, expires)
         VALUES ($hash, $kind, $family, $tenant, $person, $redirect_uri, $state, $expires)`,
      ).run(tableRow(row))
    },
    takeIdentification: async (hash) =>
      one<IdentificationRow>(sql('DELETE FROM identifications WHERE hash = ? RETURNING *').get(hash)),
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
    insertPerson: async (row) => {
      const { lastInsertRowid } = sql(
        `INSERT INTO persons (first_name, last_name, birthday, password, created, modified)
         VALUES ($first_name, $last_name, $birthday, $password, $created, $modified)`,
      ).run(tableRow(row))
      return { ...row, id: Number(lastInsertRowid) as PersonId }
    },
    savePerson: async (row) => {
      sql(
        `UPDATE persons SET first_name = $first_name, last_name = $last_name, birthday = $birthday, password = $password, modified = $modified
         WHERE id = $id`,
      ).run(withoutCreated(row))
    },
    insertContact: async ({ kind, ...row }) => {
      const table = CONTACT_TABLES[kind]
      const { changes } = sql(
        `INSERT INTO ${table} (person, value, folded, main) VALUES ($person, $value, $folded, $main) ON CONFLICT (folded) DO NOTHING`,
      ).run(tableRow(row))
      if (changes === 1 && row.main)
        sql(`UPDATE ${table} SET main = 0 WHERE person = ? AND folded <> ?`).run(row.person, row.folded)
      return changes === 1
    },
    deleteContact: async (kind, folded) => {
      sql(`DELETE FROM ${CONTACT_TABLES[kind]} WHERE folded = ?`).run(folded)
    },
    moveContacts: async (from, to) => {
      for (const table of Object.values(CONTACT_TABLES))
        sql(
          `UPDATE ${table} SET person = $to, main = main AND NOT EXISTS (SELECT 1 FROM ${table} WHERE person = $to AND main = 1)
           WHERE person = $from`,
        ).run({ from, to })
    },
    saveStaff: async (row) =>
      portRow<StaffRow>(
        // A statement that returns the row it writes always has one.
        sql(
          `INSERT INTO staff (tenant, person, role, locations, description, bill_payer, created, modified)
           VALUES ($tenant, $person, $role, $locations, $description, $bill_payer, $created, $modified)
           ON CONFLICT (tenant, person) DO UPDATE SET role = excluded.role, locations = excluded.locations, description = excluded.description,
           bill_payer = excluded.bill_payer, modified = excluded.modified RETURNING *`,
        ).get(tableRow(row)) as Raw,
      ),
    deleteStaff: async (tenant, person) => {
      sql('DELETE FROM staff WHERE tenant = ? AND person = ?').run(tenant, person)
    },
    insertInvitation: async (row) => {
      sql(
        'INSERT INTO invitations (hash, tenant, email, role, locations, expires) VALUES ($hash, $tenant, $email, $role, $locations, $expires)',
      ).run(tableRow(row))
    },
    takeInvitation: async (hash) =>
      one<InvitationRow>(sql('DELETE FROM invitations WHERE hash = ? RETURNING *').get(hash)),
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
    insertClient: async ({ tenants, ...row }) => {
      const { lastInsertRowid } = sql(
        `INSERT INTO clients (key, name, dialect, secret_hash, redirect_uris, scopes, grants, disabled, created, modified)
         VALUES ($key, $name, $dialect, $secret_hash, $redirect_uris, $scopes, $grants, $disabled, $created, $modified)`,
      ).run(tableRow(row))
      const id = Number(lastInsertRowid) as ClientRow['id']
      saveTenants(id, tenants)
      return { ...row, tenants, id }
    },
    saveClient: async (row) => {
      const { tenants, key: _, ...kept } = withoutCreated(row)
      sql(
        `UPDATE clients SET name = $name, dialect = $dialect, secret_hash = $secret_hash, redirect_uris = $redirect_uris, scopes = $scopes,
         grants = $grants, disabled = $disabled, modified = $modified WHERE id = $id`,
      ).run(kept)
      saveTenants(row.id, JSON.parse(String(tenants)) as number[])
    },
    insertFamily: async (row) => {
      const { lastInsertRowid } = sql(
        `INSERT INTO families (client, person, scopes, "grant", created) VALUES ($client, $person, $scopes, $grant, $created)`,
      ).run(tableRow(row))
      return { ...row, id: Number(lastInsertRowid), ended: false }
    },
    endFamily: async (id) => {
      sql('UPDATE families SET ended = 1 WHERE id = ?').run(id)
    },
    insertIssued: async (row) => {
      sql(
        `INSERT INTO issued (hash, family, kind, scopes, expires, redirect_uri, challenge)
         VALUES ($hash, $family, $kind, $scopes, $expires, $redirect_uri, $challenge)`,
      ).run(tableRow(row))
    },
    useIssued: async (hash) =>
      sql('UPDATE issued SET used = 1 WHERE hash = ? AND used = 0').run(hash).changes === 1,
    deleteIssued: async (hash) => {
      sql('DELETE FROM issued WHERE hash = ?').run(hash)
    },
    saveConsent: async (row) => {
      sql(
        `INSERT INTO consents (person, client, scopes, at) VALUES ($person, $client, $scopes, $at)
         ON CONFLICT (person, client) DO UPDATE SET scopes = excluded.scopes, at = excluded.at`,
      ).run(tableRow(row))
    },
  }
}
