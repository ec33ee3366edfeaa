// Persons and what they are to a business. A person becomes staff, or gets a login, by an invitation: a secret that works once. The secret goes by
// e-mail to the address itself; only the operator, who has the whole node anyway, is shown it (PL-13).
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import type {
  ClientId,
  ContactOfPerson,
  InvitationRow,
  PersonId,
  PersonRow,
  StaffRole,
  StaffRow,
} from '../store/platform-port.ts'
import type { CloudStore, Page, TenantId, Writes } from '../store/port.ts'
import type { System } from '../system.ts'
import { foldContact } from './contacts.ts'
import { INVITATION_MS_MAX } from './limits.ts'
import type { Passwords } from './passwords.ts'
import { newSecret, secretHash } from './secrets.ts'

export interface PeopleParts {
  readonly store: CloudStore
  readonly system: System
  readonly passwords: Passwords
}

/** What somebody is to a business: the role, and the locations it is limited to. */
export interface Post {
  readonly role: StaffRole
  readonly locations: readonly number[] | null
}

export interface StaffMember extends StaffRow {
  readonly whole: PersonRow
  readonly contacts: readonly ContactOfPerson[]
}

export class People {
  readonly #parts: PeopleParts

  constructor(parts: PeopleParts) {
    this.#parts = parts
  }

  async staff(tenant: TenantId, page: Page): Promise<StaffMember[]> {
    const { read } = this.#parts.store
    const rows = await read.staffOfTenant(tenant, page)
    const members = await Promise.all(
      rows.map(async (row) => {
        const whole = await read.person(row.person)
        return whole && { ...row, whole, contacts: await read.contactsOf(row.person) }
      }),
    )
    return members.filter((member) => member !== undefined)
  }

  /** The secret of an invitation: whoever brings it and sets a password is the person with this address. */
  async invite(
    tenant: TenantId,
    email: string,
    { role, locations }: Post,
  ): Promise<Result<{ readonly secret: string; readonly expires: Millis }>> {
    const { store, system } = this.#parts
    const folded = foldContact('email', email)
    if (folded === undefined) return refuse('input_invalid', 'This is no e-mail address', '/email')
    const { text, hash } = newSecret(system)
    const expires = (system.clock.now() + INVITATION_MS_MAX) as Millis
    await store.write((tx) => tx.insertInvitation({ hash, tenant, email: folded, role, locations, expires }))
    return accept({ secret: text, expires })
  }

  /** What an invitation says, while it is good; and whether its person has a password already. */
  async invitation(
    secret: string,
  ): Promise<(InvitationRow & { readonly person: PersonRow | undefined }) | undefined> {
    const { store, system } = this.#parts
    const row = await store.read.invitation(secretHash(secret))
    if (row === undefined || row.expires <= system.clock.now()) return undefined
    return { ...row, person: await store.read.personByContact('email', row.email) }
  }

  /**
   * Takes an invitation. Who has a password keeps it and proves it (`person`); anybody else sets one, and with it owns the address.
   */
  async acceptInvitation(
    secret: string,
    as:
      | { readonly person: PersonRow }
      | { readonly firstName: string; readonly lastName: string; readonly password: string },
  ): Promise<Result<StaffRow>> {
    const { store, system, passwords } = this.#parts
    const hashed = 'password' in as ? await passwords.hash(as.password) : accept(null)
    if (!hashed.ok) return hashed
    const now = system.clock.now() as Millis
    return store.write(async (tx) => {
      const row = await tx.invitation(secretHash(secret))
      if (row === undefined || row.expires <= now)
        return refuse('invitation_unknown', 'Ask for another invitation')
      const holder = await tx.personByContact('email', row.email)
      let person = 'person' in as ? as.person : holder
      if ('person' in as && holder?.id !== as.person.id)
        return refuse('invitation_unknown', 'This invitation is for another person')
      if ('password' in as) {
        if (holder !== undefined && holder.password !== null)
          return refuse('invitation_unknown', 'Log in with the password you have')
        const { firstName, lastName } = as
        const whole = { firstName, lastName, birthday: null, password: hashed.value, modified: now }
        person = holder
          ? { ...holder, ...whole, birthday: holder.birthday }
          : await tx.insertPerson({ ...whole, created: now })
        if (holder !== undefined) await tx.savePerson(person)
        else
          await tx.insertContact({
            person: person.id,
            kind: 'email',
            value: row.email,
            folded: row.email,
            main: true,
          })
      }
      if (person === undefined) return refuse('invitation_unknown', 'Ask for another invitation')
      await tx.takeInvitation(row.hash)
      const saved = await tx.saveStaff({
        tenant: row.tenant,
        person: person.id,
        role: row.role,
        locations: row.locations,
        description: '',
        billPayer: false,
        created: now,
        modified: now,
      })
      return accept(saved)
    })
  }

  /** The address that others write to. */
  async makeMain(person: PersonId, folded: string): Promise<Result<null>> {
    return this.#parts.store.write(async (tx) => {
      const mine = (await tx.contactsOf(person)).find(
        (contact) => contact.kind === 'email' && contact.folded === folded,
      )
      if (mine === undefined) return refuse('input_invalid', 'This is not your address', 'address')
      await tx.deleteContact('email', folded)
      await tx.insertContact({ ...mine, main: true })
      await touch(tx, person, this.#parts.system.clock.now() as Millis)
      return accept(null)
    })
  }

  /** Not the main one: somebody is always reached. */
  async removeAddress(person: PersonId, folded: string): Promise<Result<null>> {
    return this.#parts.store.write(async (tx) => {
      const mine = (await tx.contactsOf(person)).find(
        (contact) => contact.kind === 'email' && contact.folded === folded,
      )
      if (mine === undefined) return refuse('input_invalid', 'This is not your address', 'address')
      if (mine.main) return refuse('input_invalid', 'Make another address the main one first', 'address')
      await tx.deleteContact('email', folded)
      await touch(tx, person, this.#parts.system.clock.now() as Millis)
      return accept(null)
    })
  }

  /** An app that was let in is not any more: what it was given ends at once. */
  async takeBack(person: PersonId, client: ClientId): Promise<void> {
    await this.#parts.store.write((tx) => tx.endConsents(person, client))
  }

  /** Where somebody works from now on, in all their tokens at once. */
  async limit(tenant: TenantId, staff: number, locations: Post['locations']): Promise<Result<StaffRow>> {
    const { store, system } = this.#parts
    return store.write(async (tx) => {
      const row = await tx.staffMember(tenant, staff)
      if (row === undefined) return refuse('person_not_found', `There is no staff ${staff} here`)
      return accept(await tx.saveStaff({ ...row, locations, modified: system.clock.now() as Millis }))
    })
  }

  /** Ends what a person is to a business; tokens lose the role with it at once. */
  async dismiss(tenant: TenantId, staff: number): Promise<Result<null>> {
    const { store } = this.#parts
    return store.write(async (tx) => {
      const row = await tx.staffMember(tenant, staff)
      if (row === undefined) return refuse('person_not_found', `There is no staff ${staff} here`)
      await tx.deleteStaff(tenant, row.person)
      return accept(null)
    })
  }
}

async function touch(tx: Writes, id: PersonId, modified: Millis): Promise<void> {
  const person = await tx.person(id)
  if (person !== undefined) await tx.savePerson({ ...person, modified })
}
