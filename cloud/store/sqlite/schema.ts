// The tables of the embedded engine. The version is SQLite's user_version; a file of a newer release is refused, older ones are brought up
// to date step by step. Facts are clustered by id, that is by (origin, seq): every origin appends at one place.
// A change of the tables goes into the last step while that is not released, and is a new step afterwards (P-STEP-1).
import type { Database } from 'better-sqlite3'
import { COLLECTIONS } from '../../collections/collections.ts'
import { ACCOUNT_TABLES } from './accounts.ts'
import { tablesOf } from './collection-sql.ts'
import { LEASE_TABLES } from './leases.ts'
import { PLATFORM_TABLES } from './platform-tables.ts'
import { SUMS, sumFunctions } from './row-sums.ts'
import { checkedTime, summedEffects } from './rows.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { SECOND_TREES } from './second-trees.ts'
import { TALLIES } from './tallies.ts'
import { nameWords } from '../../../protocol/names.ts'
import { statementsOf, stepUp } from '../../../protocol/schema-steps.ts'
import type { SchemaStep, SteppedFile } from '../../../protocol/schema-steps.ts'

const VERSION_1 = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE stores (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, name TEXT NOT NULL, zone TEXT NOT NULL);
CREATE TABLE edges (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, public_key TEXT NOT NULL, enrolled_at INTEGER NOT NULL);
CREATE TABLE origins (origin INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, edge INTEGER NOT NULL, epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL, head BLOB NOT NULL, fenced TEXT);
CREATE TABLE contacts (origin INTEGER PRIMARY KEY, said_seq INTEGER NOT NULL, contact_at INTEGER NOT NULL, software TEXT NOT NULL, program INTEGER NOT NULL);
CREATE TABLE codes (hash TEXT PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, expires INTEGER NOT NULL, used_by INTEGER) WITHOUT ROWID;
CREATE TABLE programs (tenant INTEGER NOT NULL, version INTEGER NOT NULL, effective_from INTEGER NOT NULL, document TEXT NOT NULL,
  published_at INTEGER NOT NULL, PRIMARY KEY (tenant, version));

CREATE TABLE facts (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, member INTEGER NOT NULL,
  claim TEXT, about INTEGER NOT NULL, at INTEGER NOT NULL, status TEXT NOT NULL, bytes BLOB NOT NULL, hash BLOB NOT NULL, received_at INTEGER NOT NULL);
CREATE UNIQUE INDEX facts_key ON facts (tenant, key, store) WHERE status <> 'duplicate';
CREATE INDEX facts_member ON facts (member, at, id) WHERE member > 0;
CREATE INDEX facts_claim ON facts (tenant, claim) WHERE claim IS NOT NULL;
CREATE INDEX facts_about ON facts (about, kind) WHERE about > 0;
CREATE TABLE quarantine (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, reason TEXT NOT NULL, bytes BLOB NOT NULL,
  hash BLOB NOT NULL, received_at INTEGER NOT NULL);

CREATE TABLE members (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, name TEXT, store INTEGER NOT NULL, enrolled_at INTEGER NOT NULL, key TEXT NOT NULL);
CREATE TABLE identities (tenant INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL, member INTEGER NOT NULL,
  PRIMARY KEY (tenant, kind, value, at, member)) WITHOUT ROWID;
CREATE INDEX identities_member ON identities (member);
CREATE TABLE links (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, at INTEGER NOT NULL, survivor INTEGER NOT NULL, merged INTEGER NOT NULL);
CREATE INDEX links_survivor ON links (survivor);
CREATE INDEX links_merged ON links (merged);
CREATE TABLE aliases (member INTEGER PRIMARY KEY, root INTEGER NOT NULL);
CREATE INDEX aliases_root ON aliases (root);
CREATE TABLE store_members (store INTEGER NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (store, member)) WITHOUT ROWID;
CREATE INDEX store_members_member ON store_members (member, store);
CREATE TABLE states (member INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, change INTEGER NOT NULL, state BLOB NOT NULL, due INTEGER);
CREATE UNIQUE INDEX states_change ON states (change);
CREATE INDEX states_due ON states (due, member) WHERE due IS NOT NULL;
CREATE TABLE checkpoints (member INTEGER NOT NULL, at INTEGER NOT NULL, id INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (member, at, id)) WITHOUT ROWID;
CREATE TABLE activities (position INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, store INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
  fact INTEGER NOT NULL, revision INTEGER NOT NULL, member INTEGER NOT NULL, cause INTEGER NOT NULL, amount INTEGER, points INTEGER NOT NULL,
  goodwill INTEGER NOT NULL, effects TEXT NOT NULL, notice TEXT, tell INTEGER NOT NULL);
