// What a node really answers at, compared with the tables that the tests of access walk: an address outside of them would be tried by none (S50, PL-16).
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PEGKE_AUTH } from '../../cloud/dialects/pegke/auth.ts'
import { PERKVILLE_AUTH } from '../../cloud/dialects/perkville/auth.ts'
import { NodeNames } from '../../cloud/http/node-names.ts'
import { oauthPaths } from '../../cloud/http/oauth/oauth-app.ts'
import { ROUTES } from '../../cloud/http/routes/routes.ts'
import { NATIVE_SCOPES } from '../../cloud/platform/native-scopes.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import { PASSWORD, addClient, addStaff, addTenant, askToken } from '../support/oauth-world.ts'

let cloud: CloudUnderTest
beforeAll(async () => {
  cloud = await CloudUnderTest.start()
})
afterAll(() => cloud.stop())

const PAGES = [
  '/oauth/authorize',
  '/oauth/token',
  '/oauth/revoke',
  '/oauth/introspect',
  '/perkville/api/authorize/',
  '/perkville/api/token/',
  '/perkville/biz/:business/',
  '/perkville/biz/:business/identify',
  '/pegke/oauth/authorize',
  '/pegke/oauth/token',
  '/pegke/oauth/revoke',
  '/invitations/:secret',
  '/account',
  '/account/password',
  '/account/proofs/:secret',
]

