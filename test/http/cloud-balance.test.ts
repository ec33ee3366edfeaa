// E-EXP-2, and E-EXP-3, over a real socket: how a member's balance came to be, with facts that came over real sync connections. Every look checks the sums: the entries
// come to what the lots, the deficit, goodwill and what is pending come to, and to the balance of the member's page.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BalanceView } from '../../cloud/domain/balance-shapes.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import type { Answer, Device } from '../support/cloud-node.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const STAMPS = 7

const PROGRAM = {
  ...SMALL_PROGRAM,
  points: { expiry: { kind: 'rolling', after: { days: 30 } } },
  metrics: [{ id: STAMPS, name: 'Stamps', pending_days: 2 }],
  earn_perks: [
    ...SMALL_PROGRAM.earn_perks,
    {
      id: 104,
      title: 'A stamp per mug',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 1 },
      skus: ['mug'],
      metric: STAMPS,
    },
  ],
  rules: [
    {
      id: 951,
      title: 'Collector',
      match: { type: 'TYPE', kinds: ['sale'] },
      when: { metric: STAMPS, part: 'lifetime', is: 'ge', value: 10 },
      effect: { kind: 'task', task: 'call' },
    },
  ],
}

let cloud: CloudUnderTest
let camden: Device
let soho: Device
let ada: MemberId
let now = T0

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => now)
  await cloud.publish(PROGRAM)
  camden = await cloud.addDevice('Camden')
  soho = await cloud.addDevice('Soho')
  ada = camden.enrol({ at: T0 }, [{ kind: 'card', value: '1' }], 'Ada')
  await camden.connect()
  await camden.sync()
  await soho.connect()
})
afterAll(() => cloud.stop())

const total = (list: readonly { amount: number }[]): number =>
  list.reduce((sum, { amount }) => sum + amount, 0)

async function page(member: MemberId, query: string): Promise<BalanceView> {
  const answer = await cloud.ask(`/v1/members/${member}/balance?${query}`)
  expect(answer.status, answer.text).toBe(200)
  return answer.json as BalanceView
}

/** A balance with the entries of all pages; what it is made of must add up. */
async function balance(member: MemberId, metric = 0, limit = 2): Promise<BalanceView> {
  const first = await page(member, `metric=${metric}&limit=${limit}`)
  const entries = [...first.entries]
  let running = 0
  for (let { next } = first; next !== null;) {
    const more = await page(member, `metric=${metric}&limit=${limit}&after=${next}`)
    expect(more.carried).toBe(total(entries))
    entries.push(...more.entries)
    next = more.next
  }
  for (const entry of entries) expect(entry.total).toBe((running += entry.amount))
  expect(first.carried).toBe(0)
  expect(total(entries)).toBe(first.total)
  expect(total(first.lots) - first.deficit + first.goodwill).toBe(first.balance)
  expect(first.balance + total(first.pending)).toBe(first.total)
  expect(first.adds_up).toBe(true)
  const seen = (await cloud.ask(`/v1/members/${member}`)).json
  const accounts = pick(seen, 'accounts') as { metric: number; balance: number; pending: number }[]
  expect(accounts.find((account) => account.metric === metric)).toMatchObject({
    balance: first.balance,
    pending: total(first.pending),
  })
  return { ...first, entries }
}

async function till(device: Device, write: () => FactId): Promise<FactId> {
  const fact = write()
  await device.sync(device.seq)
  return fact
}

const told = ({ entries }: BalanceView): unknown[] =>
  entries.map(({ kind, rule, amount }) => [kind, rule, amount])

test('E-EXP-2 what was earned, by rule, and when it expires; stamps are pending and do not look like points', async () => {
  now = T0 + DAY
  const sale = await till(camden, () =>
    camden.sale({ at: T0 + MINUTE, member: ada }, [{ sku: 'mug', pieces: 3, amount: 9000 }]),
  )
  const points = await balance(ada)
  expect(points).toMatchObject({ name: 'Points', balance: 140, goodwill: 0, deficit: 0, pending: [] })
  expect(points.entries).toMatchObject([
    { fact: String(ada), rule: 103, title: 'Welcome', amount: 50, of: null, cause: null },
    { fact: String(sale), at: '2026-06-01T12:01:00.000Z', title: '1 point per pound', amount: 90 },
  ])
  expect(points.lots).toEqual([{ amount: 140, expires_at: '2026-07-01T23:59:59.999Z' }])
  expect(await balance(ada, STAMPS)).toMatchObject({
    name: 'Stamps',
    balance: 0,
    lots: [],
    pending: [{ amount: 3, ready_at: '2026-06-03T00:00:00.000Z', expires_at: null, earned_by: String(sale) }],
    entries: [{ kind: 'earn', rule: 104, title: 'A stamp per mug', amount: 3 }],
  })
  const { json } = await cloud.ask(`/v1/facts/${sale}/explanation`)
  expect(pick(json, 'considered')).toContainEqual(
    expect.objectContaining({ rule: 104, points: 3, metric: STAMPS }),
  )
  expect(pick(json, 'considered', 0)).not.toHaveProperty('metric')
  expect(pick(json, 'reactions')).toEqual([
    expect.objectContaining({
      rule: 951,
      type: 'RULE',
      condition: 'when',
      actual: 'metric: 3',
      hint: '7 more',
    }),
  ])
})

