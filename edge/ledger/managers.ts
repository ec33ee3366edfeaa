// Who may watch by passcode, how often each was tried wrongly, and who is logged in. A passcode stands here as its scrypt hash, a session as the hash of
// its token; neither can be read back.
import type { Database, Statement } from './database.ts'

export interface ManagerRow {
  readonly name: string
  readonly salt: Uint8Array
  readonly hash: Uint8Array
  /** Wrong passcodes since the last right one. */
  readonly wrong: number
  /** No passcode is looked at before; ms since 1970. */
  readonly locked_until: number
}

export class Managers {
  readonly #list: Statement<[], { name: string }>
  readonly #find: Statement<[string], ManagerRow>
  readonly #set: Statement<[string, Uint8Array, Uint8Array]>
  readonly #remove: Statement<[string]>
  readonly #tried: Statement<[number, number, string]>
  readonly #addSession: Statement<[Uint8Array, string, number]>
  readonly #session: Statement<[Uint8Array, number], { name: string }>
  readonly #endSessions: Statement<[string]>
  readonly #trimSessions: Statement<[number, number]>

  constructor(database: Database) {
    this.#list = database.prepare('SELECT name FROM managers ORDER BY name')
    this.#find = database.prepare('SELECT * FROM managers WHERE name = ?')
    this.#set = database.prepare(
      `INSERT INTO managers VALUES (?, ?, ?, 0, 0)
       ON CONFLICT (name) DO UPDATE SET salt = excluded.salt, hash = excluded.hash, wrong = 0, locked_until = 0`,
    )
    this.#remove = database.prepare('DELETE FROM managers WHERE name = ?')
    this.#tried = database.prepare('UPDATE managers SET wrong = ?, locked_until = ? WHERE name = ?')
    this.#addSession = database.prepare('INSERT INTO sessions VALUES (?, ?, ?)')
    this.#session = database.prepare('SELECT manager AS name FROM sessions WHERE token_hash = ? AND ends > ?')
    this.#endSessions = database.prepare('DELETE FROM sessions WHERE manager = ?')
    this.#trimSessions = database.prepare(
      `DELETE FROM sessions WHERE ends <= ? OR token_hash NOT IN (SELECT token_hash FROM sessions ORDER BY ends DESC LIMIT ?)`,
    )
  }

  names(): string[] {
    return this.#list.all().map(({ name }) => name)
  }

  find(name: string): ManagerRow | undefined {
    return this.#find.get(name)
  }

  /** A new passcode, also of one who has one; it unlocks. */
  set(name: string, salt: Uint8Array, hash: Uint8Array): void {
    this.#set.run(name, salt, hash)
  }

  /** Their sessions go with them. False when there is none of this name. */
  remove(name: string): boolean {
    return this.#remove.run(name).changes === 1
  }

  tried(name: string, wrong: number, lockedUntil: number): void {
    this.#tried.run(wrong, lockedUntil, name)
  }

  /** At most `most` are open; the ones that end soonest make room. */
  addSession(tokenHash: Uint8Array, manager: string, ends: number, now: number, most: number): void {
    this.#addSession.run(tokenHash, manager, ends)
    this.#trimSessions.run(now, most)
  }

  /** Name of whose session it is, while it lasts. */
  session(tokenHash: Uint8Array, now: number): string | undefined {
    return this.#session.get(tokenHash, now)?.name
  }

  endSessions(manager: string): void {
    this.#endSessions.run(manager)
  }
}
