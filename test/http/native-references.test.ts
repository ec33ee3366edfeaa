// Ids inside bodies of the native API: each that names a thing of another business is answered exactly like one that names nothing, and the same call with a
// thing of one's own is not answered so (PL-2, S01). Every name that a body may have is here, as a reference or as none, so that one that is added is thought of.
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HQ_REQUEST_SHAPES } from '../../cloud/domain/hq-requests.ts'
import { ROUTES } from '../../cloud/http/routes/routes.ts'
import { CloudUnderTest, items, pick } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'
import { makeEntities } from '../support/entities.ts'
import { HQ_PROGRAM, PHOTO } from '../support/hq-program.ts'
import { HALF_A_PAIR, INJECTIONS } from '../support/injections.ts'
import { GIFT } from '../support/programs.ts'
import { addTenant } from '../support/oauth-world.ts'

const NOW = Date.UTC(2026, 10, 1)
let cloud: CloudUnderTest
let ours: Side
let theirs: Side
let keys = 0

/** A business with something of everything; ids as texts. */
interface Side {
  readonly token: string
  readonly member: string
  readonly other: string
  readonly store: string
  readonly sale: string
  readonly guestSale: string
  readonly referral: string
  readonly response: string
  readonly conflict: string
  readonly voucher: string
  readonly staff: string
  readonly entities: Readonly<Record<string, string>>
}

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => NOW)
  const other = await addTenant(cloud, 'Theirs')
  ours = await sideOf(1, cloud.node.token)
  theirs = await sideOf(other.id, other.token)
})
afterAll(() => cloud.stop())

async function sideOf(tenant: number, token: string): Promise<Side> {
  await cloud.post('/v1/programs', { document: HQ_PROGRAM }, { token })
  await cloud.post('/v1/dialects', { name: 'perkville' }, { token })
  const device = await cloud.addDevice(`Shop of ${tenant}`, token)
  await device.connect()
  const member = device.enrol({ at: NOW - 9000 }, [{ kind: 'card', value: `a${tenant}` }], 'Ada')
  const other = device.enrol({ at: NOW - 9000 }, [{ kind: 'card', value: `b${tenant}` }], 'Bob')
  const sale = device.sale({ at: NOW - 8000, member }, [{ sku: 'a', amount: 500 }])
  const guestSale = device.sale({ at: NOW - 7000 }, [{ sku: 'a', amount: 500 }])
  // Enrolled twice: a conflict that a fact corrects.
  device.enrol({ at: NOW - 6000 }, [{ kind: 'card', value: `a${tenant}` }], 'Ada')
  await device.sync()
  const said = async (body: object): Promise<string> => {
    const told = await say({ token, member: String(member) }, body)
    if (told.status !== 201) throw new Error(told.text)
    return String(pick(told.json, 'receipt', 'id'))
  }
  await said({ kind: 'award', perk: GIFT, reason: 'r' })
  const seen = await cloud.ask(`/v1/members/${member}`, { token })
  const conflicts = items(await cloud.ask('/v1/conflicts', { token }))
  const store = String(device.store)
  const staff = await cloud.node.store.write(async (tx) => {
    const told = { firstName: 'S', lastName: '', birthday: null, password: null }
    const person = await tx.insertPerson({ ...told, created: NOW as never, modified: NOW as never })
    const role = { tenant, person: person.id, role: 'ADMIN', locations: null, description: '' } as const
    return tx.saveStaff({ ...role, billPayer: false, created: NOW as never, modified: NOW as never })
  })
  return {
    token,
    member: String(member),
    other: String(other),
    store,
    sale: String(sale),
    guestSale: String(guestSale),
    referral: await said({
      kind: 'referral',
      stage: 'sent',
      referee: { kind: 'email', value: 'r@x.example' },
    }),
    response: await said({ kind: 'response', challenge: PHOTO }),
    conflict: String(pick(conflicts[0], 'id')),
    voucher: String(pick(seen.json, 'vouchers', 0, 'code')),
    staff: String(staff.id),
    entities: await makeEntities(cloud, { tenant, token, location: Number(store) }),
  }
}

function say({ token, member }: Pick<Side, 'token' | 'member'>, body: object): Promise<Answer> {
  return cloud.post(`/v1/members/${member}/facts`, body, { token, key: `key-${++keys}` })
}

