// Secrets that go to an address by e-mail (PL-19): whoever brings one back holds the address, and sets a password with it, makes the address one of their own,
// or becomes staff. The secret is made as the e-mail is sent, so that no outbox, backup or log ever has it.
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import { Guesses } from '../guesses.ts'
import type { PersonId, ProofRow } from '../store/platform-port.ts'
import { STAFF_ROLES } from '../store/platform-port.ts'
import type { CloudStore, TenantId, Writes } from '../store/port.ts'
import type { System } from '../system.ts'
import { foldContact } from './contacts.ts'
import {
  CONTACTS_OF_PERSON_MAX,
  INVITATION_MS_MAX,
  LETTERS_CALLER_MAX,
  LETTERS_EACH_MAX,
  LETTERS_TOTAL_MAX,
  LETTERS_WINDOW_MS,
  PROOF_MS_MAX,
} from './limits.ts'
import type { Passwords } from './passwords.ts'
import type { Post } from './people.ts'
import { newSecret, secretHash } from './secrets.ts'

/** An e-mail with a secret, by what it is for. */
export const LETTER_TYPES = [
  'PASSWORD_RESET',
  'USER_CONFIRM_EMAIL_REQUEST',
  'USER_MERGE_REQUEST',
  'BUSINESS_ADD_EMPLOYEE_INFORM',
] as const
export type LetterType = (typeof LETTER_TYPES)[number]

export interface Letter {
  readonly type: LetterType
  /** In whose name it is written. */
  readonly tenant: TenantId
  /** Who asked for it; 0: the business. */
  readonly person: PersonId | 0
  readonly email: string
  /** Of an invitation: the role, and the locations it is limited to: `FRONT_DESK 3 4`. */
  readonly word: string | null
}

export interface ProofParts {
  readonly store: CloudStore
  readonly system: System
  readonly passwords: Passwords
  /** Puts a letter into the outbox, in the caller's transaction. */
  readonly queue: (tx: Writes, letter: Letter) => Promise<void>
}

export class Proofs {
  readonly #parts: ProofParts
  readonly #letters: Guesses
  /** Asked first, so that no single caller uses up what is for all. */
  readonly #callers: Guesses

  constructor(parts: ProofParts) {
    this.#parts = parts
    const window = { windowMs: LETTERS_WINDOW_MS, totalMax: LETTERS_TOTAL_MAX }
    this.#letters = new Guesses(parts.system.clock, { ...window, eachMax: LETTERS_EACH_MAX })
    this.#callers = new Guesses(parts.system.clock, { ...window, eachMax: LETTERS_CALLER_MAX })
  }

  /** Sends a page for a new password to an address, if it is somebody's; the caller is told the same either way. `address`: the caller's. */
  async askPassword(tenant: TenantId, given: string, address: string): Promise<Result<null>> {
    const asked = this.#begin(given, address)
    if (!asked.ok) return asked
    const email = asked.value
    const { store, system, queue } = this.#parts
    await store.write(async (tx) => {
      const person = await tx.personByContact('email', email)
      if (person !== undefined)
        await queue(tx, { type: 'PASSWORD_RESET', tenant, person: person.id, email, word: null })
      // Nobody's address costs a row on the disk too, or the time that the answer takes would tell. It proves nothing and is swept away.
      else {
        const expires = system.clock.now() as Millis
        const { hash } = newSecret(system)
        await tx.insertProof({ hash, purpose: 'password', person: 0 as PersonId, email, expires })
      }
    })
    return accept(null)
  }

