// What HQ says that would do nothing, over a real socket: it is refused with the reason, uses nothing up, and leaves the key free; what was recorded
// keeps its answer whatever the member has become since.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import { ATTRIBUTES_MAX } from '../../protocol/limits.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { CloudUnderTest, items, pick } from '../support/cloud-node.ts'
import type { Answer, Device } from '../support/cloud-node.ts'
import { HQ_PROGRAM } from '../support/hq-program.ts'
import { GIFT } from '../support/programs.ts'

const rule = (id: number): RuleId => id as RuleId
const [THREE, RACE, DORMANT, OVER, SILVER, VEGAN, WEEKLY] = [601, 602, 603, 604, 605, 606, 607].map(rule)
const [OPEN, EVERYBODY, ASLEEP, GONE, TO_COME, VEGANS] = [701, 702, 703, 704, 705, 706].map(rule)
const [PLAIN, SINGLE] = [801, 802].map(rule)

const DAY = 86_400_000
const T0 = Date.UTC(2026, 5, 1, 12)
const time = { now: T0 + 30 * DAY }

function response(id = 0 as RuleId, more: object) {
  return { id, title: `Response ${id}`, type: 'photo', ...more }
}

function challenge(id = 0 as RuleId, join: 'auto' | 'opt_in', more: object) {
  const requirements = [{ id: rule(id + 50), title: 'One', perk: 101 as RuleId, quantity: 1 }]
  return { id, title: `Challenge ${id}`, join, requirements, ...more }
}

const first = (count: number) =>
  ({ calculation: 'first_n', count, period: 'ever', reward: { metric: 0, amount: 9 } }) as const

const PROGRAM: ProgramDocument = {
  ...HQ_PROGRAM,
  redeem_perks: [
    ...HQ_PROGRAM.redeem_perks,
    { id: rule(PLAIN ?? 0), title: 'Nothing to hold', points: 10 },
    { id: rule(SINGLE ?? 0), title: 'One at a time', points: 0, voucher: { per_member: 1, valid_days: 10 } },
  ],
  challenges: [
    challenge(OPEN, 'opt_in', {}),
    challenge(EVERYBODY, 'auto', {}),
    challenge(ASLEEP, 'opt_in', { status: 'INACTIVE' }),
    challenge(GONE, 'opt_in', { end: '2026-06-30' }),
    challenge(TO_COME, 'opt_in', { start: '2026-07-02' }),
    challenge(VEGANS, 'opt_in', { attributes: [{ name: 'diet', value: 'vegan' }] }),
  ],
  response_challenges: [
    response(THREE, { per_member: 1, overall: 3, prize: first(2) }),
    response(RACE, { overall: 3 }),
    response(DORMANT, { status: 'INACTIVE' }),
    response(OVER, { end: '2026-06-30' }),
    response(SILVER, { required_tier: 2 }),
    response(VEGAN, { when: { attribute: 'diet', in: ['vegan'] } }),
    response(WEEKLY, { interval_days: 7 }),
  ],
}

let cloud: CloudUnderTest
let device: Device
let keys = 0

const refused = (answer: Answer): unknown => [answer.status, pick(answer.json, 'code')]
const detailOf = (answer: Answer): string => String(pick(answer.json, 'detail'))

function say(member: MemberId, body: object, key = `key-${++keys}`): Promise<Answer> {
  return cloud.post(`/v1/members/${member}/facts`, body, { key })
}

async function said(member: MemberId, body: object): Promise<Answer> {
  const answer = await say(member, body)
  expect(answer.status, answer.text).toBe(201)
  return answer
}

async function enrol(card: string): Promise<MemberId> {
  const made = device.enrol({ at: T0, key: `enrol-${card}` }, [{ kind: 'card', value: card }], card)
  await device.sync(device.seq)
  return made
}

async function balanceOf(member: MemberId): Promise<unknown> {
  return pick((await cloud.ask(`/v1/members/${member}`)).json, 'balance')
}

async function codeOf(member: MemberId): Promise<string> {
  return String(pick((await cloud.ask(`/v1/members/${member}`)).json, 'vouchers', 0, 'code'))
}

async function factCount(member: MemberId): Promise<number> {
  return items(await cloud.ask(`/v1/members/${member}/facts?limit=500`)).length
}

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => time.now)
  await cloud.publish(PROGRAM)
  device = await cloud.addDevice('Camden')
  await device.connect()
})
afterAll(() => cloud.stop())