/** A reference in a body: the path of the call, the body with the reference in it, and what it names of a side. */
interface Reference {
  readonly name: string
  readonly call: (body: object) => Promise<Answer>
  readonly body: (reference: never) => object
  readonly of: (side: Side) => string
  /** As the body has it: a number, or a text. */
  readonly number?: true
}

const NOTHING = '987654321'
const says = (body: object): Promise<Answer> => say(ours, body)
const at =
  (path: (side: Side) => string) =>
  (body: object): Promise<Answer> =>
    cloud.post(path(ours), body, { key: `key-${++keys}` })
const entity = (kind: string) => (side: Side) => side.entities[`/v1/${kind}/`] ?? ''
const adjusted = { kind: 'adjustment', points: 1, reason: 'r', by: 'b' }

const REFERENCES: readonly Reference[] = [
  {
    name: 'store',
    call: says,
    body: (store) => ({ ...adjusted, store }),
    of: ({ store }) => store,
    number: true,
  },
  {
    name: 'home_store',
    call: says,
    body: (home_store) => ({ kind: 'profile', home_store }),
    of: ({ store }) => store,
    number: true,
  },
  { name: 'fact', call: says, body: (fact) => ({ kind: 'void', fact, reason: 'r' }), of: ({ sale }) => sale },
  { name: 'fact', call: says, body: (fact) => ({ kind: 'release', fact }), of: ({ sale }) => sale },
  {
    name: 'fact',
    call: at(({ conflict }) => `/v1/conflicts/${conflict}/resolution`),
    body: (fact) => ({ decision: 'corrected', fact, reason: 'r', by: 'b' }),
    of: ({ referral }) => referral,
  },
  { name: 'merged', call: says, body: (merged) => ({ kind: 'merge', merged }), of: ({ other }) => other },
  {
    name: 'sale',
    call: says,
    body: (sale) => ({ kind: 'retro_claim', sale }),
    of: ({ guestSale }) => guestSale,
  },
  {
    name: 'member',
    call: says,
    body: (member) => ({ kind: 'referral', stage: 'sent', referee: { member } }),
    of: ({ other }) => other,
  },
  {
    name: 'referral',
    call: says,
    body: (referral) => ({ kind: 'referral', stage: 'void', referral }),
    of: ({ referral }) => referral,
  },
  {
    name: 'response',
    call: says,
    body: (response) => ({ kind: 'response', challenge: PHOTO, verdict: 'approved', response }),
    of: ({ response }) => response,
  },
  {
    name: 'code',
    call: says,
    body: (code) => ({ kind: 'entitlement', code, action: 'cancel', reason: 'r' }),
    of: ({ voucher }) => voucher,
  },
  {
    name: 'codes',
    call: at(({ sale }) => `/v1/facts/${sale}/clawback`),
    body: (code) => ({ codes: [code], reason: 'r' }),
    of: ({ voucher }) => voucher,
  },
  {
    name: 'agreement_version',
    call: at(({ member }) => `/v1/members/${member}/agreements`),
    body: (agreement_version) => ({ agreement_version }),
    of: entity('agreement-versions'),
    number: true,
  },
  {
    name: 'agreement',
    call: at(() => '/v1/agreement-versions'),
    body: (agreement) => ({ agreement, label: '2', text: 't' }),
    of: entity('agreements'),
    number: true,
  },
  {
    name: 'perk',
    call: at(() => '/v1/promotions'),
    body: (perk) => ({ perk, title: 't' }),
    of: entity('shown/perks'),
    number: true,
  },
  {
    name: 'perk',
    call: at((side) => `/v1/promotions/${entity('promotions')(side)}`),
    body: (perk) => ({ perk }),
    of: entity('shown/perks'),
    number: true,
  },
  {
    name: 'eligible_locations',
    call: at(() => '/v1/promotions'),
    body: (store) => ({ perk: Number(entity('shown/perks')(ours)), title: 't', eligible_locations: [store] }),
    of: ({ store }) => store,
    number: true,
  },
  {
    name: 'eligible_locations',
    call: at((side) => `/v1/promotions/${entity('promotions')(side)}`),
    body: (store) => ({ eligible_locations: [store] }),
    of: ({ store }) => store,
    number: true,
  },
  {
    name: 'location',
    call: at(() => '/v1/external-locations'),
    body: (location) => ({ external_system_id: 'S', external_location_id: `x${++keys}`, location }),
    of: ({ store }) => store,
    number: true,
  },
  {
    name: 'location',
    call: at((side) => `/v1/external-locations/${entity('external-locations')(side)}`),
    body: (location) => ({ location }),
    of: ({ store }) => store,
    number: true,
  },
  {
    name: 'custom_attribute',
    call: at(() => '/v1/custom-attribute-values'),
    body: (custom_attribute) => ({ custom_attribute, display_name: 'v' }),
    of: entity('custom-attributes'),
    number: true,
  },
  {
    name: 'category',
    call: at((side) => `/v1/shown/perks/${entity('shown/perks')(side)}`),
    body: (category) => ({ category }),
    of: entity('perk-categories'),
    number: true,
  },
  {
    name: 'locations',
    call: at(() => '/v1/tenants/1/invitations'),
    body: (store) => ({ email: 'n@x.example', role: 'EMPLOYEE', locations: [store] }),
    of: ({ store }) => store,
    number: true,
  },
  {
    name: 'locations',
    call: at(() => '/v1/invitations'),
    body: (store) => ({ email: 'n@x.example', role: 'EMPLOYEE', locations: [store] }),
    of: ({ store }) => store,
    number: true,
  },
  {
    name: 'locations',
    call: at(({ staff }) => `/v1/staff/${staff}/locations`),
    body: (store) => ({ locations: [store] }),
    of: ({ store }) => store,
    number: true,
  },
]

