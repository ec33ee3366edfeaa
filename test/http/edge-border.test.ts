// The border of the local API over real sockets: who may call, what a body may be, in which order it is looked at, what every answer carries.
import { rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TSchema } from 'typebox'
import { ADMIN_TOKEN_FILE } from '../../edge/http/tokens.ts'
import { startEdge } from '../../edge/node.ts'
import { BODY_BYTES_MAX, LINES_MAX } from '../../protocol/limits.ts'
import { PROBLEM_TYPE } from '../../protocol/problem.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { validator } from '../../protocol/validation.ts'
import { pino } from 'pino'
import { EdgeUnderTest, ONE_SALE, enrolledDirectory, until } from '../support/edge-under-test.ts'
import type { Answer } from '../support/edge-under-test.ts'

/** A member id of this very ledger, at a position it does not have. */
const NOBODY_ENROLLED = '25769899999'

let edge: EdgeUnderTest
beforeAll(async () => {
  edge = await EdgeUnderTest.start()
})
afterAll(() => edge.stop())

interface Operation {
  readonly security?: readonly unknown[]
  readonly description?: string
  readonly requestBody?: { content: { 'application/json': { schema: TSchema } } }
  readonly parameters: readonly { name: string; in: string }[]
  readonly responses: Record<string, { content?: Record<string, { schema: TSchema }> }>
}
async function operations(): Promise<{ method: string; path: string; operation: Operation }[]> {
  const document = await edge.get('/openapi.json', { role: 'nobody' })
  // What the document must look like is what the tests below find out.
  return Object.entries(document.value('paths') as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
  )
}
/** A path that may be asked for: parameters filled with what cannot exist. */
const filled = (path: string): string => path.replaceAll(/\{[a-z]+\}/g, '8589934593')
const isPublic = ({ security }: Operation): boolean => security?.length === 0
const isKeyed = ({ parameters }: Operation): boolean =>
  parameters.some(({ name }) => name === 'Idempotency-Key')

function expectProblem(answer: Answer, code: RefusalCode): void {
  expect(answer.json, answer.text).toMatchObject({
    type: `urn:tillstream:refusal:${code}`,
    code,
    status: REFUSALS[code].status,
    title: REFUSALS[code].title,
    retryable: REFUSALS[code].retry === 'later',
    request_id: answer.headers.get('x-request-id'),
  })
  expect(answer.status).toBe(REFUSALS[code].status)
  expect(answer.headers.get('content-type')).toBe(PROBLEM_TYPE)
}

describe('H-1: one table', () => {
  test('every route of SPEC.md section H is in openapi.json, and no other', async () => {
    const served = (await operations()).map(({ method, path }) => `${method} ${path}`).toSorted()
    expect(served).toEqual(
      [
        ...[
          'sales',
          'returns',
          'voids',
          'checkins',
          'members',
          'grants',
          'quotes',
          'redemptions',
          'terminals',
        ].map((noun) => `POST /v1/${noun}`),
        'POST /v1/redemptions/{id}/capture',
        'POST /v1/redemptions/{id}/cancel',
        'POST /v1/vouchers/{code}/use',
        'DELETE /v1/terminals/{name}',
        ...[
          '/',
          '/page.css',
          '/page.js',
          '/livez',
          '/metrics',
          '/openapi.json',
          '/readyz',
          '/v1/feed',
          '/v1/history',
          '/v1/members',
          '/v1/members/{id}',
          '/v1/perks',
          '/v1/receipts/{id}',
          '/v1/status',
          '/v1/terminals',
        ].map((path) => `GET ${path}`),
      ].toSorted(),
    )
  })
  test('the router serves exactly what openapi.json says: every other method of a path is refused with Allow', async () => {
    const all = await operations()
    for (const path of new Set(all.map((row) => row.path))) {
      const known = all.filter((row) => row.path === path).map(({ method }) => method)
      for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS']) {
        const answer = await edge.ask(method, filled(path), { role: 'admin' })
        const name = `${method} ${path}`
        if (known.includes(method)) expect(answer.code, name).not.toBe('method_unknown')
        else {
          expectProblem(answer, 'method_unknown')
          expect(answer.headers.get('allow')?.split(', ').toSorted(), name).toEqual(known.toSorted())
        }
      }
    }
  })
  test.each(['/v1', '/v1/', '/v1/sale', '/v1/sales/', '/v1/members/1/2', '/page.html', '/..%2f', '/%00'])(
    'there is nothing at %s',
    async (path) => expectProblem(await edge.get(path, { role: 'admin' }), 'route_unknown'),
  )
  test('HEAD is answered without a body', async () => {
    const answer = await edge.ask('HEAD', '/v1/sales')
    expect([answer.status, answer.text]).toEqual([405, ''])
  })
})

