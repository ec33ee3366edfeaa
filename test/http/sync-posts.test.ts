// The edge's link where no WebSocket comes through: a real edge and a real cloud with a middlebox between them that lets requests pass, or answers in
// the cloud's place.
import { createServer, request as ask } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEdge } from '../../edge/node.ts'
import type { EdgeNode } from '../../edge/node.ts'
import { OBSTACLE_WORDS, obstacleOf, obstacleOfFault, retryAfterMs } from '../../edge/sync/obstacles.ts'
import { realSystem } from '../../edge/system.ts'
import { framesBody, framesOf } from '../../protocol/framing.ts'
import type { Money } from '../../protocol/numbers.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { until } from '../support/edge-under-test.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

class Middlebox {
  readonly #server: Server
  upgrades = 0
  posts = 0
  /** What it does with a request; without it, the request passes. */
  meddle: ((request: IncomingMessage, response: ServerResponse) => void) | null = null
  /** What it makes of a body on its way, with the number of a request that brings frames. */
  change: ((way: 'up' | 'down', body: Buffer, number: string | null) => Buffer) | null = null
  port = 0

  constructor(cloud: () => string) {
    this.#server = createServer((request, response) => {
      this.posts += 1
      if (this.meddle !== null) return this.meddle(request, response)
      if (this.change !== null) return void this.#changed(cloud(), request, response, this.change)
      const { method, headers, url } = request
      const passed = ask(`${cloud()}${url ?? ''}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      })
      passed.on('error', () => response.destroy())
      request.pipe(passed)
    })
    this.#server.on('upgrade', (_, socket) => {
      this.upgrades += 1
      socket.destroy()
    })
  }

  async #changed(
    cloud: string,
    request: IncomingMessage,
    response: ServerResponse,
    change: NonNullable<Middlebox['change']>,
  ): Promise<void> {
    const { method, headers, url = '' } = request
    const number = new URL(url, cloud).searchParams.get('n')
    const brought = change('up', Buffer.concat(await request.toArray()), number)
    const passed = ask(
      `${cloud}${url}`,
      { method, headers: { ...headers, 'content-length': brought.length } },
      (answer) =>
        void answer.toArray().then((pieces: Buffer[]) => {
          const body = change('down', Buffer.concat(pieces), number)
          response.writeHead(answer.statusCode ?? 500, { ...answer.headers, 'content-length': body.length })
          response.end(body)
        }),
    )
    passed.on('error', () => response.destroy())
    passed.end(brought)
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve))
    // A listening TCP server has an address of this kind.
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** Ends the connections that stand, as a box that starts again does. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

let cloud: CloudUnderTest
let box: Middlebox
let directory: ReturnType<typeof freshDirectory>
let edge: EdgeNode | undefined

const start = (at: string, enrol?: string): Promise<EdgeNode> =>
  startEdge({
    directory: directory.path,
    port: 0,
    host: '127.0.0.1',
    log: pino({ level: 'silent' }),
    cloud: at,
    enrol,
    // Waits that may be nothing are nothing; those with a least stay.
    system: { ...realSystem, random: () => 0 },
  })
const boxed = (): string => `http://127.0.0.1:${box.port}`

let sold = 0
async function sell(node: EdgeNode, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, () => {
      const call = { terminal: 't', key: `k-${++sold}`, requestHash: Buffer.alloc(32, sold) }
      return node.till.write('sale', call, { lines: [{ sku: 'TEA', amount: 250 as Money }] })
    }),
  )
}
const arrived = async (): Promise<number> =>
  Number(pick((await cloud.ask('/v1/edges')).json, 'items', 0, 'seq'))

beforeEach(async () => {
  cloud = await CloudUnderTest.start()
  await cloud.publish(SMALL_PROGRAM)
  box = new Middlebox(() => cloud.url)
  await box.open()
  directory = freshDirectory()
  await cloud.post('/v1/stores', { name: 'Bath', zone: 'Europe/London' })
  const code = pick((await cloud.post('/v1/stores/1/codes', {})).json, 'code') as string
  // Enrolment is one plain request, straight to the cloud.
  await (await start(cloud.url, code)).stop()
})
afterEach(async () => {
  await edge?.stop()
  edge = undefined
  box.close()
  await cloud.stop()
  directory.remove()
})

describe('N-8 P-SYNC-8: requests carry the frames', () => {
  test('after WebSockets that never opened sales arrive by requests, in both directions', async () => {
    edge = await start(boxed())
    const { till } = edge
    await until('a link by requests', () => till.status().link.state === 'online')
    expect(till.status().link).toMatchObject({ via: 'post', obstacle: null })
    expect(box.upgrades).toBe(3)
    await sell(edge, 300)
    await until('the sales are at the cloud', async () => (await arrived()) === 300)
    await until('the acks are here', () => till.status().unsynced === 0)
    expect(till.programVersion()).toBe(1)
  }, 60_000)

  test('what is cut off in the middle ends the line; the next one goes on, and nothing is lost or twice', async () => {
    edge = await start(boxed())
    const { till } = edge
    await until('a link by requests', () => till.status().link.state === 'online')
    for (let round = 0; round < 3; round++) {
      await sell(edge, 100)
      box.cut()
    }
    await until('the sales are at the cloud', async () => (await arrived()) === 300, 30_000)
    await until('the acks are here', () => till.status().unsynced === 0)
    const counts = (await cloud.ask('/v1/totals')).json
    expect(pick(counts, 'facts', 'counted')).toBe(300)
    expect(pick(counts, 'facts', 'duplicate')).toBe(0)
  }, 60_000)

  test('P-ENV-2 a body that comes again, up or down, ends the line by its signatures and is counted; the next line goes on', async () => {
    edge = await start(boxed())
    const { till, link } = edge
    await until('a link by requests', () => till.status().link.state === 'online')
    const byCloud = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${cloud.node.token}` }
      const text = await (await fetch(`${cloud.url}/metrics`, { headers })).text()
      return Number(/^tillstream_sync_frames_refused_total (\d+)$/m.exec(text)?.[1])
    }
    for (const way of ['up', 'down'] as const) {
      const count = way === 'up' ? byCloud : () => Promise.resolve(link.refusedFrames)
      const before = await count()
      let old: Buffer | undefined
      let played = 0
      box.change = (on, body, number) => {
        if (on !== way || body.length === 0 || (way === 'up' && number === null) || played > 0) return body
        if (old !== undefined) played += 1
        const first = old
        old ??= body
        return first ?? body
      }
      await sell(edge, 50)
      await until('something came again', async () => {
        await sell(edge as EdgeNode, 1)
        return played > 0
      })
      await until('it is counted', async () => (await count()) === before + 1)
      await until('the acks are here', () => till.status().unsynced === 0)
    }
    const counts = (await cloud.ask('/v1/totals')).json
    expect(pick(counts, 'facts', 'counted')).toBe(till.status().seq)
    expect(pick(counts, 'facts', 'duplicate')).toBe(0)
  }, 60_000)

  test('a body comes out even, or nothing of it counts', () => {
    const frames = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(3000, 7)]
    const body = framesBody(frames)
    expect(framesOf(body)?.map((frame) => frame.length)).toEqual([3, 0, 3000])
    for (const length of [1, 3, 5, body.length - 1])
      expect(framesOf(body.subarray(0, length))).toBeUndefined()
    expect(framesOf(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))).toBeUndefined()
  })

  test('S16 an unknown line, a number out of order, and too large a body are refused or end the line', async () => {
    const post = (query: string, line?: string, body?: Uint8Array) =>
      fetch(`${cloud.url}/v1/sync?edge=1${query}`, {
        method: 'POST',
        headers: line === undefined ? {} : { 'x-sync-line': line },
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
      })
    expect((await post('', 'f00')).status).toBe(404)
    expect((await fetch(`${cloud.url}/v1/sync?edge=99`, { method: 'POST' })).status).toBe(404)
    const opened = await post('')
    const line = opened.headers.get('x-sync-line') ?? ''
    expect(framesOf(new Uint8Array(await opened.arrayBuffer()))).toHaveLength(1)
    const early = await post('&n=2', line, framesBody([Buffer.from('x')]))
    expect(early.headers.get('x-sync-closed')).toBe('4400')
    const other = (await post('')).headers.get('x-sync-line') ?? ''
    expect((await post('&n=1', other, Buffer.alloc(17 * 1024 * 1024))).status).toBe(413)
  })
})

describe('N-9 R19: what answers in the cloud’s place is named', () => {
  const answers: [string, (response: ServerResponse) => void, keyof typeof OBSTACLE_WORDS][] = [
    ['a login page', (r) => r.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Hotel</h1>'), 'login'],
    ['a redirect', (r) => r.writeHead(302, { Location: 'http://login.hotel/' }).end(), 'login'],
    ['a proxy’s password', (r) => r.writeHead(407).end(), 'proxy_login'],
    ['a proxy’s refusal', (r) => r.writeHead(403, { 'Content-Type': 'text/html' }).end('no'), 'proxy'],
  ]
  for (const [name, meddle, obstacle] of answers)
    test(`${name}: in the status and on the feed, and no try within 5 s`, async () => {
      box.meddle = (_, response) => meddle(response)
      edge = await start(boxed())
      const { till } = edge
      await until('it is named', () => till.status().link.obstacle !== null)
      expect(till.status().link.obstacle).toBe(OBSTACLE_WORDS[obstacle])
      const told = till.feed.read(0, 1000).map(({ text }) => text)
      expect(told.some((text) => text.includes(OBSTACLE_WORDS[obstacle]))).toBe(true)
      const { posts } = box
      // Time that passes while the loop turns: the next attempt has not been made.
      const from = performance.now()
      await until('a second has passed', () => performance.now() - from > 1000)
      expect(box.posts).toBe(posts)
    }, 60_000)

  test('by status, type and fault; the cloud’s own refusals are no obstacle', () => {
    const html = 'text/html; charset=utf-8'
    expect(obstacleOf({ status: 200, contentType: html })).toBe('login')
    expect(obstacleOf({ status: 511, contentType: html })).toBe('login')
    expect(obstacleOf({ status: 200, contentType: 'application/json' })).toBe('altered')
    expect(obstacleOf({ status: 502, contentType: html })).toBe('proxy')
    expect(obstacleOf({ status: 503, contentType: 'application/problem+json' })).toBeNull()
    expect(obstacleOfFault('CERT_HAS_EXPIRED')).toBe('impostor')
    expect(obstacleOfFault('SELF_SIGNED_CERT_IN_CHAIN')).toBe('impostor')
    expect(obstacleOfFault('HPE_INVALID_CONSTANT')).toBe('altered')
    expect(obstacleOfFault('ECONNREFUSED')).toBeNull()
    expect([retryAfterMs('5'), retryAfterMs('soon'), retryAfterMs(undefined)]).toEqual([5000, null, null])
  })
})
