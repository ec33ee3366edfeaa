// A business that platforms list, on the cloud of a rig: its customers are those of the tills and one that a platform's client made, who has something in
// every table of what is listed. What the API tells of all that is read whole, so that two readings can be compared object by object.
import { integratorOf } from '../../../cloud/demo/live/integrator.ts'
import { askOk, fieldOf, pick } from '../../../cloud/demo/ask.ts'
import type { Ask } from '../../../cloud/demo/ask.ts'
import type { ShopsUnderLoad } from '../frame/shops-under-load.ts'

const V2 = '/perkville/v2'
/** The most that a page may have. */
const LIMIT = 1_000
const EARNED = 200
const EMAIL = 'ann@platform.example'
const EARN = '1 point per pound'
const REDEEM = 'A drink on the house'

type Way = 'business' | 'user' | 'connection' | 'challenge'

/** Which lists show rows of a table, and by what they are asked. */
const LISTS = {
  connections: [
    ['connections', 'business'],
    ['connection-balances', 'business'],
  ],
  transactions: [['transactions', 'user']],
  entitlements: [
    ['vouchers', 'business'],
    ['connections', 'business'],
  ],
  challenge_connections: [['challenge-connections', 'business']],
  requirement_summaries: [['challenge-connection-requirement-summaries', 'challenge']],
  frequency_progress: [['frequency-bonus-progress', 'business']],
  referrals: [['referrals', 'business']],
  connection_attributes: [['connection-attributes', 'connection']],
  external_members: [['external-members', 'business']],
  perks: [['perks', 'business']],
  levels: [['levels', 'business']],
  locations: [['locations', 'business']],
} as const satisfies Readonly<Record<string, readonly (readonly [resource: string, way: Way])[]>>

export type ListedTable = keyof typeof LISTS
export const LISTED_TABLES = Object.keys(LISTS) as readonly ListedTable[]

/** The text of every object that is shown, by the way that leads to it: its URI, or that of the object it is a child of and its own. */
export type Shown = ReadonlyMap<string, string>

export class ListedBusiness {
  readonly #load: ShopsUnderLoad
  readonly #token: string
  readonly #key: string
  #known: Promise<Readonly<Record<'connections' | 'users' | 'challenges', string>>> | undefined

  private constructor(load: ShopsUnderLoad, token: string, key: string) {
    this.#load = load
    this.#token = token
    this.#key = key
  }

  static async open(load: ShopsUnderLoad, directory: string): Promise<ListedBusiness> {
    const { cloud, hqToken } = load.shops
    const office = { url: cloud.url, hqToken }
    const { client_id, client_secret, username, password } = await integratorOf(office, directory)
    const answer = await fetch(`${office.url}/perkville/api/token/`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'password', username, password }),
    })
    const token = pick(await answer.json(), 'string', 'access_token')
    const [business] = pick(await askOk(`${cloud.url}${V2}/businesses/`, { token }), 'list', 'objects')
    const listed = new ListedBusiness(load, token, keyOf(business))
    await listed.#serve(await attributeValue(cloud.url, hqToken))
    return listed
  }

  /** All that the API tells of rows of a table. */
  async shown(table: ListedTable): Promise<Shown> {
    const { connections, users, challenges } = await this.#ways()
    const ways: Readonly<Record<Way, string>> = {
      business: `business=${this.#key}`,
      user: `user__in=${users}`,
      connection: `connection__in=${connections}`,
      challenge: `challenge=${challenges}`,
    }
    const shown = new Map<string, string>()
    for (const [resource, way] of LISTS[table])
      for (const object of await this.#list(resource, ways[way])) put(shown, '', object)
    return shown
  }

  /** Keys of what lists are asked by, as they were at first. */
  #ways(): Promise<Readonly<Record<'connections' | 'users' | 'challenges', string>>> {
    this.#known ??= (async () => {
      const connections = await this.#list('connections', `business=${this.#key}`)
      const challenges = await this.#list('challenges', `business=${this.#key}`)
      return {
        connections: connections.map((one) => keyOf(one)).join(),
        users: connections.map((one) => keyOf(one, 'user')).join(),
        challenges: challenges.map((one) => keyOf(one)).join(),
      }
    })()
    return this.#known
  }

  /** One customer earns, redeems, has an attribute, is a member elsewhere too, and refers somebody. */
  async #serve(attribute: number): Promise<void> {
    const business = `/v2/businesses/${this.#key}/`
    const [place] = await this.#list('locations', `business=${this.#key}`)
    const perks = await this.#list('perks', `business=${this.#key}`)
    const post = (title: string, quantity: number): Promise<unknown> =>
      this.#post('transactions', {
        business,
        user_email: EMAIL,
        location: uriOf(place),
        perk: uriOf(perks.find((perk) => fieldOf(perk, 'title') === title)),
        quantity,
      })
    await post(EARN, EARNED)
    const user = uriOf(await post(REDEEM, 1), 'user')
    const [connection] = await this.#list('connections', `user=${keyOf(user)}`)
    const value = { connection: uriOf(connection), custom_attribute_value: attribute }
    await this.#post('connection-attributes', value)
    const elsewhere = { external_member_id: 'm-1', external_system_id: 'club' }
    await this.#post('external-members', { business, user_email: EMAIL, ...elsewhere })
    const referred = { referral_from_user: user, referral_to_email: 'bob@platform.example' }
    await this.#post('referrals', { business, ...referred })
  }

  async #list(resource: string, query: string): Promise<readonly unknown[]> {
    const all: unknown[] = []
    for (;;) {
      const path = `/${resource}/?${query}&limit=${LIMIT}&offset=${all.length}`
      const page = pick(await this.#ask(path), 'list', 'objects')
      all.push(...page)
      if (page.length < LIMIT) return all
    }
  }

  #post(resource: string, body: object): Promise<unknown> {
    return this.#ask(`/${resource}/`, { method: 'POST', body })
  }

  #ask(path: string, asked: Ask = {}): Promise<unknown> {
    return askOk(this.#load.shops.cloud.url + V2 + path, { token: this.#token, ...asked })
  }
}

async function attributeValue(url: string, token: string): Promise<number> {
  const made = async (path: string, body: object): Promise<number> =>
    Number(fieldOf(await askOk(url + path, { method: 'POST', token, body }), 'id'))
  const attribute = await made('/v1/custom-attributes', { slug: 'size', display_name: 'Size' })
  return made('/v1/custom-attribute-values', { custom_attribute: attribute, display_name: 'XL' })
}

function uriOf(object: unknown, name = 'resource_uri'): string {
  return pick(object, 'string', name)
}

/** `/v2/users/7/` is 7. */
function keyOf(object: unknown, name = 'resource_uri'): string {
  const uri = typeof object === 'string' ? object : uriOf(object, name)
  return uri.split('/').at(-2) ?? ''
}

/** What is in a list of an object stands for itself, so that one that is missing there changes nothing else. */
function put(shown: Map<string, string>, above: string, object: unknown): void {
  const way = `${above}${uriOf(object)}`
  const own: [string, unknown][] = []
  for (const [name, value] of Object.entries(object as Record<string, unknown>))
    if (!Array.isArray(value)) own.push([name, value])
    else
      for (const one of value as unknown[])
        if (typeof fieldOf(one, 'resource_uri') === 'string') put(shown, `${way} `, one)
        else shown.set(`${way} ${JSON.stringify(one)}`, '')
  shown.set(way, JSON.stringify(own))
}
