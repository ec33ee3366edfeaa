// The border of the local API over real sockets: what is served, who may call, how large a body may be, in which order a request is looked at,
// what every answer carries.
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BODY_BYTES_MAX } from '../../protocol/limits.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { NOBODY_ENROLLED, expectProblem, filled, isPublic, operations } from '../support/edge-api.ts'
import { EdgeUnderTest, ONE_SALE } from '../support/edge-under-test.ts'

let edge: EdgeUnderTest
beforeAll(async () => {
  edge = await EdgeUnderTest.start()
})
afterAll(() => edge.stop())

describe('H-1: one table', () => {
  test('every route of SPEC.md section H is in openapi.json, and no other', async () => {
    const served = (await operations(edge)).map(({ method, path }) => `${method} ${path}`).toSorted()
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
          'managers',
          'sessions',
        ].map((noun) => `POST /v1/${noun}`),
        'POST /v1/redemptions/{id}/capture',
        'POST /v1/redemptions/{id}/cancel',
        'POST /v1/vouchers/{code}/use',
        'DELETE /v1/terminals/{name}',
        'DELETE /v1/managers/{name}',
        'DELETE /v1/sessions',
        'POST /pegke/apiv1/',
        'POST /pegke/oauth/token',
        ...[
          '/',
          '/page.css',
          '/page.js',
          '/asyncapi.json',
          '/ca.crt',
          '/livez',
          '/metrics',
          '/openapi.json',
          '/pegke/apiv1/',
          '/pegke/realtime',
          '/readyz',
          '/v1/feed',
          '/v1/history',
          '/v1/managers',
          '/v1/members',
          '/v1/members/{id}',
          '/v1/perks',
          '/v1/receipts/{id}',
          '/v1/receipts/{id}/explanation',
          '/v1/status',
          '/v1/terminals',
          '/v1/today',
        ].map((path) => `GET ${path}`),
      ].toSorted(),
    )
  })
  test('the router serves exactly what openapi.json says: every other method of a path is refused with Allow', async () => {
    const all = await operations(edge)
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
    const all = await operations(edge)
    expect(
      all
        .filter(({ operation }) => isPublic(operation))
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(
      [
        '/',
        '/asyncapi.json',
        '/ca.crt',
        '/livez',
        '/openapi.json',
        '/page.css',
        '/page.js',
        '/pegke/apiv1/',
        '/pegke/apiv1/',
        '/pegke/oauth/token',
        '/pegke/realtime',
        '/readyz',
        '/v1/sessions',
      ].toSorted(),
    )
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
    for (const { method, path, operation } of await operations(edge)) {
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
    for (const { method, path, operation } of await operations(edge)) {
      // A GET with a body, which Pegke's clients send, is refused in the test of its calls: fetch sends none.
      if (operation.requestBody === undefined || method === 'GET') continue
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

describe('H-5, S21, S22: what every answer carries', () => {
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
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('set-cookie')).toBeNull()
      expect(headers.get('strict-transport-security')).toBeNull()
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
    expect(/document\.write|\beval\(|new Function/.test(script.text)).toBe(false)
  })
  test('no other origin may read an answer', async () => {
    const answer = await edge.get('/v1/status', { headers: { origin: 'http://evil.example' } })
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})
