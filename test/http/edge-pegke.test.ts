// What of Pegke's API is a store's own (PG): who is heard from where, tokens that end, pages, the live feed. How calls are sent and answered, at HQ as in a
// store, stands in the cases of test/conformance.
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import { networkInterfaces } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { StoreClient } from '../../protocol/frames/clients.ts'
import type { Millis } from '../../protocol/time.ts'
import { PEGKE_ACCESS_MS, PEGKE_PAGE_ROWS, PEGKE_USERS_MAX } from '../../protocol/limits.ts'
import { isLoopback } from '../../edge/http/origins.ts'
import { realSystem } from '../../edge/system.ts'
import { writeCertificate } from '../../edge/tls/certificate-file.ts'
import { newTlsKey } from '../../edge/tls/certificate-keeper.ts'
import { ownNames } from '../../edge/tls/own-names.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import { CloudCore } from '../support/cloud-core.ts'
import { expectProblem } from '../support/edge-api.ts'
import { Answer, EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

const PHONE = '+447700900123'

const SECRET = 'the-secret-of-this-merchant'
const CLIENT: StoreClient = {
  dialect: 'pegke',
  key: 'shop1',
  name: 'Till software',
  secret_hash: createHash('sha256').update(SECRET).digest(),
  created: Date.UTC(2013, 0, 1, 15, 30, 27) as Millis,
}
const key = `${CLIENT.key}.${SECRET}`

/** One of this machine's that is not its loopback. */
const OWN_ADDRESS = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

let edge: EdgeUnderTest
/** How far the node's monotonic clock is moved on. */
let ahead: number
beforeEach(async () => {
  ahead = 0
  edge = await EdgeUnderTest.start({
    system: { ...realSystem, monotonic: () => realSystem.monotonic() + ahead },
  })
  edge.node.till.takeClients({ type: 'clients', clients: [CLIENT] })
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
  readonly authorization?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** By hand: `host` is what fetch sets itself. */
function call(
  q: string,
  { method = 'POST', fields = {}, authorization = `Bearer ${key}`, headers = {} }: Sent = {},
): Promise<Answer> {
  const query = new URLSearchParams({ q, ...fields })
  return new Promise((resolve, reject) => {
    const sent = request(
      `${edge.url}/pegke/apiv1/?${query}`,
      { method, headers: { authorization, ...headers } },
      (response) => {
        let text = ''
        response.on('data', (piece: Buffer) => (text += piece.toString()))
        response.on('end', () => {
          const { statusCode = 0, headers: got } = response
          resolve(new Answer(statusCode, new Headers(got as Record<string, string>), text))
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

test('PG-13: a name finds PEGKE_USERS_MAX users at most', async () => {
  const found = async (): Promise<unknown[]> => {
    const { json } = await call('search_user', { fields: { name: 'zoe' } })
    return (json as { users: unknown[] }).users
  }
  const joins = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, (_, n) => {
        const identities = [{ kind: 'card', value: `zoe-${count}-${n}` }]
        return edge.post('/v1/members', { name: `Zoe ${n}`, identities })
      }),
    )
  await joins(PEGKE_USERS_MAX)
  expect(await found()).toHaveLength(PEGKE_USERS_MAX)
  await joins(1)
  expect(await found()).toHaveLength(PEGKE_USERS_MAX)
})

describe('PG-1 PG-2: who is heard', () => {
  test('PG-1: a key that was taken back is refused at once', async () => {
    expect((await call('my_offers', { method: 'GET' })).status).toBe(200)
    expectProblem(await edge.get('/v1/status', { token: key }), 'token_unknown')
    edge.node.till.takeClients({ type: 'clients', clients: [] })
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
    const feed = await fetch(`http://${OWN_ADDRESS}:${edge.node.port}/pegke/realtime`, { headers })
    expectProblem(new Answer(feed.status, feed.headers, await feed.text()), 'tls_required')
    const status = await new Promise((resolve, reject) => {
      const options = {
        host: OWN_ADDRESS,
        servername: 'localhost',
        port: edge.node.tlsPort,
        path,
        headers,
        ca: certified.value.ca,
      }
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
    const client = { client_id: CLIENT.key, client_secret: SECRET }
    const first = await token({ grant_type: 'client_credentials', ...client })
    expect(first.json).toMatchObject({ token_type: 'Bearer', expires_in: PEGKE_ACCESS_MS / 1000 })
    const access = (answer: Answer): string => `Bearer ${answer.string('access_token')}`
    expect((await call('my_offers', { authorization: access(first) })).status).toBe(200)
    // It opens nothing else.
    expectProblem(await edge.get('/v1/status', { token: first.string('access_token') }), 'token_unknown')
    const refresh = { grant_type: 'refresh_token', refresh_token: first.string('refresh_token') }
    const second = await token(refresh)
    expect((await call('my_offers', { authorization: access(second) })).status).toBe(200)
    expect((await token(refresh)).json).toMatchObject({ error: 'invalid_grant' })
    ahead = PEGKE_ACCESS_MS + 1
    expectProblem(await call('my_offers', { authorization: access(second) }), 'token_unknown')
    ahead = 0
    const renewed = { ...CLIENT, secret_hash: createHash('sha256').update('new').digest() }
    edge.node.till.takeClients({ type: 'clients', clients: [renewed] })
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
    expect((await token(grant, basic(CLIENT.key, SECRET))).status).toBe(200)
    const wrong = await token(grant, basic(CLIENT.key, 'wrong'))
    expect([wrong.status, wrong.json]).toMatchObject([401, { error: 'invalid_client' }])
    expect((await token({ grant_type: 'password' })).json).toMatchObject({ error: 'unsupported_grant_type' })
    expect((await token({})).json).toMatchObject({ error: 'invalid_request' })
  })
})

describe('PG-7: finding and histories', () => {
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

  test('PG-16: what the store and the cloud settle about leases is in nobody’s history', async () => {
    const member = (await edge.get(`/v1/members?phone=${encodeURIComponent(PHONE)}`)).value('id')
    edge.node.till.takeLeases({
      type: 'leases',
      cursor: 1,
      leases: [
        {
          lease: 1,
          subject: 'points',
          member: Number(member) as MemberId,
          item: 0,
          code: null,
          granted: 10,
          used: 0,
          cap: 10 as Points,
          expires: (Date.now() + 60_000) as Millis,
          recall: 1,
        },
      ],
    })
    const kinds = async () =>
      (await edge.get('/v1/history')).list('facts').map((fact) => (fact as { kind: string }).kind)
    await until('the lease was given back', async () => (await kinds()).includes('lease'))
    await edge.post('/v1/sales', ONE_SALE)
    expect(await kinds()).toEqual(['sale', 'lease', 'enrolment'])
    for (const [q, types] of [
      ['store_history', ['sale', 'enrolment']],
      ['check_history', ['enrolment']],
    ] as const) {
      const { json } = await call(q, { fields: { phone: PHONE } })
      expect(json).toMatchObject({ page: 1, next_page: null, history: types.map((type) => ({ type })) })
    }
  })

  test('PG-1: the store’s activity streams under Pegke’s address to key and access token, and to nobody else', async () => {
    const token = await fetch(`${edge.url}/pegke/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: CLIENT.key,
        client_secret: SECRET,
      }),
    })
    const { access_token: access } = (await token.json()) as { access_token: string }
    const kinds: string[][] = []
    const closed: number[] = []
    const watch = (query: string, headers: Record<string, string>): void => {
      const seen: string[] = []
      kinds.push(seen)
      const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/pegke/realtime${query}`, { headers })
      socket.on('close', (code) => closed.push(code))
      socket.on('message', (data: Buffer) => {
        const { activities = [] } = JSON.parse(data.toString()) as { activities?: { kind: string }[] }
        seen.push(...activities.map(({ kind }) => kind))
      })
    }
    watch('', { authorization: `Bearer ${key}` })
    watch('', { authorization: `Bearer ${access}` })
    watch(`?key=${key}`, {})
    watch(`?token=${access}`, {})
    await call('give_points', { fields: { phone: PHONE, points: '5' } })
    await until('the gift is told to all', () => kinds.every((seen) => seen.includes('grant')))
    for (const wrong of [edge.tokens.terminal, edge.tokens.manager, 'shop1.wrong'])
      expectProblem(await edge.get('/pegke/realtime', { token: wrong }), 'token_unknown')
    expectProblem(await edge.get('/v1/feed', { token: access }), 'token_unknown')
    edge.node.till.takeClients({ type: 'clients', clients: [] })
    await until('all are let go', () => closed.length === 4)
    expect(new Set(closed)).toEqual(new Set([CLOSE_CODES.unauthorised]))
  })
})