describe('H-2: who may call', () => {
  test('the public addresses are these, everything else refuses a caller without a token', async () => {
    const all = await operations()
    expect(
      all
        .filter(({ operation }) => isPublic(operation))
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['/', '/livez', '/openapi.json', '/page.css', '/page.js', '/readyz'].toSorted())
    for (const { method, path, operation } of all) {
      if (isPublic(operation)) continue
      const answer = await edge.ask(method, filled(path), { role: 'nobody' })
      expectProblem(answer, 'token_missing')
      expect(answer.headers.get('www-authenticate'), path).toBe('Bearer')
    }
  })
  test.each(['x', 'Bearer', 'a'.repeat(43), 'a'.repeat(2_000), 'ä'])(
    'a token "%.20s" that was never issued',
    async (token) => {
      const answer = await edge.get('/v1/status', {
        headers: { authorization: `Bearer ${encodeURIComponent(token)}` },
        role: 'nobody',
      })
      expectProblem(answer, 'token_unknown')
    },
  )
  test('other schemes are no token', async () => {
    const basic = await edge.get('/v1/status', { role: 'nobody', headers: { authorization: 'Basic dDp0' } })
    expectProblem(basic, 'token_missing')
  })
  test('the scheme may be written in any case', async () => {
    const headers = { authorization: `bearer ${edge.tokens.manager}` }
    expect((await edge.get('/v1/status', { role: 'nobody', headers })).status).toBe(200)
  })
  test('every role gets exactly the routes it has, and the admin all', async () => {
    for (const { method, path, operation } of await operations()) {
      if (isPublic(operation)) continue
      const roles = /^Roles: (.*)\.$/.exec(operation.description ?? '')?.[1]?.split(', ') ?? []
      expect(roles).toContain('admin')
      for (const role of ['terminal', 'manager', 'admin'] as const) {
        // Without a body or a key: whoever passes the role is stopped by the next check at the latest.
        const { code } = await edge.ask(method, filled(path), { role, key: '' })
        const name = `${role}: ${method} ${path}`
        if (roles.includes(role)) expect(code, name).not.toBe('role_insufficient')
        else expect(code, name).toBe('role_insufficient')
      }
    }
  })
})

describe('H-2: the order of the checks', () => {
  const big = ' '.repeat(BODY_BYTES_MAX + 1)
  const NOBODY = { role: 'nobody' } as const
  test.each<[RefusalCode, string, Parameters<EdgeUnderTest['ask']>[2]]>([
    ['body_too_large', 'size before token', { ...NOBODY, raw: big, key: '' }],
    ['token_missing', 'token before JSON', { ...NOBODY, raw: '{', key: '' }],
    ['token_unknown', 'an unknown token before JSON', { token: 'x', raw: '{', key: '' }],
    ['role_insufficient', 'role before JSON', { role: 'manager', raw: '{', key: '' }],
    ['body_malformed', 'JSON before key', { raw: '{', key: '' }],
    ['key_missing', 'key before schema', { body: { lines: 'none' }, key: '' }],
    ['input_invalid', 'schema before domain', { body: { member: '8589934593', lines: [] } }],
    ['member_not_found', 'then the domain', { body: { ...ONE_SALE, member: NOBODY_ENROLLED } }],
  ])('%s (%s)', async (code, _, request) => {
    const answer = await edge.ask('POST', '/v1/sales', request)
    expectProblem(answer, code)
  })
})

