// A business whose point of sale speaks Perkville's API to a real cloud: what a bench asks of it. Registered as any integrator is: a client, an
// administrator invited by e-mail, a token by the password grant; customers come with their first transaction.
import type { RuleId } from '../../protocol/ids.ts'
import { integratorOf } from '../../cloud/demo/live/integrator.ts'
import { PERKVILLE_AUTH } from '../../cloud/dialects/perkville/auth.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { startChild } from '../peers/child.ts'
import type { Child } from '../peers/child.ts'
import { Hq } from '../peers/hq.ts'

const rule = (id: number): RuleId => id as RuleId

/** Levels, a perk per visit, one by amount, a happy hour, a voucher to redeem: what such a business usually has. */
const PROGRAM: ProgramDocument = {
  name: 'Bench Rewards',
  currency: 'USD',
  currency_digits: 2,
  lateness: 'honour',
  goodwill_points_max: 1000,
  grant_points_max: 1000,
  voucher_secret: 'a secret for benches only',
  tiers: [
    { id: rule(1), name: 'Bronze', point_floor: 0 },
    { id: rule(2), name: 'Silver', point_floor: 500 },
    { id: rule(3), name: 'Gold', point_floor: 5_000 },
  ],
  earn_perks: [
    { id: rule(101), title: 'Visit', type: 'STANDARD', award: { kind: 'fixed', points: 10 } },
    {
      id: rule(102),
      title: 'Dollar spent',
      type: 'STANDARD',
      award: { kind: 'per_currency_unit', points: 1, unit: 100, rounding: 'floor' },
    },
  ],
  bonuses: [
    {
      id: rule(201),
      type: 'TIME',
      title: 'Happy hour',
      award: { kind: 'multiplier', percent: 100 },
      perks: [rule(101)],
      schedule: [{ days: ['SUN'], from: '03:00', to: '03:01' }],
    },
  ],
  redeem_perks: [{ id: rule(301), title: 'Mug', points: 100, voucher: {} }],
}

export const STORES = 10

export interface Shop {
  readonly cloud: Child<{ readonly token: string }>
  readonly token: string
  /** Keys in Perkville's API. */
  readonly perk: number
  readonly locations: readonly number[]
}

export const BATCH_PATH = '/perkville/v2/batch/transactions/'
export const POST_PATH = '/perkville/v2/transactions/'

/** Everything a dialect's client may be given, so that lists may be asked without a user, too. */
const SCOPES = PERKVILLE_AUTH.scopes.map(({ name }) => name)

export async function openShop(directory: string): Promise<Shop> {
  const cloud = await startCloud(directory)
  const { listening, token } = cloud.hello
  const hq = new Hq(listening, token)
  await hq.ask('/v1/programs', { document: PROGRAM })
  for (let n = 1; n <= STORES; n++) await hq.ask('/v1/stores', { name: `Store ${n}`, zone: 'Europe/London' })
  const { username, password } = await integratorOf({ url: hq.url, hqToken: token }, directory)
  const client = (await hq.ask('/v1/clients', {
    name: 'Bench',
    dialect: 'perkville',
    redirect_uris: [],
    scopes: SCOPES,
    grants: ['password'],
  })) as { client_id: string; client_secret: string }
  const answered = await fetch(`${hq.url}/perkville/api/token/`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: 'password', username, password }),
  })
  const shop = { cloud, token: ((await answered.json()) as { access_token: string }).access_token }
  const perks = await keys(shop, '/perkville/v2/perks/?business=1&title=Visit', 'perk_id')
  const locations = await keys(shop, '/perkville/v2/locations/?business=1', 'location_id')
  const [perk] = perks
  if (perk === undefined || locations.length !== STORES) throw new Error('the shop is not there')
  return { ...shop, perk, locations }
}

/** The same data in another process; its tokens stay good. */
export async function openAgain(shop: Shop, directory: string): Promise<Shop> {
  return { ...shop, cloud: await startCloud(directory) }
}

function startCloud(directory: string): Promise<Shop['cloud']> {
  return startChild<{ token: string }>('cloud-server.ts', [directory])
}

export async function askShop(
  shop: Pick<Shop, 'cloud' | 'token'>,
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${shop.cloud.hello.listening}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${shop.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 500)}`)
  return JSON.parse(text)
}

async function keys(shop: Pick<Shop, 'cloud' | 'token'>, path: string, field: string): Promise<number[]> {
  const { objects } = (await askShop(shop, path)) as { objects: Readonly<Record<string, unknown>>[] }
  return objects.map((object) => Number(object[field]))
}

export const emailOf = (customer: number): string => `customer-${customer}@bench.example`
