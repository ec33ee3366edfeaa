// The terminal's kit against a real store node, behind a network that is cut and healed, over restarts of either side.
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Line } from '../../cloud/demo/network.ts'
import { CALLS_WAITING_MAX } from '../../edge/kit/limits.ts'
import { TerminalClient } from '../../edge/kit/terminal-client.ts'
import type { TerminalOptions } from '../../edge/kit/terminal-client.ts'
import type { Life } from '../../protocol/lives.ts'
import type { Receipt } from '../../edge/till/answers.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

let edge: EdgeUnderTest
let line: Line
let port: number
let directory: string
let clients: TerminalClient[]

beforeAll(async () => {
  edge = await EdgeUnderTest.start()
})
afterAll(() => edge.stop())
beforeEach(async () => {
  line = new Line(edge.node.port)
  port = await line.listen()
  directory = mkdtempSync(join(tmpdir(), 'tillstream-kit-'))
  clients = []
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await line.close()
  rmSync(directory, { recursive: true, force: true })
})

function terminal(options: Partial<TerminalOptions> = {}): TerminalClient {
  const { terminal: token } = edge.tokens
  const client = new TerminalClient({
    url: `http://127.0.0.1:${port}`,
    token,
    directory,
    patienceMs: 60,
    ...options,
  })
  clients.push(client)
  return client
}

/** What the ledger has of a key: its receipt, by asking again with the key. */
async function recorded(path: string, key: string, body: object): Promise<{ replayed: boolean }> {
  const again = await edge.post(path, body, { key })
  return { replayed: again.headers.get('idempotent-replayed') === 'true' }
}

const facts = (): number => edge.node.ledger.head().seq

