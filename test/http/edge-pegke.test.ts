// A Pegke integration against a store's node, as its clients really call (PG): multipart on GET, phone_number, the key in a field, OAuth, retries, pages, and all
// of it without the internet. The contract's calls are compared with what is served, both ways.
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { PEGKE_CALLS } from '../../edge/http/pegke/calls.ts'
import { PEGKE_ACCESS_MS, PEGKE_PAGE_ROWS, FORM_BYTES_MAX } from '../../protocol/limits.ts'
import { isLoopback } from '../../edge/http/origins.ts'
import { realSystem } from '../../edge/system.ts'
import { writeCertificate } from '../../edge/tls/certificate-file.ts'
import { newTlsKey } from '../../edge/tls/certificate-keeper.ts'
import { ownNames } from '../../edge/tls/own-names.ts'
import { CloudCore } from '../support/cloud-core.ts'
import { expectProblem } from '../support/edge-api.ts'
import { Answer, EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

const PHONE = '+447700900123'

/** One of this machine's that is not its loopback. */
const OWN_ADDRESS = ownNames([]).find((name) => isIP(name) === 4 && !isLoopback(name))

let edge: EdgeUnderTest
let key: string
/** How far the node's monotonic clock is moved on. */
let ahead: number
beforeEach(async () => {
  ahead = 0
  edge = await EdgeUnderTest.start({
    system: { ...realSystem, monotonic: () => realSystem.monotonic() + ahead },
  })
  key = `terminal.${edge.tokens.terminal}`
  const made = await edge.post('/v1/members', {
    name: 'Ada King',
    identities: [{ kind: 'phone', value: PHONE }],
  })
  expect(made.status).toBe(201)
})
afterEach(() => edge.stop())

interface Sent {
  readonly method?: 'GET' | 'POST'
  readonly fields?: Readonly<Record<string, string>>
  readonly as?: 'multipart' | 'urlencoded' | 'json' | 'query'
  readonly authorization?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** By hand: a GET with a body is what fetch refuses and Pegke's clients send. */
function call(
  q: string,
  {
    method = 'POST',
    fields = {},
    as = 'multipart',
    authorization = `Bearer ${key}`,
    headers = {},
  }: Sent = {},
): Promise<Answer> {
  const [type, body] = bodyOf(as, fields)
  const query = new URLSearchParams({ q, ...(as === 'query' ? fields : {}) })
  return new Promise((resolve, reject) => {
    const sent = request(
      `${edge.url}/pegke/apiv1/?${query}`,
      {
        method,
        headers: {
          ...(body === '' ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
          ...(authorization === null ? {} : { authorization }),
          ...headers,
        },
      },
      (response) => {
        let text = ''
        response.on('data', (piece: Buffer) => (text += piece.toString()))
        response.on('end', () =>
          resolve(
            new Answer(
              response.statusCode ?? 0,
              new Headers(response.headers as Record<string, string>),
              text,
            ),
          ),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function bodyOf(
  as: NonNullable<Sent['as']>,
  fields: Readonly<Record<string, string>>,
): [type: string, body: string] {
  if (as === 'query') return ['', '']
  if (as === 'json') return ['application/json', JSON.stringify(fields)]
  if (as === 'urlencoded')
    return ['application/x-www-form-urlencoded', new URLSearchParams(fields).toString()]
  const parts = Object.entries(fields).map(
    ([name, value]) => `--XyZ\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return ['multipart/form-data; boundary=XyZ', `${parts.join('')}--XyZ--\r\n`]
}

const balance = async (): Promise<unknown> =>
  (await call('check_points', { method: 'GET', fields: { phone: PHONE } })).value('points')

test('the contract’s calls are served, and what is served beyond them is of its web API', () => {
  const contract = new URL('../../../shared/contracts/pegke.json', import.meta.url)
  const known = [
    'authenticate',
    'check_history',
    'check_points',
    'give_points',
    'my_offers',
    'search_user',
    'store_history',
    'validate_redeem',
  ]
  expect(Object.keys(PEGKE_CALLS).toSorted()).toEqual(known)
  if (!existsSync(contract)) return
  const { merchant_api } = JSON.parse(readFileSync(contract, 'utf8')) as {
    merchant_api: { calls: { q: string }[] }
  }
  for (const { q } of merchant_api.calls) expect(known).toContain(q)
})

describe('PG-1 PG-2: who is heard', () => {
  test('PG-1: a merchant key, an access token, or the key in a field; nobody else, and nothing is done', async () => {
    const fields = { phone: PHONE, points: '5' }
    expectProblem(await call('give_points', { fields, authorization: null }), 'token_missing')
    for (const wrong of [
      'terminal.wrong',
      `other.${edge.tokens.terminal}`,
      edge.tokens.terminal,
      '.',
      'a.b.c',
    ])
      expectProblem(await call('give_points', { fields, authorization: `Bearer ${wrong}` }), 'token_unknown')
    expectProblem(
      await call('give_points', { fields, authorization: `Bearer manager.${edge.tokens.manager}` }),
      'role_insufficient',
    )
    expect(await balance()).toBe(50)
    const by = await call('authenticate', { fields: { key }, authorization: null, as: 'json' })
    expect(by.json).toEqual({
      username: 'terminal',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
    })
  })

  test('PG-1: a key that was taken back is refused at once', async () => {
    expect((await call('my_offers', { method: 'GET' })).status).toBe(200)
    await edge.ask('DELETE', '/v1/terminals/terminal', { role: 'admin' })
    expectProblem(await call('my_offers', { method: 'GET' }), 'token_unknown')
  })

  test('PG-2: loopback alone is heard without TLS', async () => {
    expect(isLoopback('127.0.0.1')).toBe(true)
    expect(isLoopback('0000:0000:0000:0000:0000:0000:0000:0001')).toBe(true)
    for (const other of ['192.168.1.4', '10.0.0.1', '::ffff:10.0.0.1', '1270.0.0.1'])
      expect(isLoopback(other)).toBe(false)
  })

  test.skipIf(OWN_ADDRESS === undefined)('PG-2 TLS-5: from another address only over TLS', async () => {
    const tls = newTlsKey(ownNames([]))
    const core = new CloudCore(edge.directory, { now: () => Date.now() })
    await core.found(null)
    const certified = await core.certifier.certify(core.tenant, 7, tls.request)
    await core.store.close()
    if (!certified.ok) throw new Error(certified.refusal.detail)
    writeCertificate(edge.directory, tls.privateKey, certified.value)
    await edge.restart({ host: '0.0.0.0', tls: { host: '0.0.0.0', port: 0 } })
    const path = `/pegke/apiv1/?q=my_offers`
    const headers = { authorization: `Bearer ${key}` }
    const plain = await fetch(`http://${OWN_ADDRESS}:${edge.node.port}${path}`, { headers })
    expectProblem(new Answer(plain.status, plain.headers, await plain.text()), 'tls_required')
    const status = await new Promise((resolve, reject) => {
      const options = { host: OWN_ADDRESS, port: edge.node.tlsPort, path, headers, ca: certified.value.ca }
      requestTls(options, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
  })

  test('S19 S18: under a strange name, or for another site’s page, nothing is served', async () => {
    expectProblem(await call('my_offers', { headers: { host: 'evil.example' } }), 'host_unknown')
    expectProblem(await call('my_offers', { headers: { origin: 'https://evil.example' } }), 'origin_refused')
  })
})

describe('PG-9: OAuth', () => {
  const token = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
    fetch(`${edge.url}/pegke/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
    }).then(async (response) => new Answer(response.status, response.headers, await response.text()))

  test('PG-9: a client’s secret for tokens, refresh once, and both end', async () => {
    const client = { client_id: 'terminal', client_secret: edge.tokens.terminal }
    const first = await token({ grant_type: 'client_credentials', ...client })
    expect(first.json).toMatchObject({ token_type: 'Bearer', expires_in: PEGKE_ACCESS_MS / 1000 })
    const access = (answer: Answer): string => `Bearer ${answer.string('access_token')}`
    expect((await call('my_offers', { authorization: access(first) })).status).toBe(200)
    // It opens nothing else.
    expectProblem(await edge.get('/v1/status', { token: first.string('access_token') }), 'token_unknown')
    const refresh = { grant_type: 'refresh_token', refresh_token: first.string('refresh_token') }
    const second = await token(refresh)
    expect((await call('my_offers', { authorization: access(second) })).status).toBe(200)
    expect((await token(refresh)).json).toEqual({ error: 'invalid_grant' })
    ahead = PEGKE_ACCESS_MS + 1
    expectProblem(await call('my_offers', { authorization: access(second) }), 'token_unknown')
    ahead = 0
    await edge.ask('DELETE', '/v1/terminals/terminal', { role: 'admin' })
    expectProblem(await call('my_offers', { authorization: access(second) }), 'token_unknown')
    expect(
      (await token({ grant_type: 'refresh_token', refresh_token: second.string('refresh_token') })).status,
    ).toBe(400)
  })

  test('PG-8 PG-9: Basic is taken too; what is wrong is said in OAuth’s words', async () => {
    const basic = (id: string, secret: string) => ({
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    })
    const grant = { grant_type: 'client_credentials' }
    expect((await token(grant, basic('terminal', edge.tokens.terminal))).status).toBe(200)
    const wrong = await token(grant, basic('terminal', 'wrong'))
    expect([wrong.status, wrong.json]).toEqual([401, { error: 'invalid_client' }])
    expect((await token({ grant_type: 'password' })).json).toEqual({ error: 'unsupported_grant_type' })
    expect((await token({})).json).toEqual({ error: 'invalid_request' })
  })
})

describe('PG-3: however a call is sent', () => {
  test.each(['multipart', 'urlencoded', 'json', 'query'] as const)(
    'PG-3: fields as %s, by GET and by POST',
    async (as) => {
      for (const method of ['GET', 'POST'] as const) {
        const answer = await call('check_points', { method, as, fields: { phone_number: PHONE, lang: 'en' } })
        expect(answer.json).toEqual({
          phone: PHONE,
          name: 'Ada King',
          points: 50,
          lifetime_points: 50,
          level: 'Bronze',
          status: 'provisional',
        })
      }
    },
  )

  test('PG-3: a body goes before the query; what is no form, too much or no call is refused', async () => {
    const other = await call('check_points', { fields: { phone: PHONE, q: 'my_offers' } })
    expect(other.list('offers')).toHaveLength(2)
    expectProblem(await call('check_points', { fields: { phone: 'x'.repeat(1_001) } }), 'input_invalid')
    expectProblem(
      await call('check_points', { fields: { phone: 'x'.repeat(FORM_BYTES_MAX) } }),
      'body_too_large',
    )
    expectProblem(
      await call('check_points', {
        fields: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`f${n}`, ''])),
      }),
      'input_invalid',
    )
    expectProblem(await call('steal_points'), 'route_unknown')
    expectProblem(await call('check_points', { fields: { ['__proto__ x']: '1' } }), 'input_invalid')
    expectProblem(await call('check_points', { as: 'json', fields: [] as never }), 'body_malformed')
  })
})

describe('PG-4 PG-5: giving points', () => {
  test('PG-4: to who has the number, without the internet', async () => {
    const given = await call('give_points', { fields: { phone: PHONE, points: '20' } })
    expect(given.json).toMatchObject({
      success: true,
      phone: PHONE,
      points_given: 20,
      points: 70,
      status: 'provisional',
    })
    expect(await balance()).toBe(70)
    expectProblem(await call('give_points', { fields: { phone: '+4400', points: '20' } }), 'member_not_found')
    for (const points of ['0', '-5', '1.5', 'many', ''])
      expectProblem(await call('give_points', { fields: { phone: PHONE, points } }), 'input_invalid')
    expectProblem(
      await call('give_points', { method: 'GET', fields: { phone: PHONE, points: '20' } }),
      'method_unknown',
    )
    expect((await call('give_points', { fields: { phone: PHONE, points: '3.0' } })).value('points')).toBe(73)
  })

  test('PG-5: with a reference once, however often it is sent; without one each call counts', async () => {
    const fields = { phone: PHONE, points: '20', reference: 'till-9-0001' }
    const first = await call('give_points', { fields })
    expect((await call('give_points', { fields })).text).toBe(first.text)
    expectProblem(await call('give_points', { fields: { ...fields, points: '21' } }), 'key_reused')
    const plain = { phone: PHONE, points: '20' }
    await call('give_points', { fields: plain, headers: { 'idempotency-key': 'k1' } })
    await call('give_points', { fields: plain, headers: { 'idempotency-key': 'k1' } })
    expect(await balance()).toBe(90)
    await call('give_points', { fields: plain })
    await call('give_points', { fields: plain })
    expect(await balance()).toBe(130)
  })
})

describe('PG-6: redeems', () => {
  /** A voucher that the sale of a member who reaches Silver brings. */
  async function voucher(): Promise<string> {
    const member = { kind: 'phone', value: PHONE }
    const sold = await edge.post('/v1/sales', { member, lines: [{ sku: 'TEA', amount: 45_000 }] })
    const [issued] = sold.list('vouchers') as { code: string }[]
    if (issued === undefined) throw new Error(sold.text)
    return issued.code
  }

  test('PG-6: checked by its member, used once and offline, and then no more', async () => {
    const code = await voucher()
    const fields = { code, phone: PHONE }
    for (const sent of [{ method: 'GET', fields }, { fields: { ...fields, use: '0' } }] as const)
      expect((await call('validate_redeem', sent)).json).toEqual({
        valid: true,
        used: false,
        code,
        title: 'Gift',
        status: 'unused',
      })
    const used = await call('validate_redeem', { fields: { code: code.toLowerCase() } })
    expect(used.json).toEqual({ valid: true, used: true, code, title: 'Gift', status: 'provisional' })
    const again = await call('validate_redeem', { fields: { code } })
    expect(again.json).toMatchObject({ valid: false, used: false, code })
    expect((await call('validate_redeem', { method: 'GET', fields })).value('valid')).toBe(false)
  })

  test('PG-6: a code nobody has, one without its member, and none', async () => {
    expect(
      (await call('validate_redeem', { method: 'GET', fields: { code: 'NOSUCHCODE', phone: PHONE } })).json,
    ).toMatchObject({ valid: false, status: 'voucher_not_found' })
    expectProblem(
      await call('validate_redeem', { method: 'GET', fields: { code: 'NOSUCHCODE' } }),
      'input_invalid',
    )
    expectProblem(await call('validate_redeem', { fields: { code: '' } }), 'input_invalid')
  })
})

describe('PG-7: finding and histories', () => {
  test('users by phone, and an empty list where there is none', async () => {
    expect((await call('search_user', { method: 'GET', fields: { phone: PHONE } })).json).toEqual({
      users: [{ phone: PHONE, email: null, name: 'Ada King', points: 50, level: 'Bronze' }],
    })
    expect((await call('search_user', { fields: { email: 'no@example.com' } })).json).toEqual({ users: [] })
    expectProblem(await call('search_user', { fields: { name: 'Ada' } }), 'input_invalid')
  })

  test('PG-7 PG-8: a customer’s and the store’s records, by pages, newest first', async () => {
    for (let n = 0; n < PEGKE_PAGE_ROWS + 2; n += 1)
      await call('give_points', { fields: { phone: PHONE, points: '1' } })
    await edge.post('/v1/sales', ONE_SALE)
    const first = await call('check_history', { fields: { phone: PHONE } })
    expect(first.json).toMatchObject({
      customer: { phone: PHONE, name: 'Ada King', points: 72 },
      page: 1,
      next_page: 2,
    })
    const second = await call('check_history', { fields: { phone: PHONE, page: '2' } })
    const rows = [...first.list('history'), ...second.list('history')] as { type: string; date: string }[]
    expect(rows.map(({ type }) => type)).toEqual([
      ...Array.from({ length: PEGKE_PAGE_ROWS + 2 }, () => 'grant'),
      'enrolment',
    ])
    expect(rows[0]?.date).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    expect(second.value('next_page')).toBeNull()
    const store = await call('store_history', { method: 'GET' })
    expect(store.list('history')[0]).toMatchObject({ type: 'sale', phone: null, amount: 500 })
    expect(store.list('history')[1]).toMatchObject({ type: 'grant', phone: PHONE, points: 1 })
    expect((await call('store_history', { fields: { page: '9' } })).json).toEqual({
      page: 9,
      next_page: null,
      history: [],
    })
    for (const page of ['0', '51', 'x'])
      expectProblem(await call('store_history', { fields: { page } }), 'input_invalid')
  })

  test('PG-1: the store’s activity streams under Pegke’s address to the merchant key', async () => {
    const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/pegke/realtime`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const kinds: string[] = []
    socket.on('message', (data: Buffer) => {
      const { activities = [] } = JSON.parse(data.toString()) as { activities?: { kind: string }[] }
      kinds.push(...activities.map(({ kind }) => kind))
    })
    await call('give_points', { fields: { phone: PHONE, points: '5' } })
    await until('the gift is told', () => kinds.includes('grant'))
    socket.terminate()
  })
})
