// Leases this ledger holds, and what was spent at the merchant's risk (P-LEASE). A row is the cloud's latest word on a lease beside what this ledger has
// spent of it and given back; the three move in the transaction of the fact that says so, and the word in the transaction of its cursor. All of it
// but the cloud's word can be read out of the facts again, which is what `verify` does.
import type { FactId, MemberId, Seq } from '../../protocol/ids.ts'
import type { LeaseSubject, LeaseTerm } from '../../protocol/leases.ts'
import { UnsoundRow } from '../../cloud/storage/unsound.ts'
import type { Database, Statement } from './database.ts'
import { soundRow, sumOf, sumOfRow, twice } from './row-sums.ts'

export const LEASE_TABLES = `
-- What this ledger may spend without asking; answered: the last recall that was answered.
CREATE TABLE leases (
  lease    INTEGER PRIMARY KEY,
  subject  TEXT NOT NULL,
  member   INTEGER NOT NULL,
  item     INTEGER NOT NULL,
  code     TEXT,
  granted  INTEGER NOT NULL,
  spent    INTEGER NOT NULL,
  returned INTEGER NOT NULL,
  cap      INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  recall   INTEGER NOT NULL,
  answered INTEGER NOT NULL
) STRICT;
CREATE INDEX leases_subject ON leases (member, subject, item);
CREATE INDEX leases_code ON leases (code) WHERE code IS NOT NULL;
CREATE INDEX leases_expires ON leases (expires);
CREATE INDEX leases_recalled ON leases (lease) WHERE recall > answered;

CREATE TABLE lease_cursor (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  cursor INTEGER NOT NULL
) STRICT;
INSERT INTO lease_cursor VALUES (1, 0);

-- Codes of entitlements that own facts issued.
CREATE TABLE issued (
  code   TEXT PRIMARY KEY,
  seq    INTEGER NOT NULL,
  member INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Spendings at risk: in this outage (open), and of these days.
CREATE TABLE risks (
  fact   INTEGER PRIMARY KEY,
  member INTEGER NOT NULL,
  points INTEGER NOT NULL,
  day    INTEGER NOT NULL,
  open   INTEGER NOT NULL
) STRICT;
`

export interface KeptLease extends Omit<LeaseTerm, 'used'> {
  readonly spent: number
  readonly returned: number
  /** The last recall that was answered. */
  readonly answered: number
}

export interface RiskTaken {
  /** In this outage. */
  readonly memberPoints: number
  readonly outagePoints: number
  readonly outageUses: number
  /** On this local day. */
  readonly dayPoints: number
}

export interface LeaseSums {
  readonly leases: number
  readonly points: number
  readonly vouchers: number
  readonly until: number | null
}

type LeaseRow = KeptLease & { readonly sum: number }

/** In the order of a lease's columns. */
type LeaseValues = [
  lease: number,
  subject: LeaseSubject,
  member: MemberId,
  item: number,
  code: string | null,
  granted: number,
  spent: number,
  returned: number,
  cap: number,
  expires: number,
  recall: number,
  answered: number,
  sum: number,
]

export class Leases {
  readonly #put: Statement<LeaseValues>
  readonly #isListed: Statement<[MemberId, number, string, number], number>
  readonly #cursor: Statement<[], { readonly cursor: number }>
  readonly #setCursor: Statement<[number, number]>
  readonly #count: Statement<[], number>
  readonly #of: Statement<[MemberId, string, number], LeaseRow>
  readonly #ofAgain: Statement<[MemberId, string, number], number>
  readonly #ofMember: Statement<[MemberId], LeaseRow>
  readonly #ofMemberAgain: Statement<[MemberId], number>
  readonly #ofCode: Statement<[string], LeaseRow>
  readonly #one: Statement<[number], LeaseRow>
  readonly #all: Statement<[], LeaseRow>
  readonly #recalled: Statement<[number], LeaseRow>
  readonly #over: Statement<[number, number], LeaseRow>
  readonly #nextEnd: Statement<[], number | null>
  readonly #forget: Statement<[number]>
  readonly #endLife: () => void
  readonly #awaitWord: () => void
  readonly #forgetIssued: Statement<[Seq]>
  readonly #sums: Statement<[number], LeaseSums>
  readonly #issue: Statement<[string, Seq, MemberId, number]>
  readonly #issuer: Statement<[string], { code: string; seq: Seq; member: MemberId; sum: number }>
  readonly #risk: Statement<[FactId, MemberId, number, number]>
  readonly #risked: Statement<[{ member: MemberId; day: number }], RiskTaken>
  readonly #riskedAgain: Statement<[{ member: MemberId; day: number }], RiskTaken>
  readonly #endOutage: Statement<[]>
  readonly #forgetRisks: Statement<[number]>

