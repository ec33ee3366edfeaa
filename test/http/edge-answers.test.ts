// What the local API answers when all is well: the shapes that /openapi.json promises, tokens, figures, and a node on its port.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_TOKEN_FILE } from '../../edge/http/tokens.ts'
import { startEdge } from '../../edge/node.ts'
import { realSystem } from '../../edge/system.ts'
import {
  CERTIFICATE_LOOK_MS,
  CLOCK_LOOK_MS,
  DISK_LOOK_MS,
  WALK_FIRST_MS,
  WALK_MS,
} from '../../protocol/limits.ts'
import { validator } from '../../protocol/validation.ts'
import { expectProblem, operations } from '../support/edge-api.ts'
import { EdgeUnderTest, ONE_SALE, enrolledDirectory } from '../support/edge-under-test.ts'
import type { Answer } from '../support/edge-under-test.ts'

let edge: EdgeUnderTest
/** What the node waits for, as it was asked. */
const waits: number[] = []
beforeAll(async () => {
  const system = {
    ...realSystem,
    after: (ms: number, call: () => void) => {
      waits.push(ms)
      return realSystem.after(ms, call)
    },
  }
  edge = await EdgeUnderTest.start({ system })
})
afterAll(() => edge.stop())

test('CLK-4 L-15 L-14 TLS-3 a node looks after its clock, its disk, its ledger and its certificate as often as it says', () => {
  const looks = [CLOCK_LOOK_MS, DISK_LOOK_MS, WALK_FIRST_MS, WALK_MS, CERTIFICATE_LOOK_MS]
  expect(looks.filter((ms) => !waits.includes(ms))).toEqual([])
})

describe('answers fit the shapes that openapi.json promises', () => {
  async function expectShape(method: string, path: string, answer: Answer): Promise<void> {
    const row = (await operations(edge)).find((known) => known.method === method && known.path === path)
    const schema = row?.operation.responses[String(answer.status)]?.content?.['application/json']?.schema
    if (schema === undefined)
      throw new Error(`${method} ${path} has no shape for ${answer.status}: ${answer.text}`)
    const shape = validator(schema)
    if (!shape.accepts(answer.json)) expect(shape.explain(answer.json), answer.text).toBeUndefined()
  }
  test('a member’s afternoon', async () => {
    const enrolled = await edge.post('/v1/members', {
      name: 'Ada Lovelace',
      identities: [{ kind: 'card', value: 'C-1001' }],
    })
    expect(enrolled.status).toBe(201)
    await expectShape('POST', '/v1/members', enrolled)
    const id = enrolled.string('member', 'id')
    const member = { kind: 'card', value: 'C-1001' }
    const sale = await edge.post('/v1/sales', {
      member,
      lines: [
        { sku: 'TEA', quantity: 1.5, amount: 1999 },
        { sku: 'BAG', category: 'BAG', amount: 300 },
      ],
      tenders: [{ type: 'cash', amount: 2299 }],
    })
    await expectShape('POST', '/v1/sales', sale)
    expect(sale.json).toMatchObject({ kind: 'sale', status: 'provisional', points: 32, member: { id } })
    await expectShape('POST', '/v1/checkins', await edge.post('/v1/checkins', { member: id }))
    await expectShape(
      'POST',
      '/v1/grants',
      await edge.post('/v1/grants', { member: id, points: 5, reason: 'late' }),
    )
    const saleId = sale.string('receipt', 'id')
    const back = await edge.post('/v1/returns', {
      lines: [{ sale: saleId, line: 0, quantity: 0.5, amount: 666 }],
    })
    await expectShape('POST', '/v1/returns', back)
    expect(back.status).toBe(201)
    await expectShape(
      'POST',
      '/v1/quotes',
      await edge.post('/v1/quotes', { ...ONE_SALE, member: id }, { key: '' }),
    )
    await expectShape('POST', '/v1/voids', await edge.post('/v1/voids', { fact: saleId }))
    await expectShape('GET', '/v1/members/{id}', await edge.get(`/v1/members/${id}`))
    const found = await edge.get('/v1/members?card=C-1001')
    await expectShape('GET', '/v1/members', found)
    expect(found.value('id')).toBe(id)
    await expectShape('GET', '/v1/perks', await edge.get(`/v1/perks?member=${id}`))
    await expectShape('GET', '/v1/perks', await edge.get('/v1/perks'))
    const receipt = await edge.get(`/v1/receipts/${saleId}`, { role: 'manager' })
    await expectShape('GET', '/v1/receipts/{id}', receipt)
    expect(receipt.text).toBe(sale.text)
    const history = await edge.get(`/v1/history?member=${id}&limit=2`)
    await expectShape('GET', '/v1/history', history)
    const rest = await edge.get(`/v1/history?member=${id}&limit=500&before=${history.string('next')}`)
    const ids = [...history.list('facts'), ...rest.list('facts')].map((fact) => (fact as { id: string }).id)
    expect(ids).toEqual(ids.toSorted((a, b) => Number(b) - Number(a)))
    expect(new Set(ids).size).toBe(ids.length)
    await expectShape('GET', '/v1/status', await edge.get('/v1/status', { role: 'manager' }))
    await expectShape('GET', '/livez', await edge.get('/livez', { role: 'nobody' }))
    await expectShape('GET', '/readyz', await edge.get('/readyz', { role: 'nobody' }))
  })
  test('A-7: spending without the cloud is refused with a reason', async () => {
    const member = { kind: 'card', value: 'C-1001' }
    expect((await edge.post('/v1/grants', { member, points: 100 })).status).toBe(201)
    expectProblem(await edge.post('/v1/redemptions', { member, perk: 301 }), 'authority_missing')
    expectProblem(await edge.post('/v1/vouchers/ABCD-EFGH/use', {}), 'authority_missing')
  })
})

