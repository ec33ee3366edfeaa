// S29 over HTTP with a real edge and a real cloud: of two hundred redeems of the last points at once one succeeds; and what HQ sees of leases.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { startEdge } from '../../edge/node.ts'
import type { EdgeNode } from '../../edge/node.ts'
import type { RuleId } from '../../protocol/ids.ts'
import { CloudUnderTest, eventually, items, pick } from '../support/cloud-node.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const CAKE = 399 as RuleId
let cloud: CloudUnderTest
let edge: EdgeNode
let home: ReturnType<typeof freshDirectory>
let token = ''

beforeEach(async () => {
  cloud = await CloudUnderTest.start(undefined, true)
  const {
    redeem_perks: [coffee],
    ...rest
  } = SMALL_PROGRAM
  await cloud.publish({
    ...rest,
    tiers: [{ id: SMALL_PROGRAM.tiers[0]?.id ?? COFFEE, name: 'All', point_floor: 0 }],
    redeem_perks: [{ id: COFFEE, title: 'Coffee', points: coffee?.points ?? 100 }],
    offline: { share_percent: 100, total_max: 100, redemption_max: 100 },
  })
  home = freshDirectory()
  const made = await cloud.ask('/v1/stores', { method: 'POST', body: { name: 'Bath', zone: 'UTC' } })
  const code = await cloud.ask(`/v1/stores/${String(pick(made.json, 'id'))}/codes`, {
    method: 'POST',
    body: {},
  })
  edge = await startEdge({
    directory: home.path,
    port: 0,
    host: '127.0.0.1',
    log: pino({ level: 'silent' }),
    cloud: cloud.url,
    enrol: String(pick(code.json, 'code')),
  })
  const admin = readFileSync(join(home.path, 'admin.token'), 'utf8').trim()
  token = String(pick(await call('POST', '/v1/terminals', { name: 't', role: 'terminal' }, admin), 'token'))
})

afterEach(async () => {
  await edge.stop()
  await cloud.stop()
  home.remove()
})

