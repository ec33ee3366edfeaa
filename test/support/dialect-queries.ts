// What a dialect's lists ask of the store, looked at without one: the frame serves a request from no rows and the queries it makes are kept, to be explained
// by SQLite.
import type { Database } from 'better-sqlite3'
import type { Collection, Row } from '../../cloud/collections/collection.ts'
import { SCHEMA } from '../../cloud/collections/collections.ts'
import type { RowQuery } from '../../cloud/collections/query.ts'
import type { Dialect } from '../../cloud/dialects/frame/dialect.ts'
import { DialectServer } from '../../cloud/dialects/frame/serve.ts'
import { PERKVILLE_SCOPES } from '../../cloud/dialects/perkville/scopes.ts'
import type { Principal } from '../../cloud/platform/principal.ts'
import { NOBODY } from '../../cloud/platform/principal.ts'
import type { PersonId } from '../../cloud/store/platform-port.ts'
import type { Millis } from '../../protocol/time.ts'
import { selectOf } from '../../cloud/store/sqlite/collection-sql.ts'
import { withFirstSteps } from '../../cloud/store/sqlite/first-steps.ts'

const ME = 7 as PersonId
const SCOPES: readonly string[] = PERKVILLE_SCOPES
const token: Principal = {
  ...NOBODY,
  kind: 'token',
  dialect: 'perkville',
  person: ME,
  client: 1 as never,
  tenants: [1],
}
const at = 0 as Millis
const role = {
  id: 1,
  tenant: 1,
  person: ME,
  role: 'ADMIN',
  locations: null,
  description: '',
  billPayer: false,
  created: at,
  modified: at,
} as const
const BY_STAFF = new Set(SCOPES.filter((name) => !name.startsWith('USER_')))
/** Staff of the one business of its client, of all its locations or of some; a customer; both, with a client that may act for all of the node. */
export const PRINCIPALS: Readonly<Record<'staff' | 'limited' | 'customer' | 'both', Principal>> = {
  staff: { ...token, staff: [role], scopes: BY_STAFF },
  limited: { ...token, staff: [{ ...role, locations: [3, 4] }], scopes: BY_STAFF },
  customer: { ...token, scopes: new Set(SCOPES.filter((name) => !name.startsWith('ADMIN_'))) },
  both: { ...token, tenants: [], staff: [role], scopes: new Set(SCOPES) },
}

export interface Asked {
  readonly collection: Collection
  readonly query: RowQuery
}

const SERVICES: unknown = {
  clock: { now: () => Date.UTC(2026, 5, 3) },
  accounts: { barring: { businesses: async () => new Set([2]) } },
}

/** The queries that a list makes. */
export async function queriesOf<S>(
  dialect: Dialect<S>,
  principal: Principal,
  path: string,
  params: URLSearchParams,
): Promise<Asked[] | number> {
  const asked: Asked[] = []
  const server = new DialectServer(dialect, {
    read: {
      rows: async (collection, query) => {
        asked.push({ collection, query })
        return []
      },
    },
    schema: SCHEMA,
    // Lists that no operation answers ask for the time, and for businesses that hide something: one of them does.
    services: SERVICES as S,
    principalOf: async () => principal,
    tenants: async () => [1, 2, 3],
  })
  const { status } = await server.serve({
    method: 'GET',
    path,
    params,
    authorization: 'Bearer x',
    idempotencyKey: '',
    requestId: 'x',
    body: () => Promise.reject(new Error('no body')),
  })
  return status === 200 ? asked : status
}

/** As the store prepares it: values stand behind a sign. */
export function planOf(database: Database, { collection, query }: Asked): string {
  const { text, parameters } = selectOf(SCHEMA, collection, query)
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${text.replaceAll('?', '+?')}`).all(...parameters)
  return (rows as { detail: string }[]).map(({ detail }) => detail).join('; ')
}

/** As the store asks it of a file with rows in it. */
export function settledIn(database: Database, { collection, query }: Asked): Asked {
  const lookUp = (of: Collection, asked: RowQuery): Row[] => {
    const { text, parameters } = selectOf(SCHEMA, of, asked)
    // What the store wrote.
    return database.prepare(text).all(...parameters) as Row[]
  }
  return { collection, query: withFirstSteps(SCHEMA, collection, query, lookUp) ?? query }
}
