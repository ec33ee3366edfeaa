// The members this store has met: who they are, and their base state with the own facts it covers (by the id of the last), as the cloud last sent it (M-2). A member
// enrolled here has no base state until the cloud has folded the enrolment.
import type { Enrolment, Identity } from '../../protocol/facts.ts'
import type { MemberSnapshot } from '../../protocol/frames/members.ts'
import { NO_FACT, SEQ_SPAN } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin } from '../../protocol/ids.ts'
import { nameWords, wordsEnd } from '../../protocol/names.ts'
import { UnsoundRow } from '../../cloud/storage/unsound.ts'
import type { Database, Statement } from './database.ts'
import { compareSum, proveAbsent, sumOf } from './row-sums.ts'

export interface MemberRow {
  readonly name: string | null
  readonly identities: readonly Identity[]
  readonly state: Uint8Array | null
  readonly covers: FactId
}

type StoredRow = [
  name: string | null,
  identities: string,
  state: Uint8Array | null,
  covers: FactId,
  sum: number,
]

export class Members {
  readonly #find: Statement<[MemberId], StoredRow>
  readonly #findAgain: Statement<[MemberId], number>
  readonly #byIdentity: Statement<[string, string], [member: MemberId, sum: number]>
  readonly #byIdentityAgain: Statement<[string, string], number>
  readonly #put: Statement<[MemberId, string | null, string, Uint8Array | null, FactId, number]>
  readonly #addWord: Statement<[string, MemberId]>
  readonly #dropWords: Statement<[MemberId]>
  readonly #database: Database
  readonly #claim: Statement<[string, string, MemberId, number]>
  readonly #release: Statement<[string, string, MemberId]>
  readonly #drop: Statement<[MemberId]>
  readonly #count: Statement<[], number>
  readonly #withText: Statement<[string], MemberId>