describe('H-3: size of the body', () => {
  test('every write refuses a body above BODY_BYTES_MAX', async () => {
    for (const { method, path, operation } of await operations()) {
      if (operation.requestBody === undefined) continue
      expectProblem(
        await edge.ask(method, filled(path), { role: 'admin', raw: 'x'.repeat(BODY_BYTES_MAX + 1) }),
        'body_too_large',
      )
    }
  })
  test('a body of exactly BODY_BYTES_MAX is read', async () => {
    const text = JSON.stringify(ONE_SALE)
    const answer = await edge.ask('POST', '/v1/sales', {
      raw: text + ' '.repeat(BODY_BYTES_MAX - text.length),
    })
    expect(answer.status).toBe(201)
  })
  test('a Content-Length above it is answered before a byte of the body is sent', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(edge.node.port, '127.0.0.1')
      let text = ''
      socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
      socket.on('close', () => resolve(text))
      socket.on('error', reject)
      socket.write(`POST /v1/sales HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n`)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer.toLowerCase()).toContain('connection: close')
  })
  test('a chunked body is cut off at the limit, however long it goes on', async () => {
    const sent = await new Promise<number>((resolve) => {
      let size = 0
      const request = httpRequest({
        port: edge.node.port,
        method: 'POST',
        path: '/v1/sales',
        headers: { authorization: `Bearer ${edge.tokens.terminal}`, 'transfer-encoding': 'chunked' },
      })
      const piece = Buffer.alloc(64 * 1024)
      const more = (): void => {
        size += piece.length
        if (!request.destroyed) request.write(piece, (fault) => (fault ? undefined : more()))
      }
      request.on('error', () => undefined)
      request.on('close', () => resolve(size))
      more()
    })
    // What the kernels hold between the two comes on top of the limit.
    expect(sent).toBeLessThan(BODY_BYTES_MAX * 16)
  })
  test('a body in many pieces is put together', async () => {
    const text = JSON.stringify({ ...ONE_SALE, id: 'in-pieces' })
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        {
          port: edge.node.port,
          method: 'POST',
          path: '/v1/sales',
          headers: { authorization: `Bearer ${edge.tokens.terminal}`, 'content-length': text.length },
        },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
      request.setNoDelay(true)
      request.on('error', reject)
      for (const character of text) request.write(character)
      request.end()
    })
    expect(status).toBe(201)
  })
})

