// The live feed of all stores over real sockets: WebSocket and server-sent events, resuming by position, one frame a commit, slow readers.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { FEED_RECENT } from '../../protocol/limits.ts'
import { CloudUnderTest, eventually, pick } from '../support/cloud-node.ts'
import type { Device } from '../support/cloud-node.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

let cloud: CloudUnderTest
let store: Device

beforeEach(async () => {
  cloud = await CloudUnderTest.start(() => T0 + DAY)
  await cloud.publish(SMALL_PROGRAM)
  store = await cloud.addDevice('Camden')
  await store.connect()
})
afterEach(() => cloud.stop())

interface Activity {
  readonly position: number
  readonly kind: string
  readonly fact: string | null
  readonly text: string
  readonly member: string | null
}

interface Frame {
  readonly type: 'welcome' | 'activities'
  readonly epoch: number
  readonly position?: number
  readonly recovered?: boolean
  readonly from?: number
  readonly to?: number
  readonly activities?: readonly Activity[]
}

class Reader {
  readonly socket: WebSocket
  readonly frames: Frame[] = []
  readonly closed: Promise<number>
  closedWith: number | undefined

  constructor(query: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`${cloud.url.replace('http', 'ws')}/v1/feed?${query}`, { headers })
    this.socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame))
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code) => {
        this.closedWith = code
        resolve(code)
      }),
    )
  }

  get activities(): Activity[] {
    return this.frames.flatMap((frame) => frame.activities ?? [])
  }

  async welcome(): Promise<Frame | undefined> {
    await eventually(
      () => this.frames.length,
      (count) => count > 0,
    )
    return this.frames[0]
  }

  async upTo(position: number): Promise<Activity[]> {
    await eventually(
      () => this.activities.at(-1)?.position ?? 0,
      (seen) => seen >= position,
    )
    return this.activities
  }
}

