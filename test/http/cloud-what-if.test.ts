// What-ifs over a real socket and as a command: a draft that gives twice the points, on the facts of two stores. The expected figures are worked
// out from the members' own histories, not from the what-if.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WHAT_IFS_WAITING_MAX } from '../../protocol/limits.ts'
import { eventually, items, pick } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { MINUTE, T0, twoStores } from '../support/two-stores.ts'
import type { TwoStores } from '../support/two-stores.ts'

let story: TwoStores
let cloud: TwoStores['cloud']

const STAMPS = 501

/** Every earn perk gives twice as much, and enrolling a stamp too. */
const DOUBLE = {
  ...SMALL_PROGRAM,
  metrics: [{ id: STAMPS, name: 'Stamps' }],
  earn_perks: [
    ...SMALL_PROGRAM.earn_perks.map((perk) => ({
      ...perk,
      award: { ...perk.award, points: perk.award.points * 2 },
    })),
    {
      id: 109,
      title: 'A stamp',
      type: 'REGISTRATION',
      award: { kind: 'fixed', points: 1 },
      metric: STAMPS,
    },
  ],
}

beforeAll(async () => {
  story = await twoStores()
  ;({ cloud } = story)
})
afterAll(() => cloud.stop())

const finished = (id: unknown): Promise<Answer> =>
  eventually(
    () => cloud.ask(`/v1/what-ifs/${String(id)}`),
    ({ json }) => !['waiting', 'running'].includes(String(pick(json, 'status'))),
  )

