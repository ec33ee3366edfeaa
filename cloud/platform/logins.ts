// Logging in with an e-mail address and a password, and the browser's session after it. Wrong passwords are counted per account and per address
// before they are looked at (PL-8); an unknown account, one without a password and a wrong password look alike and take as long.
import { accept, refuse } from '../../protocol/result.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import { Guesses } from '../guesses.ts'
import type { PersonId, PersonRow } from '../store/platform-port.ts'
import type { CloudStore } from '../store/port.ts'
import type { System } from '../system.ts'
import { foldContact } from './contacts.ts'
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
  readonly passwords: Passwords
}

export class Logins {
  readonly #parts: LoginParts
  readonly #byAccount: Guesses
  readonly #byAddress: Guesses

  constructor(parts: LoginParts) {
    this.#parts = parts
    const { clock } = parts.system
    this.#byAccount = new Guesses(clock, { ...WINDOW, eachMax: LOGIN_ACCOUNT_WRONG_MAX })
    this.#byAddress = new Guesses(clock, { ...WINDOW, eachMax: LOGIN_ADDRESS_WRONG_MAX })
  }

  /** Whose e-mail and password these are. `address`: the caller's. */
  async check(email: string, password: string, address: string): Promise<Result<PersonRow>> {
    const folded = foldContact('email', email)
    // Every name that is no address is one account: it must not fill the table.
    const account = folded ?? ''
    const wait = this.#byAddress.begin(address)
    if (wait > 0) return tooMany(wait)
    const waitAccount = this.#byAccount.begin(account)
    if (waitAccount > 0) return tooMany(waitAccount)
    const person =
      folded === undefined ? undefined : await this.#parts.store.read.personByContact('email', folded)
    const fits = await this.#parts.passwords.accepts(password, person?.password ?? null)
    if (!fits.ok || fits.value) {
      this.#byAddress.forgive(address)
      this.#byAccount.forgive(account)
    }
    if (!fits.ok) return fits
    return fits.value && person !== undefined
      ? accept(person)
      : refuse('password_wrong', 'E-mail address and password do not fit')
  }

  /** The secret of a session that begins; it goes into the browser's cookie. */
  async open(person: PersonId): Promise<string> {
    const { store, system } = this.#parts
    const { text, hash } = newSecret(system)
    const expires = (system.clock.now() + BROWSER_SESSION_MS_MAX) as Millis
    await store.write((tx) => tx.insertSession({ hash, person, expires }))
    return text
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