const token = (): string => `token=${cloud.node.token}`
const guestSales = (count: number): void => {
  for (let index = 0; index < count; index++)
    store.sale({ at: T0 + index * 1000 }, [{ sku: 'tea', amount: 100 + index }])
}
const positions = (activities: readonly Activity[]): number[] => activities.map(({ position }) => position)
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('a WebSocket reader', () => {
  test('Q-4 F-2 is welcomed, then gets each commit as one frame, without a gap', async () => {
    const reader = new Reader('', { authorization: `Bearer ${cloud.node.token}` })
    expect(await reader.welcome()).toEqual({ type: 'welcome', epoch: 1, position: 0, recovered: false })
    guestSales(40)
    await store.sync()
    expect(positions(await reader.upTo(40))).toEqual(range(1, 40))
    store.sale({ at: T0 + DAY / 2 }, [{ sku: 'tea', amount: 5 }])
    await store.sync(41)
    await reader.upTo(41)
    expect(reader.frames.slice(1)).toMatchObject([
      { type: 'activities', epoch: 1, from: 1, to: 40 },
      { type: 'activities', epoch: 1, from: 41, to: 41 },
    ])
  })

  test('Q-4 F-2 resumes after its position: nothing twice, nothing missing', async () => {
    guestSales(30)
    await store.sync()
    const first = new Reader(`${token()}&after=0`)
    await first.upTo(30)
    first.socket.terminate()
    guestSales(10)
    await store.sync(31)
    const again = new Reader(`${token()}&after=25&epoch=1`)
    expect(await again.welcome()).toEqual({ type: 'welcome', epoch: 1, position: 40, recovered: true })
    expect(positions(await again.upTo(40))).toEqual(range(26, 40))
    guestSales(5)
    await store.sync(41)
    expect(positions(await again.upTo(45))).toEqual(range(26, 45))
  })

  test('Q-4 F-2 readers that join while commits run all see every position once', async () => {
    const readers: Reader[] = []
    for (let round = 0; round < 10; round++) {
      guestSales(120)
      const synced = store.sync(round * 120 + 1)
      readers.push(new Reader(`${token()}&after=${round * 50}`))
      await synced
    }
    for (const [index, reader] of readers.entries())
      expect(positions(await reader.upTo(1200))).toEqual(range(index * 50 + 1, 1200))
  })

  test('Q-4 F-2 a place that means nothing here is not recovered: the newest few, and the reader is told', async () => {
    const last = FEED_RECENT + 30
    guestSales(last)
    await store.sync()
    for (const place of ['after=10&epoch=2', `after=${last + 1}`, '']) {
      const reader = new Reader(`${token()}&${place}`)
      expect(await reader.welcome()).toEqual({ type: 'welcome', epoch: 1, position: last, recovered: false })
      expect(positions(await reader.upTo(last))).toEqual(range(31, last))
    }
  })

  test('Q-4 F-4 says in plain words what happened, and who it was only masked', async () => {
    const member = store.enrol({ at: T0 }, [{ kind: 'phone', value: '+447700900142' }], 'Ada King Lovelace')
    const sale = store.sale({ at: T0 + MINUTE, member }, [{ sku: 'mug', amount: 45_000 }])
    store.redeem({ at: T0 + 2 * MINUTE, member }, COFFEE, 100, 0)
    store.giveBack({ at: T0 + 3 * MINUTE, member }, [{ sale, line: 0, pieces: 1, amount: 45_000 }])
    store.sale({ at: T0 + 30_000, member }, [{ sku: 'late', amount: 200 }])
    const reader = new Reader(token())
    await reader.welcome()
    await store.sync(1, 4)
    await store.sync(5)
    const activities = await reader.upTo(6)
    expect(activities.map(({ text }) => text)).toEqual([
      'New member A. K. L. …42: +50 points, now Bronze',
      'Sale of 450.00 GBP to A. K. L. …42: +450 points, now Silver, voucher for "Gift"',
      'A. K. L. …42 redeemed "Coffee" for 100 points, voucher for "Coffee"',
      'Return of 450.00 GBP by A. K. L. …42: -450 points, now Bronze',
      expect.stringContaining('spends what nobody allowed') as string,
      expect.stringContaining('Sale of 2.00 GBP to A. K. L. …42: +2 points') as string,
    ])
    expect(activities[1]).toMatchObject({
      kind: 'sale',
      fact: String(sale),
      store: { id: store.store, name: 'Camden' },
      member: 'A. K. L. …42',
      amount: 45_000,
      points: 450,
      points_total: 450,
      tier: 'Silver',
      vouchers: 1,
      cause: null,
    })
    for (const secret of ['Lovelace', '7700900']) expect(JSON.stringify(reader.frames)).not.toContain(secret)
  })

  test('a fork, which no commit of facts tells of, reaches the readers too', async () => {
    guestSales(3)
    await store.sync()
    const reader = new Reader(`${token()}&after=3`)
    await reader.welcome()
    const fork = store.connect(1)
    expect(await (await fork).next('ended')).toMatchObject({ reason: 'rewind', seq: 3 })
    const [activity] = await reader.upTo(4)
    expect(activity).toMatchObject({ position: 4, kind: 'conflict', code: 'rewind' })
    expect(pick((await cloud.ask('/v1/notices')).json, 'items', 0, 'code')).toBe('rewind')
    expect(pick((await cloud.ask('/v1/edges')).json, 'items', 0, 'lives')).toMatchObject([
      { epoch: 1, open: false, seq: 3, ended: 'rewind' },
    ])
  })

  test('Q-4 F-3 one that takes nothing is cut with "resume", and has lost nothing when it comes back', async () => {
    const slow = new Reader(`${token()}&after=0`)
    const quick = new Reader(`${token()}&after=0`)
    await slow.welcome()
    await quick.welcome()
    slow.socket.pause()
    let total = 0
    // As much as the kernel's buffers of a loopback connection hold, and the bound on top.
    while (slow.closedWith === undefined && total < 100_000) {
      guestSales(2_000)
      await store.sync(total + 1)
      total += 2_000
      const { text } = await cloud.ask('/metrics')
      if (text.includes('tillstream_feed_readers 1')) slow.socket.resume()
    }
    expect(await slow.closed).toBe(CLOSE_CODES.resume)
    const seen = positions(slow.activities)
    expect(seen).toEqual(range(1, seen.length))
    expect(seen.length).toBeLessThan(total)
    const again = new Reader(`${token()}&after=${seen.length}&epoch=1`)
    expect(positions(await again.upTo(total))).toEqual(range(seen.length + 1, total))
    expect(positions(await quick.upTo(total))).toEqual(range(1, total))
  })

  test('Q-6 at a stop readers are closed with 1001', async () => {
    const reader = new Reader(token())
    await reader.welcome()
    await cloud.node.stop()
    expect(await reader.closed).toBe(CLOSE_CODES.stopping)
  })
})

