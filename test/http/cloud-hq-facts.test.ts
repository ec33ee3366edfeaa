// What HQ says about members, over a real socket: every kind is a fact that is answered from itself alone, what cannot be true is refused, and what
// concerns two members becomes a fact of each. Good answers are checked against the shape their route promises (support/cloud-node.ts).
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { HQ_KINDS } from '../../cloud/domain/hq-requests.ts'
import { CloudUnderTest, items, pick } from '../support/cloud-node.ts'
import type { Answer, Device } from '../support/cloud-node.ts'
import { HQ_PROGRAM, JOINED, KEEN, LOTTERY, PHOTO, REFERRER, VISIT } from '../support/hq-program.ts'
import { COFFEE } from '../support/programs.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 5, 1, 12)
const time = { now: T0 + 30 * DAY }
let cloud: CloudUnderTest
let device: Device
let ada: MemberId
let bob: MemberId
let guestSale: FactId
let keys = 0

const refused = (answer: Answer): unknown => [answer.status, pick(answer.json, 'code')]
const factOf = (answer: Answer): string => String(pick(answer.json, 'receipt', 'id'))

/** Says something about a member, with a key of its own unless given one. */
function say(member: MemberId | string, body: object, key = `key-${++keys}`): Promise<Answer> {
  return cloud.post(`/v1/members/${member}/facts`, body, { key })
}

async function said(member: MemberId | string, body: object): Promise<Answer> {
  const answer = await say(member, body)
  expect(answer.status, answer.text).toBe(201)
  return answer
}

async function seen(id: MemberId | string): Promise<unknown> {
  return (await cloud.ask(`/v1/members/${id}`)).json
}

async function factsOf(id: MemberId | string, kind: string): Promise<readonly unknown[]> {
  const listed = items(await cloud.ask(`/v1/members/${id}/facts?limit=500`))
  return listed.filter((fact) => pick(fact, 'kind') === kind)
}

async function enrol(card: string): Promise<MemberId> {
  const made = device.enrol({ at: T0, key: `enrol-${card}` }, [{ kind: 'card', value: card }], card)
  await device.sync(device.seq)
  return made
}

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => time.now)
  await cloud.publish(HQ_PROGRAM)
  device = await cloud.addDevice('Camden')
  await device.connect()
  ada = await enrol('ada')
  bob = await enrol('bob')
  guestSale = device.sale({ at: T0 + 1000, key: 'guest' }, [{ sku: 'mug', amount: 2000 }])
  await device.sync(device.seq)
})
afterAll(() => cloud.stop())