CREATE INDEX activities_fact ON activities (fact, revision) WHERE fact > 0;
CREATE INDEX activities_member ON activities (member, position) WHERE member > 0;
CREATE INDEX activities_tell ON activities (store, position) WHERE tell = 1;
CREATE INDEX activities_notice ON activities (tenant, position) WHERE kind = 'notice';
CREATE TABLE vouchers (tenant INTEGER NOT NULL, code TEXT NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (tenant, code)) WITHOUT ROWID;
CREATE TABLE holds (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, key TEXT NOT NULL, member INTEGER NOT NULL, perk INTEGER,
  voucher TEXT, points INTEGER NOT NULL, expires INTEGER NOT NULL, settled INTEGER NOT NULL, UNIQUE (store, key));
CREATE INDEX holds_open ON holds (member) WHERE settled = 0;
CREATE INDEX holds_perk ON holds (tenant, perk, store, expires) WHERE settled = 0 AND voucher IS NULL;
CREATE TABLE redemptions (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, perk INTEGER NOT NULL, store INTEGER NOT NULL);
CREATE TABLE uses (tenant INTEGER NOT NULL, perk INTEGER NOT NULL, store INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (tenant, perk, store)) WITHOUT ROWID;
CREATE TABLE responses (tenant INTEGER NOT NULL, challenge INTEGER NOT NULL, number INTEGER NOT NULL, period TEXT NOT NULL, number_in_period INTEGER NOT NULL,
  fact INTEGER NOT NULL, PRIMARY KEY (tenant, challenge, number)) WITHOUT ROWID;
CREATE INDEX responses_period ON responses (tenant, challenge, period, number_in_period);
`

/**
 * Not released yet: what this release changes is added here. No row of the log is ever deleted, so its next position is one beyond the highest: without
 * AUTOINCREMENT, which reads and writes a table of its own at every insert, a tenth of what a row costs is saved. Nor is a fact's first row in an index by
 * member, a seventh of what a fact costs: it is found by its fact, which is the member's in `facts` or, where it was that once, in `departed`.
 */
const VERSION_2 = `
CREATE TABLE conflicts (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, member INTEGER NOT NULL,
  fact INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL, decision TEXT, resolved_by INTEGER NOT NULL DEFAULT 0, UNIQUE (tenant, kind, subject));
CREATE INDEX conflicts_open ON conflicts (tenant, id) WHERE decision IS NULL;
CREATE INDEX conflicts_kind ON conflicts (tenant, kind) WHERE decision IS NULL;
ALTER TABLE edges ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE edges ADD COLUMN copy_of INTEGER;
ALTER TABLE edges ADD COLUMN attestation TEXT NOT NULL DEFAULT '';
CREATE INDEX edges_key ON edges (tenant, public_key);
ALTER TABLE origins ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
ALTER TABLE origins ADD COLUMN ended TEXT;
ALTER TABLE origins ADD COLUMN ended_at INTEGER;
ALTER TABLE origins ADD COLUMN witnessed INTEGER NOT NULL DEFAULT 0;
UPDATE origins SET state = 'closed', ended = fenced WHERE fenced IS NOT NULL;
ALTER TABLE origins DROP COLUMN fenced;
CREATE TABLE name_words (tenant INTEGER NOT NULL, word TEXT NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (tenant, word, member)) WITHOUT ROWID;
CREATE INDEX name_words_member ON name_words (member, word);
INSERT OR IGNORE INTO name_words SELECT m.tenant, w.value, m.id FROM members m, json_each(name_words(coalesce(m.name, ''))) w;
CREATE INDEX origins_edge ON origins (edge, epoch);
DROP INDEX facts_member;
CREATE INDEX facts_member ON facts (member, at) WHERE member > 0;
UPDATE facts SET received_at = checked_time(received_at);
CREATE TABLE numbered_by_sqlite (position INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, store INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
  fact INTEGER NOT NULL, revision INTEGER NOT NULL, member INTEGER NOT NULL, cause INTEGER NOT NULL, amount INTEGER, points INTEGER NOT NULL,
  goodwill INTEGER NOT NULL, effects TEXT NOT NULL, notice TEXT, tell INTEGER NOT NULL);
