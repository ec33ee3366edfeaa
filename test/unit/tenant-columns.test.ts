// Every table of the cloud's store says whose its rows are, or why it need not (PL-18). A table that is added is looked at without a test being written.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../cloud/store/sqlite/open.ts'

/** Found only by the key of a row that names the tenant, or of the whole node. */
const WITHOUT_TENANT: Readonly<Record<string, string>> = {
  meta: 'of the node',
  tenants: 'the businesses themselves',
  contacts: 'by origin',
  aliases: 'by member',
  awaiting: 'by store and member',
  store_members: 'by store',
  checkpoints: 'by member',
  visits: 'by store and member',
  departed: 'by member',
  persons: 'of the node',
  person_emails: 'by person',
  person_phones: 'by person',
  clients: 'of the node; client_tenants says for which businesses',
  families: 'by client',
  issued: 'by family',
  sessions: 'by person',
  proofs: 'by person',
  consents: 'by person and client',
}

test('PL-18 every table names the tenant of its rows, or is found by what does', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-tenants-'))
  const { writer, reader, unlock } = openDatabase(directory)
  try {
    const tables = writer
      .prepare<[], { name: string; columns: string }>(
        `SELECT name, (SELECT group_concat(c.name) FROM pragma_table_info(t.name) c) AS columns FROM sqlite_master t
         WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
      )
      .all()
    expect(tables.length).toBeGreaterThan(40)
    const without = tables.filter(({ columns }) => !columns.split(',').includes('tenant'))
    expect(without.map(({ name }) => name)).toEqual(Object.keys(WITHOUT_TENANT).toSorted())
  } finally {
    for (const database of [reader, writer]) database.close()
    unlock()
    rmSync(directory, { recursive: true, force: true })
  }
})
