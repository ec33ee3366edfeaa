// The border of the HQ API over a real socket: who may call, in what order a request is checked, what refusals look like, and that what is
// served is what is described.
import { request } from 'node:http'
import { connect } from 'node:net'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BODY_BYTES_MAX, HTTP_HEADER_BYTES_MAX } from '../../protocol/limits.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import { openApiPath } from '../../cloud/http/openapi.ts'
import { ROUTES } from '../../cloud/http/routes/routes.ts'
import { startCloud } from '../../cloud/node.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'

let cloud: CloudUnderTest

beforeAll(async () => {
  cloud = await CloudUnderTest.start()
})
afterAll(() => cloud.stop())

function expectProblem(answer: Answer, code: keyof typeof REFUSALS): void {
  const rule = REFUSALS[code]
  expect(answer.json).toMatchObject({
    type: `urn:tillstream:refusal:${code}`,
    title: rule.title,
    status: rule.status,
    code,
    retryable: rule.retry === 'later',
    request_id: answer.headers.get('x-request-id'),
  })
  expect(answer.status).toBe(rule.status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.text).not.toMatch(/node_modules|at .*\.ts/)
}

const filled = (path: string): string => path.replaceAll(/:[a-z_]+/g, '1')

describe('the table', () => {
  test('Q-1 what is served is what /openapi.json describes', async () => {
    const { json } = await cloud.ask('/openapi.json', { token: null })
    const described = Object.entries(pick(json, 'paths') as Record<string, object>).flatMap(
      ([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.toSorted()).toEqual(
      ROUTES.map(({ method, path }) => `${method} ${openApiPath(path)}`).toSorted(),
    )
    expect(pick(json, 'openapi')).toBe('3.1.0')
    for (const { method, path } of ROUTES) {
      const answer = await cloud.ask(filled(path), { method, token: null })
      // The refusals of the border itself: nothing, or not this method, at this address.
      expect([404, 405]).not.toContain(answer.status)
    }
  })

  test('S05 without a token exactly the public routes answer', async () => {
    for (const { method, path, needs } of ROUTES) {
      const answer = await cloud.ask(filled(path), { method, token: null })
      if (needs !== 'public') expectProblem(answer, 'token_missing')
      else expect(answer.status).not.toBe(401)
    }
    expect(ROUTES.filter(({ needs }) => needs === 'public').map(({ path }) => path)).toEqual([
      '/v1/enrol',
      '/livez',
      '/readyz',
      '/v1/sync',
      '/ca.crt',
      '/',
      '/overview.js',
      '/overview.css',
      '/openapi.json',
      '/asyncapi.json',
    ])
  })

  test('every route that needs a token refuses a wrong one', async () => {
    for (const { method, path, needs } of ROUTES) {
      if (needs === 'public') continue
      expectProblem(await cloud.ask(filled(path), { method, token: 'A'.repeat(43) }), 'token_unknown')
    }
  })

  test('Q-1 Q-14 /openapi.json names every parameter, body and refusal', async () => {
    const { json } = await cloud.ask('/openapi.json')
    const adjust = pick(json, 'paths', '/v1/members/{id}/adjustments', 'post')
    expect((pick(adjust, 'parameters') as { name: string }[]).map(({ name }) => name)).toEqual([
      'id',
      'Idempotency-Key',
    ])
    expect(Object.keys(pick(adjust, 'responses') as object).toSorted()).toEqual([
      '201',
      '400',
      '401',
      '403',
      '404',
      '413',
      '421',
      '422',
      '500',
      '503',
      '507',
    ])
    // What stores call is served under any name.
    expect(pick(json, 'paths', '/v1/enrol', 'post', 'responses')).not.toHaveProperty('421')
    const published = pick(
      json,
      'paths',
      '/v1/programs',
      'post',
      'requestBody',
      'content',
      'application/json',
      'schema',
    )
    expect(pick(published, 'properties', 'document', 'properties', 'earn_perks')).toBeDefined()
  })
})

describe('the token', () => {
  test('it is 256 random bits in a file of mode 600', () => {
    const path = join(cloud.directory, 'hq.token')
    expect(readFileSync(path, 'utf8').trim()).toBe(cloud.node.token)
    expect(cloud.node.token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('it stays over restarts, and so do the signing key and the tenant', async () => {
    const own = await CloudUnderTest.start()
    const store = await own.addStore('Camden')
    const { token } = own.node
    await own.node.stop()
    const again = await startCloud({
      directory: own.directory,
      port: 0,
      host: '127.0.0.1',
      logLevel: 'silent',
    })
    try {
      expect(again.token).toBe(token)
      const url = `http://127.0.0.1:${again.port}/v1/stores`
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      expect(pick(await answer.json(), 'items', 0)).toEqual({ id: store, name: 'Camden', zone: 'UTC' })
      expect(await again.store.read.tenants()).toHaveLength(1)
    } finally {
      await again.stop()
      await own.stop()
    }
  })

  test('it is taken from the query only where the client cannot send a header', async () => {
    expectProblem(await cloud.ask(`/v1/stores?token=${cloud.node.token}`, { token: null }), 'token_missing')
  })
})

describe('the order of checks', () => {
  const store = { name: 'x', zone: 'UTC' }

  test('Q-2 size, token, JSON, key, schema, domain: the first that fails is answered', async () => {
    const large = 'x'.repeat(BODY_BYTES_MAX + 1)
    const adjust = '/v1/members/8589934593/adjustments'
    const fine = { points: 1, reason: 'r', by: 'b' }
    expectProblem(await cloud.ask(adjust, { raw: large, token: null }), 'body_too_large')
    expectProblem(await cloud.ask(adjust, { raw: '{', token: null }), 'token_missing')
    expectProblem(await cloud.ask(adjust, { raw: '{' }), 'body_malformed')
    expectProblem(await cloud.post(adjust, { points: 'no' }), 'key_missing')
    expectProblem(await cloud.post(adjust, { points: 'no' }, { key: 'k' }), 'input_invalid')
    expectProblem(await cloud.post(adjust, fine, { key: 'k' }), 'member_not_found')
  })

  test('Q-2 unknown fields are refused and named', async () => {
    for (const name of ['balance', 'role', 'tenant', 'constructor']) {
      const answer = await cloud.post('/v1/stores', { ...store, [name]: 1 })
      expectProblem(answer, 'input_invalid')
      expect(pick(answer.json, 'detail')).toContain(name)
    }
    expectProblem(
      await cloud.ask('/v1/stores', { raw: '{"name":"x","zone":"UTC","__proto__":{"a":1}}' }),
      'input_invalid',
    )
    expect(await cloud.node.store.read.stores(1)).toHaveLength(0)
  })

  test.each([
    ['/v1/facts?limit=0', 'limit'],
    ['/v1/facts?limit=501', 'limit'],
    ['/v1/facts?limit=ten', 'limit'],
    ['/v1/facts?limit=1e1', 'limit'],
    ['/v1/facts?after=-1', 'after'],
    ['/v1/facts?kind=theft', 'kind'],
    ['/v1/facts?strore=1', 'strore'],
    ['/v1/facts?limit=1&limit=2', 'limit'],
    ['/v1/members?phone=', 'phone'],
  ])('a query that cannot be meant is refused: %s', async (path, param) => {
    const answer = await cloud.ask(path)
    expectProblem(answer, 'input_invalid')
    expect(pick(answer.json, 'param')).toBe(param)
  })

  test.each([['[]'], ['null'], ['"x"'], ['1'], ['{}']])(
    'a body that is no such object is refused: %s',
    async (raw) => {
      expectProblem(await cloud.ask('/v1/stores', { raw }), 'input_invalid')
    },
  )

  test.each([[''], ['{'], ['{"a":1}x'], ["{'a':1}"], ['NaN']])(
    'a body that is no JSON is refused: %s',
    async (raw) => {
      expectProblem(await cloud.ask('/v1/stores', { method: 'POST', raw }), 'body_malformed')
    },
  )

  test('a body that is not UTF-8 is refused', async () => {
    expectProblem(
      await cloud.ask('/v1/stores', { raw: Uint8Array.from([0x22, 0xff, 0xfe, 0x22]) }),
      'body_malformed',
    )
  })

  test('a route that takes no body takes an empty one or {}, and no other', async () => {
    const path = '/v1/stores/77/codes'
    expectProblem(await cloud.ask(path, { method: 'POST' }), 'store_not_found')
    expectProblem(await cloud.post(path, {}), 'store_not_found')
    expectProblem(await cloud.post(path, { x: 1 }), 'input_invalid')
  })

  test('addresses and methods that are not there are told apart', async () => {
    expectProblem(await cloud.ask('/v1/nothing'), 'route_unknown')
    expectProblem(await cloud.ask('/v1/stores/1'), 'route_unknown')
    const answer = await cloud.ask('/v1/stores', { method: 'DELETE' })
    expectProblem(answer, 'method_unknown')
    expect(answer.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'POST'])
  })
})

describe('sizes and waits', () => {
  /** Sends a body without a length, piece by piece, until the answer is there. */
  function pour(path: string, token: string | null): Promise<{ status: number; sent: number }> {
    return new Promise((resolve, reject) => {
      const headers = {
        'transfer-encoding': 'chunked',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      }
      let sent = 0
      let done = false
      const call = request(cloud.url + path, { method: 'POST', headers }, (response) => {
        done = true
        response.resume()
        resolve({ status: response.statusCode ?? 0, sent })
        call.destroy()
      })
      call.on('error', (cause) => {
        if (!done) reject(cause)
      })
      const piece = Buffer.alloc(64 * 1024, 0x20)
      const more = (): void => {
        if (done) return
        sent += piece.length
        if (call.write(piece)) setImmediate(more)
        else call.once('drain', more)
      }
      more()
    })
  }

  test('Q-2 a body without a length is cut at the cap and not read to its end', async () => {
    const { status, sent } = await pour('/v1/stores', cloud.node.token)
    expect(status).toBe(413)
    expect(sent).toBeLessThan(16 * BODY_BYTES_MAX)
  })

  test('Q-2 without a token such a body is not collected at all', async () => {
    expect(await pour('/v1/stores', null)).toMatchObject({ status: 401 })
  })

  test('Q-2 a declared length above the cap is answered before the body comes', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = {
        'content-length': String(1024 * 1024 * 1024),
        authorization: `Bearer ${cloud.node.token}`,
      }
      const call = request(`${cloud.url}/v1/stores`, { method: 'POST', headers }, (response) => {
        resolve(response.statusCode ?? 0)
        call.destroy()
      })
      call.on('error', reject)
      call.flushHeaders()
    })
    expect(status).toBe(413)
  })

  test('a body at the cap is read', async () => {
    const name = 'n'.repeat(BODY_BYTES_MAX - 30)
    const raw = JSON.stringify({ name, zone: 'UTC' })
    expect(raw.length).toBeLessThanOrEqual(BODY_BYTES_MAX)
    expectProblem(await cloud.ask('/v1/stores', { raw }), 'input_invalid')
  })

  test('headers above the cap are refused', async () => {
    const answer = await cloud.ask('/livez', { headers: { 'x-large': 'y'.repeat(HTTP_HEADER_BYTES_MAX) } })
    expect(answer.status).toBe(431)
  })

  test('S27 two lengths, or a length and chunks, are no request', async () => {
    const raw = (headers: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(cloud.node.port, '127.0.0.1')
        let text = ''
        socket.on('data', (data) => (text += data.toString('latin1')))
        socket.on('error', reject)
        socket.on('close', () => resolve(text))
        socket.write(`POST /v1/enrol HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`)
      })
    expect(await raw('Content-Length: 2\r\nContent-Length: 3')).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw('Content-Length: 2\r\nTransfer-Encoding: chunked')).toMatch(/^HTTP\/1\.1 400/)
  })
})

