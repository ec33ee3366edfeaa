// A member as the connection of a person to a business: made with the member, and brought up to what the fold says of it.
import { decodeStoredFact } from '../../../../protocol/codec.ts'
import type { FactId, MemberId } from '../../../../protocol/ids.ts'
import { millisOf } from '../../../../protocol/time.ts'
import type { AccountChanges, AccountDraft, AccountRow } from '../../../collections/tables/accounts.ts'
import type { MemberState } from '../../../evaluation/state.ts'
import { spendable } from '../../../evaluation/state.ts'
import { personOfEnrolment } from './persons.ts'
import { differences } from './row-sync.ts'
import type { MemberScene, ProjectionScene } from './scene.ts'

export const CONNECTION_STATUSES = ['ACTIVE', 'INACTIVE', 'PENDING', 'IMPORTED'] as const
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number]

export type NewConnection = Pick<
  AccountDraft<'connections'>,
  'tenant' | 'person' | 'member' | 'joined' | 'created'
> & { readonly status: ConnectionStatus }

/** A connection nothing has happened to. */
export function newConnection(of: NewConnection): AccountDraft<'connections'> {
  return {
    ...of,
    membership: null,
    membership_type: null,
    membership_from: null,
    membership_until: null,
    home: null,
    level: null,
    balance: 0,
    lifetime_earned: 0,
    lifetime_spent: 0,
    last_transaction: null,
    last_location: null,
    last_title: null,
    receives_emails: true,
    hidden: false,
    modified: of.created,
    balance_modified: of.created,
  }
}

/** The member's connection, made where its enrolment counts; undefined before that came. */
export async function connectionOf(
  { tx, tenant, now }: ProjectionScene,
  member: MemberId,
): Promise<{ readonly row: AccountRow<'connections'>; readonly made: boolean } | undefined> {
  const [known] = await tx.accountRows('connections', { member })
  if (known !== undefined) return { row: known, made: false }
  const enrolled = await tx.fact(member as number as FactId)
  if (enrolled?.kind !== 'enrolment' || enrolled.status !== 'counted' || enrolled.tenant !== tenant) return
  const fact = decodeStoredFact(enrolled.bytes)
  if (fact.kind !== 'enrolment') return
  const person = await personOfEnrolment(tx, tenant, fact, now)
  const draft = newConnection({
    tenant,
    person,
    member,
    status: 'ACTIVE',
    joined: millisOf(fact.at),
    created: now,
  })
  return { row: await tx.insertAccountRow('connections', draft), made: true }
}

/** The part of a connection that the fold alone decides. */
export function amountsOf(state: MemberState) {
  return {
    balance: spendable(state),
    lifetime_earned: state.lifetime,
    lifetime_spent: state.spent,
  } satisfies AccountChanges<'connections'>
}

export async function updateConnection(scene: MemberScene): Promise<void> {
  const { tx, tenant, programs, documents, state, connection, now } = scene
  const last = await tx.lastTransaction(connection.id)
  const active = state.more?.profile.active ?? null
  const moved = differences(connection, {
    ...amountsOf(state),
    last_transaction: last?.at ?? null,
    last_title: last?.title ?? null,
  })
  const other = differences(connection, {
    hidden: false,
    home: state.more?.profile.homeStore || null,
    level: state.tier === 0 ? null : await documents.idOf(tx, tenant, programs, 'levels', state.tier),
    membership: active === null ? null : active ? 'ACTIVE' : 'INACTIVE',
  })
  const where = differences(connection, { last_location: last?.location ?? null })
  if (Object.keys({ ...moved, ...other, ...where }).length === 0) return
  await tx.saveAccountRow('connections', connection.id, {
    ...moved,
    ...other,
    ...where,
    ...(Object.keys(moved).length > 0 ? { balance_modified: now } : {}),
    ...(Object.keys(other).length > 0 ? { modified: now } : {}),
  })
}

/** What facts say of a customer whose member is another's now. */
const OF_NOBODY = {
  hidden: true,
  balance: 0,
  lifetime_earned: 0,
  lifetime_spent: 0,
  last_transaction: null,
  last_location: null,
  last_title: null,
  home: null,
  level: null,
  membership: null,
} satisfies AccountChanges<'connections'>

/** The member is another's now: its connection stays for coming back, and is listed no more; what other systems call it goes along. */
export async function hideConnection(
  { tx, now }: ProjectionScene,
  member: MemberId,
  root: MemberId,
): Promise<void> {
  const [row] = await tx.accountRows('connections', { member })
  if (row === undefined) return
  const hidden = differences(row, OF_NOBODY)
  if (Object.keys(hidden).length > 0)
    await tx.saveAccountRow('connections', row.id, { ...hidden, modified: now, balance_modified: now })
  const [survivor] = await tx.accountRows('connections', { member: root })
  if (survivor === undefined) return
  const { id: connection, person } = survivor
  for (const { id } of await tx.accountRows('external_members', { connection: row.id }))
    await tx.saveAccountRow('external_members', id, { connection, person, member: root, modified: now })
}

/** An enrolment was recorded twice: the connection is the one that counts (I-9). Says whether that one had none of its own. */
export async function passConnection(
  { tx }: ProjectionScene,
  twin: MemberId,
  counts: MemberId,
): Promise<boolean> {
  const [row] = await tx.accountRows('connections', { member: twin })
  if (row === undefined) return false
  const [other] = await tx.accountRows('connections', { member: counts })
  if (other === undefined) {
    const enrolled = await tx.fact(counts as number as FactId)
    const joined = row.joined === null || enrolled === undefined ? row.joined : millisOf(enrolled.at)
    await tx.saveAccountRow('connections', row.id, { member: counts, joined })
  } else await tx.deleteAccountRow('connections', row.id)
  return other === undefined
}