describe('every kind', () => {
  test.each<[kind: string, body: object, data: object]>([
    [
      'profile',
      { home_store: 1, birthday: '1980-02-29', attributes: [{ name: 'diet', value: 'vegan' }] },
      { home_store: 1, birthday: '1980-02-29', membership: null, membership_start: null },
    ],
    ['activity', { perk: VISIT, quantity: 2 }, { perk: VISIT, quantity: 2, amount: null }],
    ['award', { perk: COFFEE, reason: 'sorry' }, { perk: COFFEE, reason: 'sorry' }],
    ['challenge', { challenge: JOINED, action: 'join' }, { challenge: JOINED, action: 'join' }],
    ['response', { challenge: PHOTO }, { challenge: PHOTO, verdict: 'submitted', number: 1, response: null }],
    ['referral', { stage: 'sent', source: 'app' }, { stage: 'sent', source: 'app', referral: null }],
    ['segment', { segment: KEEN, action: 'include' }, { segment: KEEN, action: 'include' }],
    ['adjustment', { points: 3, reason: 'r', by: 'b' }, { points: 3, reason: 'r', by: 'b' }],
  ])('Q-3 Q-7 %s is a fact of HQ, answered from the fact alone', async (kind, body, data) => {
    const request = { kind, ...body }
    const answer = await say(ada, request, `each-${kind}`)
    expect(answer.status, answer.text).toBe(201)
    expect(answer.json).toMatchObject({ kind, store: 0, member: { id: String(ada) }, data })
    const again = await say(ada, request, `each-${kind}`)
    expect(again.text).toBe(answer.text)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(refused(await say(bob, request, `each-${kind}`))).toEqual([422, 'key_reused'])
    expect((await cloud.ask(`/v1/facts/${factOf(answer)}`)).json).toMatchObject({
      status: 'counted',
      terminal: 'hq',
      key: `each-${kind}`,
      data,
    })
  })

  test('Q-3 one key belongs to one request: another field, kind, time, store or referee is another request', async () => {
    const body = { kind: 'activity', perk: VISIT, quantity: 1, at: new Date(T0 + DAY).toISOString() }
    const first = await say(ada, body, 'one')
    for (const other of [
      { ...body, quantity: 2 },
      { ...body, amount: 5 },
      { ...body, at: new Date(T0 + DAY + 1).toISOString() },
      { ...body, store: device.store },
      { kind: 'award', perk: COFFEE, reason: '' },
    ])
      expect(refused(await say(ada, other, 'one')), JSON.stringify(other)).toEqual([422, 'key_reused'])
    expect((await say(ada, body, 'one')).text).toBe(first.text)
    const sent = { kind: 'referral', stage: 'sent', referee: { kind: 'phone', value: '1' } }
    await say(ada, sent, 'two')
    for (const other of [
      { kind: 'referral', stage: 'sent' },
      { ...sent, referee: { kind: 'phone', value: '2' } },
    ])
      expect(refused(await say(ada, other, 'two'))).toEqual([422, 'key_reused'])
    expect((await say(ada, sent, 'two')).headers.get('idempotent-replayed')).toBe('true')
  })

  test('Q-3 one key sent at once for two things counts once', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((quantity) => say(ada, { kind: 'activity', perk: VISIT, quantity }, 'at-once')),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 422, 422, 422])
  })

  test('Q-7 what happened in a store at a time counts by that wall clock, and its key is used up for HQ alone', async () => {
    const tokyo = await cloud.addStore('Tokyo', 'Asia/Tokyo')
    const at = new Date(T0 + 2 * DAY).toISOString()
    const answer = await said(ada, { kind: 'activity', perk: VISIT, quantity: 1, store: tokyo, at })
    expect(answer.json).toMatchObject({ store: tokyo, at })
    expect((await cloud.ask(`/v1/facts/${factOf(answer)}`)).json).toMatchObject({ offset_minutes: 540 })
    device.sale({ at: T0 + 5000, member: ada, key: 'till-7' }, [{ sku: 'mug', amount: 100 }])
    await device.sync(device.seq)
    const here = { kind: 'activity', perk: VISIT, quantity: 1, store: device.store }
    expect(refused(await say(ada, here, 'till-7'))).toEqual([422, 'key_reused'])
  })
})

test('Q-1 /openapi.json shows every kind of fact that HQ can say, and the draw', async () => {
  const { json } = await cloud.ask('/openapi.json')
  const body = ['requestBody', 'content', 'application/json', 'schema']
  const kinds = pick(json, 'paths', '/v1/members/{id}/facts', 'post', ...body, 'anyOf') as unknown[]
  expect(kinds.map((shape) => pick(shape, 'properties', 'kind', 'const'))).toEqual(HQ_KINDS)
  expect(pick(json, 'paths', '/v1/challenges/{id}/draw', 'post', ...body, 'properties', 'seed')).toBeDefined()
})

