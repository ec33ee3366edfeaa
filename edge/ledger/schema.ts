// The tables of the ledger. Facts are only ever inserted; everything else is derived from them, or is the cloud's word. A fact's row keeps the
// seq of the same member's fact before it (`previous`), so that a member's facts are a list that costs no index page per sale (L-8).
// A change of the tables goes into the last step while that is not released, and is a new step afterwards (P-STEP-1).
import { statementsOf } from '../../protocol/schema-steps.ts'
import type { SchemaStep } from '../../protocol/schema-steps.ts'
import { TIME_MIN } from '../../protocol/time.ts'
import { LEASE_TABLES } from './leases.ts'

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

CREATE TABLE hours_counted (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL
) STRICT;

INSERT INTO hours_counted VALUES (1, 0);

ALTER TABLE standing ADD COLUMN time INTEGER;
${LEASE_TABLES}`

export const SCHEMA_STEPS: readonly SchemaStep[] = [VERSION_1, VERSION_2].map((text) => ({
  statements: statementsOf(text),
}))

export const SCHEMA_VERSION = SCHEMA_STEPS.length