  constructor(database: Database) {
    this.#put = database.prepare(
      `INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (lease) DO UPDATE
       SET subject = excluded.subject, member = excluded.member, item = excluded.item, code = excluded.code, granted = excluded.granted,
         spent = excluded.spent, returned = excluded.returned, cap = excluded.cap, expires = excluded.expires, recall = excluded.recall,
         answered = excluded.answered, sum = excluded.sum`,
    )
    this.#isListed = database
      .prepare<[MemberId, number, string, number], number>(
        'SELECT 1 FROM leases INDEXED BY leases_second WHERE member = ? AND item = ? AND subject = ? AND lease = ?',
      )
      .pluck()
    this.#cursor = database.prepare('SELECT * FROM lease_cursor')
    this.#setCursor = database.prepare('UPDATE lease_cursor SET cursor = ?, sum = ?')
    this.#count = database.prepare<[], number>('SELECT count(*) FROM leases').pluck()
    this.#of = database.prepare(
      `SELECT * FROM leases INDEXED BY leases_subject WHERE member = ? AND subject = ? AND item = ?
       ORDER BY granted - spent - returned DESC, lease`,
    )
    this.#ofAgain = database
      .prepare<[MemberId, string, number], number>(
        'SELECT lease FROM leases INDEXED BY leases_second WHERE member = ? AND subject = ? AND item = ? ORDER BY lease',
      )
      .pluck()
    this.#ofMember = database.prepare(
      'SELECT * FROM leases INDEXED BY leases_subject WHERE member = ? ORDER BY lease',
    )
    this.#ofMemberAgain = database
      .prepare<[MemberId], number>(
        'SELECT lease FROM leases INDEXED BY leases_second WHERE member = ? ORDER BY lease',
      )
      .pluck()
    this.#ofCode = database.prepare('SELECT * FROM leases WHERE code = ? ORDER BY lease DESC')
    this.#one = database.prepare('SELECT * FROM leases WHERE lease = ?')
    this.#all = database.prepare('SELECT * FROM leases ORDER BY lease')
    this.#recalled = database.prepare('SELECT * FROM leases WHERE recall > answered ORDER BY lease LIMIT ?')
    this.#over = database.prepare(
      'SELECT * FROM leases WHERE expires <= ? AND granted > spent + returned ORDER BY expires LIMIT ?',
    )
    this.#nextEnd = database
      .prepare<[], number | null>('SELECT min(expires) FROM leases WHERE granted > spent + returned')
      .pluck()
    this.#forget = database.prepare(
      'DELETE FROM leases WHERE expires <= ? AND granted = spent + returned AND recall <= answered',
    )
    this.#endLife = () => {
      database.exec('DELETE FROM leases; DELETE FROM issued')
      this.setCursor(0)
    }
    this.#awaitWord = () => {
      for (const lease of this.#all.all()) this.keep({ ...soundRow('leases', lease), granted: 0 })
      this.setCursor(0)
    }
    this.#forgetIssued = database.prepare('DELETE FROM issued WHERE seq <= ?')
    this.#sums = database.prepare(
      `SELECT count(*) AS leases, coalesce(sum(CASE WHEN subject = 'points' AND item = 0 THEN granted - spent - returned END), 0) AS points,
       coalesce(sum(subject = 'voucher'), 0) AS vouchers, min(expires) AS until
       FROM leases WHERE expires > ? AND granted > spent + returned`,
    )
    this.#issue = database.prepare('INSERT OR IGNORE INTO issued VALUES (?, ?, ?, ?)')
    this.#issuer = database.prepare('SELECT * FROM issued WHERE code = ?')
    this.#risk = database.prepare('INSERT OR IGNORE INTO risks VALUES (?, ?, ?, ?, 1)')
    const riskedIn = (tree: string): Statement<[{ member: MemberId; day: number }], RiskTaken> =>
      database.prepare(
        `SELECT coalesce(sum(CASE WHEN open = 1 AND member = @member THEN points END), 0) AS memberPoints,
         coalesce(sum(CASE WHEN open = 1 THEN points END), 0) AS outagePoints, coalesce(sum(open), 0) AS outageUses,
         coalesce(sum(CASE WHEN day = @day THEN points END), 0) AS dayPoints FROM risks ${tree}`,
      )
    this.#risked = riskedIn('NOT INDEXED')
    this.#riskedAgain = riskedIn('INDEXED BY risks_second')
    this.#endOutage = database.prepare('UPDATE risks SET open = 0 WHERE open = 1')
    this.#forgetRisks = database.prepare('DELETE FROM risks WHERE open = 0 AND day < ?')
  }

  /**
   * The cloud's word; how much of a known one was used up here stays, of an unknown one the cloud says it. No more recalls were answered than the cloud
   * knows of: what was given back unasked (LEASES_STORE_MAX), or asked by a cloud that was put back, answers none to come.
   */
  take({ lease, subject, member, item, code, granted, used, cap, expires, recall }: LeaseTerm): void {
    const kept = this.one(lease)
    if (kept === undefined && this.#isListed.get(member, item, subject, lease) !== undefined)
      throw new UnsoundRow('a lease is not where it was written')
    const { spent = 0, returned = used, answered = 0 } = kept ?? {}
    const word = { lease, subject, member, item, code, granted, cap, expires, recall }
    this.keep({ ...word, spent, returned, answered: Math.min(answered, recall) })
  }

  /** As it stands. */
  keep(kept: KeptLease): void {
    const { lease, subject, member, item, code, granted, spent, returned, cap, expires, recall, answered } =
      kept
    this.#put.run(
      lease,
      subject,
      member,
      item,
      code,
      granted,
      spent,
      returned,
      cap,
      expires,
      recall,
      answered,
      sumOfRow('leases', kept),
    )
  }

  #sound(rows: LeaseRow[], listed?: readonly number[]): KeptLease[] {
    for (const row of rows) soundRow('leases', row)
    if (listed !== undefined)
      twice(
        'leases',
        rows.map(({ lease }) => lease).sort((a, b) => a - b),
        listed,
      )
    return rows
  }

  get cursor(): number {
    const row = this.#cursor.get()
    return row === undefined ? 0 : soundRow('lease_cursor', row).cursor
  }

  setCursor(cursor: number): void {
    this.#setCursor.run(cursor, sumOf('lease_cursor', cursor))
  }

  count(): number {
    return this.#count.get() ?? 0
  }

  /** Of one subject, the one with most left first. */
  of(member: MemberId, subject: LeaseSubject, item: number): KeptLease[] {
    return this.#sound(this.#of.all(member, subject, item), this.#ofAgain.all(member, subject, item))
  }

  ofMember(member: MemberId): KeptLease[] {
    return this.#sound(this.#ofMember.all(member), this.#ofMemberAgain.all(member))
  }

  ofCode(code: string): KeptLease | undefined {
    const row = this.#ofCode.get(code)
    // The index may lead to another's.
    if (row !== undefined && row.code !== code) throw new UnsoundRow('a code does not lead to its lease')
    return row && soundRow('leases', row)
  }

  one(lease: number): KeptLease | undefined {
    const row = this.#one.get(lease)
    return row && soundRow('leases', row)
  }

  all(): IterableIterator<KeptLease> {
    return this.#all.iterate()
  }

  /** In the transaction of the fact that says so; below 0 it is put back. One that was forgotten takes nothing. */
  spend(lease: number, amount: number): void {
    const kept = this.one(lease)
    if (kept !== undefined) this.keep({ ...kept, spent: kept.spent + amount })
  }

  /** In the transaction of the fact that says so. Every recall so far is answered by it. */
  giveBack(lease: number, amount: number): void {
    const kept = this.one(lease)
    if (kept !== undefined) this.keep({ ...kept, returned: kept.returned + amount, answered: kept.recall })
  }

  /** Asked back and not answered. */
  recalled(limit: number): KeptLease[] {
    return this.#sound(this.#recalled.all(limit))
  }

  /** With rights left, and expired by then. */
  over(by: number, limit: number): KeptLease[] {
    return this.#sound(this.#over.all(by, limit))
  }

  /** When the first with rights left expires. */
  nextEnd(): number | null {
    return this.#nextEnd.get() ?? null
  }

  /** A lease belongs to a life of the ledger: another life has none of it (P-LEASE-5), and its vouchers may be known by now. */
  endLife(): void {
    this.#endLife()
  }

  /** The cloud was put back: nothing is granted before it has said so again; what was spent stays spent (G-8). */
  awaitWord(): void {
    this.#awaitWord()
  }

  /** Codes that the cloud has heard of. */
  forgetIssued(synced: Seq): void {
    this.#forgetIssued.run(synced)
  }

  /** Those that ended by then, with nothing left to say about them: the cloud has every fact, so that its word on one of them says that nothing is left. */
  forget(by: number): void {
    this.#forget.run(by)
  }

  sums(now: number): LeaseSums {
    return this.#sums.get(now) ?? { leases: 0, points: 0, vouchers: 0, until: null }
  }

  /** In the transaction of the fact at `seq` that issued it. */
  issued(code: string, seq: Seq, member: MemberId): void {
    this.#issue.run(code, seq, member, sumOf('issued', code, seq, member))
  }

  issuer(code: string): { readonly seq: Seq; readonly member: MemberId } | undefined {
    const row = this.#issuer.get(code)
    return row && soundRow('issued', row)
  }

  /** In the transaction of that fact. */
  risk(fact: FactId, member: MemberId, points: number, day: number): void {
    this.#risk.run(fact, member, points, day)
  }

  risked(member: MemberId, day: number): RiskTaken {
    const none = { memberPoints: 0, outagePoints: 0, outageUses: 0, dayPoints: 0 }
    const of = { member, day }
    const [taken] = twice('risks', [this.#risked.get(of)], [this.#riskedAgain.get(of)])
    return taken ?? none
  }

  /** The cloud is there again. */
  endOutage(today: number): void {
    this.#endOutage.run()
    this.#forgetRisks.run(today)
  }
}
