// L-13, L-16 and L-22 with a process of a store and a real cloud: a bit flips in the store's file beneath it, somebody asks, it ends with 70 and told nobody anything
// wrong, and its next start goes on with what is proven and what the cloud says again.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CloudUnderTest, eventually, pick } from '../support/cloud-node.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { until } from '../support/edge-under-test.ts'
import { flip, xor } from '../support/flipped-rows.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const MAIN = fileURLToPath(new URL('../../edge/main.ts', import.meta.url))
const EXIT_STORAGE = 70
const CARD = '/v1/members?card=1'

let cloud: CloudUnderTest
let home: ReturnType<typeof freshDirectory>
let store: ChildProcess | undefined
let ended: Promise<number | null>
let port = 0
let token = ''
let keys = 0

beforeEach(async () => {
  cloud = await CloudUnderTest.start(undefined, true)
  await cloud.publish(SMALL_PROGRAM)
  home = freshDirectory()
})
afterEach(async () => {
  store?.kill('SIGKILL')
  await ended
  await cloud.stop()
  home.remove()
})

async function start(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [MAIN, '--data', home.path, '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  store = child
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  let over = false
  ended = new Promise((resolve) => child.on('close', resolve)).then((code) => {
    over = true
    return code as number | null
  })
  await until('the store to listen', () => said.includes('\n') || over)
  if (!over) port = Number(pick(JSON.parse(said), 'listening'))
}

async function stop(): Promise<void> {
  store?.kill('SIGTERM')
  expect(await ended).toBe(0)
}

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': `k${++keys}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: await response.json() }
}

const asBefore = (before: unknown): object => {
  const { id, name, tier, balance, lifetime } = before as Record<string, unknown>
  return { id, name, tier, balance, lifetime, status: 'confirmed' }
}

test('L-22 L-13 L-16 a flipped bit ends the store with 70, and it goes on with the right balance', async () => {
  const made = await cloud.ask('/v1/stores', { method: 'POST', body: { name: 'Bath', zone: 'UTC' } })
  const codes = `/v1/stores/${String(pick(made.json, 'id'))}/codes`
  const { json: code } = await cloud.ask(codes, { method: 'POST', body: {} })
  await start('--cloud', cloud.url, '--enrol', String(pick(code, 'code')))
  token = readFileSync(join(home.path, 'admin.token'), 'utf8').trim()
  await eventually(
    () => call('GET', '/v1/status'),
    ({ json }) => pick(json, 'program') !== null,
  )
  const enrolled = await call('POST', '/v1/members', {
    name: 'Ann',
    identities: [{ kind: 'card', value: '1' }],
  })
  const member = String(pick(enrolled.json, 'receipt', 'id'))
  const sold = await call('POST', '/v1/sales', { member, lines: [{ sku: 'tea', amount: 1_200 }] })
  expect(sold.json).toMatchObject({ points: 12, member: { balance: 62 } })
  const receipt = `/v1/receipts/${String(pick(sold.json, 'receipt', 'id'))}`
  const confirmed = ({ json }: { readonly json: unknown }): boolean => pick(json, 'status') === 'confirmed'
  const before = await eventually(() => call('GET', CARD), confirmed)
  expect(before.json).toMatchObject({ balance: 62 })
  await stop()
  const flips: readonly [sql: string, path: string][] = [
    [`UPDATE identities SET ${xor('member', 2)}`, CARD],
    ['UPDATE members SET state = zeroblob(length(state))', CARD],
    [`UPDATE facts SET answer = CAST(replace(answer, '"balance":62', '"balance":72') AS BLOB)`, receipt],
  ]
  for (const [sql, path] of flips) {
    await start()
    flip(join(home.path, 'ledger.db'), sql)
    // It may end before its answer has left.
    const answer = await call('GET', path).catch(() => ({ status: 500, json: {} }))
    expect(answer.status, sql).toBe(500)
    expect(await ended, sql).toBe(EXIT_STORAGE)
    await start()
    const after = await eventually(() => call('GET', CARD), confirmed)
    expect(after.json, sql).toMatchObject(asBefore(before.json))
    const { status, json } = await call('GET', receipt)
    expect([status, pick(json, 'points'), pick(json, 'receipt')]).toEqual([
      200,
      12,
      pick(sold.json, 'receipt'),
    ])
    await stop()
  }
  // What only the start reads, after a death: it has no sums of pages to compare.
  await start()
  store?.kill('SIGKILL')
  await ended
  flip(join(home.path, 'ledger.db'), `UPDATE programs SET ${xor('effective_from', 1)}`)
  await start()
  expect(await ended).toBe(EXIT_STORAGE)
  expect(readdirSync(home.path).filter((name) => name.startsWith('damaged-'))).toHaveLength(flips.length)
  await start()
  const last = await eventually(() => call('GET', CARD), confirmed)
  expect(last.json).toMatchObject(asBefore(before.json))
  await call('POST', '/v1/sales', { member, lines: [{ sku: 'tea', amount: 500 }] })
  const hq = await eventually(
    () => cloud.ask(`/v1/members/${member}`),
    ({ json }) => pick(json, 'balance') === 67,
  )
  expect(hq.json).toMatchObject({ balance: 67 })
})
