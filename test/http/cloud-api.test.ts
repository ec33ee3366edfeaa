// The HQ API over a real socket: programs, members and facts, and that every number can be followed to the effects it is made of. Every good
// answer is checked against the shape its route promises (support/cloud-node.ts).
import type { EffectKind } from '../../cloud/evaluation/effects.ts'
import { movesPoints } from '../../cloud/evaluation/effects.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { items, pick } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { MINUTE, T0, twoStores } from '../support/two-stores.ts'
import type { TwoStores } from '../support/two-stores.ts'

let story: TwoStores
let cloud: TwoStores['cloud']
let camden: TwoStores['camden']
let soho: TwoStores['soho']
let ada: TwoStores['ada']
let sale: TwoStores['sale']
let lateSale: TwoStores['lateSale']
let guestSale: TwoStores['guestSale']

const refused = (answer: Answer): unknown => pick(answer.json, 'code')

beforeAll(async () => {
  story = await twoStores()
  ;({ cloud, camden, soho, ada, sale, lateSale, guestSale } = story)
})
afterAll(() => cloud.stop())

describe('programs', () => {
  test('E-DOC-1 a check tells every issue with its path and writes nothing', async () => {
    const broken = {
      ...SMALL_PROGRAM,
      tiers: [
        { id: 1, name: 'A', point_floor: 5 },
        { id: 1, name: 'B', point_floor: 2 },
      ],
    }
    const checked = await cloud.post('/v1/programs/check', { document: broken })
    expect((pick(checked.json, 'issues') as { path: string }[]).map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/tiers/1/id', '/tiers/0/point_floor', '/tiers/1/point_floor']),
    )
    expect(pick(checked.json, 'warnings')).toEqual([])
    expect((await cloud.post('/v1/programs/check', { document: SMALL_PROGRAM })).json).toEqual({
      issues: [],
      warnings: [],
    })
    expect((await cloud.post('/v1/programs/check', { document: 7 })).status).toBe(200)
    expect(items(await cloud.ask('/v1/programs'))).toHaveLength(1)
  })

  test('E-DOC-1 a document with errors is refused with all its issues', async () => {
    const answer = await cloud.post('/v1/programs', { document: { ...SMALL_PROGRAM, currency: 'pounds' } })
    expect(refused(answer)).toBe('program_invalid')
    expect(pick(answer.json, 'issues', 0, 'path')).toBe('/currency')
    expect(pick(answer.json, 'issues', 0, 'code')).toBe('schema_mismatch')
  })

  test('E-DOC-2 a later version takes effect when it says, not before, and never in the past', async () => {
    const past = { document: SMALL_PROGRAM, effective_from: new Date(story.now - 1).toISOString() }
    expect(refused(await cloud.post('/v1/programs', past))).toBe('program_backdated')
    const later = {
      document: { ...SMALL_PROGRAM, name: 'Winter' },
      effective_from: new Date(story.now + 1000 * MINUTE).toISOString(),
    }
    const published = await cloud.post('/v1/programs', later)
    expect(published.json).toEqual({
      version: 2,
      name: 'Winter',
      effective_from: later.effective_from,
      in_force: false,
      warnings: [],
    })
    expect((await cloud.ask('/v1/programs')).json).toMatchObject({
      items: [
        { version: 1, in_force: true },
        { version: 2, in_force: false },
      ],
    })
    expect(pick((await cloud.ask('/v1/programs/2')).json, 'document', 'name')).toBe('Winter')
    expect(refused(await cloud.ask('/v1/programs/3'))).toBe('program_not_found')
    expect(refused(await cloud.ask('/v1/programs/x'))).toBe('program_not_found')
  })

  test.each([
    ['2026-13-01T00:00:00Z'],
    ['2026-12-01'],
    ['2026-12-01T00:00:00'],
    ['1900-01-01T00:00:00Z'],
    ['tomorrow'],
  ])('a time that is none is refused: %s', async (text) => {
    const answer = await cloud.post('/v1/programs', { document: SMALL_PROGRAM, effective_from: text })
    expect(refused(answer)).toBe('input_invalid')
  })
})

