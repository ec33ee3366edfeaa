// Lists over a million transactions of a hundred thousand customers, asked over HTTP as a client asks them; and how the store finds their rows, as SQLite
// explains it on that very file.
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { PERKVILLE } from '../../cloud/dialects/perkville/perkville.ts'
import { PRINCIPALS, planOf, queriesOf, settledIn } from '../../test/support/dialect-queries.ts'
import { median, quantile, tell } from '../bench.ts'
import type { Filled } from './bulk.ts'
import { askShop, emailOf } from './shop.ts'
import type { Shop } from './shop.ts'

const ASKED = 300

interface List {
  readonly name: string
  readonly resource: string
  /** Of the n-th request; every one asks for something else. */
  readonly params: (n: number) => string
  /** Rows that the answer must have at least. */
  readonly rows: number
}

const customer = (n: number): string => emailOf((n * 331) % 100_000)

const LISTS: readonly List[] = [
  {
    name: 'transactions by user__emails__email',
    resource: 'transactions',
    params: (n) => `business=1&user__emails__email=${customer(n)}`,
    rows: 5,
  },
  {
    name: 'transactions by user__emails__email and location__name',
    resource: 'transactions',
    params: (n) => `user__emails__email=${customer(n)}&location__name=Store ${1 + (n % 10)}`,
    rows: 0,
  },
  {
    name: 'transactions by location__name, first page',
    resource: 'transactions',
    params: (n) => `business=1&location__name=Store ${1 + (n % 10)}`,
    rows: 20,
  },
  {
    name: 'transactions by location__name, 50,000 rows deep',
    resource: 'transactions',
    params: (n) => `business=1&location__name=Store ${1 + (n % 10)}&offset=${50_000 + n}`,
    rows: 20,
  },
  {
    name: 'transactions of the business, 900,000 rows deep',
    resource: 'transactions',
    params: (n) => `business=1&offset=${900_000 + n}`,
    rows: 20,
  },
  {
    name: 'transactions of a hundred users, 500 rows deep',
    resource: 'transactions',
    params: (n) =>
      `user__in=${Array.from({ length: 100 }, (_, index) => 50 + n * 100 + index).join(',')}&offset=500`,
    rows: 20,
  },
  {
    name: 'connections by user__emails__email',
    resource: 'connections',
    params: (n) => `business=1&user__emails__email=${customer(n)}`,
    rows: 1,
  },
  { name: 'users by email', resource: 'users', params: (n) => `email=${customer(n)}`, rows: 1 },
  {
    name: 'balances that moved since a time, first page',
    resource: 'connection-balances',
    params: (n) => `business=1&last_mod_dt__gte=2026-0${1 + (n % 9)}-15`,
    rows: 20,
  },
]

export async function lists(shop: Shop, directory: string, filled: Filled): Promise<void> {
  const database = new Sqlite(join(directory, 'cloud.db'), { readonly: true })
  try {
    for (const list of LISTS) {
      const took: number[] = []
      const peer: number[] = []
      for (let n = 0; n < ASKED; n++) {
        const before = performance.now()
        await askShop(shop, '/livez')
        const start = performance.now()
        peer.push(start - before)
        const answer = await askShop(shop, `/perkville/v2/${list.resource}/?${encodeURI(list.params(n))}`)
        took.push(performance.now() - start)
        const { objects } = answer as { objects: unknown[] }
        if (objects.length < list.rows) throw new Error(`${list.name}: only ${objects.length} rows`)
      }
      const asked = await queriesOf(
        PERKVILLE,
        { ...PRINCIPALS.both, tenants: [1] },
        list.resource,
        new URLSearchParams(list.params(1)),
      )
      if (typeof asked === 'number') throw new Error(`${list.name}: ${asked}`)
      tell({
        bench: 'api',
        figure: `p99 of ${list.name}`,
        ours: quantile(took, 0.99),
        peer: quantile(peer, 0.99),
        peerName: 'GET /livez of the same node in turns; the aim is 50 ms',
        unit: 'ms',
        notes: {
          p50_ms: Number(median(took).toPrecision(3)),
          livez_p50_ms: Number(median(peer).toPrecision(3)),
          transactions: filled.transactions,
          customers: filled.customers,
          plan: asked.map((one) => planOf(database, settledIn(database, one))).join(' | '),
        },
      })
    }
  } finally {
    database.close()
  }
}
