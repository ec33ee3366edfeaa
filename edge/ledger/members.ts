// The members this store has met: who they are, and their base state with the own facts it covers (by the id of the last), as the cloud last sent it (M-2). A member
// enrolled here has no base state until the cloud has folded the enrolment.
import type { Enrolment, Identity } from '../../protocol/facts.ts'
import type { MemberSnapshot } from '../../protocol/frames/members.ts'
import { NO_FACT, SEQ_SPAN } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin } from '../../protocol/ids.ts'
import { nameWords, wordsEnd } from '../../protocol/names.ts'
import type { Database, Statement } from './database.ts'

export interface MemberRow {
  readonly name: string | null
  readonly identities: readonly Identity[]
  readonly state: Uint8Array | null
  readonly covers: FactId
}

type StoredRow = [name: string | null, identities: string, state: Uint8Array | null, covers: FactId]

export class Members {
  readonly #find: Statement<[MemberId], StoredRow>
  readonly #byIdentity: Statement<[string, string], MemberId>
  readonly #put: Statement<[MemberId, string | null, string, Uint8Array | null, FactId]>
  readonly #known: Statement<[MemberId], [name: string | null, identities: string]>
  readonly #addWord: Statement<[string, MemberId]>
  readonly #dropWords: Statement<[MemberId]>
  readonly #database: Database
  readonly #claim: Statement<[string, string, MemberId]>
  readonly #release: Statement<[string, string, MemberId]>
  readonly #drop: Statement<[MemberId]>
  readonly #count: Statement<[], number>
  readonly #withText: Statement<[string], MemberId>

  constructor(database: Database) {
    this.#find = database
      .prepare<[MemberId], StoredRow>('SELECT name, identities, state, covers FROM members WHERE member = ?')
      .raw()
    this.#byIdentity = database
      .prepare<[string, string], MemberId>('SELECT member FROM identities WHERE kind = ? AND value = ?')
      .pluck()
    this.#put = database.prepare(
      `INSERT INTO members VALUES (?, ?, ?, ?, ?) ON CONFLICT (member) DO UPDATE
       SET name = excluded.name, identities = excluded.identities, state = excluded.state, covers = excluded.covers`,
    )
    this.#known = database
      .prepare<[MemberId], [name: string | null, identities: string]>(
        'SELECT name, identities FROM members WHERE member = ?',
      )
      .raw()
    this.#addWord = database.prepare('INSERT OR IGNORE INTO name_words VALUES (?, ?)')
    this.#dropWords = database.prepare('DELETE FROM name_words WHERE member = ?')
    this.#database = database
    this.#claim = database.prepare(
      'INSERT INTO identities VALUES (?, ?, ?) ON CONFLICT (kind, value) DO UPDATE SET member = excluded.member',
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
    const row = this.#find.get(member)
    if (row === undefined) return undefined
    const [name, identities, state, covers] = row
    return { name, identities: JSON.parse(identities) as Identity[], state, covers }
  }

  /** The holder of a normalised identity. */
  holder({ kind, value }: Identity): MemberId | undefined {
    return this.#byIdentity.get(kind, value)
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
    this.#put.run(member, name, JSON.stringify(identities), null, NO_FACT)
    this.#saveWords(member, name)
    for (const { kind, value } of identities) this.#claim.run(kind, value, member)
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
    const [nameBefore, before] = this.#known.get(member) ?? []
    // A life's seq 0 covers all lives before it: what the cloud does not have of those is recorded again in this one.
    this.#put.run(member, name, text, state, (origin * SEQ_SPAN + covers) as FactId)
    if (nameBefore !== name) this.#saveWords(member, name)
    // Most frames only bring a new state: comparing one text spares the pages of the identities.
    if (before === text) return []
    const moved = identities.map((identity) => this.holder(identity)).filter((holder) => holder !== undefined)
    if (before !== undefined)
      for (const { kind, value } of JSON.parse(before) as Identity[]) this.#release.run(kind, value, member)
    for (const { kind, value } of identities) this.#claim.run(kind, value, member)
    return moved
  }

  #saveWords(member: MemberId, name: string | null): void {
    this.#dropWords.run(member)
    for (const word of nameWords(name ?? '')) this.#addWord.run(word, member)
  }
}
