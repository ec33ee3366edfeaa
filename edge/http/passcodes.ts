// Logging in to watch, without the internet (H-9, H-10): a name and a passcode give a session token, which is used like any other token. There is no
// cookie, so no other site can make a browser act for a manager. Hashing is slow on purpose; one passcode is looked at a time, off the till's
// thread, and only so many wait.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import {
  LOGINS_WAITING_MAX,
  PASSCODE_LOCK_MS,
  PASSCODE_WRONG_MAX,
  SESSIONS_MAX,
  SESSION_MS_MAX,
} from '../../protocol/limits.ts'
import type { Result } from '../../protocol/result.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Managers } from '../ledger/managers.ts'
import { newToken, tokenHash } from './tokens.ts'

/** OWASP Password Storage Cheat Sheet, scrypt with 32 MiB. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 } as const
const HASH_BYTES = 32
const SALT_BYTES = 16
/** Looked at for names that nobody has, so that they take as long. */
const NOBODY = { salt: Buffer.alloc(SALT_BYTES), hash: Buffer.alloc(HASH_BYTES) }

export interface Session {
  readonly token: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly ends: number
}

export class Passcodes {
  readonly #managers: Managers
  readonly #now: () => number
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(managers: Managers, now: () => number) {
    this.#managers = managers
    this.#now = now
  }

  names(): string[] {
    return this.#managers.names()
  }

  async set(name: string, passcode: string): Promise<Result<{ readonly name: string }>> {
    return this.#oneAtATime(async () => {
      const salt = randomBytes(SALT_BYTES)
      this.#managers.set(name, salt, await hashOf(passcode, salt))
      return accept({ name })
    })
  }

  remove(name: string): boolean {
    return this.#managers.remove(name)
  }

  /** H-9, H-10. */
  async logIn(name: string, passcode: string): Promise<Result<Session>> {
    return this.#oneAtATime(async () => {
      const row = this.#managers.find(name)
      const locked = (row?.locked_until ?? 0) - this.#now()
      if (locked > 0) return lockedOut(locked)
      const { salt, hash } = row ?? NOBODY
      const right = timingSafeEqual(await hashOf(passcode, salt), hash) && row !== undefined
      if (!right) {
        if (row !== undefined) this.#wrong(name, row.wrong + 1)
        return refuse('passcode_wrong', 'Name and passcode do not fit. Ask who administers this store node.')
      }
      this.#managers.tried(name, 0, 0)
      const token = newToken()
      const now = this.#now()
      const ends = now + SESSION_MS_MAX
      this.#managers.addSession(tokenHash(token), name, ends, now, SESSIONS_MAX)
      return accept({ token, name, ends })
    })
  }

  /** Ends all sessions of a manager at once. */
  logOut(name: string): void {
    this.#managers.endSessions(name)
  }

  /** Each lock is twice as long as the one before, up to a day. */
  #wrong(name: string, wrong: number): void {
    const locks = Math.floor(wrong / PASSCODE_WRONG_MAX)
    const lock = wrong % PASSCODE_WRONG_MAX === 0 ? PASSCODE_LOCK_MS * 2 ** Math.min(locks - 1, 8) : 0
    this.#managers.tried(name, wrong, lock === 0 ? 0 : this.#now() + lock)
  }

  #oneAtATime<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    if (this.#waiting >= LOGINS_WAITING_MAX)
      return Promise.resolve(
        refuse('too_many_requests', 'As many logins as can wait do already; try again in a moment.'),
      )
    this.#waiting += 1
    const done = this.#last.then(work).finally(() => (this.#waiting -= 1))
    this.#last = done.catch(() => undefined)
    return done
  }
}

function lockedOut(ms: number): Result<never> {
  const retryAfterS = Math.ceil(ms / 1000)
  return {
    ok: false,
    refusal: {
      code: 'passcode_locked',
      detail: `Too many wrong passcodes for this name; try again in ${Math.ceil(ms / 60_000)} min, or have the passcode set anew.`,
      retryAfterS,
    },
  }
}

function hashOf(passcode: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passcode.normalize('NFKC'), salt, HASH_BYTES, COST, (fault, hash) => {
      if (fault === null) resolve(hash)
      else reject(fault)
    })
  })
}
