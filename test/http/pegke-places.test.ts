// What Pegke is beyond single calls: one key at HQ and in the merchant's stores, from its making to its end; plain calls that fail over real sockets; the live
// feed of the merchant's stores; a person's agreement.
import { networkInterfaces } from 'node:os'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startCloud } from '../../cloud/node.ts'
import { startEdge } from '../../edge/node.ts'
import type { EdgeNode } from '../../edge/node.ts'
import { CloudUnderTest, eventually, pick } from '../support/cloud-node.ts'
import type { Device } from '../support/cloud-node.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import {
  Browser,
  REDIRECT,
  addClient,
  addStaff,
  addTenant,
  askToken,
  authorizePath,
  codeOf,
} from '../support/oauth-world.ts'
import type { TestClient } from '../support/oauth-world.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const PHONE = '+447700900123'
const OWN_ADDRESS = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

let cloud: CloudUnderTest
let device: Device
let client: TestClient
let other: { id: number; token: string }

const newClient = (token?: string): Promise<TestClient> =>
  addClient(cloud, {
    dialect: 'pegke',
    scopes: ['merchant'],
    grants: ['client_credentials', 'refresh_token'],
    redirects: [],
    ...(token === undefined ? {} : { token }),
  })
const keyOf = ({ id, secret }: TestClient): string => `${id}.${secret}`

async function statusOf(url: string, key: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`${url}/pegke/apiv1/?q=authenticate`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
  })
  await response.arrayBuffer()
  return response.status
}

beforeAll(async () => {
  cloud = await CloudUnderTest.start()
  await cloud.publish(SMALL_PROGRAM)
  device = await cloud.addDevice('Bath')
  const member = device.enrol({ at: Date.now() - 60_000 }, [{ kind: 'phone', value: PHONE }], 'Ada')
  device.sale({ at: Date.now() - 50_000, member }, [{ sku: 'TEA', amount: 1_000 }])
  await device.connect()
  await device.sync()
  await cloud.post('/v1/dialects', { name: 'pegke' })
  client = await newClient()
  other = await addTenant(cloud, 'Other')
  await cloud.post('/v1/dialects', { name: 'pegke' }, { token: other.token })
})
afterAll(() => cloud.stop())

describe('one key for HQ and stores', () => {
  let edge: EdgeNode
  const home = freshDirectory()
  beforeAll(async () => {
    edge = await startEdge({
      directory: home.path,
      port: 0,
      host: '127.0.0.1',
      log: pino({ level: 'silent' }),
      cloud: cloud.url,
      enrol: await cloud.code(await cloud.addStore('Wells')),
    })
  })
  afterAll(async () => {
    await edge.stop()
    home.remove()
  })

  test('PG-15 PL-24 P-SYNC-11 a key that HQ makes works in the stores, renewed and taken back there too', async () => {
    const store = `http://127.0.0.1:${edge.port}`
    const inStore = (key: string, status: number): Promise<number> =>
      eventually(
        () => statusOf(store, key),
        (seen) => seen === status,
      )
    await inStore(keyOf(client), 200)
    expect(await statusOf(cloud.url, keyOf(client))).toBe(200)
    const next = await newClient()
    await inStore(keyOf(next), 200)
    const renewed = await cloud.ask(`/v1/clients/${next.id}/secret`, { method: 'POST' })
    const secret = String(pick(renewed.json, 'client_secret'))
    await inStore(`${next.id}.${secret}`, 200)
    expect([await statusOf(store, keyOf(next)), await statusOf(cloud.url, keyOf(next))]).toEqual([401, 401])
    await cloud.post(`/v1/clients/${next.id}/disabled`, { disabled: true })
    await inStore(`${next.id}.${secret}`, 401)
    expect(await statusOf(cloud.url, `${next.id}.${secret}`)).toBe(401)
    await cloud.post(`/v1/clients/${next.id}/disabled`, { disabled: false })
    await inStore(`${next.id}.${secret}`, 200)
    // Another business's key is no store of this one's.
    const foreign = await newClient(other.token)
    await cloud.post(`/v1/clients/${next.id}/disabled`, { disabled: true })
    await inStore(`${next.id}.${secret}`, 401)
    expect(await statusOf(store, keyOf(foreign))).toBe(401)
    expect(edge.ledger.clients.all().map(({ key }) => key)).toEqual([client.id])
  })
})

