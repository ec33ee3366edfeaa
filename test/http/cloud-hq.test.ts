// The HQ API over a real socket: adjustments and their keys, what HQ should look at, totals and the digest. Every good answer is checked against
// the shape its route promises (support/cloud-node.ts).
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProgramShelf } from '../../cloud/domain/programs.ts'
import { TotalsTaker } from '../../cloud/domain/totals.ts'
import { decodeState, outcomesDigest } from '../../cloud/evaluation/state.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { eventually, items, pick } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'
import { COFFEE } from '../support/programs.ts'
import { MINUTE, T0, twoStores } from '../support/two-stores.ts'
import type { TwoStores } from '../support/two-stores.ts'

let story: TwoStores
let cloud: TwoStores['cloud']
let camden: TwoStores['camden']
let soho: TwoStores['soho']
let ada: TwoStores['ada']

const refused = (answer: Answer): unknown => pick(answer.json, 'code')

beforeAll(async () => {
  story = await twoStores()
  ;({ cloud, camden, soho, ada } = story)
})
afterAll(() => cloud.stop())

describe('adjustments', () => {
  const body = { points: -7, reason: 'wrong till', by: 'grace' }
  const path = (): string => `/v1/members/${ada}/adjustments`
  const balance = async (): Promise<number> =>
    Number(pick((await cloud.ask(`/v1/members/${ada}`)).json, 'balance'))

  test('an adjustment is a fact of HQ and moves the balance outside every rule', async () => {
    const before = await balance()
    const answer = await cloud.post(path(), body, { key: 'adj-1' })
    expect(answer.status).toBe(201)
    expect(answer.json).toMatchObject({
      kind: 'adjustment',
      member: { id: String(ada) },
      points: -7,
      reason: 'wrong till',
      by: 'grace',
      receipt: { epoch: 1, seq: 1 },
    })
    expect(answer.headers.get('idempotent-replayed')).toBeNull()
    expect(await balance()).toBe(before - 7)
    const fact = await cloud.ask(`/v1/facts/${String(pick(answer.json, 'receipt', 'id'))}`)
    expect(fact.json).toMatchObject({
      store: 0,
      terminal: 'hq',
      key: 'adj-1',
      points: -7,
      data: { points: -7, reason: 'wrong till', by: 'grace' },
    })
  })

  test('Q-3 K-2 the same key and body get the same answer, byte for byte, and count once', async () => {
    const before = await balance()
    const first = await cloud.post(path(), body, { key: 'adj-2' })
    const again = await Promise.all(
      Array.from({ length: 5 }, () => cloud.post(path(), body, { key: 'adj-2' })),
    )
    for (const answer of again) {
      expect(answer.text).toBe(first.text)
      expect(answer.status).toBe(201)
      expect(answer.headers.get('idempotent-replayed')).toBe('true')
    }
    expect(await balance()).toBe(before - 7)
  })

  test('Q-3 K-3 K-1 the key in the header or in the body; with another body or member it is refused', async () => {
    await cloud.post(path(), { ...body, id: 'adj-3' })
    const before = await balance()
    expect((await cloud.post(path(), body, { key: 'adj-3' })).headers.get('idempotent-replayed')).toBe('true')
    for (const other of [
      { ...body, points: -8 },
      { ...body, reason: 'x' },
      { ...body, by: 'x' },
    ])
      expect(refused(await cloud.post(path(), other, { key: 'adj-3' }))).toBe('key_reused')
    const second = String(pick((await cloud.ask('/v1/members?card=77')).json, 'id'))
    expect(refused(await cloud.post(`/v1/members/${second}/adjustments`, body, { key: 'adj-3' }))).toBe(
      'key_reused',
    )
    expect(refused(await cloud.post(path(), { ...body, id: 'a' }, { key: 'b' }))).toBe('input_invalid')
    for (const key of ['x'.repeat(65), 'a b'])
      expect(refused(await cloud.post(path(), body, { key }))).toBe('key_missing')
    expect(await balance()).toBe(before)
  })

  test('Q-3 K-4 a refused key may be used again', async () => {
    expect(refused(await cloud.post('/v1/members/8589939999/adjustments', body, { key: 'adj-4' }))).toBe(
      'member_not_found',
    )
    expect((await cloud.post(path(), { ...body, points: 7 }, { key: 'adj-4' })).status).toBe(201)
  })

  test('one key sent at once for two things counts once', async () => {
    const before = await balance()
    const answers = await Promise.all(
      [1, 2, 3, 4].map((points) => cloud.post(path(), { ...body, points }, { key: 'adj-5' })),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 422, 422, 422])
    const won = answers.find(({ status }) => status === 201)
    expect(await balance()).toBe(before + Number(pick(won?.json, 'points')))
  })

  test.each([[0.5], [1e10], ['1'], [null], [2 ** 53]])(
    'S28 points that are none are refused: %s',
    async (points) => {
      expect(refused(await cloud.post(path(), { ...body, points }, { key: 'adj-6' }))).toBe('input_invalid')
    },
  )
})

