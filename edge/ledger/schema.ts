// The tables of the ledger. Facts are only ever inserted; everything else is derived from them, or is the cloud's word. A fact's row keeps the
// id of the same member's fact before it (`previous`), so that a member's facts are a list that costs no index page per sale (L-8).
// A change of the tables goes into the last step while that is not released, and is a new step afterwards (P-STEP-1).
import { nameWords } from '../../protocol/names.ts'
import { statementsOf } from '../../protocol/schema-steps.ts'
import type { SchemaStep } from '../../protocol/schema-steps.ts'
import { SEQ_SPAN } from '../../protocol/ids.ts'
import { TIME_MIN } from '../../protocol/time.ts'
import type { Database } from './database.ts'
import { LEASE_TABLES } from './leases.ts'
import { SUMS, sumFunctions } from './row-sums.ts'

const VERSION_1 = `
CREATE TABLE facts (
  seq          INTEGER PRIMARY KEY,
  key          TEXT NOT NULL UNIQUE,
  member       INTEGER NOT NULL,
  previous     INTEGER NOT NULL,
  bytes        BLOB NOT NULL,
  hash         BLOB NOT NULL,
  request_hash BLOB NOT NULL,
  status       INTEGER NOT NULL,
  answer       BLOB NOT NULL
) STRICT;

-- The last fact of each member, up to standing.threads_saved; later ones are found by reading on from there.
CREATE TABLE threads (
  member INTEGER PRIMARY KEY,
  seq    INTEGER NOT NULL
) STRICT;

-- One row: where this ledger stands beside its facts.
CREATE TABLE standing (
  one                INTEGER PRIMARY KEY CHECK (one = 1),
  clock              INTEGER NOT NULL,
  synced             INTEGER NOT NULL,
  cloud_epoch        INTEGER NOT NULL,
  last_word_at       INTEGER,
  members_cursor     INTEGER NOT NULL,
  corrections_cursor INTEGER NOT NULL,
  threads_saved      INTEGER NOT NULL
) STRICT;

CREATE TABLE edge (
  one              INTEGER PRIMARY KEY CHECK (one = 1),
  edge             INTEGER NOT NULL,
  origin           INTEGER NOT NULL,
  epoch            INTEGER NOT NULL,
  store            INTEGER NOT NULL,
  store_name       TEXT NOT NULL,
  zone             TEXT NOT NULL,
  private_key      TEXT NOT NULL,
  cloud_public_key TEXT NOT NULL,
  cloud_url        TEXT NOT NULL
) STRICT;

CREATE TABLE members (
  member     INTEGER PRIMARY KEY,
  name       TEXT,
  identities TEXT NOT NULL,
  -- Base state and the own seq it covers; null until the cloud has sent it.
  state      BLOB,
  covers     INTEGER NOT NULL
) STRICT;

CREATE TABLE identities (
  kind   TEXT NOT NULL,
  value  TEXT NOT NULL,
  member INTEGER NOT NULL,
  PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE programs (
  version        INTEGER PRIMARY KEY,
  effective_from INTEGER NOT NULL,
  document       TEXT NOT NULL
) STRICT;

-- Which own facts are about an earlier one: returns and voids of a sale, the settlement of a reservation.
CREATE TABLE mentions (
  fact INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (fact, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
  seq INTEGER PRIMARY KEY,
  due INTEGER NOT NULL
) STRICT;

-- What the cloud says an own fact is worth, where it differs from the answer: its latest word.
CREATE TABLE corrections (
  fact     INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL,
  points   INTEGER NOT NULL,
  goodwill INTEGER NOT NULL,
  cause    INTEGER NOT NULL
) STRICT;

-- The feed, one row per commit: the JSON of activities first to last, separated by commas.
CREATE TABLE frames (
  first INTEGER PRIMARY KEY,
  last  INTEGER NOT NULL,
  text  TEXT NOT NULL
) STRICT;

CREATE TABLE terminals (
  name       TEXT PRIMARY KEY,
  role       TEXT NOT NULL,
  token_hash BLOB NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

INSERT INTO standing VALUES (1, ${TIME_MIN}, 0, 0, NULL, 0, 0, 0);
`