test('E-RET-4 E-SPEND-12 HQ voids a sale or a redemption of the member, once', async () => {
  const eve = await enrol('eve')
  const sale = device.sale({ at: T0 + 2000, key: 'eve-1', member: eve }, [{ sku: 'mug', amount: 20_000 }])
  const coffee = device.redeem({ at: T0 + 3000, key: 'eve-2', member: eve }, COFFEE, 100, 0)
  await device.sync(device.seq - 1)
  const balance = async (): Promise<number> => Number(pick(await seen(eve), 'balance'))
  const before = await balance()
  const voided = await said(eve, { kind: 'void', fact: String(coffee), reason: 'wrong member' })
  expect(voided.json).toMatchObject({ kind: 'void', data: { fact: String(coffee), reason: 'wrong member' } })
  expect(await balance()).toBe(before + 100)
  expect(pick(await seen(eve), 'vouchers', 0, 'status')).toBe('CANCELLED')
  const again = (fact: FactId | MemberId, to = eve): Promise<Answer> =>
    say(to, { kind: 'void', fact: String(fact), reason: '' })
  expect(refused(await again(coffee))).toEqual([409, 'redemption_settled'])
  await said(eve, { kind: 'void', fact: String(sale), reason: '' })
  expect(await balance()).toBe(50)
  expect(refused(await again(sale))).toEqual([409, 'already_voided'])
  expect(refused(await again(eve))).toEqual([422, 'void_not_possible'])
  expect(refused(await again(sale, ada))).toEqual([404, 'fact_not_found'])
})

test('E-EARN-6 HQ adjusts a metric that the program has, and no other', async () => {
  expect(refused(await say(ada, { kind: 'adjustment', metric: 99, points: 1, reason: '', by: 'x' }))).toEqual(
    [404, 'metric_not_found'],
  )
})

describe('what cannot be', () => {
  const stranger = '8589939999'
  test.each<[string, object, number, string]>([
    ['an unknown kind', { kind: 'theft' }, 400, 'input_invalid'],
    ['a kind that tills make', { kind: 'sale' }, 400, 'input_invalid'],
    ['a field of another kind', { kind: 'release', fact: '1', perk: 1 }, 400, 'input_invalid'],
    [
      'the future',
      { kind: 'activity', perk: VISIT, quantity: 1, at: '2050-01-01T00:00:00Z' },
      400,
      'input_invalid',
    ],
    ['a time that is none', { kind: 'activity', perk: VISIT, quantity: 1, at: 'noon' }, 400, 'input_invalid'],
    [
      'a store that is not there',
      { kind: 'activity', perk: VISIT, quantity: 1, store: 99 },
      404,
      'store_not_found',
    ],
    ['nothing done', { kind: 'activity', perk: VISIT, quantity: 0 }, 400, 'input_invalid'],
    ['an unknown perk', { kind: 'activity', perk: 999, quantity: 1 }, 404, 'perk_not_found'],
    [
      'a perk that takes no activity',
      { kind: 'activity', perk: REFERRER, quantity: 1 },
      404,
      'perk_not_found',
    ],
    ['a perk that is no entitlement', { kind: 'award', perk: VISIT, reason: '' }, 404, 'perk_not_found'],
    [
      'an unknown code',
      { kind: 'entitlement', code: 'NONE', action: 'cancel', reason: '' },
      404,
      'voucher_not_found',
    ],
    [
      'an unknown challenge',
      { kind: 'challenge', challenge: PHOTO, action: 'join' },
      404,
      'challenge_not_found',
    ],
    ['a challenge without responses', { kind: 'response', challenge: JOINED }, 404, 'challenge_not_found'],
    [
      'a verdict on nothing',
      { kind: 'response', challenge: PHOTO, verdict: 'approved' },
      404,
      'fact_not_found',
    ],
    [
      'a response about a response',
      { kind: 'response', challenge: PHOTO, response: '8589934593' },
      400,
      'input_invalid',
    ],
    ['an unknown segment', { kind: 'segment', segment: 999, action: 'clear' }, 404, 'segment_not_found'],
    ['a fact of nobody', { kind: 'release', fact: stranger }, 404, 'fact_not_found'],
    ['merging nobody', { kind: 'merge', merged: stranger }, 404, 'member_not_found'],
    ['claiming nothing', { kind: 'retro_claim', sale: stranger }, 404, 'sale_not_found'],
    ['a day that is none', { kind: 'profile', birthday: '1981-02-29' }, 400, 'input_invalid'],
    ['a home that is not there', { kind: 'profile', home_store: 99 }, 404, 'store_not_found'],
    ['a void of nothing', { kind: 'referral', stage: 'void', referral: stranger }, 404, 'fact_not_found'],
    [
      'a referee that is not there',
      { kind: 'referral', stage: 'sent', referee: { member: stranger } },
      404,
      'member_not_found',
    ],
  ])('Q-7 %s is refused, and the key is free', async (_, body, status, code) => {
    expect(refused(await say(ada, body, 'refused'))).toEqual([status, code])
  })

  test('Q-7 a member that is not there, its own merge and its own referral are refused', async () => {
    const visit = { kind: 'activity', perk: VISIT, quantity: 1 }
    expect(refused(await say(stranger, visit))).toEqual([404, 'member_not_found'])
    expect(refused(await say('x', visit))).toEqual([404, 'member_not_found'])
    expect(refused(await say(ada, { kind: 'merge', merged: String(ada) }))).toEqual([
      409,
      'merge_not_possible',
    ])
    const self = { kind: 'referral', stage: 'sent', referee: { member: String(ada) } }
    expect(refused(await say(ada, self))).toEqual([400, 'input_invalid'])
    expect(refused(await cloud.post(`/v1/members/${ada}/facts`, visit))).toEqual([400, 'key_missing'])
  })
})