describe('members', () => {
  test('a member shows balance = fold + goodwill, tier, what the next tier takes, and its identities', async () => {
    const { json } = await cloud.ask(`/v1/members/${ada}`)
    // 50 welcome, 15 + 50 for the sale, 3 + 4 for the late ones, 25 for the third sale, less 2 of 5 bags and their pounds.
    expect(json).toMatchObject({
      id: String(ada),
      name: 'Ada Lovelace',
      identities: [{ kind: 'phone', value: '+447700900142' }],
      store: camden.store,
      enrolled_at: new Date(T0).toISOString(),
      tier: { id: 1, name: 'Bronze' },
      next_tier: { id: 2, name: 'Silver', point_floor: 500 },
      facts: 5,
    })
    expect(pick(json, 'balance')).toBe(Number(pick(json, 'fold')) + Number(pick(json, 'goodwill')))
    expect(pick(json, 'next_tier', 'missing')).toBe(500 - Number(pick(json, 'lifetime')))
  })

  test('a member is found by each kind of identity, exactly', async () => {
    expect(pick((await cloud.ask('/v1/members?phone=%2B447700900142')).json, 'id')).toBe(String(ada))
    expect(pick((await cloud.ask('/v1/members?card=77')).json, 'name')).toBeNull()
    expect(pick((await cloud.ask('/v1/members?email=b@example.org')).json, 'identities')).toHaveLength(2)
    expect(refused(await cloud.ask('/v1/members?card=7'))).toBe('member_not_found')
    expect(refused(await cloud.ask('/v1/members?external_id=77'))).toBe('member_not_found')
    expect(refused(await cloud.ask('/v1/members?card=77&phone=1'))).toBe('input_invalid')
    expect(refused(await cloud.ask('/v1/members?card=77&limit=1'))).toBe('input_invalid')
  })

  test('the list pages to its end', async () => {
    const first = await cloud.ask('/v1/members?limit=1')
    const second = await cloud.ask(`/v1/members?limit=1&after=${String(pick(first.json, 'next'))}`)
    expect([pick(first.json, 'items', 0, 'id'), pick(second.json, 'items', 0, 'id')]).toEqual([
      String(ada),
      expect.not.stringMatching(String(ada)),
    ])
    expect(pick(second.json, 'next')).toBeNull()
    expect(items(await cloud.ask('/v1/members'))).toHaveLength(2)
  })

  test.each([['1'], ['0'], ['-1'], ['x'], ['9'.repeat(20)], ['8589934592'], ['1e10']])(
    'no member has the id %s',
    async (id) => {
      expect(refused(await cloud.ask(`/v1/members/${id}`))).toBe('member_not_found')
      expect(refused(await cloud.ask(`/v1/members/${id}/facts`))).toBe('member_not_found')
      expect(refused(await cloud.ask(`/v1/members/${id}/effects`))).toBe('member_not_found')
    },
  )

  test('E-FOLD-5 the effects of all revisions add up to the balance, and every id is there once', async () => {
    const { json } = await cloud.ask(`/v1/members/${ada}/effects?limit=500`)
    const effects = pick(json, 'items') as { id: string; kind: EffectKind; index: number; amount: number }[]
    const moving = effects.filter(movesPoints)
    const sum = moving.reduce((total, { amount }) => total + amount, 0)
    expect(sum).toBe(pick((await cloud.ask(`/v1/members/${ada}`)).json, 'balance'))
    expect(new Set(effects.map(({ id }) => id)).size).toBe(effects.length)
  })

  test('E-FOLD-4 a correction names its revision and the late fact that caused it', async () => {
    const effects = pick((await cloud.ask(`/v1/members/${ada}/effects`)).json, 'items') as Record<
      string,
      unknown
    >[]
    const corrected = effects.filter(({ revision }) => Number(revision) > 0)
    expect(corrected).toContainEqual(
      expect.objectContaining({
        fact: String(sale),
        kind: 'bonus',
        rule: 201,
        title: 'Every third sale of a month',
        amount: 25,
        cause: String(lateSale),
      }),
    )
    const paged: unknown[] = []
    for (let after = '0', more = true; more;) {
      const page = await cloud.ask(`/v1/members/${ada}/effects?limit=1&after=${after}`)
      paged.push(...items(page))
      more = pick(page.json, 'next') !== null
      after = String(pick(page.json, 'next'))
    }
    expect(paged).toEqual(effects)
  })
})