describe('bad input is refused with a problem document', () => {
  const line = { sku: 'TEA', amount: 100 }
  test.each<[string, BodyInit]>([
    ['nothing', ''],
    ['half an object', '{"lines":'],
    ['two values', '{} {}'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['NaN', '{"lines":[{"sku":"TEA","amount":NaN}]}'],
  ])('%s is no JSON', async (_, raw) => {
    const answer = await edge.ask('POST', '/v1/sales', { raw })
    expectProblem(answer, 'body_malformed')
    expect(answer.string('detail')).not.toContain('TEA')
  })
  test.each<[string, string]>([
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '1'],
    ['no lines', '{}'],
    ['an empty list of lines', '{"lines":[]}'],
    ['too many lines', JSON.stringify({ lines: Array.from({ length: LINES_MAX + 1 }, () => line) })],
    ['a negative amount', JSON.stringify({ lines: [{ ...line, amount: -1 }] })],
    ['a fraction of a penny', JSON.stringify({ lines: [{ ...line, amount: 1.5 }] })],
    ['an amount as text', JSON.stringify({ lines: [{ ...line, amount: '100' }] })],
    ['an amount beyond safe integers', '{"lines":[{"sku":"TEA","amount":9007199254740993}]}'],
    ['an amount of 1e309', '{"lines":[{"sku":"TEA","amount":1e309}]}'],
    ['an amount above AMOUNT_MAX', JSON.stringify({ lines: [{ ...line, amount: 10_000_000_001 }] })],
    ['a quantity with four decimals', JSON.stringify({ lines: [{ ...line, quantity: 0.0001 }] })],
    ['a negative quantity', JSON.stringify({ lines: [{ ...line, quantity: -1 }] })],
    ['an empty sku', JSON.stringify({ lines: [{ ...line, sku: '' }] })],
    ['a sku of 65 characters', JSON.stringify({ lines: [{ ...line, sku: 'x'.repeat(65) }] })],
    ['half a surrogate pair', '{"lines":[{"sku":"\\ud800","amount":1}]}'],
    ['a member as a number', JSON.stringify({ ...ONE_SALE, member: 25769803777 })],
    [
      'a member of an unknown kind',
      JSON.stringify({ ...ONE_SALE, member: { kind: 'passport', value: '1' } }),
    ],
    ['a time that is none', JSON.stringify({ ...ONE_SALE, occurred_at: 'yesterday' })],
    ['an unknown field', JSON.stringify({ ...ONE_SALE, balance: 1000 })],
    ['__proto__', '{"lines":[{"sku":"TEA","amount":1}],"__proto__":{"role":"admin"}}'],
    ['constructor', '{"lines":[{"sku":"TEA","amount":1}],"constructor":{"prototype":{}}}'],
    ['an unknown field in a line', JSON.stringify({ lines: [{ ...line, points: 1000 }] })],
    ['a deep nest', `{"lines":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('%s does not fit the schema', async (_, raw) => {
    const before = edge.node.ledger.head().seq
    const answer = await edge.ask('POST', '/v1/sales', { raw })
    expectProblem(answer, 'input_invalid')
    expect(edge.node.ledger.head().seq).toBe(before)
    expect((Object.prototype as { role?: unknown }).role).toBeUndefined()
  })
  test('every write refuses an unknown field and names it', async () => {
    for (const { method, path, operation } of await operations()) {
      if (operation.requestBody === undefined) continue
      const answer = await edge.ask(method, filled(path), { role: 'admin', body: { role_of_thief: 'x' } })
      expectProblem(answer, 'input_invalid')
      expect(answer.string('detail'), path).toContain('role_of_thief')
    }
  })
  test.each([
    '/v1/history?limit=0',
    '/v1/history?limit=501',
    '/v1/history?limit=ten',
    '/v1/history?limit=1e2',
    '/v1/history?limit=10&limit=20',
    '/v1/history?page=2',
    '/v1/history?before=-1',
    '/v1/members',
    '/v1/members?phone=1&email=2',
    '/v1/members?passport=1',
    '/v1/perks?member=me',
  ])('the query of %s', async (path) => expectProblem(await edge.get(path), 'input_invalid'))
  test.each<[string, RefusalCode]>([
    ['/v1/members/none', 'member_not_found'],
    ['/v1/members/1', 'member_not_found'],
    ['/v1/members/25769803776999', 'member_not_found'],
    ['/v1/receipts/x', 'fact_not_found'],
    ['/v1/receipts/25769899999', 'fact_not_found'],
    ['/v1/members?card=C-404', 'member_not_found'],
  ])('GET %s: %s', async (path, code) => expectProblem(await edge.get(path), code))
  test.each<[string, RefusalCode]>([
    ['/v1/redemptions/x/capture', 'redemption_not_found'],
    ['/v1/redemptions/25769899999/cancel', 'redemption_not_found'],
    ['/v1/vouchers/abc/use', 'voucher_not_found'],
    [`/v1/vouchers/${'x'.repeat(33)}/use`, 'voucher_not_found'],
  ])('POST %s: %s', async (path, code) => expectProblem(await edge.post(path, {}), code))
})

describe('K: keys over HTTP', () => {
  test('K-1: every write without a key is refused, also with an empty body', async () => {
    const keyed = (await operations()).filter(({ operation }) => isKeyed(operation))
    expect(keyed).toHaveLength(10)
    for (const { method, path } of keyed)
      expectProblem(await edge.ask(method, filled(path), { key: '', body: {} }), 'key_missing')
  })
  test.each(['x'.repeat(65), 'two words', 'ümlaut'])('K-1: the key "%.20s" is none', async (key) => {
    expectProblem(await edge.post('/v1/sales', { ...ONE_SALE, id: key }, { key: '' }), 'key_missing')
  })
  test('K-1: `id` in the body is the key; it must not differ from the header', async () => {
    const key = edge.key()
    const first = await edge.post('/v1/sales', { ...ONE_SALE, id: key }, { key: '' })
    expect(first.status).toBe(201)
    const again = await edge.post('/v1/sales', { ...ONE_SALE, id: key }, { key: '' })
    expect(again.text).toBe(first.text)
    expectProblem(await edge.post('/v1/sales', { ...ONE_SALE, id: 'a' }, { key: 'b' }), 'input_invalid')
  })
  test('K-2: same key and body: the stored answer byte for byte, its status, and the header', async () => {
    const key = edge.key()
    const first = await edge.post('/v1/sales', ONE_SALE, { key })
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const seq = edge.node.ledger.head().seq
    for (let time = 0; time < 3; time++) {
      const again = await edge.post('/v1/sales', ONE_SALE, { key })
      expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([
        201,
        first.text,
        'true',
      ])
    }
    expect(edge.node.ledger.head().seq).toBe(seq)
  })
  test('K-2: also after a restart', async () => {
    const key = edge.key()
    const first = await edge.post('/v1/sales', ONE_SALE, { key })
    await edge.restart()
    const again = await edge.post('/v1/sales', ONE_SALE, { key })
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.text,
      'true',
    ])
  })
  test('K-3: the same key with another body, other spacing or another path', async () => {
    const key = edge.key()
    await edge.post('/v1/sales', ONE_SALE, { key })
    expectProblem(
      await edge.post('/v1/sales', { lines: [{ sku: 'TEA', amount: 501 }] }, { key }),
      'key_reused',
    )
    const spaced = await edge.ask('POST', '/v1/sales', { key, raw: JSON.stringify(ONE_SALE, null, 1) })
    expectProblem(spaced, 'key_reused')
    expectProblem(
      await edge.post('/v1/checkins', { member: { kind: 'card', value: 'C-9' } }, { key }),
      'key_reused',
    )
  })
  test('K-3: a hundred at once with one key make one fact; the others get its answer or key_in_flight', async () => {
    const key = edge.key()
    const seq = edge.node.ledger.head().seq
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => edge.post('/v1/sales', ONE_SALE, { key })),
    )
    expect(edge.node.ledger.head().seq).toBe(seq + 1)
    const receipts = new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text))
    expect(receipts.size).toBe(1)
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 'key_in_flight')
  })
  test('K-4: a refusal does not use the key up', async () => {
    const key = edge.key()
    expectProblem(
      await edge.post('/v1/sales', { ...ONE_SALE, member: NOBODY_ENROLLED }, { key }),
      'member_not_found',
    )
    expect((await edge.post('/v1/sales', ONE_SALE, { key })).status).toBe(201)
  })
})

describe('H-5: what every answer carries', () => {
  test('an id, nosniff, no-store; ids never repeat', async () => {
    const answers = [
      await edge.post('/v1/sales', ONE_SALE),
      await edge.post('/v1/sales', {}),
      await edge.get('/v1/status'),
      await edge.get('/nothing'),
      await edge.get('/', { role: 'nobody' }),
      await edge.get('/metrics', { role: 'manager' }),
      await edge.ask('POST', '/v1/sales', { raw: 'x'.repeat(BODY_BYTES_MAX + 1) }),
    ]
    for (const { headers } of answers) {
      expect(headers.get('x-request-id')).toMatch(/^[\w-]+$/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
    }
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(answers.length)
  })
  test('the page allows nothing but itself and has no script in its text', async () => {
    const page = await edge.get('/', { role: 'nobody' })
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.text).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=|https?:/)
    const script = await edge.get('/page.js', { role: 'nobody' })
    expect(script.text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
  })
  test('no other origin may read an answer', async () => {
    const answer = await edge.get('/v1/status', { headers: { origin: 'http://evil.example' } })
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('answers fit the shapes that openapi.json promises', () => {
  async function expectShape(method: string, path: string, answer: Answer): Promise<void> {
    const row = (await operations()).find((known) => known.method === method && known.path === path)
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
  expect(headers.get('content-type')).toContain('text/plain')
  const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
  expect(value('tillstream_edge_facts_total')).toBe(edge.node.ledger.head().seq)
  expect(value('tillstream_edge_unsynced_facts')).toBe(edge.node.ledger.head().seq)
  expect(value('tillstream_edge_commits_total')).toBeGreaterThan(0)
  expect(text).toMatch(/tillstream_edge_http_requests_total\{route="POST \/v1\/sales",status="201"\} [1-9]/)
  expect(text).toMatch(/tillstream_edge_link_state\{state="connecting"\} 1/)
})

test('H-7: requests that do not wait for answers end the connection; each key still counts at most once', async () => {
  const keys = [edge.key(), edge.key(), edge.key()]
  const seq = edge.node.ledger.head().seq
  const text = JSON.stringify(ONE_SALE)
  const one = (key: string): string =>
    `POST /v1/sales HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.tokens.terminal}\r\nIdempotency-Key: ${key}\r\n` +
    `Content-Length: ${text.length}\r\n\r\n${text}`
  const socket = connect(edge.node.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  socket.write(keys.map(one).join(''))
  await closed
  for (const key of keys) expect((await edge.post('/v1/sales', ONE_SALE, { key })).status).toBe(201)
  expect(edge.node.ledger.head().seq).toBe(seq + keys.length)
})

test('a caller that hangs up leaves its sale recorded once, and the node serving', async () => {
  const key = edge.key()
  const seq = edge.node.ledger.head().seq
  const text = JSON.stringify(ONE_SALE)
  const socket = connect(edge.node.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    `POST /v1/sales HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.tokens.terminal}\r\nIdempotency-Key: ${key}\r\n` +
      `Content-Length: ${text.length}\r\n\r\n${text}`,
    () => socket.destroy(),
  )
  await until('the sale is recorded', () => edge.node.ledger.head().seq === seq + 1)
  const again = await edge.post('/v1/sales', ONE_SALE, { key })
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
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
