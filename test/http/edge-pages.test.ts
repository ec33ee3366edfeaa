// Which pages of a browser a store's node hears (H-11), over real sockets.
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { EdgeUnderTest } from '../support/edge-under-test.ts'

let edge: EdgeUnderTest
beforeAll(async () => {
  edge = await EdgeUnderTest.start()
})
afterAll(() => edge.stop())

/** By node:http, which sends the headers it is told. */
function asBrowser(path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${edge.url}${path}`, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.once('error', reject)
    call.end()
  })
}

describe('H-11: which pages are heard', () => {
  test.each(['attacker.com', 'edge.local.evil.com', 'a b', '127.0.0.1.evil.com'])(
    'H-11, S19: under the name "%s" nothing is served',
    async (host) => {
      expect(await asBrowser('/', { host })).toBe(421)
      expect(
        await asBrowser(`/v1/feed?token=${edge.tokens.manager}`, { host, accept: 'text/event-stream' }),
      ).toBe(421)
    },
  )
  test.each(['127.0.0.1:8081', '192.168.1.20', '[::1]:8081', 'till-server', 'store7.local', 'localhost:1'])(
    'H-11: under "%s" the page is',
    async (host) => {
      expect(await asBrowser('/', { host })).toBe(200)
    },
  )
  test.each(['https://evil.example', 'null', 'http://127.0.0.1.evil.example'])(
    'H-11, S17, S18: a socket or a login from %s is refused',
    async (origin) => {
      const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/v1/feed?token=${edge.tokens.manager}`, {
        headers: { origin },
      })
      const status = await new Promise<number>((resolve) => {
        socket.on('unexpected-response', (_, response) => {
          resolve(response.statusCode ?? 0)
          socket.terminate()
        })
        socket.on('error', () => undefined)
      })
      expect(status).toBe(403)
      expect(await asBrowser('/v1/sessions', { origin }, 'POST')).toBe(403)
    },
  )
  test('H-11, S20: no answer ever allows another site to read it', async () => {
    const response = await fetch(`${edge.url}/`, { headers: { origin: edge.url } })
    expect(response.status).toBe(200)
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
  test('the page comes compressed, its script in at most 15 KiB', async () => {
    const coded = await new Promise<unknown>((resolve) => {
      request(`${edge.url}/page.js`, (response) => {
        const { 'content-encoding': coding, 'content-length': length } = response.headers
        resolve({ coding, small: Number(length) <= 15 * 1024 })
        response.resume()
      }).end()
    })
    expect(coded).toEqual({ coding: 'gzip', small: true })
    expect(await (await fetch(`${edge.url}/`)).text()).toContain('<div id="page">')
  })
  test('H-11: a name given by configuration', async () => {
    await edge.restart({ hostNames: ['shop.example.org'] })
    expect(await asBrowser('/', { host: 'shop.example.org' })).toBe(200)
  })
})