describe('W-1 a draft on the real ledger', () => {
  test('W-1 twice the earning is issued, everybody who earned wins, and nothing is written', async () => {
    const before = await cloud.ask('/v1/totals')
    const started = await cloud.post('/v1/what-ifs', { document: DOUBLE })
    expect(started.status).toBe(201)
    const answer = await finished(pick(started.json, 'id'))
    expect(answer.json).toMatchObject({ status: 'done', error: null })
    const result = pick(answer.json, 'result')
    const draft = Number(pick(result, 'points', 'issued', 'draft'))
    const now = Number(pick(result, 'points', 'issued', 'now'))
    expect(draft).toBeGreaterThan(now)
    expect(draft).toBeLessThanOrEqual(2 * now)
    // What the ledger itself says of the side that is in force: no adjustment and no spending is in this story.
    const totals = before.json
    expect(pick(result, 'points', 'liability', 'now')).toBe(pick(totals, 'fold'))
    expect(pick(result, 'balances', 'gained')).toBe(
      Number(pick(result, 'points', 'liability', 'draft')) -
        Number(pick(result, 'points', 'liability', 'now')),
    )
    expect(Number(pick(result, 'balances', 'winners'))).toBeGreaterThan(0)
    expect(pick(result, 'balances', 'losers')).toBe(0)
    const months = pick(result, 'points', 'months') as unknown[]
    expect(pick(months.at(-1), 'liability', 'draft')).toBe(pick(result, 'points', 'liability', 'draft'))
    const stamps = pick(result, 'metrics', 0)
    expect(stamps).toMatchObject({ metric: STAMPS, name: 'Stamps', issued: { now: 0 } })
    const owed = pick(stamps, 'liability')
    expect(Number(pick(owed, 'draft'))).toBeGreaterThan(0)
    expect(pick((pick(stamps, 'months') as unknown[]).at(-1), 'liability')).toEqual(owed)
    expect((await cloud.ask('/v1/totals')).json).toEqual(before.json)
  })

  test('W-1 the present program against itself changes nobody', async () => {
    const started = await cloud.post('/v1/what-ifs', {})
    const answer = await finished(pick(started.json, 'id'))
    const result = pick(answer.json, 'result')
    expect(pick(result, 'balances')).toMatchObject({ winners: 0, losers: 0, gained: 0, lost: 0 })
    expect(pick(result, 'tiers', 'moved')).toBe(0)
    expect(pick(result, 'points', 'issued', 'now')).toBe(pick(result, 'points', 'issued', 'draft'))
  })

  test('W-1 a draft from now on changes nothing that has happened', async () => {
    const started = await cloud.post('/v1/what-ifs', { document: DOUBLE, from: '2089-01-01T00:00:00Z' })
    const result = pick((await finished(pick(started.json, 'id'))).json, 'result')
    expect(pick(result, 'balances')).toMatchObject({ winners: 0, losers: 0 })
  })

  test('W-1 a changed clock: the ledger of now beside itself as of an earlier moment, which no later fact has reached', async () => {
    const until = T0 + 8 * MINUTE
    const started = await cloud.post('/v1/what-ifs', { until: new Date(until).toISOString() })
    const result = pick((await finished(pick(started.json, 'id'))).json, 'result')
    let then = 0
    for (const member of items(await cloud.ask('/v1/members')))
      for (const fact of items(await cloud.ask(`/v1/members/${String(pick(member, 'id'))}/facts`)))
        if (Date.parse(String(pick(fact, 'at'))) <= until) then += Number(pick(fact, 'points'))
    const fold = Number(pick((await cloud.ask('/v1/totals')).json, 'fold'))
    expect(then).toBeGreaterThan(0)
    expect(then).toBeLessThan(fold)
    expect(pick(result, 'points', 'liability')).toEqual({ now: fold, draft: then })
    expect(Number(pick(result, 'balances', 'losers'))).toBeGreaterThan(0)
  })

  test('W-1 a draft and a later clock: what expires until then has expired, on the side it expires on', async () => {
    const document = { ...SMALL_PROGRAM, points: { expiry: { kind: 'rolling', after: { days: 30 } } } }
    const later = new Date(T0 + 90 * 1_440 * MINUTE).toISOString()
    const started = await cloud.post('/v1/what-ifs', { document, until: later })
    const result = pick((await finished(pick(started.json, 'id'))).json, 'result')
    const fold = Number(pick((await cloud.ask('/v1/totals')).json, 'fold'))
    expect(pick(result, 'points', 'liability')).toEqual({ now: fold, draft: 0 })
    const months = pick(result, 'points', 'months') as unknown[]
    expect(pick(months[0], 'liability', 'draft')).toBe(pick(months[0], 'liability', 'now'))
    expect(pick(months.at(-1), 'liability')).toEqual({ now: fold, draft: 0 })
  })

  test('W-2 a draft with errors is refused with their paths, and an unknown id is not found', async () => {
    const answer = await cloud.post('/v1/what-ifs', { document: { ...DOUBLE, currency: 'pounds' } })
    expect(answer.status).toBe(422)
    expect(pick(answer.json, 'code')).toBe('program_invalid')
    expect(JSON.stringify(pick(answer.json, 'issues'))).toContain('/currency')
    expect((await cloud.ask('/v1/what-ifs/none')).status).toBe(404)
    expect((await cloud.post('/v1/what-ifs/none/cancel', {})).status).toBe(404)
    expect((await cloud.post('/v1/what-ifs', { from: 'yesterday' })).status).toBe(400)
  })

  test('W-3 one runs at a time, a few wait, more are refused; what waits can be cancelled', async () => {
    const started: Answer[] = []
    for (let index = 0; index < WHAT_IFS_WAITING_MAX + 3; index++)
      started.push(await cloud.post('/v1/what-ifs', { document: DOUBLE }))
    expect(started.at(-1)?.status).toBe(429)
    const ids = started.flatMap(({ status, json }) => (status === 201 ? [String(pick(json, 'id'))] : []))
    const shown = async (): Promise<unknown[]> =>
      items(await cloud.ask('/v1/what-ifs'))
        .filter((one) => ids.includes(String(pick(one, 'id'))))
        .map((one) => pick(one, 'status'))
    expect((await shown()).filter((status) => status === 'running').length).toBeLessThanOrEqual(1)
    for (const id of ids.toReversed()) await cloud.post(`/v1/what-ifs/${id}/cancel`, {})
    const after = await shown()
    expect(after).toHaveLength(ids.length)
    expect(after.filter((status) => status === 'cancelled').length).toBeGreaterThanOrEqual(
      WHAT_IFS_WAITING_MAX,
    )
    expect(after).not.toContain('running')
    expect(after).not.toContain('waiting')
  })
})

test('W-4 the command says the same, beside the running node', () => {
  const file = join(cloud.directory, 'draft.json')
  writeFileSync(file, JSON.stringify(DOUBLE))
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['cloud/cli.ts', 'what-if', '--data', cloud.directory, ...args], {
      encoding: 'utf8',
    })
  const told = run('--program', file, '--json')
  expect(told.stderr).toBe('')
  expect(told.status).toBe(0)
  expect(Number(pick(JSON.parse(told.stdout), 'balances', 'winners'))).toBeGreaterThan(0)
  expect(run('--program', file).stdout).toMatch(/Points issued [^]*Stamps issued +0 -> [^]*Vouchers issued/)
  writeFileSync(file, '{}')
  const wrong = run('--program', file)
  expect(wrong.status).toBe(1)
  expect(wrong.stderr).toContain(file)
})