describe('what HQ should look at', () => {
  test('I-4 what was set aside is listed with its reason, and a notice says so', async () => {
    const template = camden.facts[0]
    if (template === undefined) throw new Error('enrolled')
    camden.writeBytes(Buffer.from('no fact at all'), template)
    await camden.sync(camden.seq)
    const listed = await cloud.ask('/v1/quarantine')
    expect(items(listed)).toEqual([
      expect.objectContaining({
        origin: camden.origin,
        seq: camden.seq,
        store: camden.store,
        size_bytes: 14,
        reason: expect.stringContaining('cbor') as string,
      }),
    ])
    const notices = await cloud.ask('/v1/notices')
    expect(items(notices).at(-1)).toMatchObject({
      code: 'quarantined',
      store: camden.store,
      fact: pick(listed.json, 'items', 0, 'id'),
    })
    expect(refused(await cloud.ask(`/v1/facts/${String(pick(listed.json, 'items', 0, 'id'))}`))).toBe(
      'fact_not_found',
    )
  })
})

describe('totals', () => {
  test('the digest is that of the saved states, the totals are their sums, earned and reversed those of the effects', async () => {
    const { json } = await cloud.ask('/v1/digest')
    const states = (await cloud.node.store.read.members(1, { after: 0, limit: 100 })).map(
      (row): [string, MemberState] => {
        const state = row.state === null ? undefined : decodeState(row.state)
        if (state === undefined) throw new Error('saved')
        return [row.key, state]
      },
    )
    expect(pick(json, 'digest')).toBe(outcomesDigest(states))
    const sum = (of: (state: MemberState) => number): number =>
      states.reduce((total, [, state]) => total + of(state), 0)
    expect(pick(json, 'totals')).toMatchObject({
      members: 2,
      balance: sum(({ balance, goodwill }) => balance + goodwill),
      lifetime: sum(({ lifetime }) => lifetime),
      by_tier: { Bronze: 2 },
      vouchers: { issued: 0, used: 0, open: 0 },
      facts: { duplicate: 0, unclaimed: 0, quarantined: 1 },
    })
    const earned = Number(pick(json, 'totals', 'points_earned'))
    const reversed = Number(pick(json, 'totals', 'points_reversed'))
    expect(reversed).toBeGreaterThan(0)
    expect(earned - reversed).toBe(pick(json, 'totals', 'lifetime'))
    expect((await cloud.ask('/v1/totals')).json).toEqual(pick(json, 'totals'))
  })

  test('asking again after more facts counts each once, whoever asks at once', async () => {
    const before = Number(pick((await cloud.ask('/v1/totals')).json, 'points_earned'))
    soho.sale({ at: T0 + 30 * MINUTE, member: ada }, [{ sku: 'tea', amount: 5000 }])
    await soho.sync(soho.seq)
    expect(pick((await cloud.ask('/v1/totals')).json, 'points_earned')).toBe(before + 50)
    const { store } = cloud.node
    const clock = { now: () => story.now }
    const taker = new TotalsTaker(store.read, new ProgramShelf(store, clock), clock)
    await taker.totals(1)
    soho.sale({ at: T0 + 31 * MINUTE, member: ada }, [{ sku: 'tea', amount: 1000 }])
    await soho.sync(soho.seq)
    for (const totals of await Promise.all([1, 2, 3].map(() => taker.totals(1))))
      expect(totals.points_earned).toBe(before + 60)
  })
})

describe('vouchers', () => {
  test('a voucher shows its status at the time of asking', async () => {
    soho.grant({ at: T0 + 40 * MINUTE, member: ada }, 500)
    soho.redeem({ at: T0 + 41 * MINUTE, member: ada }, COFFEE, 100, 0)
    await soho.sync(soho.seq - 1)
    const vouchers = async (): Promise<unknown> =>
      pick((await cloud.ask(`/v1/members/${ada}`)).json, 'vouchers')
    expect(await eventually(vouchers, (seen) => (seen as unknown[]).length === 2)).toMatchObject([
      { perk: 302, title: 'Gift', status: 'UNUSED', expires_at: null },
      { perk: COFFEE, title: 'Coffee', status: 'UNUSED', used_by: null },
    ])
    const later = story.now
    story.now += 40 * 24 * 60 * MINUTE
    expect(await vouchers()).toMatchObject([{ status: 'UNUSED' }, { status: 'EXPIRED' }])
    story.now = later
    expect((await cloud.ask('/v1/totals')).json).toMatchObject({
      by_tier: { Silver: 1, Bronze: 1 },
      vouchers: { issued: 2, used: 0, open: 2 },
    })
  })
})