describe('T: a terminal and its store', () => {
  test('KT-1: an answer, and the same again under the same key', async () => {
    const till = terminal()
    const sale = { ...ONE_SALE, occurred_at: new Date().toISOString() }
    const first = await till.write('sale', sale, 'kit-1')
    const again = await till.write('sale', sale, 'kit-1')
    expect(first).toMatchObject({ is: 'answered', replayed: false, answer: { kind: 'sale' } })
    expect(again).toMatchObject({ is: 'answered', replayed: true })
  })

  test('KT-2: a refusal ends the call and tells the cashier why', async () => {
    const told = await terminal().write('checkin', { member: { kind: 'card', value: 'nobody-of-that-name' } })
    expect(told.is).toMatch(/answered|refused/)
    const bad = await terminal({ token: 'wrong' }).write('sale', ONE_SALE)
    expect(bad).toMatchObject({ is: 'refused', refusal: { status: 401, code: 'token_unknown' } })
  })

  test('KT-2: the line comes back while the cashier waits', async () => {
    const till = terminal({ patienceMs: 10_000 })
    line.cut()
    const told = till.write('sale', ONE_SALE, 'kit-patience')
    await until('the call is on disk', () => till.waiting === 1)
    line.heal()
    expect(await told).toMatchObject({ is: 'answered' })
    expect(till.waiting).toBe(0)
  })

  test('KT-3, KT-4: what waits is handed in before what comes later, in order, each once', async () => {
    const before = facts()
    const settled: string[] = []
    const hurried = terminal()
    line.cut()
    for (const key of ['w1', 'w2', 'w3'])
      expect(await hurried.write('sale', ONE_SALE, key)).toEqual({ is: 'waiting', key })
    await hurried.close()
    clients = []
    line.heal()
    // Patient enough for four calls on a slow machine.
    const till = terminal({
      patienceMs: 30_000,
      onSettled: (key, { is }) => void settled.push(`${key} ${is}`),
    })
    const last = await till.write('sale', ONE_SALE, 'w4')
    expect(last.is).toBe('answered')
    expect(settled).toEqual(['w1 answered', 'w2 answered', 'w3 answered'])
    expect(facts()).toBe(before + 4)
  })

  test('KT-3: waiting survives the terminal, and is handed in without another call', async () => {
    const before = facts()
    line.cut()
    const first = terminal()
    await first.write('sale', ONE_SALE, 'survives')
    await first.close()
    clients = []
    line.heal()
    const second = terminal()
    expect(second.waiting).toBe(1)
    await until('it is handed in', () => second.waiting === 0)
    expect(facts()).toBe(before + 1)
    const { path, body } = { path: '/v1/sales', body: ONE_SALE }
    expect((await edge.post(path, body, { key: 'survives' })).code).toBe('key_reused')
  })

  test('KT-3: a lost answer counts once', async () => {
    const before = facts()
    const till = terminal()
    const sale = { ...ONE_SALE, occurred_at: new Date().toISOString() }
    expect((await edge.post('/v1/sales', sale, { key: 'lost-answer' })).status).toBe(201)
    expect(await till.write('sale', sale, 'lost-answer')).toMatchObject({ is: 'answered', replayed: true })
    expect(facts()).toBe(before + 1)
    expect(await recorded('/v1/sales', 'lost-answer', sale)).toEqual({ replayed: true })
  })

  test('KT-3: what needs a decision does not wait', async () => {
    const till = terminal()
    line.cut()
    const told = await till.write('redemption', { member: '1', perk: 301 }, 'decide')
    expect(told).toMatchObject({ is: 'unanswered', key: 'decide' })
    expect(await till.write('voucher_use', { code: 'ABCD1234' })).toMatchObject({ is: 'unanswered' })
    expect(till.waiting).toBe(0)
  })

  test('KT-5: as many as can wait do; one more is recorded nowhere, and says so', async () => {
    const lines = Array.from({ length: CALLS_WAITING_MAX }, (_, n) =>
      JSON.stringify({ waits: { key: `k${n}`, path: '/v1/sales', body: '{}' } }),
    )
    writeFileSync(join(directory, 'calls.jsonl'), `${lines.join('\n')}\n`)
    line.cut()
    const told = await terminal().write('sale', ONE_SALE, 'one-more')
    expect(told).toMatchObject({ is: 'unanswered', key: 'one-more' })
  })

  test('KT-6: a waiting call that is refused is kept for people', async () => {
    const settled: string[] = []
    const till = terminal({ onSettled: (key, { is }) => void settled.push(`${key} ${is}`) })
    line.cut()
    await till.write('void', { fact: '1' }, 'no-such-fact')
    line.heal()
    await until('it is handed in', () => till.waiting === 0)
    expect(settled).toEqual(['no-such-fact refused'])
    const kept = JSON.parse(readFileSync(join(directory, 'refused.jsonl'), 'utf8')) as object
    expect(kept).toMatchObject({ key: 'no-such-fact', path: '/v1/voids', refusal: { status: 404 } })
  })

  test('KT-7: a line cut short by a power loss is nobody’s', async () => {
    line.cut()
    const till = terminal()
    await till.write('sale', ONE_SALE, 'whole')
    await till.close()
    clients = []
    appendFileSync(join(directory, 'calls.jsonl'), '{"waits":{"key":"torn","pa')
    const second = terminal()
    expect(second.waiting).toBe(1)
    await second.write('sale', ONE_SALE, 'behind it')
    await second.close()
    clients = []
    expect(terminal().waiting).toBe(2)
  })

  test('KT-8: a sale that waited keeps the time it happened at', async () => {
    const till = terminal()
    line.cut()
    await till.write('sale', ONE_SALE, 'its-time')
    const sold = Date.now()
    const [first = ''] = readFileSync(join(directory, 'calls.jsonl'), 'utf8').split('\n')
    const { body } = (JSON.parse(first) as { waits: { body: string } }).waits
    const { occurred_at } = JSON.parse(body) as { occurred_at: string }
    expect(Math.abs(Date.parse(occurred_at) - sold)).toBeLessThan(60_000)
    line.heal()
    await until('it is handed in', () => till.waiting === 0)
    const receipt = (await edge.post('/v1/sales', JSON.parse(body), { key: 'its-time' })).json as Receipt
    expect(receipt.at).toBe(occurred_at)
  })

  test('KT-9: the witness is the receipt furthest in the ledger, also after a restart', async () => {
    const till = terminal()
    await till.write('sale', ONE_SALE, 'far')
    const farther = await till.write('sale', ONE_SALE, 'farther')
    await till.write('sale', { ...ONE_SALE }, 'far-again')
    const { receipt } = (farther as { answer: Receipt }).answer
    const kept = JSON.parse(readFileSync(join(directory, 'witness.json'), 'utf8')) as typeof receipt
    expect(kept.seq).toBe(receipt.seq + 1)
    expect(kept.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  test('KT-9, H-12: a store that was put back to an older copy finds out from the first call, without the cloud', async () => {
    const store = await EdgeUnderTest.start()
    const origin = store.node.identity.origin
    const spares = [{ origin: origin + 1, epoch: 2 }] as unknown as readonly Life[]
    store.node.ledger.transact(() => store.node.ledger.lives.saveSpares(spares))
    const copy = `${store.directory}-copy`
    try {
      await store.post('/v1/sales', ONE_SALE)
      await store.node.stop()
      cpSync(store.directory, copy, { recursive: true })
      await store.restart()
      const till = new TerminalClient({ url: store.url, token: store.tokens.terminal, directory })
      const seen = await till.write('sale', ONE_SALE, 'after-the-copy')
      await till.close()
      await store.node.stop()
      rmSync(store.directory, { recursive: true })
      cpSync(copy, store.directory, { recursive: true })
      await store.restart()
      expect(store.node.identity.epoch).toBe(1)
      const again = new TerminalClient({ url: store.url, token: store.tokens.terminal, directory })
      const next = await again.write('sale', ONE_SALE, 'the-next')
      await again.close()
      expect(seen).toMatchObject({ answer: { receipt: { epoch: 1, seq: 2 } } })
      expect(next).toMatchObject({ is: 'answered', answer: { receipt: { epoch: 2, seq: 1 } } })
    } finally {
      await store.stop()
      rmSync(copy, { recursive: true, force: true })
    }
  })

  test('H-12: what is no receipt is refused', async () => {
    for (const text of ['x', '1.1.abc', `0.1.${'a'.repeat(64)}`])
      expect((await edge.get('/v1/status', { headers: { 'tillstream-receipt': text } })).json).toMatchObject({
        code: 'input_invalid',
        param: 'tillstream-receipt',
      })
  })

  test('asking: quotes, members, perks, history, status', async () => {
    const till = terminal()
    const made = await till.write('enrolment', { identities: [{ kind: 'card', value: 'kit-card' }] })
    const id = (made as { answer: Receipt }).answer.member?.id ?? ''
    expect(await till.member(id)).toMatchObject({ is: 'answered', answer: { id } })
    expect(await till.findMember('card', 'kit-card')).toMatchObject({ answer: { id } })
    expect(await till.quote(ONE_SALE)).toMatchObject({ is: 'answered' })
    expect(await till.perks(id)).toMatchObject({ is: 'answered' })
    expect(await till.history({ member: id, limit: 1 })).toMatchObject({
      answer: { facts: [{ member: id }] },
    })
    expect(await till.status()).toMatchObject({ answer: { store: { name: 'Bath' } } })
    expect(await till.receipt((made as { answer: Receipt }).answer.receipt.id)).toMatchObject({
      is: 'answered',
    })
  })
})