describe('facts', () => {
  test('a fact shows what it says, what it came to, and every revision', async () => {
    const { json } = await cloud.ask(`/v1/facts/${sale}`)
    expect(json).toMatchObject({
      id: String(sale),
      origin: camden.origin,
      seq: 3,
      kind: 'sale',
      store: camden.store,
      member: String(ada),
      at: new Date(T0 + 10 * MINUTE).toISOString(),
      received_at: new Date(story.now).toISOString(),
      status: 'counted',
      amount: 1550,
      points: 15 + 50 + 25,
      promised: 60,
      confirmed: false,
      hash: Buffer.from(camden.hashes[3] ?? []).toString('hex'),
      data: {
        lines: [
          { line: 0, sku: 'mug', category: null, quantity: 1, amount: 1050 },
          { line: 1, sku: 'bag', category: 'BAG', quantity: 5, amount: 500 },
        ],
        tenders: [],
      },
    })
    const effects = pick(json, 'effects') as { kind: EffectKind; index: number; amount: number }[]
    expect(effects.filter(movesPoints).reduce((sum, { amount }) => sum + amount, 0)).toBe(90)
  })

  test('lists filter by store and kind and page to their end', async () => {
    const ids = async (query: string): Promise<unknown[]> =>
      items(await cloud.ask(`/v1/facts?${query}`)).map((item) => pick(item, 'id'))
    expect(await ids('kind=sale')).toEqual([sale, guestSale, ...soho.facts.map(({ id }) => id)].map(String))
    expect(await ids(`store=${soho.store}`)).toEqual(soho.facts.map(({ id }) => String(id)))
    expect(await ids(`kind=enrolment&store=${soho.store}`)).toEqual([])
    const all: unknown[] = []
    for (let after = '0'; after !== 'null';) {
      const page = await cloud.ask(`/v1/facts?limit=2&after=${after}`)
      all.push(...items(page).map((item) => pick(item, 'id')))
      after = String(pick(page.json, 'next'))
    }
    expect(all).toEqual([...camden.facts, ...soho.facts].map(({ id }) => String(id)))
    const mine = items(await cloud.ask(`/v1/members/${ada}/facts`))
    expect(mine.map((item) => pick(item, 'kind'))).toEqual(['enrolment', 'sale', 'return', 'sale', 'sale'])
  })

  test.each([['1'], ['x'], ['17179869184'], ['9'.repeat(16)]])('no fact has the id %s', async (id) => {
    expect(refused(await cloud.ask(`/v1/facts/${id}`))).toBe('fact_not_found')
    expect(refused(await cloud.ask(`/v1/facts/${id}/explanation`))).toBe('fact_not_found')
  })

  test('E-EXP-1 an explanation asks every rule on the state before the fact, with the program in force then', async () => {
    const { json } = await cloud.ask(`/v1/facts/${sale}/explanation`)
    expect(json).toMatchObject({
      fact: String(sale),
      member: String(ada),
      program: { version: 1, name: 'Small' },
      before: { tier: { id: 1, name: 'Bronze' }, fold: 50 + 4 + 3, lifetime: 57, facts: 3 },
      points: 90,
      considered: [
        { rule: 101, applied: true, points: 15, condition: null },
        { rule: 102, applied: true, points: 50, condition: null },
        { rule: 201, title: 'Every third sale of a month', applied: true, points: 25 },
      ],
    })
    const late = await cloud.ask(`/v1/facts/${lateSale}/explanation`)
    expect(late.json).toMatchObject({
      before: { facts: 1, fold: 50 },
      considered: [
        { rule: 101, applied: true, points: 4 },
        { rule: 102, applied: false, condition: 'no_matching_line', required: 'BAG' },
        {
          rule: 201,
          applied: false,
          condition: 'frequency',
          actual: '1',
          required: '3',
          hint: '2 more qualifying sales',
        },
      ],
    })
  })

  test("E-EAR-5 a guest's sale is explained by what a member would have got", async () => {
    const { json } = await cloud.ask(`/v1/facts/${guestSale}/explanation`)
    expect(json).toMatchObject({
      member: null,
      before: null,
      points: 0,
      considered: [{ rule: 101, points: 9 }, { rule: 102 }, { rule: 201 }],
    })
    expect(pick(json, 'text')).toContain('guest')
  })

  test('what the points of an explanation say is what the effects say, for every fact', async () => {
    for (const { id, member } of [...camden.facts, ...soho.facts]) {
      const { json } = await cloud.ask(`/v1/facts/${id}/explanation`)
      if (member === 0 || pick(json, 'kind') === 'return') continue
      const considered = pick(json, 'considered') as { points: number }[]
      expect(considered.reduce((sum, { points }) => sum + points, 0)).toBe(pick(json, 'points'))
    }
  })
})