test('E-EXP-2 what was spent and taken back; a deficit; and which late fact changed an entry', async () => {
  now = T0 + 2 * DAY
  await till(camden, () => camden.redeem({ at: T0 + DAY, member: ada }, COFFEE, 100, 0))
  const sale = camden.facts[1]?.id as FactId
  await till(camden, () =>
    camden.giveBack({ at: T0 + DAY + MINUTE, member: ada }, [{ sale, line: 0, pieces: 2, amount: 6000 }]),
  )
  const taken = await balance(ada)
  expect(taken).toMatchObject({ balance: -20, deficit: 20, lots: [] })
  expect(told(taken)).toEqual([
    ['earn', 103, 50],
    ['earn', 101, 90],
    ['spend', COFFEE, -100],
    ['reverse', 101, -60],
  ])
  expect(taken.entries[3]).toMatchObject({ of: String(sale), cause: null })
  // Two sales that come late: the one of Camden is the third of the month now, and brings the bonus, of which the return takes its part.
  soho.sale({ at: T0 + 10, member: ada }, [{ sku: 'tea', amount: 300 }])
  soho.sale({ at: T0 + 20, member: ada }, [{ sku: 'tea', amount: 400 }])
  await soho.sync()
  const late = await balance(ada)
  const bonus = late.entries.find(({ rule, kind }) => rule === 201 && kind === 'bonus')
  expect(bonus).toMatchObject({ fact: String(sale), amount: 25, cause: String(soho.facts[0]?.id) })
  expect(late.entries.filter(({ cause }) => cause !== null).map(({ fact }) => fact)).toContain(String(sale))
})

test('E-EXP-2 what time took is told before and after a fact books it', async () => {
  const before = await balance(ada)
  await till(camden, () => camden.sale({ at: now, member: ada }, [{ sku: 'tea', amount: 20_000 }]))
  const earned = await balance(ada)
  expect(earned.total).toBe(before.total + 200)
  now = T0 + 40 * DAY
  const due = await balance(ada)
  expect(due).toMatchObject({ balance: 0, lots: [] })
  expect(due.entries.at(-1)).toMatchObject({ fact: null, kind: 'expire', amount: -earned.total, total: 0 })
  const sale = await till(camden, () => camden.sale({ at: now, member: ada }, [{ sku: 'tea', amount: 700 }]))
  const booked = await balance(ada)
  expect(told(booked).slice(-2)).toEqual([
    ['expire', null, -earned.total],
    ['earn', 101, 7],
  ])
  expect(booked.entries.at(-2)).toMatchObject({ fact: String(sale) })
  expect(await balance(ada, STAMPS)).toMatchObject({ balance: 1, pending: [] })
})

test('E-EXP-2 goodwill stands apart, and is in no lot', async () => {
  const before = await balance(ada)
  // Its till promised ten, confirmed, where the program gives three.
  const fact = await till(camden, () =>
    camden.sale({ at: now, member: ada, promised: 10, confirmed: true }, [{ sku: 'tea', amount: 300 }]),
  )
  const after = await balance(ada)
  expect(after).toMatchObject({ goodwill: 7, balance: before.balance + 10 })
  expect(total(after.lots)).toBe(before.balance + 3)
  expect(after.entries.at(-1)).toMatchObject({ fact: String(fact), kind: 'goodwill', amount: 7 })
})

test('E-EXP-2 a merge brings the entries of both into one sum, and leaves the other with none', async () => {
  const eve = (await till(camden, () => {
    const member = camden.enrol({ at: now }, [{ kind: 'card', value: '2' }], 'Eve')
    return member as number as FactId
  })) as number as MemberId
  await till(camden, () => camden.sale({ at: now, member: eve }, [{ sku: 'mug', amount: 1500 }]))
  const [mine, hers] = [await balance(ada), await balance(eve)]
  expect(hers.total).toBe(65)
  now += MINUTE
  const merge = { kind: 'merge', merged: String(eve) }
  expect((await cloud.post(`/v1/members/${ada}/facts`, merge, { key: 'merge' })).status).toBe(201)
  const both = await balance(ada)
  // One welcome less, and with the sale of Eve it is three in the month.
  expect(both.total).toBe(mine.total + hers.total - 50 + 25)
  expect(both.entries.find(({ amount }) => amount === 15)?.cause).not.toBeNull()
  const left = await balance(eve)
  expect(left).toMatchObject({ merged_into: String(ada), total: 0, lots: [], entries: [] })
})

test('E-EXP-2 thousands of entries are told page by page, each after the sum of those before', async () => {
  const SALES = 2000
  const member = camden.enrol({ at: now }, [{ kind: 'card', value: '3' }])
  const from = camden.seq
  for (let sale = 0; sale < SALES; sale++)
    camden.sale({ at: now + sale, member }, [{ sku: 'tea', amount: 100 }])
  now += DAY
  await camden.sync(from)
  const all = await balance(member, 0, 500)
  expect(all).toMatchObject({ total: SALES + 50 + 25 })
  expect(all.entries.length).toBe(SALES + 2)
  const last = await page(member, `limit=10&after=${SALES}`)
  expect(last).toMatchObject({ carried: SALES + 50 + 25 - 2, next: null, total: SALES + 75 })
  expect(last.entries.length).toBe(2)
  expect(await page(member, 'after=999999')).toMatchObject({ carried: SALES + 75, entries: [], next: null })
})

test.each([
  ['an unknown member', '17179869184/balance', 404, 'member_not_found'],
  ['no id at all', 'x/balance', 404, 'member_not_found'],
  ['a metric the program does not have', '$/balance?metric=8', 400, 'input_invalid'],
  ['a metric that is no number', '$/balance?metric=stamps', 400, 'input_invalid'],
  ['a metric below points', '$/balance?metric=-1', 400, 'input_invalid'],
  ['a page too long', '$/balance?limit=501', 400, 'input_invalid'],
])('E-EXP-2 %s is refused', async (_, path, status, code) => {
  const answer: Answer = await cloud.ask(`/v1/members/${path.replace('$', String(ada))}`)
  expect([answer.status, pick(answer.json, 'code')]).toEqual([status, code])
})
