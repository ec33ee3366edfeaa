// Who earned most (VIEW-2). The transactions of the time are added up in pages, between which others are served, so that a business with a million of
// them does not stop the node. What was voided does not count, what was taken back by a negative quantity is subtracted.
import { setImmediate } from 'node:timers/promises'
import type { StoreId } from '../../../../protocol/ids.ts'
import type { Row, Value } from '../../../collections/collection.ts'
import { among, and, eq } from '../../../collections/query.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import { ACCOUNTS } from '../../../collections/tables/accounts.ts'
import { PEOPLE } from '../../../collections/tables/people.ts'
import type { Reads, TenantId } from '../../../store/port.ts'

/** Transactions that are added up, and customers looked at, at once. */
const EARNED_PAGE = 2_000
const CUSTOMERS_PAGE = 500

export interface RankingRequest {
  /** First instant that counts, and the first after; null: no bound. */
  readonly from: number | null
  readonly until: number | null
  /** Only what was earned there; null: anywhere. */
  readonly stores: readonly StoreId[] | null
  readonly hidePending: boolean
  /** Only those who are ACTIVE. */
  readonly hideCancelled: boolean
  readonly limit: number
  readonly offset: number
}

export interface TopEarner {
  readonly connection: AccountRow<'connections'>
  readonly person: Row
  readonly email: string | null
  readonly points: number
  /** Of the last earning that counts. */
  readonly lastStore: number | null
}

interface Earned {
  points: number
  last: number | null
}

export class Rankings {
  readonly #read: Reads

  constructor(read: Reads) {
    this.#read = read
  }

  /** The most first; of equals the older connection. */
  async topEarners(tenant: TenantId, request: RankingRequest): Promise<TopEarner[]> {
    const earned = await this.#earned(tenant, request)
    const ranked = [...earned].toSorted(
      ([a, { points: one }], [b, { points: other }]) => other - one || a - b,
    )
    const shown: AccountRow<'connections'>[] = []
    const wanted = request.offset + request.limit
    for (let at = 0; at < ranked.length && shown.length < wanted; at += CUSTOMERS_PAGE) {
      const ids = ranked.slice(at, at + CUSTOMERS_PAGE).map(([id]) => id)
      const rows = new Map((await this.#connections(tenant, ids)).map((row) => [row.id, row]))
      shown.push(...ids.flatMap((id) => rows.get(id) ?? []).filter((row) => isShown(row, request)))
    }
    return this.#named(shown.slice(request.offset, wanted), earned)
  }

  async #earned(
    tenant: TenantId,
    { from, until, stores }: RankingRequest,
  ): Promise<ReadonlyMap<number, Readonly<Earned>>> {
    const earned = new Map<number, Earned>()
    const places = stores === null ? null : new Set<number | null>(stores)
    for (let after = { at: (from ?? 0) - 1, id: Number.MAX_SAFE_INTEGER }; ;) {
      const page = await this.#read.earnedAfter(tenant, after, until, EARNED_PAGE)
      for (const { connection, points, location } of page) {
        if (places !== null && !places.has(location)) continue
        const so = earned.get(connection) ?? { points: 0, last: null }
        so.points += points
        so.last = location ?? so.last
        earned.set(connection, so)
      }
      const last = page.at(-1)
      if (last === undefined || page.length < EARNED_PAGE) return earned
      after = last
      await setImmediate()
    }
  }

  async #connections(tenant: TenantId, ids: readonly number[]): Promise<AccountRow<'connections'>[]> {
    const rows = await this.#read.rows(ACCOUNTS.connections, {
      tenants: [tenant],
      where: and(among('id', ids), eq('hidden', false)),
      limit: ids.length,
    })
    // A row of the collection has its columns.
    return rows as unknown as AccountRow<'connections'>[]
  }

  async #named(
    connections: readonly AccountRow<'connections'>[],
    earned: ReadonlyMap<number, Readonly<Earned>>,
  ): Promise<TopEarner[]> {
    const people = [...new Set(connections.map(({ person }) => person))]
    const limit = Math.max(1, people.length)
    const persons = await this.#read.rows(PEOPLE.persons, {
      tenants: 'every',
      where: among('id', people),
      limit,
    })
    const emails = await this.#read.rows(PEOPLE.person_emails, {
      tenants: 'every',
      where: and(among('person', people), eq('main', true)),
      limit,
    })
    const byId = new Map(persons.map((row) => [Number(row.id), row]))
    const mailOf = new Map(emails.map((row) => [Number(row.person), textOf(row.value)]))
    return connections.flatMap((connection): TopEarner[] => {
      const person = byId.get(connection.person)
      const { points = 0, last = null } = earned.get(connection.id) ?? {}
      return person === undefined
        ? []
        : [{ connection, person, email: mailOf.get(connection.person) ?? null, points, lastStore: last }]
    })
  }
}

function isShown(
  { status }: AccountRow<'connections'>,
  { hidePending, hideCancelled }: RankingRequest,
): boolean {
  return hideCancelled ? status === 'ACTIVE' : !(hidePending && status === 'PENDING')
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : ''
}
