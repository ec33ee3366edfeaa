// E-mails that time brings (MAIL-10): how the day, the week and the month went, and vouchers that expire soon. A business is looked at when another day
// began at its first location. What is told of is marked in the commit that queues it, so a node that dies in between tells nothing twice.
import type { FactId } from '../../protocol/ids.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import { DAY_MS, firstDayOfMonth, firstDayOfWeek, monthOfDay, weekOfDay } from '../../protocol/time.ts'
import type { Collection, Row } from '../collections/collection.ts'
import { among, and } from '../collections/query.ts'
import type { Predicate } from '../collections/query.ts'
import { ACCOUNTS } from '../collections/tables/accounts.ts'
import type { AccountRow } from '../collections/tables/accounts.ts'
import { queueMail } from '../domain/accounts/mail-queue.ts'
import type { MailOrder } from '../domain/accounts/mail-queue.ts'
import type { MailType, StaffMail } from '../domain/accounts/mail-types.ts'
import { tellStaff } from '../domain/accounts/staff-mail.ts'
import { activityIn, dayIn, zoneOfBusiness } from '../domain/accounts/views/activity.ts'
import type { Days } from '../domain/accounts/views/activity.ts'
import type { Activity } from '../store/account-port.ts'
import type { CloudStore, TenantId, Writes } from '../store/port.ts'

/** Between looks; how long before its end a voucher is told of; businesses, and rows, at once. */
export const DIGEST_LOOK_MS = 10 * 60_000
export const VOUCHER_WARN_MS = 3 * DAY_MS
const TENANTS_PAGE = 500
const ROWS_PAGE = 200

export interface DigestParts {
  readonly store: CloudStore
  readonly clock: Clock
  readonly after: (ms: number, call: () => void) => () => void
  readonly onFault: (cause: unknown) => void
}

export class Digests {
  readonly #parts: DigestParts
  /** The day that a business was looked at last. */
  readonly #seen = new Map<TenantId, number>()
  #cancel: () => void = () => undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(parts: DigestParts) {
    this.#parts = parts
  }

  start(): void {
    const { after, onFault } = this.#parts
    this.#looking = this.look()
      .catch(onFault)
      .finally(() => {
        if (!this.#stopped) this.#cancel = after(DIGEST_LOOK_MS, () => this.start())
      })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#looking
  }

  async look(): Promise<void> {
    const { store } = this.#parts
    for (let after = 0, full = true; full && !this.#stopped;) {
      const page = await store.read.tenantList({ after, limit: TENANTS_PAGE })
      for (const { id, dialects } of page) if (dialects.length > 0) await this.#business(id)
      after = page.at(-1)?.id ?? after
      full = page.length === TENANTS_PAGE
    }
  }

  async #business(tenant: TenantId): Promise<void> {
    const { store, clock } = this.#parts
    const today = dayIn(await zoneOfBusiness(store.read, tenant), clock.now())
    if (this.#seen.get(tenant) === today) return
    const before = await store.write((tx) => tx.meta(`digest_day_${tenant}`))
    // A business that is looked at for the first time is told of nothing that was before.
    const over = periodsOver(before === undefined ? today : Number(before), today)
    if (!(await this.#vouchers(tenant)) || !(await this.#customers(tenant, over.week))) return
    const orders: StaffOrder[] = []
    for (const [period, type] of REPORTS) {
      const days = over[period]
      if (days !== null && happened(await activityIn(store.read, tenant, null, days)))
        orders.push(this.#order(type, wordOf(days)))
    }
    await store.write(async (tx) => {
      for (const order of orders) await tellStaff(tx, tenant, order)
      await tx.saveMeta(`digest_day_${tenant}`, String(today))
    })
    this.#seen.set(tenant, today)
  }

  /** Those that end between what was told of before and a while from now. */
  async #vouchers(tenant: TenantId): Promise<boolean> {
    const { store, clock } = this.#parts
    const name = `digest_vouchers_${tenant}`
    const until = clock.now() + VOUCHER_WARN_MS
    const from = Math.max(clock.now(), Number((await store.write((tx) => tx.meta(name))) ?? 0))
    const where = and(
      among('status', ['unused', 'clipped']),
      { at: ['expires'], is: 'gt', value: from },
      { at: ['expires'], is: 'lte', value: until },
    )
    const rows = { collection: ACCOUNTS.entitlements, tenant, where, by: 'expires' }
    const whole = await this.#pages(rows, async (tx, row) => {
      const { id, connection, fact } = row as unknown as AccountRow<'entitlements'>
      const order = { ...this.#order('VOUCHER_EXPIRES', String(id)), fact: fact as FactId }
      await tellOnce(tx, connection, order)
    })
    if (whole) await store.write((tx) => tx.saveMeta(name, String(until)))
    return whole
  }

  /** Whoever earned or redeemed in the week. */
  async #customers(tenant: TenantId, week: Days | null): Promise<boolean> {
    if (week === null) return true
    const where = { at: ['last_transaction'], is: 'gte', value: (week.first - 1) * DAY_MS } as const
    const rows = { collection: ACCOUNTS.connections, tenant, where, by: 'last_transaction' }
    return this.#pages(rows, async (tx, { id }) => {
      if (happened(await activityIn(tx, tenant, Number(id), week)))
        await tellOnce(tx, Number(id), this.#order('WEEKLY_CUSTOMER_REPORT', wordOf(week)))
    })
  }

  /** Every row, a page in a commit; false where the node stops before the end. */
  async #pages(
    { collection, tenant, where, by }: RowsToTell,
    tell: (tx: Writes, row: Row) => Promise<void>,
  ): Promise<boolean> {
    const { store } = this.#parts
    const query = { tenants: [tenant], where, order: [{ column: by }], limit: ROWS_PAGE }
    for (let after: readonly number[] = []; !this.#stopped;) {
      const rows = await store.read.rows(collection, after.length === 0 ? query : { ...query, after })
      if (rows.length > 0)
        await store.write(async (tx) => {
          for (const row of rows) await tell(tx, row)
        })
      const last = rows.at(-1)
      if (last === undefined || rows.length < ROWS_PAGE) return true
      after = [Number(last[by]), Number(last.id)]
    }
    return false
  }

  #order<T extends MailType>(type: T, word: string): MailOrder & { readonly type: T } {
    return { type, fact: null, location: 0, word, now: this.#parts.clock.now() as Millis }
  }
}