describe('H-6: terminals and their tokens', () => {
  test('a token is made, works at once, is listed without the secret, and taken back at once', async () => {
    const made = await edge.post('/v1/terminals', { name: 'till-9', role: 'terminal' }, { role: 'admin' })
    expect(made).toMatchObject({ status: 201, json: { name: 'till-9', role: 'terminal' } })
    const token = made.string('token')
    expect(token).toMatch(/^[\w-]{43}$/)
    const sale = await edge.post('/v1/sales', ONE_SALE, { token })
    expect(sale.status).toBe(201)
    const list = await edge.get('/v1/terminals', { role: 'admin' })
    expect(list.list('terminals')).toContainEqual({ name: 'till-9', role: 'terminal' })
    expect(list.text).not.toContain(token)
    const history = await edge.get('/v1/history?limit=1')
    expect(history.list('facts')[0]).toMatchObject({ terminal: 'till-9' })
    expect((await edge.ask('DELETE', '/v1/terminals/till-9', { role: 'admin' })).status).toBe(204)
    expectProblem(await edge.post('/v1/sales', ONE_SALE, { token }), 'token_unknown')
    expectProblem(await edge.ask('DELETE', '/v1/terminals/till-9', { role: 'admin' }), 'terminal_not_found')
  })
  test('a name is given once', async () => {
    expectProblem(
      await edge.post('/v1/terminals', { name: 'manager', role: 'terminal' }, { role: 'admin' }),
      'terminal_taken',
    )
  })
  test.each(['', '../etc', 'a b', 'x'.repeat(65), '-a'])('"%.10s" is no name', async (name) => {
    expectProblem(
      await edge.post('/v1/terminals', { name, role: 'terminal' }, { role: 'admin' }),
      'input_invalid',
    )
  })
  test('an admin whose token file is lost gets another at the next start, and the old one is void', async () => {
    const lost = edge.tokens.admin
    rmSync(join(edge.directory, ADMIN_TOKEN_FILE))
    await edge.restart()
    expect(edge.tokens.admin).not.toBe(lost)
    expectProblem(await edge.get('/v1/terminals', { token: lost }), 'token_unknown')
    expect((await edge.get('/v1/terminals', { role: 'admin' })).status).toBe(200)
  })
  test('tokens outlive a restart', async () => {
    await edge.restart()
    expect((await edge.get('/v1/status', { role: 'manager' })).status).toBe(200)
    expect((await edge.get('/v1/terminals', { role: 'admin' })).status).toBe(200)
  })
})

test('metrics tell what happened', async () => {
  await edge.post('/v1/sales', ONE_SALE)
  const { text, headers } = await edge.get('/metrics', { role: 'manager' })
  expect(text).toContain('tillstream_edge_cloud_frames_refused_total 0')
  expect(headers.get('content-type')).toContain('text/plain')
  const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
  expect(value('tillstream_edge_facts_total')).toBe(edge.node.ledger.head().seq)
  expect(value('tillstream_edge_unsynced_facts')).toBe(edge.node.ledger.head().seq)
  expect(value('tillstream_edge_commits_total')).toBeGreaterThan(0)
  expect(text).toMatch(/tillstream_edge_http_requests_total\{route="POST \/v1\/sales",status="201"\} [1-9]/)
  expect(text).toMatch(/tillstream_edge_link_state\{state="connecting"\} 1/)
})

test('a node that was stopped under open connections is back on its port at once', async () => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as AddressInfo
      server.close(() => resolve(free))
    })
  })
  await edge.restart({ port })
  const callers = Array.from({ length: 20 }, () => edge.post('/v1/sales', ONE_SALE))
  for (const { status } of await Promise.all(callers)) expect(status).toBe(201)
  await edge.restart({ port })
  expect(edge.node.port).toBe(port)
  expect((await edge.get('/v1/status')).status).toBe(200)
})

test('a second process cannot take the port or the ledger', async () => {
  const { directory } = enrolledDirectory()
  const log = pino({ level: 'silent' })
  const { port } = edge.node
  await expect(startEdge({ directory, port, host: '127.0.0.1', log })).rejects.toThrow(/taken/)
  await expect(startEdge({ directory: edge.directory, port: 0, host: '127.0.0.1', log })).rejects.toThrow(
    /in use by another process/,
  )
})
