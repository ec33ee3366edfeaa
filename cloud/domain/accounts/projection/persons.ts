// Who a member is: the person whose e-mail or phone it was enrolled with, or a new one. One person has one connection to a business, so a
// second member with the same address is a person of its own until the two are merged.
import type { Enrolment } from '../../../../protocol/facts.ts'
import type { Millis } from '../../../../protocol/time.ts'
import { foldContact } from '../../../platform/contacts.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { TenantId, Writes } from '../../../store/port.ts'

/** As addresses are compared; empty for what is none. */
export function foldedContact({ kind, value }: PersonDetails['contacts'][number]): string {
  return foldContact(kind, value) ?? ''
}

export interface PersonDetails {
  readonly firstName: string
  readonly lastName: string
  readonly birthday: string | null
  readonly contacts: readonly { readonly kind: 'email' | 'phone'; readonly value: string }[]
}

export async function createPerson(tx: Writes, details: PersonDetails, now: Millis): Promise<PersonId> {
  const { firstName, lastName, birthday, contacts } = details
  const { id } = await tx.insertPerson({
    firstName,
    lastName,
    birthday,
    password: null,
    created: now,
    modified: now,
  })
  const kinds = new Set<string>()
  for (const { kind, value } of contacts) {
    const folded = foldedContact({ kind, value })
    if (folded === '') continue
    const kept = await tx.insertContact({ person: id, kind, value, folded, main: !kinds.has(kind) })
    if (kept) kinds.add(kind)
  }
  return id
}

export async function personOfEnrolment(
  tx: Writes,
  tenant: TenantId,
  { identities, name }: Enrolment,
  now: Millis,
): Promise<PersonId> {
  const contacts = identities.flatMap(({ kind, value }) =>
    kind === 'email' || kind === 'phone' ? [{ kind, value }] : [],
  )
  for (const contact of contacts) {
    const person = await tx.personByContact(contact.kind, foldedContact(contact))
    if (person === undefined) continue
    const [taken] = await tx.accountRows('connections', { tenant, person: person.id })
    if (taken === undefined) return person.id
  }
  const [firstName = '', ...rest] = (name ?? '').split(' ')
  return createPerson(tx, { firstName, lastName: rest.join(' '), birthday: null, contacts }, now)
}
