// What a node really answers at, compared with the tables that the tests of access walk: an address outside of them would be tried by none (S50, PL-16).
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PEGKE_AUTH } from '../../cloud/dialects/pegke/auth.ts'
import { PERKVILLE_AUTH } from '../../cloud/dialects/perkville/auth.ts'
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

describe('S50 PL-16 S05 S03 what is upgraded to a WebSocket', () => {
  function upgrade(path: string, token: string | null): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      }
      const sent = request({ host: '127.0.0.1', port: cloud.node.port, path, headers })
      sent.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(response.statusCode ?? 0)
      })
      sent.on('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sent.on('error', reject)
      sent.end()
    })
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