test('S50 every address that answers is a row of the native table, a page, an OAuth endpoint, or below a dialect', () => {
  const { served, dialects, platform } = cloud.node
  expect(oauthPaths(platform.dialects)).toEqual(PAGES)
  const pages = [...PAGES, '/unsubscribe', '/offers']
  const slashed = pages.flatMap((path) => [path.replace(/\/$/, ''), `${path.replace(/\/$/, '')}/`])
  const mounts = dialects.flatMap(({ name, base, elsewhere }) => [
    `/${name}${base}`,
    `/${name}${base}/*`,
    ...Object.keys(elsewhere).flatMap((path) => [`/${name}${path}`, `/${name}${path}/`]),
  ])
  const native = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`))
  const others = new Set(ROUTES.map(({ path }) => `ALL ${path}`))
  const left = served.filter((line) => {
    const [, path = ''] = line.split(' ')
    if (line.startsWith('UPGRADE ') || native.has(line) || others.has(line)) return false
    return !slashed.includes(path) && !(line.startsWith('ALL ') && mounts.includes(path))
  })
  expect(left).toEqual([])
  expect(ROUTES.filter(({ method, path }) => !served.includes(`${method} ${path}`))).toEqual([])
  // Under a dialect's mount its rows answer, each tried by dialect-access.test.ts, and what is no row is nothing.
  expect(mounts.toSorted()).toEqual([
    '/pegke/apiv1',
    '/pegke/apiv1/*',
    '/perkville/api/identify',
    '/perkville/api/identify/',
    '/perkville/v2',
    '/perkville/v2/*',
  ])
})

const SOCKET = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** A request as it stands on the wire: its status, and what cookies it plants. */
function raw(
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<{ status: number; cookies: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: cloud.node.port, path, method, headers })
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, cookies: [] })
    })
    sent.on('response', (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, cookies: response.headers['set-cookie'] ?? [] })
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('S19 a name of another site that resolves here', () => {
  test('Q-14 S19 nothing is served under it, over HTTP or WebSocket, but what stores call', async () => {
    const token = { authorization: `Bearer ${cloud.node.token}` }
    const shown = (path: string): string => path.replaceAll(/:[a-z_]+/g, '1').replaceAll('*', 'perks/')
    const addresses = new Set(cloud.node.served.map((line) => shown(line.split(' ')[1] ?? '')))
    expect(addresses.size).toBeGreaterThan(100)
    const others = ['/nothing', '/v1/sync/../members', '/v1/sync%2f..', 'http://127.0.0.1/account']
    const ofStores = ['/v1/sync', '/v1/enrol']
    for (const path of [...addresses, ...others]) {
      if (ofStores.includes(path)) continue
      for (const method of ['GET', 'POST']) {
        const { status, cookies } = await raw(path, { method, headers: { ...token, host: 'evil.example' } })
        expect([method, path, status, cookies]).toEqual([method, path, 421, []])
      }
    }
    for (const host of ['127.0.0.1.evil.example', 'localhost.evil.example:8080', 'a b', 'x@127.0.0.1']) {
      const page = await raw('/account', { headers: { host } })
      const feed = await raw('/v1/feed', { headers: { ...token, ...SOCKET, host } })
      const live = await raw('/pegke/realtime', { headers: { ...token, ...SOCKET, host } })
      const sync = await raw('/v1/sync?edge=7', { headers: { ...SOCKET, host } })
      const lines = await raw('/v1/sync?edge=7', { method: 'POST', headers: { host } })
      const enrol = await raw('/v1/enrol', { method: 'POST', headers: { host } })
      const said = [page, feed, live, sync, lines, enrol].map(({ status }) => status)
      expect([host, ...said]).toEqual([host, 421, 421, 421, 404, 404, 400])
    }
  })

  test('Q-14 addresses, local names and what configuration names are served', async () => {
    const port = cloud.node.port
    for (const host of [`127.0.0.1:${port}`, '192.168.1.20', '[::1]:8080', 'LOCALHOST:1', 'hq', 'hq.lan:80'])
      expect([host, (await raw('/account', { headers: { host } })).status]).toEqual([host, 200])
    const names = new NodeNames(['Hq.Example'], 'https://Loyalty.example:8443')
    const strange = (host: string): boolean => names.refusalFor({ url: '/', headers: { host } }) !== null
    const tried = [
      'hq.example',
      'loyalty.example',
      'LOYALTY.example:443',
      'x.hq.example',
      'hq.example.com',
      '',
    ]
    expect(tried.map(strange)).toEqual([false, false, false, true, true, true])
    // What was let through before opens nothing for the next.
    expect(['hq.example', 'evil.example', 'evil.example'].map(strange)).toEqual([false, true, true])
  })
})

describe('S50 PL-16 S05 S03 what is upgraded to a WebSocket', () => {
  async function upgrade(path: string, token: string | null): Promise<number> {
    const proof = token === null ? {} : { authorization: `Bearer ${token}` }
    return (await raw(path, { headers: { ...SOCKET, ...proof } })).status
  }

  test('is these addresses, each with every wrong kind of token', async () => {
    const feeds = cloud.node.served.flatMap((line) => (line.startsWith('UPGRADE ') ? [line.slice(8)] : []))
    expect(feeds).toEqual(['/v1/sync', '/v1/feed', '/pegke/realtime'])
    const other = await addTenant(cloud, 'Other')
    await cloud.post('/v1/dialects', { name: 'pegke' })
    await addStaff(cloud, 'ada@shop.example')
    await addStaff(cloud, 'desk@shop.example', 'FRONT_DESK')
    const robot = async (dialect: string, scopes: readonly string[], token?: string): Promise<string> => {
      const wish = { dialect, scopes, grants: ['client_credentials'], redirects: [] } as const
      const basic = await addClient(cloud, { ...wish, ...(token === undefined ? {} : { token }) })
      const path = dialect === 'native' ? '/oauth/token' : `/${dialect}/oauth/token`
      const { json } = await askToken(cloud, { grant_type: 'client_credentials' }, { path, basic })
      return String(json.access_token)
    }
    const perkville = await addClient(cloud, {
      grants: ['password'],
      scopes: PERKVILLE_AUTH.scopes.map(({ name }) => name),
    })
    const form = { grant_type: 'password', username: 'ada@shop.example', password: PASSWORD }
    const ofPerkville = String((await askToken(cloud, form, { basic: perkville })).json.access_token)
    const scopes = PEGKE_AUTH.scopes.map(({ name }) => name)
    const ofPegke = await robot('pegke', scopes)
    const ofOthers = await robot('pegke', scopes, other.token)
    const without = NATIVE_SCOPES.filter((scope) => scope !== 'feed:read')
    const tries: [path: string, token: string | null, status: number][] = [
      ['/v1/feed', null, 401],
      ['/v1/feed', 'A'.repeat(43), 401],
      ['/v1/feed', await robot('native', without), 403],
      ['/v1/feed', ofPerkville, 403],
      ['/v1/feed', ofPegke, 403],
      ['/v1/feed', await robot('native', ['feed:read']), 101],
      ['/pegke/realtime', null, 401],
      ['/pegke/realtime', 'A'.repeat(43), 401],
      ['/pegke/realtime', 'x.y', 401],
      ['/pegke/realtime', cloud.node.token, 401],
      ['/pegke/realtime', await robot('native', NATIVE_SCOPES), 401],
      ['/pegke/realtime', ofPerkville, 401],
      ['/pegke/realtime', ofOthers, 403],
      ['/pegke/realtime', ofPegke, 101],
      // A store proves itself by its key, and is told nothing before.
      ['/v1/sync', null, 400],
      ['/v1/sync?edge=7', cloud.node.token, 404],
      ['/v1/nothing', cloud.node.token, 404],
      ['/account', cloud.node.token, 404],
    ]
    const answers = await Promise.all(tries.map(([path, token]) => upgrade(path, token)))
    expect(tries.map(([path], at) => [path, answers[at]])).toEqual(
      tries.map(([path, , status]) => [path, status]),
    )
  })
})