let keys = 0
async function call(method: string, path: string, body?: unknown, bearer = token): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${edge.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'idempotency-key': `k${++keys}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return response.json()
}

test('S29 U-7 two hundred redeems of the last points, leased ones among them: one succeeds', async () => {
  const enrolled = await call('POST', '/v1/members', { identities: [{ kind: 'card', value: '1' }] })
  const member = String(pick(enrolled, 'receipt', 'id'))
  await call('POST', '/v1/grants', { member, points: 60 })
  const view = await eventually(
    () => cloud.ask(`/v1/members/${member}`),
    ({ status, json }) => status === 200 && pick(json, 'leased') === 100,
  )
  expect(view.json).toMatchObject({ balance: 110, available: 10, leased: 100, held: 0, at_risk: 0 })
  expect(items(await cloud.ask(`/v1/leases?member=${member}&open=1`))).toMatchObject([
    { subject: 'points', granted: 100, left: 100, recalled: false },
  ])
  expect(items(await cloud.ask('/v1/leases?store=999'))).toEqual([])
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => call('POST', '/v1/redemptions', { member, perk: COFFEE })),
  )
  const done = answers.filter(
    (answer) => typeof answer === 'object' && answer !== null && 'receipt' in answer,
  )
  expect(done).toHaveLength(1)
  expect(pick(done[0], 'redemption', 'authority')).toBe('cloud')
  const after = await eventually(
    () => cloud.ask(`/v1/members/${member}`),
    ({ json }) => pick(json, 'balance') === 10,
  )
  expect(after.json).toMatchObject({ available: 10, leased: 0 })
})

test('Q-13 A-15 P-SYNC-10 what is left of a budget, of a limit, and of what may be held, at HQ and in the store, before and after redemptions', async () => {
  await cloud.publish({
    ...SMALL_PROGRAM,
    tiers: [{ id: SMALL_PROGRAM.tiers[0]?.id ?? COFFEE, name: 'All', point_floor: 0 }],
    redeem_perks: [
      {
        id: CAKE,
        title: 'Cake',
        points: 1,
        limit: { count: 2, interval: 'DAY', interval_count: 1 },
        budget: { total: 10, per_store: 4 },
        voucher: { per_member: 5 },
      },
    ],
    offline: { share_percent: 100 },
  })
  const enrolled = await call('POST', '/v1/members', { identities: [{ kind: 'card', value: '1' }] })
  const member = String(pick(enrolled, 'receipt', 'id'))
  await eventually(
    () => cloud.ask(`/v1/members/${member}`),
    ({ status }) => status === 200,
  )
  await eventually(
    () => call('GET', '/v1/perks'),
    (told) => pick(told, 'perks', 0, 'id') === CAKE,
  )
  const cakeAtHq = async (query: string): Promise<unknown> =>
    items(await cloud.ask(`/v1/perks?${query}`)).find((row) => pick(row, 'id') === CAKE)
  const cakeHere = async (): Promise<unknown> =>
    (pick(await call('GET', `/v1/perks?member=${member}`), 'perks') as unknown[]).find(
      (row) => pick(row, 'id') === CAKE,
    )
  const nobodys = { remaining: null, again_from: null, may_hold: null, available: null }
  expect(await cakeAtHq('')).toMatchObject({ limit: '2 times a day', ...nobodys })
  expect(await cakeHere()).toMatchObject({
    available: true,
    remaining: 2,
    may_hold: 5,
    budget: { total: 10, left: 10, per_store: 4, left_here: 4 },
  })
  const made = await Promise.all([1, 2].map(() => call('POST', '/v1/redemptions', { member, perk: CAKE })))
  for (const one of made) expect(pick(one, 'redemption', 'stage')).toBe('captured')
  const here = await cakeHere()
  expect(here).toMatchObject({
    available: false,
    refused: 'limit_reached',
    remaining: 0,
    may_hold: 3,
    budget: { left: 8, left_here: 2 },
  })
  const againOn = `from ${String(pick(here, 'again_from'))} on`
  // E-EXP-4: in the store and at HQ, before a redemption and of one.
  const limit = {
    condition: 'limit',
    met: false,
    actual: '0 left',
    required: '2 times a day',
    hint: againOn,
  }
  expect(pick(here, 'conditions')).toEqual([
    { condition: 'status', met: true, actual: 'ACTIVE', required: 'ACTIVE', hint: null },
    limit,
  ])
  const redemption = String(pick(made[1], 'receipt', 'id'))
  const booked = { rule: CAKE, type: 'REDEMPTION', applied: true, points: -1, condition: null }
  const namesOf = (told: unknown): unknown[] =>
    (pick(told, 'considered', 0, 'conditions') as unknown[]).map((one) => pick(one, 'condition'))
  const inStore = await call('GET', `/v1/receipts/${redemption}/explanation`)
  const atHead = await eventually(
    () => cloud.ask(`/v1/facts/${redemption}/explanation`),
    ({ status }) => status === 200,
  )
  for (const told of [inStore, atHead.json]) {
    expect(told).toMatchObject({ considered: [booked] })
    expect(namesOf(told).join()).toBe('status,limit,per_member,vouchers,budget,budget_here,points')
  }
  const store = pick(await cloud.ask('/v1/stores').then(({ json }) => json), 'items', 0, 'id')
  const atHq = await cakeAtHq(`member=${member}&store=${String(store)}`)
  expect(atHq).toMatchObject({
    available: false,
    refused: 'limit_reached',
    remaining: 0,
    again_from: pick(here, 'again_from'),
    conditions: [{ condition: 'status', met: true }, limit],
    may_hold: 3,
    budget: { total: 10, redeemed: 2, per_store: 4, here: { store, redeemed: 2 } },
  })
  const budget = pick(atHq, 'budget')
  expect(Number(pick(budget, 'left')) + Number(pick(budget, 'leased'))).toBe(8)
  expect(Number(pick(budget, 'here', 'left')) + Number(pick(budget, 'here', 'leased'))).toBe(2)
  expect((await cloud.ask('/v1/perks?member=1')).status).toBe(404)
  expect((await cloud.ask('/v1/perks?store=99')).status).toBe(404)
})