describe.skipIf(OWN_ADDRESS === undefined)('PG-2 PL-25 DF-12 plain calls fail, over real sockets', () => {
  const homes = [freshDirectory(), freshDirectory()]
  const start = (index: number, publicUrl?: string) =>
    startCloud({
      directory: homes[index]?.path ?? '',
      port: 0,
      host: '0.0.0.0',
      logLevel: 'silent',
      leases: false,
      moments: false,
      publicUrl,
    })
  let plain: Awaited<ReturnType<typeof start>>
  let proxied: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    plain = await start(0)
    proxied = await start(1, 'https://pegke.example')
  })
  afterAll(async () => {
    await plain.stop()
    await proxied.stop()
    for (const { remove } of homes) remove()
  })

  /** What is said to a call without a key: over TLS, or from the machine itself, that it needs one. */
  async function saidTo(port: number, host: string, forwarded?: string): Promise<string[]> {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-proto': forwarded }
    const base = `http://${host}:${port}`
    const asked = await Promise.all([
      fetch(`${base}/pegke/apiv1/?q=my_offers`, { headers }),
      fetch(`${base}/pegke/oauth/token`, { method: 'POST', headers }),
      fetch(`${base}/pegke/oauth/authorize`, { headers }),
    ])
    const bodies = await Promise.all(asked.map((response) => response.text()))
    const upgrade = await upgradeOf(`ws://${host}:${port}/pegke/realtime`, headers)
    return [...bodies, upgrade].map((text) => (/tls_required/.test(text) ? 'tls' : 'heard'))
  }
  const HEARD = ['heard', 'heard', 'heard', 'heard']
  const REFUSED = ['tls', 'tls', 'tls', 'tls']

  test('PG-2 PL-25 from the machine itself they are heard, from another address only through the proxy of a node with an https address', async () => {
    const [here, there] = ['127.0.0.1', OWN_ADDRESS ?? '']
    expect(await saidTo(plain.port, here)).toEqual(HEARD)
    expect(await saidTo(plain.port, here, 'https')).toEqual(HEARD)
    expect(await saidTo(plain.port, here, 'http')).toEqual(REFUSED)
    expect(await saidTo(plain.port, there)).toEqual(REFUSED)
    expect(await saidTo(plain.port, there, 'https')).toEqual(REFUSED)
    expect(await saidTo(proxied.port, there)).toEqual(REFUSED)
    expect(await saidTo(proxied.port, there, 'http')).toEqual(REFUSED)
    expect(await saidTo(proxied.port, there, 'https')).toEqual(HEARD)
  })

  test('DF-12 the native API and other dialects are heard as before', async () => {
    for (const path of ['/readyz', '/perkville/v2/perks/']) {
      const text = await (await fetch(`http://${OWN_ADDRESS}:${plain.port}${path}`)).text()
      expect(text).not.toMatch(/tls_required/)
    }
  })
})

/** What a refused upgrade is answered. */
function upgradeOf(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers })
    socket.on('error', reject)
    socket.on('unexpected-response', (_, response) => {
      let text = ''
      response.on('data', (piece: Buffer) => (text += piece.toString()))
      response.on('end', () => resolve(text))
    })
  })
}

interface Frame {
  readonly type: string
  readonly epoch: number
  readonly position: number
  readonly recovered: boolean
  readonly to: number
  /** Of a run of activities. */
  readonly activities?: { readonly kind: string; readonly text: string }[]
}

/** Frames of the live feed as they come. */
function watch(query: string, headers: Record<string, string>): { frames: Frame[]; socket: WebSocket } {
  const socket = new WebSocket(`${cloud.url.replace('http', 'ws')}/pegke/realtime${query}`, { headers })
  const frames: Frame[] = []
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as Frame))
  socket.on('error', () => undefined)
  return { frames, socket }
}

const kindsOf = (frames: readonly Frame[]): string[] =>
  frames.flatMap(({ activities = [] }) => activities.map(({ kind }) => kind))