  constructor(database: Database) {
    this.#find = database
      .prepare<[MemberId], StoredRow>(
        'SELECT name, identities, state, covers, sum FROM members WHERE member = ?',
      )
      .raw()
    this.#findAgain = database
      .prepare<[MemberId], number>('SELECT 1 FROM members INDEXED BY members_second WHERE member = ?')
      .pluck()
    this.#byIdentityAgain = database
      .prepare<[string, string], number>(
        'SELECT 1 FROM identities INDEXED BY identities_second WHERE kind = ? AND value = ?',
      )
      .pluck()
    this.#byIdentity = database
      .prepare<[string, string], [MemberId, number]>(
        'SELECT member, sum FROM identities INDEXED BY sqlite_autoindex_identities_1 WHERE kind = ? AND value = ?',
      )
      .raw()
    this.#put = database.prepare(
      `INSERT INTO members VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (member) DO UPDATE
       SET name = excluded.name, identities = excluded.identities, state = excluded.state, covers = excluded.covers, sum = excluded.sum`,
    )
    this.#addWord = database.prepare('INSERT OR IGNORE INTO name_words VALUES (?, ?)')
    this.#dropWords = database.prepare('DELETE FROM name_words WHERE member = ?')
    this.#database = database
    this.#claim = database.prepare(
      `INSERT INTO identities VALUES (?, ?, ?, ?) ON CONFLICT (kind, value) DO UPDATE
       SET member = excluded.member, sum = excluded.sum`,
    )
    this.#release = database.prepare('DELETE FROM identities WHERE kind = ? AND value = ? AND member = ?')
    this.#drop = database.prepare('DELETE FROM members WHERE member = ?')
    this.#count = database.prepare<[], number>('SELECT count(*) FROM members').pluck()
    this.#withText = database
      .prepare<[string], MemberId>(
        'SELECT member FROM members WHERE instr(state, CAST(? AS BLOB)) > 0 LIMIT 1',
      )
      .pluck()
  }

  find(member: MemberId): MemberRow | undefined {
    const row = this.#row(member)
    if (row === undefined) return undefined
    const [name, identities, state, covers] = row
    return { name, identities: JSON.parse(identities) as Identity[], state, covers }
  }

  /** Of somebody who is known to be here. */
  kept(member: MemberId): MemberRow {
    const row = this.find(member)
    if (row === undefined) throw new UnsoundRow('the row of a member is not where it was written')
    return row
  }

  #row(member: MemberId): StoredRow | undefined {
    const row = this.#find.get(member)
    if (row === undefined) proveAbsent('member', this.#findAgain.get(member))
    else compareSum('members', row[4], member, row[0], row[1], row[2], row[3])
    return row
  }

  /** The holder of a normalised identity. */
  holder({ kind, value }: Identity): MemberId | undefined {
    const row = this.#byIdentity.get(kind, value)
    if (row === undefined) {
      proveAbsent('identity', this.#byIdentityAgain.get(kind, value))
      return undefined
    }
    compareSum('identities', row[1], kind, value, row[0])
    return row[0]
  }

  /** Those with a word in their name for each of these, as it begins; by id. Asked seldom, so made for each number of words. */
  named(words: readonly string[], limit: number): MemberId[] {
    const has = 'EXISTS (SELECT 1 FROM name_words o WHERE o.member = w.member AND o.word >= ? AND o.word < ?)'
    const [, ...rest] = words
    return this.#database
      .prepare<(string | number)[], MemberId>(
        `SELECT DISTINCT member FROM name_words w WHERE ${['word >= ? AND word < ?', ...rest.map(() => has)].join(' AND ')}
         ORDER BY member LIMIT ?`,
      )
      .pluck()
      .all(...words.flatMap((word) => [word, wordsEnd(word)]), limit)
  }

  /** Whose state has these characters in it: reads all of them, so it is for what is asked seldom. */
  withText(text: string): MemberId | undefined {
    return this.#withText.get(text)
  }

  count(): number {
    return this.#count.get() ?? 0
  }

  /** A member enrolled here, without a base state. */
  enrol(member: MemberId, name: string | null, identities: readonly Identity[]): void {
    this.#save(member, name, JSON.stringify(identities), null, NO_FACT)
    this.#saveWords(member, name)
    this.#claimAll(identities, member)
  }

  /**
   * Somebody enrolled here counts under another id from now on. What the cloud said stays: of that id, of the old one where it names `another`
   * member there, and who holds an identity.
   */
  rename(member: MemberId, again: MemberId, { name, identities }: Enrolment, another: boolean): void {
    if (member === again) return
    if (!another || this.find(member)?.state === null) {
      this.#drop.run(member)
      this.#dropWords.run(member)
    }
    if (this.find(again) !== undefined) return
    const own = identities.filter((identity) => !this.#isHeld(identity, member))
    this.enrol(again, name, own)
  }

  /** By the cloud's word, and by somebody else. */
  #isHeld(identity: Identity, member: MemberId): boolean {
    const holder = this.holder(identity)
    const row = holder === undefined || holder === member ? undefined : this.find(holder)
    return row !== undefined && row.state !== null
  }

  /** The cloud's word replaces what was known; its identities move with it (cloud I-8). Says who held one of them until now. */
  take({ member, name, identities, state, covers }: MemberSnapshot, origin: Origin): MemberId[] {
    const text = JSON.stringify(identities)
    const [nameBefore, before] = this.#row(member) ?? []
    // A life's seq 0 covers all lives before it: what the cloud does not have of those is recorded again in this one.
    this.#save(member, name, text, state, (origin * SEQ_SPAN + covers) as FactId)
    if (nameBefore !== name) this.#saveWords(member, name)
    // Most frames only bring a new state: comparing one text spares the pages of the identities.
    if (before === text) return []
    const moved = identities.map((identity) => this.holder(identity)).filter((holder) => holder !== undefined)
    if (before !== undefined)
      for (const { kind, value } of JSON.parse(before) as Identity[]) this.#release.run(kind, value, member)
    this.#claimAll(identities, member)
    return moved
  }

  #save(
    member: MemberId,
    name: string | null,
    identities: string,
    state: Uint8Array | null,
    covers: FactId,
  ): void {
    const sum = sumOf('members', member, name, identities, state, covers)
    this.#put.run(member, name, identities, state, covers, sum)
  }

  #claimAll(identities: readonly Identity[], member: MemberId): void {
    for (const { kind, value } of identities)
      this.#claim.run(kind, value, member, sumOf('identities', kind, value, member))
  }

  #saveWords(member: MemberId, name: string | null): void {
    this.#dropWords.run(member)
    for (const word of nameWords(name ?? '')) this.#addWord.run(word, member)
  }
}
