// Logging in with an e-mail address and a password, and the browser's session after it. Wrong passwords are counted per account and per address
// before they are looked at (PL-8), those of a browser or client that proved itself apart from those of strangers (PL-26); an unknown account, one without
// a password and a wrong password look alike and take as long.
import { accept, refuse } from '../../protocol/result.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import { Guesses } from '../guesses.ts'
import type { ClientId, PersonId, PersonRow } from '../store/platform-port.ts'
import type { CloudStore } from '../store/port.ts'
import type { System } from '../system.ts'
import { foldContact } from './contacts.ts'
import { isMarkOf, markOf } from './known-browsers.ts'
import {
  BROWSER_SESSION_MS_MAX,
  LOGIN_ACCOUNT_WRONG_MAX,
  LOGIN_ADDRESS_WRONG_MAX,
  LOGIN_WINDOW_MS,
  LOGIN_WRONG_TOTAL_MAX,
} from './limits.ts'
import type { Passwords } from './passwords.ts'
import { newSecret, secretHash } from './secrets.ts'

const WINDOW = { windowMs: LOGIN_WINDOW_MS, totalMax: LOGIN_WRONG_TOTAL_MAX }

export interface LoginParts {
  readonly store: CloudStore
  readonly system: System
  readonly passwords: Pick<Passwords, 'accepts'>
}

/** Where a password comes from. */
export interface Origin {
  readonly address: string
  /** What the browser shows of an earlier login. */
  readonly mark?: string | undefined
  /** The client that proved itself with its secret before. */
  readonly client?: ClientId
}

/** A login that begins: what goes into the browser's cookies. */
export interface Opened {
  readonly session: string
  readonly mark: string | undefined
}

export class Logins {
  readonly #parts: LoginParts
  readonly #byAccount: Guesses
  readonly #byAddress: Guesses
  /** Of one account by one browser or client that is known. */
  readonly #byKnown: Guesses

  constructor(parts: LoginParts) {
    this.#parts = parts
    const { clock } = parts.system
    this.#byAccount = new Guesses(clock, { ...WINDOW, eachMax: LOGIN_ACCOUNT_WRONG_MAX })
    this.#byAddress = new Guesses(clock, { ...WINDOW, eachMax: LOGIN_ADDRESS_WRONG_MAX })
    this.#byKnown = new Guesses(clock, { ...WINDOW, eachMax: LOGIN_ACCOUNT_WRONG_MAX })
  }

  /** Whose e-mail and password these are. */
  async check(email: string, password: string, from: Origin): Promise<Result<PersonRow>> {
    const folded = foldContact('email', email)
    const person =
      folded === undefined ? undefined : await this.#parts.store.read.personByContact('email', folded)
    // Every name that is no address is one account: it must not fill the table.
    const counted = this.#countedBy(folded ?? '', person, from)
    for (const [at, [guesses, name]] of counted.entries()) {
      const wait = guesses.begin(name)
      if (wait === 0) continue
      // What is not looked at is no guess.
      for (const [other, begun] of counted.slice(0, at)) other.forgive(begun)
      return tooMany(wait)
    }
    const fits = await this.#parts.passwords.accepts(password, person?.password ?? null)
    if (!fits.ok || fits.value) for (const [guesses, name] of counted) guesses.forgive(name)
    if (!fits.ok) return fits
    return fits.value && person !== undefined
      ? accept(person)
      : refuse('password_wrong', 'E-mail address and password do not fit')
  }

  #countedBy(account: string, person: PersonRow | undefined, from: Origin): [Guesses, string][] {
    const { address, mark, client } = from
    if (client !== undefined)
      return [
        [this.#byAddress, address],
        [this.#byKnown, `${client} ${account}`],
      ]
    if (mark !== undefined && person !== undefined && isMarkOf(mark, person)) return [[this.#byKnown, mark]]
    return [
      [this.#byAddress, address],
      [this.#byAccount, account],
    ]
  }

  async open(person: PersonId): Promise<Opened> {
    const { store, system } = this.#parts
    const { text, hash } = newSecret(system)
    const expires = (system.clock.now() + BROWSER_SESSION_MS_MAX) as Millis
    await store.write((tx) => tx.insertSession({ hash, person, expires }))
    const row = await store.read.person(person)
    return { session: text, mark: row && markOf(system, row) }
  }

  async personOf(session: string): Promise<PersonRow | undefined> {
    const { store, system } = this.#parts
    const row = await store.read.session(secretHash(session))
    if (row === undefined || row.expires <= system.clock.now()) return undefined
    return store.read.person(row.person)
  }

  async close(session: string): Promise<void> {
    await this.#parts.store.write((tx) => tx.deleteSession(secretHash(session)))
  }
}

function tooMany(retryAfterS: number): { readonly ok: false; readonly refusal: Refusal } {
  const detail = `Too many wrong passwords; try again in ${retryAfterS} s`
  return { ok: false, refusal: { code: 'too_many_requests', detail, retryAfterS } }
}