/** Names of rules of the business's own program, by numbers that every program has for itself. */
const RULES = ['challenge', 'line', 'metric', 'segment']
/** Names that stand for no thing of a business. */
const PLAIN =
  `action all_businesses amount app_connection_message at attributes badge_url birthday brand_color brand_secondary_color by cancelled_may_earn
  cancelled_may_redeem decision description detail detail_link dialect disabled display_action display_name display_order document effective_from
  eligible_at_all_locations email external_location_id external_system_id fine_print from grants homepage_url id incomplete_message ineligible_message
  internal_name invisible is_active join_message kind label lines logo_url membership membership_start name names picture_card picture_url points public
  public_key quantity rank reason record redemption_instructions redirect_uris referee rewards_program_name role scopes seed silent slug software source
  staff_emails_off stage step success_message text time_zone title tls type until value verdict zone`.split(
    /\s+/,
  )

function namesIn(shape: unknown, into = new Set<string>()): ReadonlySet<string> {
  if (typeof shape !== 'object' || shape === null) return into
  if ('properties' in shape && typeof shape.properties === 'object' && shape.properties !== null)
    for (const [name, inner] of Object.entries(shape.properties)) {
      into.add(name)
      // A program says for itself what it is made of; a record is a fact's.
      if (name !== 'document' && name !== 'record') namesIn(inner, into)
    }
  for (const part of ['anyOf', 'allOf', 'oneOf'] as const)
    if (part in shape) for (const one of (shape as Record<string, TSchema[]>)[part] ?? []) namesIn(one, into)
  if ('items' in shape) namesIn(shape.items, into)
  return into
}

test('S01 PL-16 every name in a body is known as a reference, a rule or none', () => {
  const names = new Set<string>()
  for (const { input } of ROUTES) namesIn(input, names)
  for (const shape of Object.values(HQ_REQUEST_SHAPES)) namesIn(shape, names)
  const known = new Set([...REFERENCES.map(({ name }) => name), ...RULES, ...PLAIN])
  expect([...names].toSorted()).toEqual([...known].toSorted())
})

describe('S01 PL-2 a thing of another business in a body', () => {
  test.each(REFERENCES.map((reference) => [reference.name, reference] as const))(
    '%s is answered like nothing',
    async (_, { call, body, of, number }) => {
      const asked = (text: string): Promise<Answer> =>
        call(body((number === true ? Number(text) : text) as never))
      const [foreign, none] = [of(theirs), NOTHING]
      const saidOf = (answer: Answer, text: string): unknown => {
        const { request_id: __, ...rest } = answer.json as Record<string, unknown>
        return [answer.status, JSON.stringify(rest).replaceAll(new RegExp(`\\b${text}\\b`, 'g'), '#')]
      }
      const byTheirs = await asked(foreign)
      expect(byTheirs.status).toBeGreaterThanOrEqual(400)
      expect(saidOf(byTheirs, foreign)).toEqual(saidOf(await asked(none), none))
      const byOurs = await asked(of(ours))
      expect([byOurs.status, byOurs.text]).not.toEqual([
        byTheirs.status,
        expect.stringContaining(String(pick(byTheirs.json, 'code'))),
      ])
    },
  )
})