async function give(points: number): Promise<void> {
  const response = await fetch(`${cloud.url}/pegke/apiv1/?q=give_points`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keyOf(client)}` },
    body: new URLSearchParams({ phone: PHONE, points: String(points) }),
  })
  expect([response.status, await response.text()]).toMatchObject([200, expect.anything()])
}

describe('store activity at HQ', () => {
  test('PG-1 PG-10 PG-21 a key or a token streams what happens in the merchant’s stores, resumed by position; another merchant sees nothing of it', async () => {
    const foreign = await newClient(other.token)
    const token = await askToken(
      cloud,
      { grant_type: 'client_credentials' },
      { basic: client, path: '/pegke/oauth/token' },
    )
    const access = String(token.json.access_token)
    const mine = [
      watch('', { authorization: `Bearer ${keyOf(client)}` }),
      watch('', { authorization: `Bearer ${access}` }),
      watch(`?key=${keyOf(client)}`, {}),
      watch(`?token=${access}`, {}),
    ]
    const theirs = watch('', { authorization: `Bearer ${keyOf(foreign)}` })
    await eventually(
      () => [...mine, theirs].map(({ frames }) => frames[0]?.type),
      (types) => types.every((type) => type === 'welcome'),
    )
    await give(5)
    await eventually(
      () => mine.map(({ frames }) => kindsOf(frames)),
      (seen) => seen.every((kinds) => kinds.includes('grant') && kinds.includes('sale')),
    )
    expect(kindsOf(theirs.frames)).toEqual([])
    const { frames } = mine[0] ?? theirs
    const { epoch = 0 } = frames[0] ?? {}
    const after = frames.at(-1)?.to ?? 0
    await give(6)
    const again = watch(`?after=${after}&epoch=${epoch}`, { authorization: `Bearer ${keyOf(client)}` })
    await eventually(
      () => kindsOf(again.frames),
      (kinds) => kinds.includes('grant'),
    )
    expect(again.frames[0]).toMatchObject({ type: 'welcome', recovered: true })
    expect(kindsOf(again.frames)).toEqual(['grant'])
    for (const { socket } of [...mine, theirs, again]) socket.terminate()
  })

  test('PG-1 nothing else opens it', async () => {
    const perkville = await addClient(cloud)
    for (const token of [cloud.node.token, other.token, 'a.b', perkville.secret]) {
      const said = await upgradeOf(`${cloud.url.replace('http', 'ws')}/pegke/realtime`, {
        authorization: `Bearer ${token}`,
      })
      expect(said).toMatch(/token_unknown/)
    }
    const bare = await upgradeOf(`${cloud.url.replace('http', 'ws')}/pegke/realtime`, {})
    expect(bare).toMatch(/token_missing/)
    const native = await upgradeOf(`${cloud.url.replace('http', 'ws')}/v1/feed`, {
      authorization: `Bearer ${keyOf(client)}`,
    })
    expect(native).toMatch(/role_insufficient/)
  })
})

describe('a person’s agreement', () => {
  const exchanged = async (of: TestClient, email: string): Promise<string> => {
    const path = authorizePath(of.id, { redirect_uri: REDIRECT }, '/pegke/oauth/authorize')
    const code = await codeOf(new Browser(cloud.url), path, email)
    const answer = await askToken(
      cloud,
      { grant_type: 'authorization_code', code, redirect_uri: REDIRECT },
      { basic: of, path: '/pegke/oauth/token' },
    )
    expect(answer.json).toMatchObject({ token_type: 'Bearer', refresh_token: expect.any(String) as string })
    return String(answer.json.access_token)
  }

  test('PG-9 PG-10 counts where the person is staff, for one merchant, and nowhere else', async () => {
    await addStaff(cloud, 'ada@shop.example', 'FRONT_DESK')
    await addStaff(cloud, 'otto@other.example', 'ADMIN', other.id)
    const app = await addClient(cloud, {
      dialect: 'pegke',
      scopes: ['merchant'],
      grants: ['authorization_code', 'refresh_token'],
    })
    const offers = async (token: string): Promise<unknown> => {
      const response = await fetch(`${cloud.url}/pegke/apiv1/?q=my_offers`, {
        headers: { authorization: `Bearer ${token}` },
      })
      return response.json()
    }
    expect(await offers(await exchanged(app, 'ada@shop.example'))).toHaveProperty('offers')
    expect(await offers(await exchanged(app, 'otto@other.example'))).toMatchObject({
      code: 'role_insufficient',
    })
    // A client for the code grant alone has no key of its own.
    expect(await offers(keyOf(app))).toMatchObject({ code: 'token_unknown' })
    // Of several merchants' key nobody knows which is meant.
    const made = await cloud.post('/v1/clients', {
      name: 'Everywhere',
      dialect: 'pegke',
      scopes: ['merchant'],
      grants: ['client_credentials'],
      all_businesses: true,
    })
    const everywhere = {
      id: String(pick(made.json, 'client_id')),
      secret: String(pick(made.json, 'client_secret')),
    }
    expect(await offers(keyOf(everywhere))).toMatchObject({ code: 'tenant_unclear' })
  })
})
