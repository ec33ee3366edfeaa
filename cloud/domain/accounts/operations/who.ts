// Whom an operation is about (OP-1): a person, an e-mail, or a member of another system, which decides where it is known. Who is new becomes a person
// with a connection in the same commit as what is done, and only if it is done: looking comes first, making afterwards.
import { identityForm } from '../../../../protocol/identities.ts'
import type { MemberId } from '../../../../protocol/ids.ts'
import { NO_MEMBER } from '../../../../protocol/ids.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import { foldContact } from '../../../platform/contacts.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import { ownHeader } from '../../ingest/own-facts.ts'
import { newConnection } from '../projection/connection-rows.ts'
import type { ConnectionStatus } from '../projection/connection-rows.ts'
import { createPerson, foldedContact } from '../projection/persons.ts'
import { headerOf } from './scene.ts'
import type { OperationScene, When } from './scene.ts'

export interface ExternalName {
  readonly system: string
  readonly id: string
}

export interface Who {
  readonly person?: PersonId | undefined
  readonly email?: string | undefined
  readonly external?: ExternalName | undefined
  /** Of somebody new; what is known already stays. */
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly birthday?: string | undefined
  readonly receivesEmails?: boolean | undefined
}

/** Who that is as things stand; nothing was made yet. */
export interface Subject {
  readonly who: Who
  readonly person: PersonId | null
  readonly connection: AccountRow<'connections'> | null
  /** A name of another system that is not known yet. */
  readonly link: ExternalName | null
}

export function isEmail(text: string): boolean {
  return foldContact('email', text) !== undefined
}

export async function lookUp(
  { tx, tenant }: Pick<OperationScene, 'tx' | 'tenant'>,
  who: Who,
): Promise<Result<Subject>> {
  const { person, email, external } = who
  if (person !== undefined && email !== undefined)
    return refuse('input_invalid', 'Name a person or an e-mail, not both', 'user')
  if (email !== undefined && !isEmail(email))
    return refuse('input_invalid', 'This is no e-mail address', 'user_email')
  const subject = async (of: PersonId | null, link: ExternalName | null): Promise<Subject> => {
    const connections = of === null ? [] : await tx.accountRows('connections', { tenant, person: of })
    return { who, person: of, connection: connections.find(({ hidden }) => !hidden) ?? null, link }
  }
  let link: ExternalName | null = null
  if (external !== undefined) {
    const [known] = await tx.accountRows('external_members', {
      tenant,
      system: external.system,
      external_id: external.id,
    })
    // A row's person is one.
    if (known !== undefined) return accept(await subject(known.person as PersonId, null))
    link = external
  }
  if (person !== undefined) {
    const found = await subject(person, link)
    return found.connection === null
      ? refuse('person_not_found', 'The business has no such customer', 'user')
      : accept(found)
  }
  if (email !== undefined) {
    const known = await tx.personByContact('email', foldedContact({ kind: 'email', value: email }))
    return accept(await subject(known?.id ?? null, link))
  }
  return link === null
    ? refuse('input_invalid', 'Name a person, an e-mail or an external member', '__all__')
    : refuse(
        'external_member_unknown',
        'Nobody is known by this number, and no e-mail says who',
        'external_member_id',
      )
}

export function memberOf({ connection }: Subject): MemberId {
  return (connection?.member ?? NO_MEMBER) as MemberId
}

/** Makes of somebody looked up a customer of the business. */
export async function makeCustomer(
  scene: OperationScene,
  subject: Subject,
  when: When,
  status: ConnectionStatus,
): Promise<AccountRow<'connections'>> {
  await learnBirthday(scene, subject, when)
  const connection = subject.connection ?? (await connect(scene, subject, when, status))
  if (subject.link !== null) await linkExternal(scene, connection, subject.link)
  return connection
}

async function connect(
  scene: OperationScene,
  { who, person: known }: Subject,
  when: When,
  status: ConnectionStatus,
): Promise<AccountRow<'connections'>> {
  const { tx, own, tenant, now } = scene
  const { firstName = '', lastName = '', birthday = null, email, receivesEmails } = who
  const contacts = email === undefined ? [] : [{ kind: 'email' as const, value: email.trim() }]
  const person = known ?? (await createPerson(tx, { firstName, lastName, birthday, contacts }, now))
  const [main] = await tx.contactsOf(person)
  const header = await headerOf(scene, when, NO_MEMBER)
  const name = `${firstName} ${lastName}`.trim()
  await own.append({
    ...ownHeader('enrolment', header),
    name: name === '' ? null : name.slice(0, 200),
    identities: [
      main === undefined
        ? { kind: 'external_id', value: `person-${person}` }
        : { kind: main.kind, value: identityForm(main) },
    ],
  })
  const draft = newConnection({
    tenant,
    person,
    member: header.id,
    status,
    joined: status === 'ACTIVE' ? now : null,
    created: now,
  })
  const connection = await tx.insertAccountRow('connections', {
    ...draft,
    receives_emails: known !== null || receivesEmails !== false,
  })
  const born = known === null ? birthday : ((await tx.person(person))?.birthday ?? null)
  if (born !== null) await sayBirthday(scene, when, connection.member as MemberId, born)
  return connection
}

/** One that nobody knew; what is known stays. Of who is connected only now the connecting says it. */
async function learnBirthday(
  scene: OperationScene,
  { who: { birthday }, person: id, connection }: Subject,
  when: When,
): Promise<void> {
  const { tx, now } = scene
  const person = birthday === undefined || id === null ? undefined : await tx.person(id)
  if (birthday === undefined || person === undefined || person.birthday !== null) return
  await tx.savePerson({ ...person, birthday, modified: now })
  if (connection !== null) await sayBirthday(scene, when, connection.member as MemberId, birthday)
}

async function sayBirthday(
  scene: OperationScene,
  when: When,
  member: MemberId,
  birthday: string,
): Promise<void> {
  const header = await headerOf(scene, when, member)
  await scene.own.append({
    ...ownHeader('profile', header),
    home_store: null,
    birthday,
    attributes: [],
    membership: null,
    membership_start: null,
  })
}

async function linkExternal(
  { tx, tenant, now }: OperationScene,
  { id: connection, person, member }: AccountRow<'connections'>,
  { system, id }: ExternalName,
): Promise<void> {
  await tx.insertAccountRow('external_members', {
    tenant,
    connection,
    person,
    member,
    system,
    external_id: id,
    type: null,
    status: null,
    home: null,
    joined: null,
    cancelled: null,
    created: now,
    modified: now,
  })
}
