// Two businesses that are served in every dialect of a node, an administrator of each, and in the second one a row of every collection: what the first must
// never come by. Rows are filled from the declarations, so that a collection that is added has one too.
import { columnsOf } from '../../cloud/collections/collection.ts'
import type { Collection, ColumnType, Row, Value } from '../../cloud/collections/collection.ts'
import { COLLECTIONS } from '../../cloud/collections/collections.ts'
import { newSecret } from '../../cloud/platform/secrets.ts'
import type { ClientId, PersonId } from '../../cloud/store/platform-port.ts'
import type { Writes } from '../../cloud/store/port.ts'
import { realSystem } from '../../cloud/system.ts'
import type { Millis } from '../../protocol/time.ts'
import { CloudUnderTest } from './cloud-node.ts'
import { HQ_PROGRAM } from './hq-program.ts'
import { addTenant } from './oauth-world.ts'

const NOW = Date.UTC(2026, 5, 3, 12) as Millis

export interface Caller {
  readonly person: PersonId
  /** The businesses of the client; none: all. */
  readonly tenants: readonly number[]
}

export class DialectWorld {
  readonly cloud: CloudUnderTest
  readonly theirs: number
  readonly ours: number = 1
  readonly #persons = new Map<number, PersonId>()
  readonly #tokens = new Map<string, Promise<string>>()
  readonly #clients = new Map<string, Promise<ClientId>>()

  private constructor(cloud: CloudUnderTest, theirs: number) {
    this.cloud = cloud
    this.theirs = theirs
  }

  static async start(): Promise<DialectWorld> {
    const cloud = await CloudUnderTest.start(() => NOW)
    const other = await addTenant(cloud, 'Theirs')
    await cloud.publish(HQ_PROGRAM)
    await cloud.post('/v1/stores', { name: 'Ours', zone: 'UTC' })
    for (const { name } of cloud.node.dialects)
      for (const token of [cloud.node.token, other.token])
        await cloud.post('/v1/dialects', { name }, { token })
    const world = new DialectWorld(cloud, other.id)
    await cloud.node.store.write(async (tx) => {
      for (const tenant of [world.ours, world.theirs]) await world.#administrator(tx, tenant)
    })
    return world
  }

  get administrators(): { readonly ours: Caller; readonly theirs: Caller } {
    return { ours: this.#caller(this.ours), theirs: this.#caller(this.theirs) }
  }

  #caller(tenant: number): Caller {
    const person = this.#persons.get(tenant)
    if (person === undefined) throw new Error('every business has its administrator')
    return { person, tenants: [tenant] }
  }