test('COL-4 what became of the configuration is told since a change, once each, and of one document as its history', async () => {
  const read = async (query: string, token = ours.token): Promise<Version[]> =>
    items(await cloud.ask(`/v1/documents?${query}`, { token })) as Version[]
  const all = await read('limit=500')
  const changes = all.map(({ change }) => change)
  expect(changes.length).toBeGreaterThan(20)
  expect(changes).toEqual([...new Set(changes)].toSorted((a, b) => a - b))
  const id = Number(entity('agreements')(ours))
  const rename = async (internal_name: string): Promise<unknown> =>
    (await cloud.post(`/v1/agreements/${id}`, { internal_name })).status
  const last = changes.at(-1)
  expect([await rename('Rules'), await rename('Rules of 2027')]).toEqual([200, 200])
  const news = await read(`after=${last}&limit=1`)
  expect(news).toMatchObject([
    { kind: 'agreements', id, version: 2, by: 'operator', values: { internal_name: 'Rules' } },
  ])
  expect(await read(`after=${news[0]?.change}`)).toMatchObject([{ id, version: 3 }])
  const history = await read(`kind=agreements&id=${id}`)
  expect(history.map(({ version, values }) => [version, values.internal_name])).toEqual([
    [1, 'Terms'],
    [2, 'Rules'],
    [3, 'Rules of 2027'],
  ])
  // Another business has its own, and nothing of ours by number.
  expect(await read(`kind=agreements&id=${id}`, theirs.token)).toEqual([])
  const foreign = new Set((await read('limit=500', theirs.token)).map(({ change }) => change))
  expect([...changes, ...news.map(({ change }) => change)].filter((change) => foreign.has(change))).toEqual(
    [],
  )
  for (const wrong of ['kind=agreements', 'id=1', 'kind=nothing&id=1', 'id=0&kind=perks'])
    expect((await cloud.ask(`/v1/documents?${wrong}`)).status, wrong).toBe(400)
})

/** Plain texts that a change may say, of every kind of entity and of the business itself. */
function texts(): { readonly path: string; readonly name: string }[] {
  return ROUTES.flatMap(({ method, path, input }) => {
    const before = path.replace(':id', '')
    if (method !== 'POST' || input === null) return []
    if (path !== '/v1/business' && (!path.endsWith('/:id') || ours.entities[before] === undefined)) return []
    const { properties = {} } = input as {
      properties?: Readonly<Record<string, { readonly pattern?: string }>>
    }
    const free = Object.keys(properties).filter((name) => properties[name]?.pattern === '^\\P{Cs}*$')
    return free.map((name) => ({ path: before + (ours.entities[before] ?? ''), name }))
  })
}

test('S24 what is meant for a database or a page is kept as it came, or refused by its name', async () => {
  const wrong: unknown[] = []
  let [kept, turn] = [0, 0]
  for (const { path, name } of texts()) {
    // A quarter of them to each text; the next gets the next.
    turn++
    for (const text of [HALF_A_PAIR, ...INJECTIONS.filter((_, index) => (index + turn) % 4 === 0)]) {
      const { status, json } = await cloud.post(path, { [name]: text })
      if (status === 200 && pick(json, name) === text) kept++
      else if (status !== 400 || pick(json, 'param') !== `/${name}`)
        wrong.push([path, name, text, status, json])
    }
  }
  expect(wrong).toEqual([])
  expect(kept).toBeGreaterThan(80)
  for (const [first, kind] of ['phone', 'email', 'card', 'external_id'].entries())
    for (const text of INJECTIONS.filter((_, index) => index % 4 === first)) {
      const { status, json } = await cloud.ask(`/v1/members?${kind}=${encodeURIComponent(text)}`)
      const nobody = status === 404 || (status === 200 && items({ json } as Answer).length === 0)
      if (!nobody && status !== 400) wrong.push([kind, text, status, json])
    }
  expect(wrong).toEqual([])
  for (const name of INJECTIONS.filter((text) => text.includes('<'))) {
    expect((await cloud.post('/v1/business', { name })).status).toBe(200)
    const page = await (await fetch(`${cloud.url}/perkville/biz/1/`)).text()
    expect([name, page.includes(name), page.includes('&lt;')]).toEqual([name, false, true])
  }
})

interface Version {
  readonly id: number
  readonly version: number
  readonly change: number
  readonly values: Readonly<Record<string, unknown>>
}
