// What is said of a program document, over the API of a real cloud and by the command in a process of its own; and the zone of a store, which no
// document has.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshDirectory } from '../support/cloud-core.ts'
import { CloudUnderTest, items, pick } from '../support/cloud-node.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { changedProgram } from '../support/sound-program.ts'

const CLI = join(import.meta.dirname, '../../cloud/cli.ts')

const REFUSED = changedProgram(['/tiers/1/point_floor', 0], ['/bonuses/0/perks', [101, 999]])
const WARNED = changedProgram(['/earn_perks/5/once_per_day', true], ['/redeem_perks/0/voucher/from_days', 31])

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

let cloud: CloudUnderTest
let scratch: ReturnType<typeof freshDirectory>
beforeAll(async () => {
  scratch = freshDirectory()
  cloud = await CloudUnderTest.start()
})
afterAll(async () => {
  await cloud.stop()
  scratch.remove()
})

function check(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'check', ...args], (failed, out, err) => {
      resolve({ code: failed === null ? 0 : Number(failed.code), out, err })
    })
  })
}

function file(name: string, content: unknown): string {
  const path = join(scratch.path, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('the same check', () => {
  test.each([
    ['a document that is refused', REFUSED, 1],
    ['one that does not fit the schema', { ...SMALL_PROGRAM, currency: 'pounds', name: '' }, 1],
    ['one with warnings', WARNED, 0],
    ['a sound one', SMALL_PROGRAM, 0],
  ])('E-DOC-5 API and command say the same of %s', async (name, document, code) => {
    const { json } = await cloud.post('/v1/programs/check', { document })
    const ran = await check('--json', file(`${name}.json`, document))
    expect(JSON.parse(ran.out)).toEqual({ ok: code === 0, ...(json as object) })
    expect(ran).toMatchObject({ code, err: '' })
  })

  test('E-DOC-5 the command says it in plain words, path by path', async () => {
    const refused = await check(file('refused.json', REFUSED))
    expect(refused.code).toBe(1)
    expect(refused.out).toMatch(/^error \/tiers\/1\/point_floor\n {2}tiers rise: .* \(tier_order\)\n/)
    expect(refused.out).toMatch(/error \/bonuses\/0\/perks\/1\n.*\n.* would be refused: 2 errors\.\n$/)
    const warned = await check(file('warned.json', WARNED))
    expect(warned.code).toBe(0)
    expect(warned.out).toMatch(/can be published: 2 warnings\.\n$/)
    const later = await check(file('later.json', changedProgram()), '--from', '2030-01-01')
    expect(later.out).toContain('(over_already)')
  })

  test('E-DOC-5 what cannot be looked at is said, with its own exit code', async () => {
    const runs = [
      check(),
      check(join(scratch.path, 'none.json')),
      check(file('broken.json', '{"name":')),
      check(file('sound.json', SMALL_PROGRAM), '--from', 'tomorrow'),
      check(file('sound.json', SMALL_PROGRAM), '--loud'),
    ]
    for (const { code, out, err } of await Promise.all(runs)) {
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(/\w{3}/)
    }
  })
})

describe('publishing', () => {
  test('E-DOC-3 a refused document is answered with its errors and not kept', async () => {
    const answer = await cloud.post('/v1/programs', { document: REFUSED })
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect([answer.status >= 400, pick(answer.json, 'code')]).toEqual([true, 'program_invalid'])
    expect(pick(answer.json, 'issues')).toMatchObject([
      { path: '/tiers/1/point_floor', code: 'tier_order' },
      { path: '/bonuses/0/perks/1', code: 'reference_unknown' },
    ])
    expect(items(await cloud.ask('/v1/programs'))).toEqual([])
  })

  test('E-DOC-4 warnings come with the answer, and what is over once there is a day it begins', async () => {
    const first = await cloud.post('/v1/programs', { document: WARNED })
    expect(first.status).toBe(201)
    const codes = (json: unknown): unknown[] =>
      (pick(json, 'warnings') as { code: string }[]).map(({ code }) => code)
    expect(codes(first.json)).toEqual(['voucher_never_usable', 'field_idle'])
    expect(pick(first.json, 'warnings', 0)).toEqual({
      path: '/redeem_perks/0/voucher/from_days',
      code: 'voucher_never_usable',
      message: expect.stringContaining('valid for longer') as unknown,
    })
    const next = await cloud.post('/v1/programs/check', {
      document: changedProgram(),
      effective_from: '2030-01-01T00:00:00Z',
    })
    expect(codes(next.json)).toContain('over_already')
    expect((await cloud.post('/v1/programs/check', { document: {}, effective_from: 'soon' })).status).toBe(
      400,
    )
  })
})

test('G-5 a store in an unknown zone is refused, with what to write instead', async () => {
  for (const zone of ['Europe/Nowhere', 'Nowhere', '']) {
    const answer = await cloud.post('/v1/stores', { name: 'Bath', zone })
    expect([answer.status, pick(answer.json, 'code')]).toEqual([400, 'input_invalid'])
    expect(pick(answer.json, 'param')).toBe('/zone')
  }
  const { json } = await cloud.post('/v1/stores', { name: 'Bath', zone: 'Europe/Nowhere' })
  expect(pick(json, 'detail')).toBe('"Europe/Nowhere" is not a time zone; use a name such as Europe/London')
  expect(items(await cloud.ask('/v1/stores'))).toEqual([])
})