describe('responses', () => {
  test('Q-11 a member that responds again and again uses up nobody else’s place', async () => {
    const [ada, bob, cy, dee] = [
      await enrol('ada'),
      await enrol('bob'),
      await enrol('cy'),
      await enrol('dee'),
    ]
    const photo = { kind: 'response', challenge: THREE }
    const taken = await say(ada, photo, 'ada-1')
    expect(pick(taken.json, 'data', 'number')).toBe(1)
    for (let n = 0; n < 5; n++) {
      const again = await say(ada, photo)
      expect(refused(again)).toEqual([409, 'response_not_possible'])
      expect(detailOf(again)).toContain('per_member: ')
    }
    expect(await factCount(ada)).toBe(2)
    expect(pick((await said(bob, photo)).json, 'data')).toMatchObject({ number: 2, number_in_period: 2 })
    expect(pick((await said(cy, photo)).json, 'data')).toMatchObject({ number: 3, number_in_period: 3 })
    const late = await say(dee, photo)
    expect(refused(late)).toEqual([409, 'response_not_possible'])
    expect(detailOf(late)).toContain('overall: ')
    expect([await balanceOf(ada), await balanceOf(bob), await balanceOf(cy)]).toEqual([59, 59, 50])
    const replay = await say(ada, photo, 'ada-1')
    expect([replay.text, replay.headers.get('idempotent-replayed')]).toEqual([taken.text, 'true'])
  })

  test('Q-11 of responses sent at once as many count as there are places', async () => {
    const members: MemberId[] = []
    for (let n = 0; n < 6; n++) members.push(await enrol(`racer-${n}`))
    const answers = await Promise.all(
      members.map((member) => say(member, { kind: 'response', challenge: RACE })),
    )
    const counted = answers.filter(({ status }) => status === 201)
    expect(counted.map(({ json }) => Number(pick(json, 'data', 'number'))).toSorted((a, b) => a - b)).toEqual(
      [1, 2, 3],
    )
    for (const answer of answers.filter((one) => !counted.includes(one)))
      expect(refused(answer)).toEqual([409, 'response_not_possible'])
  })

  test.each([
    ['status', DORMANT],
    ['dates', OVER],
    ['required_tier', SILVER],
    ['when', VEGAN],
  ])('Q-11 E-RSP-1 where %s fails, the answer names it and the key is free', async (limit, id) => {
    const member = await enrol(`limit-${limit}`)
    const answer = await say(member, { kind: 'response', challenge: id }, `limit-${limit}`)
    expect(refused(answer)).toEqual([409, 'response_not_possible'])
    expect(detailOf(answer)).toMatch(new RegExp(`^${limit}: .+`))
    expect(pick(answer.json, 'retryable')).toBe(true)
    await say(member, { kind: 'activity', perk: 104, quantity: 1 }, `limit-${limit}`)
    expect(await factCount(member)).toBe(2)
  })

  test('Q-11 what was refused is taken with number 1 once the member may', async () => {
    const member = await enrol('becomes-vegan')
    const photo = { kind: 'response', challenge: VEGAN }
    expect(refused(await say(member, photo, 'vegan'))).toEqual([409, 'response_not_possible'])
    await said(member, { kind: 'profile', attributes: [{ name: 'diet', value: 'vegan' }] })
    expect(pick((await say(member, photo, 'vegan')).json, 'data', 'number')).toBe(1)
  })

  test('Q-11 interval_days is kept by the days the responses are told of', async () => {
    const member = await enrol('weekly')
    const on = (day: number) => ({
      kind: 'response',
      challenge: WEEKLY,
      at: new Date(T0 + day * DAY).toISOString(),
    })
    expect(pick((await said(member, on(2))).json, 'data', 'number')).toBe(1)
    const soon = await say(member, on(8))
    expect(refused(soon)).toEqual([409, 'response_not_possible'])
    expect(detailOf(soon)).toContain('interval_days: ')
    expect(pick((await said(member, on(9))).json, 'data', 'number')).toBe(2)
  })
})

describe('profiles', () => {
  test('E-PROF-2 Q-12 an attribute too many is refused, and none of the request is learned; in exchange for another it is', async () => {
    const member = await enrol('zoe')
    const told = (from: number, count: number): object[] =>
      Array.from({ length: count }, (_, n) => ({ name: `a${from + n}`, value: 'x' }))
    const profile = (...attributes: object[]): object => ({ kind: 'profile', attributes })
    await said(member, profile(...told(1, ATTRIBUTES_MAX - 1)))
    const beyond = await say(member, profile(...told(100, 2)))
    expect(refused(beyond)).toEqual([422, 'limit_reached'])
    expect(pick(beyond.json, 'param')).toBe('/attributes')
    await said(member, profile(...told(100, 1)))
    expect(refused(await say(member, profile(...told(101, 1))))).toEqual([422, 'limit_reached'])
    await said(member, profile({ name: 'a1', value: null }, ...told(101, 1), ...told(50, 1)))
  })
})

