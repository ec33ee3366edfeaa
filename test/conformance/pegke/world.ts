// Two places that serve Pegke for one merchant, each by itself: HQ, fed by a device's line, and a store without the internet, fed by its terminals. The same
// happened at both, so the same cases hold at both; the merchant's key is the one that HQ made, known to the store by its hash alone.
import { createHash } from 'node:crypto'
import type { Clients, StoreClient } from '../../../protocol/frames/clients.ts'
import type { Millis } from '../../../protocol/time.ts'
import { CloudUnderTest, pick } from '../../support/cloud-node.ts'
import type { Device } from '../../support/cloud-node.ts'
import { EdgeUnderTest } from '../../support/edge-under-test.ts'
import { addTenant } from '../../support/oauth-world.ts'
import { SMALL_PROGRAM } from '../../support/programs.ts'

export type PlaceName = 'hq' | 'store'

/** Names by which cases call keys, codes and what was saved: `{key:merchant}`, `{code:ada}`. */
export interface Place {
  readonly name: PlaceName
  readonly url: string
  readonly names: Map<string, string>
}

const PEOPLE = [
  { word: 'ada', name: 'Ada King', phone: '+447700900123', email: 'ada@example.org' },
  { word: 'bob', name: 'Bob Ädair', phone: '+447700900456', email: 'bob@example.org' },
] as const
/** Makes Silver, which brings a gift. */
const SALE = { sku: 'TEA', amount: 45_000 }
const AT = Date.UTC(2026, 5, 1, 12)

interface Key {
  readonly id: string
  readonly secret: string
}

export class PegkeWorld {
  readonly cloud: CloudUnderTest
  readonly edge: EdgeUnderTest
  readonly hq: Place
  readonly store: Place

  private constructor(cloud: CloudUnderTest, edge: EdgeUnderTest) {
    this.cloud = cloud
    this.edge = edge
    this.hq = { name: 'hq', url: cloud.url, names: new Map([['word:status', 'confirmed']]) }
    this.store = { name: 'store', url: edge.url, names: new Map([['word:status', 'provisional']]) }
  }

  static async start(): Promise<PegkeWorld> {
    const world = new PegkeWorld(await CloudUnderTest.start(), await EdgeUnderTest.start())
    await world.#fillHq()
    await world.#fillStore()
    return world
  }

  async stop(): Promise<void> {
    await this.edge.stop()
    await this.cloud.stop()
  }

  async #fillHq(): Promise<void> {
    const { cloud } = this
    await cloud.publish(SMALL_PROGRAM)
    const device = await cloud.addDevice('Bath')
    await device.connect()
    await cloud.post('/v1/dialects', { name: 'pegke' })
    this.hq.names.set('token:hq', cloud.node.token)
    await this.#key('merchant')
    await this.#key('second')
    const other = await addTenant(cloud, 'Other')
    await cloud.post('/v1/dialects', { name: 'pegke' }, { token: other.token })
    await this.#key('other', other.token)
    const gone = await this.#key('gone')
    await cloud.post(`/v1/clients/${gone.id}/disabled`, { disabled: true })
    for (const person of PEOPLE)
      this.hq.names.set(`code:${person.word}`, await enrolledAtHq(cloud, device, person))
    this.hq.names.set('store:bath', String(device.store))
  }

  async #key(name: string, token?: string): Promise<Key> {
    const made = await this.cloud.post(
      '/v1/clients',
      { name, dialect: 'pegke', scopes: ['merchant'], grants: ['client_credentials', 'refresh_token'] },
      token === undefined ? {} : { token },
    )
    const key = { id: String(pick(made.json, 'client_id')), secret: String(pick(made.json, 'client_secret')) }
    for (const { names } of [this.hq, this.store]) {
      names.set(`key:${name}`, `${key.id}.${key.secret}`)
      names.set(`id:${name}`, key.id)
      names.set(`secret:${name}`, key.secret)
    }
    return key
  }

  async #fillStore(): Promise<void> {
    const { edge } = this
    this.store.names.set('token:till', edge.tokens.terminal)
    // What HQ would send it: the keys of this merchant that are in force.
    edge.node.till.takeClients({
      type: 'clients',
      clients: ['merchant', 'second'].map((name) => this.#client(name)),
    })
    for (const { word, name, phone, email } of PEOPLE) {
      const identities = [
        { kind: 'phone', value: phone },
        { kind: 'email', value: email },
      ]
      await edge.post('/v1/members', { name, identities })
      const sold = await edge.post('/v1/sales', { member: { kind: 'phone', value: phone }, lines: [SALE] })
      const [voucher] = sold.list('vouchers') as { code: string }[]
      if (voucher === undefined) throw new Error(sold.text)
      this.store.names.set(`code:${word}`, voucher.code)
    }
    this.store.names.set('store:bath', '1')
  }

  #client(name: string): StoreClient {
    const secret = this.store.names.get(`secret:${name}`) ?? ''
    return {
      dialect: 'pegke',
      key: this.store.names.get(`id:${name}`) ?? '',
      name,
      secret_hash: createHash('sha256').update(secret).digest(),
      created: AT as Millis,
    } satisfies Clients['clients'][number]
  }
}

/** The code of the voucher that the sale brought. */
async function enrolledAtHq(
  cloud: CloudUnderTest,
  device: Device,
  { name, phone, email }: (typeof PEOPLE)[number],
): Promise<string> {
  const identities = [
    { kind: 'phone' as const, value: phone },
    { kind: 'email' as const, value: email },
  ]
  const from = device.seq + 1
  const member = device.enrol({ at: AT }, identities, name)
  device.sale({ at: AT + 1_000, member }, [{ ...SALE, pieces: 1 }])
  await device.sync(from)
  const found = await cloud.ask(`/v1/members/${member}`)
  return String(pick(found.json, 'vouchers', 0, 'code'))
}