describe('responses', () => {
  test('Q-8 responses sent at once have numbers one after another, in all and in the period, and one seed', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        said(bob, { kind: 'response', challenge: PHOTO, at: new Date(T0).toISOString() }),
      ),
    )
    const numbers = answers.map(({ json }) => Number(pick(json, 'data', 'number')))
    expect(numbers.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    const inPeriod = answers.map(({ json }) => Number(pick(json, 'data', 'number_in_period')))
    expect(inPeriod.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(new Set(answers.map(({ json }) => pick(json, 'data', 'seed'))).size).toBe(1)
    const points = await Promise.all(
      answers.map(async (answer) =>
        Number(pick((await cloud.ask(`/v1/facts/${factOf(answer)}`)).json, 'points')),
      ),
    )
    // The first two of the day win the prize.
    expect(points.toSorted((a, b) => b - a)).toEqual([9, 9, 0, 0, 0, 0, 0, 0])
  })

  test('Q-8 a verdict has the numbers of its response', async () => {
    const sent = await said(bob, { kind: 'response', challenge: PHOTO })
    const verdict = { kind: 'response', challenge: PHOTO, verdict: 'rejected', response: factOf(sent) }
    expect(pick((await said(bob, verdict)).json, 'data')).toMatchObject({
      verdict: 'rejected',
      response: factOf(sent),
      number: pick(sent.json, 'data', 'number'),
    })
    expect(refused(await say(ada, verdict))).toEqual([404, 'fact_not_found'])
  })

  test('Q-9 a draw picks from the responses that count, once, the same for whoever asks', async () => {
    expect(refused(await cloud.post(`/v1/challenges/${PHOTO}/draw`, {}))).toEqual([409, 'draw_not_possible'])
    expect(refused(await cloud.post('/v1/challenges/9/draw', {}))).toEqual([404, 'challenge_not_found'])
    const ticket = { kind: 'response', challenge: LOTTERY, at: new Date(T0 + DAY).toISOString() }
    const entered = [await enrol('cy'), await enrol('di'), await enrol('ed'), await enrol('flo')]
    const responses: string[] = []
    for (const who of entered) responses.push(factOf(await said(who, ticket)))
    const [spoilt] = responses
    await said(entered[0] ?? '', {
      kind: 'response',
      challenge: LOTTERY,
      verdict: 'rejected',
      response: spoilt,
    })
    // Two members that are one have three: the fold refuses the third, which is in no draw.
    responses.push(factOf(await said(entered[1] ?? '', ticket)))
    const twin = await enrol('di-again')
    const over = factOf(await said(twin, ticket))
    await said(entered[1] ?? '', { kind: 'merge', merged: String(twin) })
    expect((await cloud.ask(`/v1/facts/${over}`)).text).toContain('response_refused')
    expect(refused(await say(entered[1] ?? '', ticket))).toEqual([409, 'response_not_possible'])
    time.now = Date.UTC(2026, 5, 11, 11)
    expect(refused(await cloud.post(`/v1/challenges/${LOTTERY}/draw`, {}))).toEqual([
      409,
      'draw_not_possible',
    ])
    time.now = T0 + 30 * DAY
    const answers = await Promise.all(
      [1, 2, 3].map(() => cloud.post(`/v1/challenges/${LOTTERY}/draw`, { seed: 'a coin' })),
    )
    for (const answer of answers) expect(answer.text).toBe(answers[0]?.text)
    const winners = pick(answers[0]?.json, 'winners') as { rank: number; response: string; member: string }[]
    expect(winners.map(({ rank }) => rank)).toEqual([1, 2, 3])
    const won = winners.map(({ response }) => response)
    expect(new Set(won).size).toBe(3)
    for (const response of won) {
      expect(responses).toContain(response)
      expect([spoilt, over]).not.toContain(response)
    }
    for (const { member: who } of winners)
      expect(await factsOf(who, 'response')).toContainEqual(expect.objectContaining({ points: 100 }))
    expect((await cloud.post(`/v1/challenges/${LOTTERY}/draw`, {})).text).toBe(answers[0]?.text)
    expect(refused(await cloud.post(`/v1/challenges/${LOTTERY}/draw`, { seed: 'a die' }))).toEqual([
      409,
      'draw_not_possible',
    ])
  })
})