  /** Asks the address whether it is the person's; whose it is by now, they are not told. */
  async askAddress(tenant: TenantId, person: PersonId, given: string): Promise<Result<null>> {
    const email = this.#begin(given, `person ${person}`)
    if (!email.ok) return email
    return this.#parts.store.write(async (tx) => {
      if ((await tx.contactsOf(person)).length >= CONTACTS_OF_PERSON_MAX)
        return refuse('input_invalid', `At most ${CONTACTS_OF_PERSON_MAX} addresses and numbers`, 'email')
      const holder = await tx.personByContact('email', email.value)
      if (holder?.id === person) return refuse('input_invalid', 'This is your address already', 'email')
      const type = holder === undefined ? 'USER_CONFIRM_EMAIL_REQUEST' : 'USER_MERGE_REQUEST'
      await this.#parts.queue(tx, { type, tenant, person, email: email.value, word: null })
      return accept(null)
    })
  }

  /** An administrator asks somebody to become staff; the secret goes to the address alone (PL-13). */
  async askStaff(tenant: TenantId, given: string, { role, locations }: Post): Promise<Result<string>> {
    const email = this.#begin(given, `business ${tenant}`)
    if (!email.ok) return email
    const word = [role, ...(locations ?? [])].join(' ')
    const letter = { type: 'BUSINESS_ADD_EMPLOYEE_INFORM', tenant, person: 0, word } as const
    await this.#parts.store.write((tx) => this.#parts.queue(tx, { ...letter, email: email.value }))
    return email
  }

  /** The path of the page that a letter leads to; its secret is made now, and is in the answer alone. */
  async pathOf({ type, tenant, person, email, word }: Letter): Promise<string> {
    const { store, system } = this.#parts
    const { text, hash } = newSecret(system)
    const now = system.clock.now()
    if (type === 'BUSINESS_ADD_EMPLOYEE_INFORM') {
      const expires = (now + INVITATION_MS_MAX) as Millis
      await store.write((tx) => tx.insertInvitation({ hash, tenant, email, ...postOf(word), expires }))
      return `/invitations/${text}`
    }
    const purpose = type === 'PASSWORD_RESET' ? 'password' : 'address'
    const expires = (now + PROOF_MS_MAX) as Millis
    await store.write((tx) => tx.insertProof({ hash, purpose, person: person as PersonId, email, expires }))
    return `/account/proofs/${text}`
  }

  /** What a secret proves, while it is good. */
  async proof(secret: string): Promise<ProofRow | undefined> {
    const { store, system } = this.#parts
    const row = await store.read.proof(secretHash(secret))
    return row === undefined || row.expires <= system.clock.now() ? undefined : row
  }

  /** All sessions of the person end; what apps were let in stays, until it is taken back. */
  async setPassword(secret: string, password: string): Promise<Result<PersonId>> {
    const { store, system, passwords } = this.#parts
    const hashed = await passwords.hash(password)
    if (!hashed.ok) return hashed
    const now = system.clock.now() as Millis
    return store.write(async (tx) => {
      const row = await this.#take(tx, secret, 'password')
      const person = row === undefined ? undefined : await tx.person(row.person)
      const holder = row === undefined ? undefined : await tx.personByContact('email', row.email)
      // The address may have gone to somebody else meanwhile.
      if (person === undefined || holder?.id !== person.id) return unknown()
      await tx.savePerson({ ...person, password: hashed.value, modified: now })
      await tx.deleteSessionsOf(person.id)
      return accept(person.id)
    })
  }

  /** The address is the person's from now on; where somebody else has it, that is who they are too. */
  async proveAddress(secret: string, person: PersonId): Promise<Result<{ readonly also: PersonId | null }>> {
    const { store, system } = this.#parts
    return store.write(async (tx) => {
      const row = await this.#take(tx, secret, 'address', person)
      if (row === undefined) return unknown()
      const holder = await tx.personByContact('email', row.email)
      if (holder !== undefined) return accept({ also: holder.id === person ? null : holder.id })
      const main = !(await tx.contactsOf(person)).some(({ kind }) => kind === 'email')
      await tx.insertContact({ person, kind: 'email', value: row.email, folded: row.email, main })
      const whole = await tx.person(person)
      if (whole !== undefined) await tx.savePerson({ ...whole, modified: system.clock.now() as Millis })
      return accept({ also: null })
    })
  }

  async #take(
    tx: Writes,
    secret: string,
    purpose: ProofRow['purpose'],
    person?: PersonId,
  ): Promise<ProofRow | undefined> {
    const row = await tx.proof(secretHash(secret))
    if (row?.purpose !== purpose || row.expires <= this.#parts.system.clock.now()) return undefined
    return person !== undefined && row.person !== person ? undefined : tx.takeProof(row.hash)
  }

  #begin(given: string, caller: string): Result<string> {
    const email = foldContact('email', given)
    if (email === undefined) return refuse('input_invalid', 'This is no e-mail address', 'email')
    const wait = this.#callers.begin(caller) || this.#letters.begin(email)
    if (wait === 0) return accept(email)
    const detail = `Too many e-mails; try again in ${wait} s`
    return { ok: false, refusal: { code: 'too_many_requests', detail, retryAfterS: wait } }
  }
}

function postOf(word: string | null): Post {
  const [name, ...locations] = (word ?? '').split(' ')
  const role = STAFF_ROLES.find((known) => known === name) ?? 'EMAIL_ONLY'
  return { role, locations: locations.length === 0 ? null : locations.map(Number) }
}

function unknown(): ReturnType<typeof refuse> {
  return refuse('invitation_unknown', 'This link is used, too old, or not one of ours')
}
