// E-CLAW over a real socket: what a return would take, what HQ cancels, and what is missing then. Every good answer is checked against the shape its
// route promises (support/cloud-node.ts).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KEY_CHARS_MAX } from '../../protocol/limits.ts'
import { pick } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'
import { COFFEE } from '../support/programs.ts'
import { MINUTE, T0, twoStores } from '../support/two-stores.ts'
import type { TwoStores } from '../support/two-stores.ts'

let story: TwoStores
let cloud: TwoStores['cloud']

beforeAll(async () => {
  story = await twoStores()
  cloud = story.cloud
})
afterAll(() => cloud.stop())

const evaluate = (lines: readonly object[], fact: number = story.sale): Promise<Answer> =>
  cloud.post(`/v1/facts/${fact}/clawback/evaluate`, { lines })
const take = (codes: readonly string[], key: string, fact: number = story.sale): Promise<Answer> =>
  cloud.post(`/v1/facts/${fact}/clawback`, { codes, reason: 'goods came back' }, { key })
const member = async (): Promise<unknown> => (await cloud.ask(`/v1/members/${story.ada}`)).json
const award = (key: string): Promise<Answer> =>
  cloud.post(`/v1/members/${story.ada}/facts`, { kind: 'award', perk: COFFEE, reason: 'gift' }, { key })
const codesOf = (answer: unknown, list: string): string[] =>
  (pick(answer, list) as { code: string }[]).map(({ code }) => code)

test('E-CLAW-1 tells what the return would take, and writes nothing', async () => {
  const before = await member()
  // The mug has 10 points and 17 of the bonus. Of five bags two were given back: the others have 30, 3 by amount and 5 of the bonus.
  const answer = await evaluate([
    { line: 0, quantity: 1 },
    { line: 1, quantity: 5 },
  ])
  expect(answer.status).toBe(200)
  expect(answer.json).toEqual({
    sale: String(story.sale),
    member: String(story.ada),
    metrics: [{ metric: 0, amount: 65, balance: pick(before, 'balance'), missing: 0 }],
    unused: [],
  })
  expect(await member()).toEqual(before)
})

test('E-CLAW-1 what was spent since is missing, and what the member holds unused is told, the newest first', async () => {
  expect((await award('gift-1')).status).toBe(201)
  expect((await award('gift-2')).status).toBe(201)
  const spent = Number(pick(await member(), 'balance')) - 10
  await cloud.post(
    `/v1/members/${story.ada}/adjustments`,
    { points: -spent, reason: 'spent', by: 'grace' },
    { key: 'spent' },
  )
  const answer = await evaluate([{ line: 1, quantity: 5 }])
  expect(pick(answer.json, 'metrics')).toEqual([{ metric: 0, amount: 38, balance: 10, missing: 28 }])
  const held = codesOf(await member(), 'vouchers')
  expect(codesOf(answer.json, 'unused')).toEqual(held.toReversed())
  expect(pick(answer.json, 'unused', 0)).toMatchObject({
    perk: COFFEE,
    points: 100,
    metric: 0,
    status: 'UNUSED',
  })
})

test('E-CLAW-2 cancels what was chosen, once, and tells what is missing after the return', async () => {
  const [first = '', second = ''] = codesOf(await member(), 'vouchers')
  const facts = Number(pick(await member(), 'facts'))
  story.camden.giveBack({ at: T0 + 30 * MINUTE, member: story.ada }, [
    { sale: story.sale, line: 1, pieces: 3, amount: 300 },
  ])
  await story.camden.sync(story.camden.seq)
  const key = 'claw-1'.padEnd(KEY_CHARS_MAX, '-')
  const answer = await take([second], key)
  expect(answer.status).toBe(200)
  expect(codesOf(answer.json, 'cancelled')).toEqual([second])
  expect(pick(answer.json, 'deficits')).toEqual([{ metric: 0, deficit: 28 }])
  const again = await take([second], key)
  expect(again.json).toEqual(answer.json)
  expect(again.headers.get('idempotent-replayed')).toBe('true')
  expect(await member()).toMatchObject({
    facts: facts + 2,
    balance: -28,
    vouchers: [
      { code: first, status: 'UNUSED' },
      { code: second, status: 'CANCELLED' },
    ],
  })
})

test('E-CLAW-2 Q-3 the key of a clawback belongs to its sale, codes and reason, also once they are cancelled', async () => {
  const [first = '', second = ''] = codesOf(await member(), 'vouchers')
  const key = 'claw-1'.padEnd(KEY_CHARS_MAX, '-')
  const facts = pick(await member(), 'facts')
  const otherReason = cloud.post(
    `/v1/facts/${story.sale}/clawback`,
    { codes: [second], reason: 'changed their mind' },
    { key },
  )
  const others = [
    await take([first], key),
    await take([first, second], key),
    await take([second], key, story.lateSale),
    await otherReason,
    await take([first], 'gift-1'),
  ]
  for (const { status, json } of others) expect([status, pick(json, 'code')]).toEqual([422, 'key_reused'])
  const cancelled = await take([second], 'another-key')
  expect([cancelled.status, pick(cancelled.json, 'code')]).toEqual([409, 'voucher_not_usable'])
  const none = await take([], 'no-codes')
  expect([none.status, pick(none.json, 'code')]).toEqual([400, 'input_invalid'])
  expect(pick(await member(), 'facts')).toBe(facts)
})

test('E-CLAW-2 what cannot be cancelled is refused, and nothing is cancelled then', async () => {
  const [first = ''] = codesOf(await member(), 'vouchers')
  const unknown = await take([first, 'NOBODYS'], 'claw-2')
  expect([unknown.status, pick(unknown.json, 'code')]).toEqual([404, 'voucher_not_found'])
  const fulfil = { kind: 'entitlement', code: first, action: 'claim', reason: 'eaten' }
  await cloud.post(`/v1/members/${story.ada}/facts`, fulfil, { key: 'eaten' })
  const used = await take([first], 'claw-3')
  expect([used.status, pick(used.json, 'code')]).toEqual([409, 'voucher_not_usable'])
  expect(pick(await member(), 'vouchers', 0)).toMatchObject({ status: 'USED' })
})

test('E-CLAW-1 a guest, a fact that is no sale, a line it does not have', async () => {
  expect((await evaluate([{ line: 0, quantity: 1 }], story.guestSale)).json).toEqual({
    sale: String(story.guestSale),
    member: null,
    metrics: [],
    unused: [],
  })
  const enrolment = await evaluate([{ line: 0, quantity: 1 }], story.ada)
  expect([enrolment.status, pick(enrolment.json, 'code')]).toEqual([404, 'sale_not_found'])
  const line = await evaluate([{ line: 7, quantity: 1 }])
  expect([line.status, pick(line.json, 'code')]).toEqual([422, 'sale_line_unknown'])
  const nothing = await evaluate([])
  expect([nothing.status, pick(nothing.json, 'code')]).toEqual([400, 'input_invalid'])
})