describe('referrals', () => {
  const stages = async (who: MemberId | string): Promise<unknown[]> =>
    Promise.all(
      (await factsOf(who, 'referral')).map(async (fact) =>
        pick((await cloud.ask(`/v1/facts/${String(pick(fact, 'id'))}`)).json, 'data', 'stage'),
      ),
    )

  test('Q-10 the first sale of a referred member completes the referral once, whatever comes late', async () => {
    const referrer = await enrol('gus')
    const sent = {
      kind: 'referral',
      stage: 'sent',
      referee: { kind: 'card', value: 'hal' },
      at: new Date(T0 - DAY).toISOString(),
    }
    const answer = await said(referrer, sent)
    expect(await stages(referrer)).toEqual(['sent'])
    const referred = await enrol('hal')
    expect(await stages(referred)).toEqual(['received'])
    device.sale({ at: T0 + 9000, member: referred, key: 'hal-1' }, [{ sku: 'mug', amount: 1000 }])
    await device.sync(device.seq)
    expect(await stages(referrer)).toEqual(['sent', 'completed'])
    expect(pick(await seen(referrer), 'balance')).toBe(50 + 30)
    // An earlier sale moves the completion to itself: the referrer is not told again.
    device.sale({ at: T0 + 8000, member: referred, key: 'hal-0' }, [{ sku: 'mug', amount: 1000 }])
    await device.sync(device.seq)
    expect(await stages(referrer)).toEqual(['sent', 'completed'])
    expect(pick(await seen(referrer), 'balance')).toBe(50 + 30)
    const [completed] = (await factsOf(referrer, 'referral')).slice(1)
    expect((await cloud.ask(`/v1/facts/${String(pick(completed, 'id'))}`)).json).toMatchObject({
      data: { stage: 'completed', referral: factOf(answer) },
    })
  })

  test('Q-10 a void referral is void for both; who was referred can be told later', async () => {
    const referrer = await enrol('ike')
    const referred = await enrol('joe')
    const refer = (minutes: number, stage: string, more: object) => ({
      kind: 'referral',
      stage,
      at: new Date(T0 + minutes * 60_000).toISOString(),
      ...more,
    })
    const sell = async (minutes: number): Promise<void> => {
      device.sale({ at: T0 + minutes * 60_000, member: referred, key: `joe-${minutes}` }, [
        { sku: 'mug', amount: 1000 },
      ])
      await device.sync(device.seq)
    }
    const referee = { member: String(referred) }
    const sent = factOf(await said(referrer, refer(1, 'sent', { referee })))
    expect(await stages(referred)).toEqual(['received'])
    await said(referrer, refer(2, 'void', { referral: sent }))
    expect([await stages(referrer), await stages(referred)]).toEqual([
      ['sent', 'void'],
      ['received', 'void'],
    ])
    await sell(3)
    expect(await stages(referrer)).toEqual(['sent', 'void'])
    const later = factOf(await said(referrer, refer(4, 'sent', {})))
    await said(referred, refer(5, 'received', { referral: later }))
    await sell(6)
    expect(await stages(referrer)).toEqual(['sent', 'void', 'sent', 'completed'])
  })
})