interface RowsToTell {
  readonly collection: Collection
  readonly tenant: TenantId
  readonly where: Predicate
  /** A column that all of them have, in whose order they come. */
  readonly by: string
}

type StaffOrder = MailOrder & { readonly type: StaffMail }

interface PeriodsOver {
  readonly day: Days | null
  readonly week: Days | null
  readonly month: Days | null
}

const REPORTS = [
  ['day', 'BUSINESS_DAILY_STATS'],
  ['week', 'WEEKLY_BUSINESS_REPORT'],
  ['month', 'MONTHLY_BUSINESS_REPORT'],
] as const

/** The last day, week (Monday first) and month that ended since a day was looked at; of a node that was off for long not those before. */
export function periodsOver(since: number, today: number): PeriodsOver {
  const week = weekOfDay(today)
  const month = monthOfDay(today)
  return {
    day: since < today ? { first: today - 1, last: today - 1 } : null,
    week:
      weekOfDay(since) < week ? { first: firstDayOfWeek(week - 1), last: firstDayOfWeek(week) - 1 } : null,
    month:
      monthOfDay(since) < month
        ? { first: firstDayOfMonth(month - 1), last: firstDayOfMonth(month) - 1 }
        : null,
  }
}

/** A customer hears of one thing once, also where a look was broken off and is made again. */
async function tellOnce(tx: Writes, connection: number, order: MailOrder): Promise<void> {
  const [customer] = await tx.accountRows('connections', { id: connection, hidden: false })
  if (customer === undefined) return
  const { tenant, person } = customer
  const { type, word = null } = order
  const before = await tx.accountRows('mails', { tenant, person, type, ...(word === null ? {} : { word }) })
  if (before.length === 0) await queueMail(tx, customer, order)
}

function happened({ earned, redeemed, joined }: Activity): boolean {
  return earned.count + redeemed.count + joined > 0
}

/** The first and the last day, as an e-mail's word. */
function wordOf({ first, last }: Days): string {
  return `${dateOfDay(first)} ${dateOfDay(last)}`
}

function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 'YYYY-MM-DD'.length)
}