describe('every answer', () => {
  test('Q-5 carries its id, and a caller may bring one that is harmless', async () => {
    const own = await cloud.ask('/livez', { headers: { 'x-request-id': 'till-7:42' } })
    expect(own.headers.get('x-request-id')).toBe('till-7:42')
    const made = await cloud.ask('/livez', { headers: { 'x-request-id': 'a b"c' } })
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('Q-5 carries the security headers, refusals too', async () => {
    for (const path of ['/livez', '/v1/stores', '/nothing', '/']) {
      const { headers } = await cloud.ask(path, { token: null })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    const refused = await cloud.ask('/v1/stores', { token: null })
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('a client that offers HTTP/2 is answered in HTTP/1.1', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAMAAABkAAQAAP__',
      }
      const call = request(`${cloud.url}/livez`, { headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      call.on('error', reject)
      call.end()
    })
    expect(status).toBe(200)
  })
})

describe('the node', () => {
  test('health is public, figures need the token', async () => {
    expect((await cloud.ask('/livez', { token: null })).json).toEqual({ status: 'live' })
    expect((await cloud.ask('/readyz', { token: null })).json).toEqual({ status: 'ready' })
    const { text } = await cloud.ask('/metrics')
    for (const name of [
      'tillstream_edges_connected 0',
      'tillstream_feed_readers 0',
      'tillstream_ingest_groups_total',
      'process_resident_memory_bytes',
    ])
      expect(text).toContain(name)
    expect(text).toContain('tillstream_http_request_seconds_count{method="GET",route="/livez",status="200"}')
    expect(text).not.toContain('/v1/members/1"')
  })

  test('S43 a route that breaks answers `fault` without a word of what broke', async () => {
    const own = await CloudUnderTest.start()
    await own.node.store.close()
    const answer = await own.ask('/v1/stores')
    expectProblem(answer, 'fault')
    expect(answer.text).not.toMatch(/sqlite|database|not open/i)
    // So does everything that answers, in the words of its API, and the node goes on.
    const paths = new Set(
      own.node.served
        .filter((line) => !line.startsWith('UPGRADE '))
        .map((line) =>
          line
            .slice(line.indexOf(' ') + 1)
            .replaceAll(/:[a-z_]+/g, '1')
            .replace('*', 'perks/'),
        ),
    )
    const answers = await Promise.all(
      [...paths].map(async (path) => ({ path, ...(await own.ask(path, { token: 'A'.repeat(43) })) })),
    )
    const told = answers.filter(({ text }) => /sqlite|database|not open|node_modules|at .*\.ts/i.test(text))
    expect(told.map(({ path }) => path)).toEqual([])
    const broken = answers.filter(({ status }) => status === 500).map(({ path }) => path)
    expect(broken).toEqual(expect.arrayContaining(['/v1/stores', '/v1/members/1', '/perkville/v2/perks/']))
    expect((await own.ask('/livez', { token: null })).status).toBe(200)
    await own.node.stop().catch(() => undefined)
  })
})
