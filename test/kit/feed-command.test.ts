// `tillstream feed` against a real store node (KW-6).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main as run } from '../../edge/kit/feed-command.ts'
import type { Activity } from '../../edge/till/answers.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

const FAULT = 2

let edge: EdgeUnderTest
let home: ReturnType<typeof freshDirectory>
let token: string
let lines: string[]
let said: string

beforeEach(async () => {
  edge = await EdgeUnderTest.start()
  home = freshDirectory()
  token = join(home.path, 'token')
  writeFileSync(token, `${edge.tokens.manager}\n`)
  lines = []
  said = ''
})
afterEach(async () => {
  process.exitCode = undefined
  home.remove()
  await edge.stop()
})

const main = (args: readonly string[]): Promise<void> =>
  run(args, { out: (line) => void lines.push(line), err: (line) => void (said += line) })

test('KW-6: a line an activity, with nothing in it that moves a cursor; it ends with its token', async () => {
  const watching = main(['--url', `${edge.url}/`, '--token-file', token])
  const member = { kind: 'card', value: 'card-77' }
  await edge.post('/v1/members', { name: '\u001b[31mRed \u202eLast', identities: [member] })
  await edge.post('/v1/sales', { ...ONE_SALE, member })
  const sold = (): string | undefined => lines.find((line) => line.includes('Sale of'))
  await until('the sale', () => sold() !== undefined)
  expect(sold()).toMatch(
    /^\d\d:\d\d:\d\d {2}sale +terminal {2}.*77.* {2}provisional {2}Sale of 5\.00 GBP to /,
  )
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202a-\u202e]/)
  await edge.ask('DELETE', '/v1/terminals/manager', { role: 'admin' })
  await watching
  expect(process.exitCode).toBe(FAULT)
  expect(said).toContain('not, or no longer, valid')
})

test('KW-6: as JSON, of some kinds alone', async () => {
  const watching = main(['--url', edge.url, '--token-file', token, '--json', '--kinds', 'checkin'])
  await edge.post('/v1/sales', ONE_SALE)
  await edge.post('/v1/checkins', { member: { kind: 'card', value: 'walk-in' } })
  await until('the check-in', () => lines.length >= 1)
  expect(lines.map((line) => (JSON.parse(line) as Activity).kind)).toEqual(['checkin'])
  await edge.ask('DELETE', '/v1/terminals/manager', { role: 'admin' })
  await watching
})

test.each([
  [['--url', 'nowhere'], 'Say which store with --url'],
  [['--url', 'http://127.0.0.1:1', '--token-file', '/nowhere'], 'no such file'],
  [['--colour'], "Unknown option '--colour'"],
])('KW-6: what cannot be meant is said, with how it is used: %j', async (args, sentence) => {
  await main(args)
  expect(said).toContain(sentence)
  expect(said).toContain('usage: tillstream feed')
  expect(process.exitCode).toBe(FAULT)
})