INSERT INTO numbered_by_sqlite SELECT position, tenant, store, kind, at, fact, revision, member, cause, amount, points, goodwill,
  summed_effects(effects, fact, revision, member, points, goodwill), notice, tell FROM activities;
DROP TABLE activities;
ALTER TABLE numbered_by_sqlite RENAME TO activities;
CREATE INDEX activities_fact ON activities (fact, revision) WHERE fact > 0;
CREATE INDEX activities_again ON activities (member, position) WHERE member > 0 AND revision > 0;
CREATE INDEX activities_tell ON activities (store, position) WHERE tell = 1;
CREATE INDEX activities_notice ON activities (tenant, position) WHERE notice IS NOT NULL;
CREATE TABLE departed (member INTEGER NOT NULL, fact INTEGER NOT NULL, PRIMARY KEY (member, fact)) WITHOUT ROWID;
INSERT INTO departed SELECT a.member, a.fact FROM activities a JOIN facts f ON f.id = a.fact WHERE a.revision = 0 AND a.member > 0 AND a.member <> f.member;
${LEASE_TABLES}
${PLATFORM_TABLES}
${ACCOUNT_TABLES}
${tablesOf(COLLECTIONS)}
${SUMS}${TALLIES}${SECOND_TREES}`

export const SCHEMA_STEPS: readonly SchemaStep[] = [VERSION_1, VERSION_2].map((text) => ({
  statements: statementsOf(text),
}))

export const SCHEMA_VERSION = SCHEMA_STEPS.length

/** What the steps ask of rows that are there: the words of a member's name, and the sums of rows. */
export function stepFunctions(database: Database): void {
  sumFunctions(database)
  database.function('summed_effects', { deterministic: true, varargs: true }, (text, ...of) => {
    const [fact, revision, member, points, goodwill] = of.map(Number) as [
      FactId,
      number,
      MemberId,
      number,
      number,
    ]
    return summedEffects(String(text), { fact, revision, member, points, goodwill })
  })
  database.function('checked_time', { deterministic: true }, (ms) => checkedTime(Number(ms)))
  database.function('name_words', { deterministic: true }, (name) => JSON.stringify(nameWords(String(name))))
}

/** Brings a file to SCHEMA_VERSION in one transaction; throws with a sentence for a newer one. */
export function migrate(database: Database): void {
  const { done, from, to } = stepUp(steppedFile(database), SCHEMA_STEPS)
  if (done === 'newer')
    throw new Error(`the store is of schema ${from}, this release knows up to ${to}: start a newer release`)
}

export function steppedFile(database: Database): SteppedFile {
  stepFunctions(database)
  return {
    version: () => database.pragma('user_version', { simple: true }) as number,
    execute: (statement) => void database.exec(statement),
    // Every fact is in a chain, and the origins say how far each goes and with which hash.
    proof: () =>
      database
        .prepare<[], string>(
          `SELECT (SELECT count(*) FROM facts) || ' ' || (SELECT count(*) FROM quarantine) || ' ' ||
           coalesce((SELECT group_concat(origin || ':' || seq || ':' || hex(head)) FROM (SELECT * FROM origins ORDER BY origin)), '')`,
        )
        .pluck()
        .get() ?? null,
  }
}
