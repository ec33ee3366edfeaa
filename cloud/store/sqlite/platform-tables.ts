// Tables of who may do what, and how their rows stand to those of the port: names in snake case, lists as JSON, truth as 0 and 1.
import type { Raw } from './rows.ts'

export const PLATFORM_TABLES = `
ALTER TABLE tenants ADD COLUMN hq_hash TEXT;
ALTER TABLE tenants ADD COLUMN dialects TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tenants ADD COLUMN modified INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX tenants_hq ON tenants (hq_hash) WHERE hq_hash IS NOT NULL;
CREATE TABLE persons (id INTEGER PRIMARY KEY AUTOINCREMENT, first_name TEXT NOT NULL, last_name TEXT NOT NULL, birthday TEXT, password TEXT,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, sum INTEGER NOT NULL);
CREATE INDEX persons_modified ON persons (modified);
CREATE TABLE person_emails (id INTEGER PRIMARY KEY, person INTEGER NOT NULL, value TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, main INTEGER NOT NULL,
  sum INTEGER NOT NULL);
CREATE INDEX person_emails_person ON person_emails (person);
CREATE TABLE person_phones (id INTEGER PRIMARY KEY, person INTEGER NOT NULL, value TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, main INTEGER NOT NULL,
  sum INTEGER NOT NULL);
CREATE INDEX person_phones_value ON person_phones (value);
CREATE INDEX person_phones_person ON person_phones (person);
CREATE TABLE staff (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, person INTEGER NOT NULL, role TEXT NOT NULL, locations TEXT, description TEXT NOT NULL,
  bill_payer INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, sum INTEGER NOT NULL, UNIQUE (tenant, person));
CREATE INDEX staff_person ON staff (person, tenant);
CREATE TABLE invitations (hash TEXT PRIMARY KEY, tenant INTEGER NOT NULL, email TEXT NOT NULL, role TEXT NOT NULL, locations TEXT,
  expires INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX invitations_expires ON invitations (expires);
CREATE TABLE proofs (hash TEXT PRIMARY KEY, purpose TEXT NOT NULL, person INTEGER NOT NULL, email TEXT NOT NULL, expires INTEGER NOT NULL,
  sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX proofs_expires ON proofs (expires);
CREATE TABLE clients (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, dialect TEXT NOT NULL, secret_hash TEXT,
  redirect_uris TEXT NOT NULL, scopes TEXT NOT NULL, grants TEXT NOT NULL, disabled INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
  tenants TEXT NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE client_tenants (client INTEGER NOT NULL, tenant INTEGER NOT NULL, PRIMARY KEY (client, tenant)) WITHOUT ROWID;
CREATE INDEX client_tenants_tenant ON client_tenants (tenant, client);
CREATE TABLE families (id INTEGER PRIMARY KEY AUTOINCREMENT, client INTEGER NOT NULL, person INTEGER, scopes TEXT NOT NULL, "grant" TEXT NOT NULL,
  created INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0, sum INTEGER NOT NULL);
CREATE INDEX families_person ON families (person, client) WHERE person IS NOT NULL;
CREATE TABLE issued (hash TEXT PRIMARY KEY, family INTEGER NOT NULL, kind TEXT NOT NULL, scopes TEXT NOT NULL, expires INTEGER, used INTEGER NOT NULL DEFAULT 0,
  redirect_uri TEXT, challenge TEXT, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX issued_family ON issued (family);
CREATE INDEX issued_expires ON issued (expires) WHERE expires IS NOT NULL;
CREATE TABLE sessions (hash TEXT PRIMARY KEY, person INTEGER NOT NULL, expires INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_expires ON sessions (expires);
CREATE TABLE consents (person INTEGER NOT NULL, client INTEGER NOT NULL, scopes TEXT NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL,
  PRIMARY KEY (person, client)) WITHOUT ROWID;
CREATE TABLE identifications (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, family INTEGER NOT NULL, tenant INTEGER, person INTEGER, redirect_uri TEXT NOT NULL,
  state TEXT NOT NULL, expires INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX identifications_expires ON identifications (expires);
`

const LISTS: ReadonlySet<string> = new Set([
  'dialects',
  'redirect_uris',
  'scopes',
  'grants',
  'tenants',
  'locations',
])
const TRUTHS: ReadonlySet<string> = new Set(['main', 'bill_payer', 'disabled', 'ended', 'used'])

/** A row of the port, without its sum. The cast is true because this store wrote the row from one of that type. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says which table's row it reads
export function portRow<T>(raw: Raw): T {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([name, value]) =>
      name === 'sum'
        ? []
        : [
            [
              name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
              LISTS.has(name) ? JSON.parse(String(value)) : TRUTHS.has(name) ? value === 1 : value,
            ],
          ],
    ),
  ) as T
}

/** The same the other way: what a statement's named parameters take. */
export function tableRow(row: object): Raw {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === 'boolean'
        ? Number(value)
        : typeof value === 'object' && value !== null
          ? JSON.stringify(value)
          : value,
    ]),
  )
}
