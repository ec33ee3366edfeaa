// Memberships of other systems: who is told of becomes a customer, and the fold learns the home and whether the membership is active as a profile
// (OP-8). The rest is kept as it was told.
import type { MemberId, StoreId } from '../../../../protocol/ids.ts'
import { accept, assert, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import type { AccountChanges, AccountRow } from '../../../collections/tables/accounts.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { CloudStore, TenantId } from '../../../store/port.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { HQ_STORE, ownHeader } from '../../ingest/own-facts.ts'
import type { ProgramShelf } from '../../programs.ts'
import { headerOf } from './scene.ts'
import type { OperationScene, When } from './scene.ts'
import { lookUp, makeCustomer } from './who.ts'
import type { ExternalName, Who } from './who.ts'

/** What is left out stays as it is. */
export interface Membership {
  readonly type?: string | null | undefined
  readonly status?: 'ACTIVE' | 'INACTIVE' | null | undefined
  readonly home?: StoreId | undefined
  readonly joined?: Millis | null | undefined
  readonly cancelled?: Millis | null | undefined
}

export type MembershipOf = Omit<Who, 'person' | 'external'> & { readonly external: ExternalName }

export class Memberships {
  readonly #store: CloudStore
  readonly #ingest: Ingest
  readonly #shelf: ProgramShelf
  readonly #clock: Clock

  constructor(store: CloudStore, ingest: Ingest, shelf: ProgramShelf, clock: Clock) {
    this.#store = store
    this.#ingest = ingest
    this.#shelf = shelf
    this.#clock = clock
  }

  /** Each for itself: who is refused leaves nothing. One commit for all. */
  async upsert(
    tenant: TenantId,
    list: readonly { readonly of: MembershipOf; readonly membership: Membership }[],
  ): Promise<Result<AccountRow<'external_members'>>[]> {
    const programs = await this.#shelf.of(tenant)
    const done = await this.#ingest.record(tenant, async (tx, own) => {
      const scene: OperationScene = { tx, own, tenant, programs, now: this.#clock.now() as Millis }
      const results: Result<ExternalName>[] = []
      for (const { of, membership } of list) results.push(await this.#one(scene, of, membership))
      return results
    })
    return Promise.all(
      done.map(async (one) =>
        one.ok ? accept(await this.#rowOf(tenant, one.value)) : { ok: false as const, refusal: one.refusal },
      ),
    )
  }

  /** The same words about a customer, where no other system is named. */
  async change(
    tenant: TenantId,
    connection: number,
    membership: Membership,
  ): Promise<Result<AccountRow<'connections'>>> {
    const programs = await this.#shelf.of(tenant)
    const said = await this.#ingest.record(tenant, async (tx, own): Promise<Result<null>> => {
      const scene: OperationScene = { tx, own, tenant, programs, now: this.#clock.now() as Millis }
      const [row] = await tx.accountRows('connections', { tenant, id: connection, hidden: false })
      if (row === undefined) return refuse('connection_not_found', 'There is no such customer', 'connection')
      const when = await placeOf(scene, membership)
      if (!when.ok) return when
      await keep(scene, when.value, row, membership)
      return accept(null)
    })
    if (!said.ok) return said
    const [row] = await this.#store.read.accountRows('connections', { id: connection })
    assert(row !== undefined, 'a connection that was changed is there')
    return accept(row)
  }

  async #rowOf(tenant: TenantId, { system, id }: ExternalName): Promise<AccountRow<'external_members'>> {
    const [row] = await this.#store.read.accountRows('external_members', { tenant, system, external_id: id })
    assert(row !== undefined, 'a membership that was told of has its row')
    return row
  }

  async #one(scene: OperationScene, of: MembershipOf, membership: Membership): Promise<Result<ExternalName>> {
    const { tx, tenant, now } = scene
    const when = await placeOf(scene, membership)
    if (!when.ok) return when
    const subject = await lookUp(scene, of)
    if (!subject.ok) return subject
    const connection = await makeCustomer(scene, subject.value, when.value, 'IMPORTED')
    await fillIn(scene, connection.person as PersonId, of)
    const [row] = await tx.accountRows('external_members', {
      tenant,
      system: of.external.system,
      external_id: of.external.id,
    })
    assert(row !== undefined, 'a customer of another system is linked')
    const changes: AccountChanges<'external_members'> = {
      ...(membership.type === undefined ? {} : { type: membership.type }),
      ...(membership.status === undefined ? {} : { status: membership.status }),
      ...(membership.home === undefined ? {} : { home: membership.home }),
      ...(membership.joined === undefined ? {} : { joined: membership.joined }),
      ...(membership.cancelled === undefined ? {} : { cancelled: membership.cancelled }),
    }
    await tx.saveAccountRow('external_members', row.id, { ...changes, modified: now })
    await keep(scene, when.value, connection, membership)
    return accept(of.external)
  }
}

/** Where it is said: the wall clock of the home, if there is one. */
async function placeOf({ tx, tenant }: OperationScene, { home }: Membership): Promise<Result<When>> {
  const store = (await tx.stores(tenant)).find(({ id }) => id === home)
  return home !== undefined && store === undefined
    ? refuse('store_not_found', 'The business has no such location', 'home_location')
    : accept({ store: HQ_STORE, zone: store?.zone ?? 'UTC', at: null })
}

/** What the connection keeps of it, and what the fold learns. */
async function keep(
  scene: OperationScene,
  when: When,
  { id, member }: AccountRow<'connections'>,
  membership: Membership,
): Promise<void> {
  await scene.tx.saveAccountRow('connections', id, {
    ...(membership.type === undefined ? {} : { membership_type: membership.type }),
    ...(membership.joined === undefined ? {} : { membership_from: membership.joined }),
    ...(membership.cancelled === undefined ? {} : { membership_until: membership.cancelled }),
    modified: scene.now,
  })
  await sayProfile(scene, when, member as MemberId, membership)
}

async function sayProfile(
  scene: OperationScene,
  when: When,
  member: MemberId,
  { home, status, joined }: Membership,
): Promise<void> {
  const active = status === 'ACTIVE' ? 'active' : status === 'INACTIVE' ? 'inactive' : null
  if (home === undefined && active === null && (joined ?? null) === null) return
  await scene.own.append({
    ...ownHeader('profile', await headerOf(scene, when, member)),
    home_store: home ?? null,
    birthday: null,
    attributes: [],
    membership: active,
    membership_start: (joined ?? null) === null ? null : new Date(joined ?? 0).toISOString().slice(0, 10),
  })
}

/** Names and birthday fill what is empty, and overwrite nothing. */
async function fillIn({ tx, now }: OperationScene, id: PersonId, who: MembershipOf): Promise<void> {
  const person = await tx.person(id)
  if (person === undefined) return
  const filled = {
    firstName: person.firstName === '' ? (who.firstName ?? '') : person.firstName,
    lastName: person.lastName === '' ? (who.lastName ?? '') : person.lastName,
    birthday: person.birthday ?? who.birthday ?? null,
  }
  if (
    filled.firstName !== person.firstName ||
    filled.lastName !== person.lastName ||
    filled.birthday !== person.birthday
  )
    await tx.savePerson({ ...person, ...filled, modified: now })
}
