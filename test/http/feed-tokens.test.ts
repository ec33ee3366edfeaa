// An open feed and the token that opened it (PL-22), over both of its carriers.
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import { addClient, addStaff, addTenant, askToken, nativeTokens } from '../support/oauth-world.ts'

let cloud: CloudUnderTest
beforeAll(async () => {
  cloud = await CloudUnderTest.start()
})
afterAll(() => cloud.stop())

/** The feed by WebSocket and as server-sent events; resolves with how each ended. */
async function openFeeds(token: string): Promise<{ ended: Promise<[code: number, rest: string]> }> {
  const socket = new WebSocket(`${cloud.url.replace('http', 'ws')}/v1/feed?token=${token}`)
  const code = new Promise<number>((resolve) => socket.once('close', resolve))
  await once(socket, 'message')
  const events = await fetch(`${cloud.url}/v1/feed`, { headers: { authorization: `Bearer ${token}` } })
  expect(events.status).toBe(200)
  return { ended: Promise.all([code, events.text()]) }
}

test('S34 PL-22 an open feed ends with what opened it: revoked, disabled, dismissed, HQ token renewed; the others go on', async () => {
  const feed = ['feed:read'] as const
  const staying = new WebSocket(`${cloud.url.replace('http', 'ws')}/v1/feed?token=${cloud.node.token}`)
  await once(staying, 'message')
  const robot = await addClient(cloud, {
    dialect: 'native',
    scopes: feed,
    grants: ['client_credentials'],
    redirects: [],
  })
  const form = { grant_type: 'client_credentials' }
  const tokenOf = async (): Promise<string> =>
    String((await askToken(cloud, form, { path: '/oauth/token', basic: robot })).json.access_token)
  const person = await addStaff(cloud, 'leaving@shop.example')
  const { access } = await nativeTokens(cloud, person)
  const third = await addTenant(cloud, 'Leaving')
  const revoked = await tokenOf()
  const ends: [token: string, end: () => Promise<unknown>][] = [
    [revoked, () => askToken(cloud, { token: revoked }, { path: '/oauth/revoke', basic: robot })],
    [await tokenOf(), () => cloud.post(`/v1/clients/${robot.id}/disabled`, { disabled: true })],
    [
      access,
      async () => {
        const staff = pick((await cloud.ask('/v1/staff')).json, 'items') as { id: number; email: string }[]
        const [last] = staff.slice(-1)
        return cloud.post(`/v1/staff/${last?.id}/dismissal`, {})
      },
    ],
    [third.token, () => cloud.ask(`/v1/tenants/${third.id}/token`, { method: 'POST' })],
  ]
  for (const [token, end] of ends) {
    const { ended } = await openFeeds(token)
    await end()
    const [code, rest] = await ended
    expect(code).toBe(4401)
    expect(rest).toContain('"code":4401')
  }
  expect(staying.readyState).toBe(WebSocket.OPEN)
  staying.close()
})
