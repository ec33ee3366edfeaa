// Two persons who turn out to be one (PERS-2): where both are customers their members are merged, everything else of the one becomes the other's. Businesses come
// one after the other; only the last commit makes the persons one, so that what was interrupted is begun again and finished.
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import { and, eq } from '../../../collections/query.ts'
import { ACCOUNTS } from '../../../collections/tables/accounts.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import { CONFIGURATION } from '../../../collections/tables/configuration.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { CloudStore, Writes } from '../../../store/port.ts'
import { queueMailTo } from '../mail-queue.ts'
import type { Customers } from './customers.ts'

/** Rows of one kind that a person can bring along. */
export const MERGED_ROWS_MAX = 100_000

/** What names a person beside its connection. */
const OF_PERSONS = [
  'transactions',
  'entitlements',
  'challenge_connections',
  'requirement_summaries',
  'frequency_progress',
  'referrals',
  'connection_attributes',
  'external_members',
  'mails',
] as const

export class Merging {
  readonly #store: CloudStore
  readonly #customers: Customers
  readonly #clock: Clock

  constructor(store: CloudStore, customers: Customers, clock: Clock) {
    this.#store = store
    this.#customers = customers
    this.#clock = clock
  }

  /** Afterwards `merged` is nobody: without a name, an address, a login, a role. */
  async merge(survivor: PersonId, merged: PersonId): Promise<Result<null>> {
    if (survivor === merged) return refuse('merge_not_possible', 'This is one person already')
    const own = await this.#connections(survivor)
    for (const { tenant, id } of await this.#connections(merged)) {
      const mine = own.find((row) => row.tenant === tenant)
      if (mine === undefined) continue
      const done = await this.#customers.mergeMembers(tenant, mine.id, id)
      if (!done.ok) return done
    }
    const now = this.#clock.now() as Millis
    await this.#store.write(async (tx) => {
      await this.#take(tx, survivor, merged, now)
      await this.#become(tx, survivor, merged, now)
    })
    return accept(null)
  }

  async #connections(person: PersonId): Promise<AccountRow<'connections'>[]> {
    return this.#store.read.accountRows('connections', { person, hidden: false })
  }

  /** What is a customer's: rows of connections that stay, by whoever they name. */
  async #take(tx: Writes, survivor: PersonId, merged: PersonId, now: Millis): Promise<void> {
    for (const { id } of await tx.accountRows('connections', { person: merged }))
      await tx.saveAccountRow('connections', id, { person: survivor, modified: now })
    for (const table of OF_PERSONS)
      for (const { id } of await tx.accountRows(table, { person: merged }))
        await tx.saveAccountRow(table, id, { person: survivor })
    for (const { id } of await tx.accountRows('referrals', { to_person: merged }))
      await tx.saveAccountRow('referrals', id, { to_person: survivor })
    const query = { tenants: 'every', where: eq('person', merged), limit: MERGED_ROWS_MAX } as const
    for (const { id } of await tx.rows(CONFIGURATION.user_agreements, query))
      await tx.updateRow(CONFIGURATION.user_agreements, Number(id), { person: survivor })
  }

  /** What is the person's own: addresses, roles, what is not known of the survivor. */
  async #become(tx: Writes, survivor: PersonId, merged: PersonId, now: Millis): Promise<void> {
    const [one, other] = [await tx.person(survivor), await tx.person(merged)]
    if (one === undefined || other === undefined) return
    await tx.moveContacts(merged, survivor)
    const roles = await tx.staffOf(survivor)
    for (const role of await tx.staffOf(merged)) {
      await tx.deleteStaff(role.tenant, merged)
      if (!roles.some(({ tenant }) => tenant === role.tenant))
        await tx.saveStaff({ ...role, person: survivor, modified: now })
    }
    await tx.deleteSessionsOf(merged)
    await tx.endConsents(merged, null)
    await tx.savePerson({
      ...one,
      firstName: one.firstName || other.firstName,
      lastName: one.lastName || other.lastName,
      birthday: one.birthday ?? other.birthday,
      modified: now,
    })
    await tx.savePerson({
      ...other,
      firstName: '',
      lastName: '',
      birthday: null,
      password: null,
      modified: now,
    })
    await tell(tx, survivor, now)
  }
}

/** In the name of a business they are a customer of; to its main address. */
async function tell(tx: Writes, person: PersonId, now: Millis): Promise<void> {
  const where = and(eq('person', person), eq('hidden', false))
  const [customer] = await tx.rows(ACCOUNTS.connections, { tenants: 'every', where, limit: 1 })
  const email = (await tx.contactsOf(person)).find(({ kind, main }) => kind === 'email' && main)
  if (customer === undefined || email === undefined) return
  const to = { tenant: Number(customer.tenant), person, email: email.value }
  await queueMailTo(tx, to, { type: 'USER_MERGE_OK', fact: null, location: 0, now })
}
