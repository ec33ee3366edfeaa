// What staff are told of by e-mail (MAIL-9): those of the business in a role that is told of it, unless the business wants no such e-mails.
import type { Clock, Millis } from '../../../protocol/time.ts'
import { bodyOf } from '../../collections/documents.ts'
import { and, eq } from '../../collections/query.ts'
import { ACCOUNTS } from '../../collections/tables/accounts.ts'
import { CONFIGURATION } from '../../collections/tables/configuration.ts'
import type { PersonId, StaffRow } from '../../store/platform-port.ts'
import type { CloudStore, Reads, TenantId, Writes } from '../../store/port.ts'
import { queueMailToPerson } from './mail-queue.ts'
import type { MailOrder } from './mail-queue.ts'
import { ROLES_TOLD } from './mail-types.ts'
import type { StaffMail } from './mail-types.ts'

/** Of a business's staff at most so many, the first ones, are looked at. */
export const STAFF_TOLD_MAX = 500
/** Batches that are too long are told of once in this time, however often they are sent. */
export const LIMIT_TOLD_MS = 24 * 3_600_000

export async function staffTold(
  read: Pick<Reads, 'rows' | 'staffOfTenant'>,
  tenant: TenantId,
  { type, location }: Pick<MailOrder, 'location'> & { readonly type: StaffMail },
): Promise<StaffRow[]> {
  const where = eq('id', tenant)
  const [business] = await read.rows(CONFIGURATION.businesses, { tenants: [tenant], where, limit: 1 })
  const off = business === undefined ? undefined : bodyOf(business).staff_emails_off
  if (Array.isArray(off) && off.includes(type)) return []
  const staff = await read.staffOfTenant(tenant, { after: 0, limit: STAFF_TOLD_MAX })
  // Who is limited to some locations hears of what happens there, and of their own batches.
  const concerns = ({ locations }: StaffRow): boolean =>
    locations === null || locations.includes(location) || type === 'BATCH_UPLOAD_REPORT'
  return staff.filter((one) => ROLES_TOLD[type].includes(one.role) && concerns(one))
}

export async function tellStaff(
  tx: Writes,
  tenant: TenantId,
  order: MailOrder & { readonly type: StaffMail },
  only: PersonId | null = null,
): Promise<void> {
  for (const { person } of await staffTold(tx, tenant, order))
    if (only === null || only === person) await queueMailToPerson(tx, tenant, person, order)
}

/** What no commit of facts tells of: how batches went. */
export class BatchNews {
  readonly #store: CloudStore
  readonly #clock: Clock

  constructor(store: CloudStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Whoever sent it is told what became of it. */
  async finished(tenant: TenantId, sender: PersonId | null, rows: number, refused: number): Promise<void> {
    if (sender === null) return
    const word = `${rows} rows, ${refused === 0 ? 'all done' : `${refused} refused`}`
    await this.#store.write((tx) => tellStaff(tx, tenant, this.#order('BATCH_UPLOAD_REPORT', word), sender))
  }

  async tooLong(tenant: TenantId, rows: number, most: number): Promise<void> {
    const now = this.#clock.now()
    await this.#store.write(async (tx) => {
      const told = { at: ['created'], is: 'gt', value: now - LIMIT_TOLD_MS } as const
      const where = and(eq('type', 'NOTIFY_LIMIT_EXCEEDED'), told)
      const before = await tx.rows(ACCOUNTS.mails, { tenants: [tenant], where, limit: 1 })
      if (before.length > 0) return
      await tellStaff(tx, tenant, this.#order('NOTIFY_LIMIT_EXCEEDED', `${rows} rows, ${most} at most`))
    })
  }

  #order<T extends StaffMail>(type: T, word: string): MailOrder & { readonly type: T } {
    return { type, fact: null, location: 0, word, now: this.#clock.now() as Millis }
  }
}