describe('an upgrade that is refused gets an HTTP answer', () => {
  async function upgrade(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; code: unknown }> {
    const socket = new WebSocket(`${cloud.url.replace('http', 'ws')}${path}`, { headers })
    return new Promise((resolve, reject) => {
      socket.on('open', () => reject(new Error('opened')))
      socket.on('error', () => undefined)
      socket.on('unexpected-response', (_, response) => {
        let text = ''
        response.on('data', (data: Buffer) => (text += data.toString()))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, code: pick(JSON.parse(text), 'code') }),
        )
      })
    })
  }

  test.each([
    ['/v1/feed', 401, 'token_missing'],
    ['/v1/feed?token=nope', 401, 'token_unknown'],
    ['/v1/other', 404, 'route_unknown'],
    ['/', 404, 'route_unknown'],
    ['/v1/sync', 400, 'input_invalid'],
    ['/v1/sync?edge=x', 400, 'input_invalid'],
    ['/v1/sync?edge=99', 404, 'edge_unknown'],
  ])('%s', async (path, status, code) => {
    expect(await upgrade(path)).toEqual({ status, code })
  })

  test('a place that cannot be meant', async () => {
    expect(await upgrade(`/v1/feed?${token()}&after=x`)).toEqual({ status: 400, code: 'input_invalid' })
    expect(await upgrade(`/v1/feed?${token()}&form=1`)).toEqual({ status: 400, code: 'input_invalid' })
  })

  test('a message larger than readers may send ends the connection', async () => {
    const reader = new Reader(token())
    await reader.welcome()
    reader.socket.send('x'.repeat(65 * 1024))
    expect(await reader.closed).toBe(1009)
  })
})

describe('server-sent events', () => {
  interface Event {
    readonly id?: string
    readonly event?: string
    readonly data?: string
  }

  class Stream {
    readonly events: Event[] = []
    ended = false
    readonly #abort = new AbortController()

    async open(query: string, headers: Record<string, string> = {}): Promise<Response> {
      const response = await fetch(`${cloud.url}/v1/feed?${query}`, { headers, signal: this.#abort.signal })
      void this.#read(response).catch(() => undefined)
      return response
    }

    async #read(response: Response): Promise<void> {
      let text = ''
      const decoder = new TextDecoder()
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true })
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks)
          this.events.push(
            Object.fromEntries(
              block.split('\n').map((line) => /^([a-z]*): ?(.*)$/.exec(line)?.slice(1) ?? []),
            ) as Event,
          )
      }
      this.ended = true
    }

    get positions(): number[] {
      return this.events
        .filter(({ event }) => event === 'activities')
        .flatMap(({ data }) => positions((JSON.parse(data ?? '') as Frame).activities ?? []))
    }

    close(): void {
      this.#abort.abort()
    }
  }

  test('Q-4 F-5 the id of an event is epoch:position, and Last-Event-ID goes on from it', async () => {
    guestSales(5)
    await store.sync()
    const stream = new Stream()
    const response = await stream.open('after=2', { authorization: `Bearer ${cloud.node.token}` })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    await eventually(
      () => stream.positions.length,
      (count) => count === 3,
    )
    expect(stream.events.find(({ event }) => event === 'welcome')?.data).toBe(
      '{"type":"welcome","epoch":1,"position":5,"recovered":true}',
    )
    expect(stream.events.at(-1)?.id).toBe('1:5')
    guestSales(2)
    await store.sync(6)
    await eventually(
      () => stream.positions.at(-1),
      (last) => last === 7,
    )
    expect(stream.positions).toEqual(range(3, 7))
    stream.close()
    const again = new Stream()
    await again.open(`${token()}&after=0`, { 'last-event-id': '1:4' })
    await eventually(
      () => again.positions.at(-1),
      (last) => last === 7,
    )
    expect(again.positions).toEqual(range(5, 7))
    again.close()
    await eventually(
      async () => (await cloud.ask('/metrics')).text,
      (text) => text.includes('tillstream_feed_readers 0'),
    )
  })

  test('Q-6 at a stop the stream says why and ends', async () => {
    const stream = new Stream()
    await stream.open(token())
    await eventually(() => stream.events.some(({ event }) => event === 'welcome'), Boolean)
    await cloud.node.stop()
    await eventually(() => stream.ended, Boolean)
    expect(stream.events.at(-1)).toMatchObject({
      event: 'close',
      data: `{"code":1001,"reason":"the cloud node is stopping"}`,
    })
  })

  test('without a token, or with a place that cannot be meant, there is no stream', async () => {
    expect((await cloud.ask('/v1/feed', { token: null })).status).toBe(401)
    expect((await cloud.ask('/v1/feed?after=x')).status).toBe(400)
    const head = await fetch(`${cloud.url}/v1/feed?${token()}`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect((await cloud.ask('/metrics')).text).toContain('tillstream_feed_readers 0')
  })
})