  async #administrator(tx: Writes, tenant: number): Promise<void> {
    const person = await tx.insertPerson({
      firstName: 'Ada',
      lastName: `of ${tenant}`,
      birthday: null,
      password: null,
      created: NOW,
      modified: NOW,
    })
    const value = `ada@business-${tenant}.example`
    await tx.insertContact({ person: person.id, kind: 'email', value, folded: value, main: true })
    const of = {
      tenant,
      person: person.id,
      role: 'ADMIN',
      locations: null,
      description: '',
      billPayer: false,
    } as const
    await tx.saveStaff({ ...of, created: NOW, modified: NOW })
    this.#persons.set(tenant, person.id)
  }

  /** As a grant would have made it; one for each person, client and set of scopes. */
  tokenWith(dialect: string, scopes: readonly string[], { person, tenants }: Caller): Promise<string> {
    const key = JSON.stringify([dialect, scopes, person, tenants])
    const known = this.#tokens.get(key) ?? this.#issue(dialect, scopes, { person, tenants })
    this.#tokens.set(key, known)
    return known
  }

  async #issue(dialect: string, scopes: readonly string[], { person, tenants }: Caller): Promise<string> {
    const name = JSON.stringify([dialect, tenants])
    const client = this.#clients.get(name) ?? this.#client(dialect, tenants)
    this.#clients.set(name, client)
    const of = { client: await client, person, scopes, grant: 'password', created: NOW } as const
    const { text, hash } = newSecret(realSystem)
    await this.cloud.node.store.write(async (tx) => {
      const { id: family } = await tx.insertFamily(of)
      const issued = { family, scopes, redirectUri: null, challenge: null, expires: null }
      await tx.insertIssued({ ...issued, hash, kind: 'access' })
    })
    return text
  }

  async #client(dialect: string, tenants: readonly number[]): Promise<ClientId> {
    const wanted = { name: 'App', dialect, secretHash: null, redirectUris: [], scopes: [], grants: [] }
    const made = { ...wanted, tenants, disabled: false, created: NOW, modified: NOW }
    const key = `app-${dialect}-${tenants.join('-')}`
    return (await this.cloud.node.store.write((tx) => tx.insertClient({ ...made, key }))).id
  }

  /** A row of the second business in every collection; their ids by collection. */
  fillTheirs(): Promise<ReadonlyMap<string, number>> {
    return this.#fill(this.theirs, new Map())
  }

  /** The same of the first one: what it has already, as far as it has. */
  async fillOurs(): Promise<ReadonlyMap<string, number>> {
    const there = new Map<string, number>()
    const own = { tenants: [this.ours], where: { all: [] }, limit: 1 } as const
    for (const collection of COLLECTIONS) {
      const [row] =
        collection.scope === 'tenant' ? await this.cloud.node.store.read.rows(collection, own) : []
      if (row !== undefined) there.set(collection.name, Number(row.id))
    }
    return this.#fill(this.ours, there)
  }

  async #fill(tenant: number, rows: Map<string, number>): Promise<ReadonlyMap<string, number>> {
    rows.set('businesses', tenant)
    await this.cloud.node.store.write(async (tx) => {
      for (const collection of COLLECTIONS) await this.#rowOf(tx, tenant, collection, rows)
    })
    return rows
  }

  async #rowOf(
    tx: Writes,
    tenant: number,
    collection: Collection,
    rows: Map<string, number>,
  ): Promise<number> {
    const known = rows.get(collection.name)
    if (known !== undefined) return known
    if (collection.name === 'persons') {
      const value = tenant === this.theirs ? 'kim@theirs.example' : 'lou@ours.example'
      const told = { firstName: 'Kim', lastName: 'Theirs', birthday: null, password: null }
      const { id } = await tx.insertPerson({ ...told, created: NOW, modified: NOW })
      await tx.insertContact({ person: id, kind: 'email', value, folded: value, main: true })
      rows.set('persons', id)
      return id
    }
    const own = { tenants: [tenant], where: { all: [] }, limit: 1 } as const
    const [there] = collection.owned === true ? await tx.rows(collection, own) : []
    const id = Number(there?.id ?? (await tx.nextIds(1))[0])
    rows.set(collection.name, id)
    if (collection.owned === true) return id
    const row: Record<string, Value> = { id, tenant }
    for (const [name, { type, refers, null: nullable }] of Object.entries(columnsOf(collection))) {
      if (name in row) continue
      const to = COLLECTIONS.find((other) => other.name === refers)
      row[name] =
        to === undefined
          ? valueOf(name, type, nullable === true, id)
          : await this.#rowOf(tx, tenant, to, rows)
    }
    await tx.insertRows(collection, [{ ...row, ...SHOWN[collection.name] }])
    return id
  }
}

/** What the resources of these collections show: e-mails that were sent, vouchers in some of their statuses. */
const SHOWN: Readonly<Record<string, Row>> = {
  mails: { type: 'USER_EARN_ALERT', sent: NOW },
  entitlements: { status: 'unused' },
}

function valueOf(name: string, type: ColumnType, nullable: boolean, id: number): Value {
  if (name === 'status') return 'ACTIVE'
  if (nullable) return null
  switch (type) {
    case 'text':
      return `theirs-${name}-${id}`
    case 'boolean':
      return false
    case 'datetime':
      return NOW
    case 'date':
      return '2026-06-03'
    case 'json':
      return {}
    default:
      return id
  }
}