describe('entitlements', () => {
  test('Q-12 E-ENT-2 a move that the table does not have is refused; a repeated one gets its answer', async () => {
    const member = await enrol('eve')
    await said(member, { kind: 'award', perk: GIFT, reason: '' })
    const code = await codeOf(member)
    const move = (action: string) => ({ kind: 'entitlement', code, action, reason: '' })
    const ship = await say(member, move('ship'))
    expect(refused(ship)).toEqual([409, 'voucher_not_usable'])
    expect(detailOf(ship)).toBe(`Voucher ${code} is unused; ship asks for processing`)
    const reserved = await say(member, move('reserve'), 'eve-reserves')
    expect(reserved.status).toBe(201)
    expect(refused(await say(member, move('reserve')))).toEqual([409, 'voucher_not_usable'])
    for (const action of ['process', 'ship', 'fulfil']) await said(member, move(action))
    expect(refused(await say(member, move('cancel')))).toEqual([409, 'voucher_not_usable'])
    expect((await say(member, move('reserve'), 'eve-reserves')).text).toBe(reserved.text)
    expect(refused(await say(await enrol('fay'), move('cancel')))).toEqual([404, 'voucher_not_found'])
  })

  test('Q-12 E-ENT-1 an award beyond per_member or of a perk without an entitlement is refused', async () => {
    const member = await enrol('gil')
    const single = { kind: 'award', perk: SINGLE, reason: '' }
    const given = await say(member, single, 'gil-1')
    expect(given.status).toBe(201)
    const again = await say(member, single)
    expect(refused(again)).toEqual([422, 'limit_reached'])
    expect(detailOf(again)).toContain('1 of "One at a time"')
    expect((await say(member, single, 'gil-1')).text).toBe(given.text)
    const cancel = { kind: 'entitlement', code: await codeOf(member), action: 'cancel', reason: '' }
    await said(member, cancel)
    await said(member, single)
    const plain = await say(member, { kind: 'award', perk: PLAIN, reason: '' })
    expect(refused(plain)).toEqual([422, 'perk_not_awardable'])
    expect(detailOf(plain)).toContain('Nothing to hold')
  })
})

describe('challenges', () => {
  const join = (id: RuleId | undefined) => ({ kind: 'challenge', challenge: id, action: 'join' })
  const leave = (id: RuleId | undefined) => ({ kind: 'challenge', challenge: id, action: 'leave' })

  test.each([
    ['joining what is not active', join(ASLEEP), 'not active'],
    ['joining what is over', join(GONE), 'is over'],
    ['joining what is to come', join(TO_COME), 'not begun'],
    ['joining what one is not eligible for', join(VEGANS), 'not eligible'],
    ['joining what everybody takes part in', join(EVERYBODY), 'unasked'],
    ['leaving what one did not join', leave(OPEN), 'did not join'],
  ])('Q-12 E-CH-1 E-CH-2 %s is refused with the reason', async (what, body, why) => {
    const member = await enrol(what.replaceAll(' ', '-'))
    const answer = await say(member, body)
    expect(refused(answer)).toEqual([409, 'challenge_not_possible'])
    expect(detailOf(answer)).toContain(why)
    expect(await factCount(member)).toBe(1)
  })

  test('Q-12 E-CH-5 one joins once and leaves once, and comes back; a repeated key gets its answer', async () => {
    const member = await enrol('ivy')
    const joined = await say(member, join(OPEN), 'ivy-joins')
    expect(joined.status).toBe(201)
    expect(refused(await say(member, join(OPEN)))).toEqual([409, 'challenge_not_possible'])
    await said(member, leave(OPEN))
    expect(refused(await say(member, leave(OPEN)))).toEqual([409, 'challenge_not_possible'])
    expect((await say(member, join(OPEN), 'ivy-joins')).text).toBe(joined.text)
    await said(member, join(OPEN))
    await said(member, leave(EVERYBODY))
    expect(refused(await say(member, leave(EVERYBODY)))).toEqual([409, 'challenge_not_possible'])
    await said(member, join(EVERYBODY))
  })

  test('Q-12 E-CH-4 who completed a challenge cannot join it again', async () => {
    const member = await enrol('jo')
    await said(member, { ...join(OPEN), at: new Date(T0 + DAY).toISOString() })
    device.sale({ at: T0 + 2 * DAY, member, key: 'jo-1' }, [{ sku: 'mug', amount: 1000 }])
    await device.sync(device.seq)
    await said(member, leave(OPEN))
    const answer = await say(member, join(OPEN))
    expect(refused(answer)).toEqual([409, 'challenge_not_possible'])
    expect(detailOf(answer)).toContain('completed')
  })
})

// Last, because time does not go back.
test('Q-12 E-ENT-3 what time has ended by now can neither be used up nor stand in the way of another', async () => {
  const member = await enrol('hal')
  const single = { kind: 'award', perk: SINGLE, reason: '' }
  await said(member, single)
  const code = await codeOf(member)
  time.now += 11 * DAY
  const claim = await say(member, { kind: 'entitlement', code, action: 'claim', reason: '' })
  expect(refused(claim)).toEqual([409, 'voucher_not_usable'])
  expect(detailOf(claim)).toContain('is expired')
  await said(member, single)
})