/** Not released yet: what this release changes is added here. */
const VERSION_2 = `
-- A fact's id is its place: (life, seq). Ids rise from life to life.
ALTER TABLE facts RENAME COLUMN seq TO id;
UPDATE facts SET id = id + (SELECT origin FROM edge) * ${SEQ_SPAN},
  previous = CASE previous WHEN 0 THEN 0 ELSE previous + (SELECT origin FROM edge) * ${SEQ_SPAN} END;
ALTER TABLE threads RENAME COLUMN seq TO fact;
UPDATE threads SET fact = fact + (SELECT origin FROM edge) * ${SEQ_SPAN};
UPDATE standing SET threads_saved = coalesce(threads_saved + (SELECT origin FROM edge) * ${SEQ_SPAN}, 0);
ALTER TABLE mentions RENAME COLUMN seq TO by;
UPDATE mentions SET by = by + (SELECT origin FROM edge) * ${SEQ_SPAN};
ALTER TABLE reservations RENAME COLUMN seq TO fact;
UPDATE reservations SET fact = fact + (SELECT origin FROM edge) * ${SEQ_SPAN};
-- What the base state covers, as the id of the last own fact in it.
UPDATE members SET covers = covers + (SELECT origin FROM edge) * ${SEQ_SPAN} WHERE state IS NOT NULL;

-- Why the life before this one ended; null for the first.
ALTER TABLE edge ADD COLUMN why TEXT;
-- The machine and directory the ledger was made for; empty before its first start.
ALTER TABLE edge ADD COLUMN binding TEXT NOT NULL DEFAULT '';
-- A copy's own signing key, until the cloud has made it a device of its own.
ALTER TABLE edge ADD COLUMN applicant_key TEXT;

-- The lives this ledger had before, and those it may open by itself (state spare).
CREATE TABLE lives (
  origin    INTEGER PRIMARY KEY,
  epoch     INTEGER NOT NULL,
  state     TEXT NOT NULL,
  ended     TEXT,
  ended_at  INTEGER,
  -- Up to here the cloud's chain of it is this one, as far as it was read; how far that is, and the hash there.
  same      INTEGER NOT NULL,
  read      INTEGER NOT NULL,
  read_hash BLOB NOT NULL,
  -- 1 once it was read to its end and the rest of this ledger's was recorded again.
  settled   INTEGER NOT NULL
) STRICT;
-- Facts of earlier lives that this ledger had lost and the cloud sent back.
CREATE TABLE tail (
  id     INTEGER PRIMARY KEY,
  key    TEXT NOT NULL,
  member INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  hash   BLOB NOT NULL,
  -- As which fact it counts, where a restored cloud had lost it.
  again  INTEGER
) STRICT;
CREATE INDEX tail_key ON tail (key);
CREATE INDEX tail_member ON tail (member, id) WHERE member > 0;
-- Facts of an ended life that the cloud does not have under their ids, and as which fact they count.
CREATE TABLE strays (
  id    INTEGER PRIMARY KEY,
  again INTEGER NOT NULL,
  -- Facts of this ledger before this place mean the stray by its id; those from it on mean what goes by that id at the cloud.
  since INTEGER NOT NULL
) STRICT;
CREATE INDEX strays_again ON strays (again);
-- Ledgers of which terminals of this store hold receipts beyond what is known here, and the highest seq of each.
CREATE TABLE witnesses (
  origin INTEGER PRIMARY KEY,
  seq    INTEGER NOT NULL
) STRICT;

CREATE TABLE managers (
  name         TEXT PRIMARY KEY,
  salt         BLOB NOT NULL,
  hash         BLOB NOT NULL,
  wrong        INTEGER NOT NULL,
  locked_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY,
  manager    TEXT NOT NULL REFERENCES managers (name) ON DELETE CASCADE,
  ends       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The store's figures by local hour, and up to which fact they are counted (TD-1).
CREATE TABLE hours (
  day             INTEGER NOT NULL,
  hour            INTEGER NOT NULL,
  sales           INTEGER NOT NULL,
  amount          INTEGER NOT NULL,
  returns         INTEGER NOT NULL,
  points_given    INTEGER NOT NULL,
  points_redeemed INTEGER NOT NULL,
  members_joined  INTEGER NOT NULL,
  vouchers_used   INTEGER NOT NULL,
  PRIMARY KEY (day, hour)
) STRICT, WITHOUT ROWID;

-- Who was served on a day and in which hour first, as it was counted: a row a day for each time the sums were saved (edge/ledger/hours.ts).
CREATE TABLE served (
  day     INTEGER NOT NULL,
  fact    INTEGER NOT NULL,
  members BLOB NOT NULL,
  hours   BLOB NOT NULL,
  PRIMARY KEY (day, fact)
) STRICT, WITHOUT ROWID;

CREATE TABLE hours_counted (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  fact INTEGER NOT NULL
) STRICT;

INSERT INTO hours_counted VALUES (1, 0);

ALTER TABLE standing ADD COLUMN time INTEGER;
ALTER TABLE standing ADD COLUMN word INTEGER;
ALTER TABLE edge ADD COLUMN attestation TEXT;

-- Words by which members are found by name.
CREATE TABLE name_words (
  word   TEXT NOT NULL,
  member INTEGER NOT NULL,
  PRIMARY KEY (word, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_words_member ON name_words (member, word);
INSERT OR IGNORE INTO name_words SELECT w.value, m.member FROM members m, json_each(name_words(coalesce(m.name, ''))) w;

-- API clients of the business that this store serves: the cloud's latest word.
CREATE TABLE clients (
  dialect     TEXT NOT NULL,
  key         TEXT NOT NULL,
  name        TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  created     INTEGER NOT NULL,
  PRIMARY KEY (dialect, key)
) STRICT, WITHOUT ROWID;
${LEASE_TABLES}${SUMS}`

export const SCHEMA_STEPS: readonly SchemaStep[] = [VERSION_1, VERSION_2].map((text) => ({
  statements: statementsOf(text),
}))

/** What steps ask beside SQL: the words of a name, of members who are there, and the sums of rows. */
export function stepFunctions(database: Database): void {
  sumFunctions(database)
  database.function('name_words', { deterministic: true }, (name) => JSON.stringify(nameWords(String(name))))
}

export const SCHEMA_VERSION = SCHEMA_STEPS.length