describe('who is who', () => {
  test('E-MERGE-2 a merged member points to its survivor, who has all that was its own; facts under the old id count', async () => {
    const old = await enrol('kim')
    device.sale({ at: T0 + 100, member: old, key: 'kim-1' }, [{ sku: 'mug', amount: 4000 }])
    await device.sync(device.seq)
    const survivor = await enrol('lea')
    const merged = await said(survivor, { kind: 'merge', merged: String(old) })
    expect(pick(merged.json, 'data', 'merged')).toBe(String(old))
    expect(await seen(old)).toMatchObject({ merged_into: String(survivor), balance: 0, identities: [] })
    // 50 for enrolling once, 40 for the sale.
    expect(await seen(survivor)).toMatchObject({ merged_into: null, balance: 90 })
    expect(pick((await cloud.ask('/v1/members?card=kim')).json, 'id')).toBe(String(survivor))
    expect(items(await cloud.ask('/v1/members?limit=500')).map((row) => pick(row, 'id'))).not.toContain(
      String(old),
    )
    await said(old, { kind: 'activity', perk: VISIT, quantity: 1 })
    device.sale({ at: T0 + 200, member: old, key: 'kim-2' }, [{ sku: 'mug', amount: 1000 }])
    await device.sync(device.seq)
    expect(pick(await seen(survivor), 'balance')).toBe(90 + 5 + 10)
    expect((await cloud.ask(`/v1/facts/${old}/explanation`)).json).toMatchObject({ status: 'merged' })
    for (const [who, other] of [
      [survivor, old],
      [old, survivor],
    ] as const)
      expect(refused(await say(who, { kind: 'merge', merged: String(other) }))).toEqual([
        409,
        'merge_not_possible',
      ])
  })

  test('E-CLAIM-1 a guest sale is claimed once, with what was given back of it', async () => {
    device.giveBack({ at: T0 + 2000, key: 'guest-back' }, [
      { sale: guestSale, line: 0, pieces: 1, amount: 2000 },
    ])
    await device.sync(device.seq)
    const who = await enrol('moe')
    const claim = { kind: 'retro_claim', sale: String(guestSale) }
    await said(who, claim)
    expect((await cloud.ask(`/v1/facts/${guestSale}`)).json).toMatchObject({
      member: String(who),
      points: 20,
    })
    expect(pick(await seen(who), 'balance')).toBe(50)
    expect(refused(await say(ada, claim))).toEqual([409, 'claim_not_possible'])
    expect(refused(await say(who, claim))).toEqual([409, 'claim_not_possible'])
  })
})
