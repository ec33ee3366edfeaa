// The feed client against a real store node, behind a network that is cut again and again (W), and what it asks of the feed (F-7 to F-9).
import type { AddressInfo } from 'node:net'
import { decode } from 'cbor-x'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Line } from '../../cloud/demo/network.ts'
import { FeedClient } from '../../edge/kit/feed-client.ts'
import type { FeedClientOptions, FeedState } from '../../edge/kit/feed-client.ts'
import { realSystem } from '../../edge/system.ts'
import type { Activity } from '../../edge/till/answers.ts'
import type { FeedMessage } from '../../protocol/feed-frames.ts'
import { FEED_BEAT_MS, FEED_PACKED_MIN } from '../../protocol/limits.ts'
import { unpack } from '../../protocol/packed-feed.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

let edge: EdgeUnderTest
let line: Line
let port: number
let clients: FeedClient[]
let seen: Activity[]
let missed: number
let states: FeedState[]

beforeEach(async () => {
  edge = await EdgeUnderTest.start()
  line = new Line(edge.node.port)
  port = await line.listen()
  clients = []
  seen = []
  missed = 0
  states = []
})
afterEach(async () => {
  for (const client of clients) client.close()
  await line.close()
  await edge.stop()
})

function watch(options: Partial<FeedClientOptions> = {}): FeedClient {
  const client = new FeedClient({
    url: `http://127.0.0.1:${port}`,
    token: edge.tokens.manager,
    onActivities: (activities) => void seen.push(...activities),
    onMissed: () => void (missed += 1),
    onState: (state) => void states.push(state),
    ...options,
  })
  clients.push(client)
  return client
}

const sell = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) expect((await edge.post('/v1/sales', ONE_SALE)).status).toBe(201)
}
const position = (): number => edge.node.till.feed.position
const reached = (client: FeedClient): Promise<void> =>
  until('everything is seen', () => (client.place?.after ?? 0) >= position())
const positions = (): number[] => seen.map((one) => one.position)
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('W: watching over lost connections', () => {
  test('KW-1: every activity once and in order, over cuts at any moment', async () => {
    const client = watch()
    for (let round = 0; round < 8; round += 1) {
      await sell(3)
      line.cut()
      await sell(2)
      line.heal()
      await until('it is live again', () => client.state === 'live')
    }
    await reached(client)
    expect(positions()).toEqual(range(positions()[0] ?? 0, position()))
    expect(missed).toBe(0)
    expect(states).toContain('waiting')
  })

  test('KW-1: a pause is an end at a place, and going on from it', async () => {
    const client = watch()
    await sell(2)
    await reached(client)
    client.close()
    await sell(4)
    client.open()
    await reached(client)
    expect(positions()).toEqual(range(positions()[0] ?? 0, position()))
  })

  test('KW-2: a place the store does not know: it says so, and goes on with the latest', async () => {
    await sell(3)
    watch({ place: { epoch: 99, after: 5 } })
    await until('the latest', () => positions().at(-1) === position())
    expect(missed).toBe(1)
  })

  test('KW-3: a token that is taken back: refused, and no more attempts', async () => {
    const client = watch()
    await until('live', () => client.state === 'live')
    await edge.ask('DELETE', '/v1/terminals/manager', { role: 'admin' })
    await until('refused', () => client.state === 'refused')
    expect(states.filter((state) => state === 'connecting')).toHaveLength(1)
  })
})

test('KW-4: a line on which nothing comes is given up', async () => {
  const mute = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'tillstream.json' })
  await new Promise((resolve) => void mute.once('listening', resolve))
  let connections = 0
  mute.on('connection', () => void (connections += 1))
  // A server that listens has an address with a port.
  watch({ url: `http://127.0.0.1:${(mute.address() as AddressInfo).port}`, silenceMs: 30 })
  await until('it comes again', () => connections >= 2)
  expect(states).toContain('waiting')
  for (const socket of mute.clients) socket.terminate()
  mute.close()
})

describe('F-7: only what a reader asked for', () => {
  test('by kind: positions stay those of the whole feed, and the place moves on', async () => {
    const client = watch({ kinds: ['checkin'] })
    await until('live', () => client.state === 'live')
    await sell(2)
    await edge.post('/v1/checkins', { member: { kind: 'card', value: 'walk-in' } })
    await sell(1)
    await until('the check-in', () => seen.length > 0)
    expect(new Set(seen.map(({ kind }) => kind))).toEqual(new Set(['checkin']))
  })

  test('by terminal: another one’s sales are not given', async () => {
    await sell(2)
    const client = watch({ terminal: 'somebody-else', place: { epoch: 1, after: 0 } })
    await until('live', () => client.state === 'live')
    await sell(1)
    const all = watch({ terminal: 'terminal', place: { epoch: 1, after: 0 } })
    await reached(all)
    expect(seen.every(({ terminal }) => terminal === 'terminal')).toBe(true)
    expect(seen.length).toBeGreaterThanOrEqual(3)
  })

  test('a kind that there is not is refused', async () => {
    const answer = await edge.get('/v1/feed?kinds=sale,nonsense', { role: 'manager' })
    expect(answer.json).toMatchObject({ code: 'input_invalid', param: 'kinds' })
  })
})

test('F-8: readers hear a beat every FEED_BEAT_MS, with the position', async () => {
  const time = new VirtualTime(Date.now())
  await edge.restart({ system: { ...realSystem, after: (ms, call) => time.after(ms, call) } })
  const heard: { type: string; position?: number }[] = []
  const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/v1/feed?token=${edge.tokens.manager}`)
  socket.on('message', (data: Buffer) => void heard.push(JSON.parse(data.toString()) as { type: string }))
  await until('the welcome', () => heard.length > 0)
  await time.run(FEED_BEAT_MS)
  await until('the beat', () => heard.some(({ type }) => type === 'beat'))
  const [welcome, ...rest] = heard
  expect(rest.find(({ type }) => type === 'beat')?.position).toBeGreaterThanOrEqual(welcome?.position ?? 0)
  socket.terminate()
})

test('F-9: under the subprotocol tillstream.cbor the same values come as CBOR maps', async () => {
  await sell(2)
  const frames: unknown[] = []
  const socket = new WebSocket(
    `${edge.url.replace('http', 'ws')}/v1/feed?token=${edge.tokens.manager}&epoch=1&after=0`,
    ['unheard.of', 'tillstream.cbor'],
  )
  socket.on('message', (data: Buffer, binary: boolean) => void frames.push(binary ? decode(data) : 'text'))
  await until('both frames', () => frames.length >= 2)
  expect(socket.protocol).toBe('tillstream.cbor')
  expect(frames[0]).toMatchObject({ type: 'welcome', epoch: 1, recovered: true })
  expect(frames[1]).toMatchObject({ type: 'activities', from: 1 })
  socket.terminate()
})

test('F-12: under the subprotocol tillstream.packed the same activities come by columns, also those that a filter leaves', async () => {
  const rows = `${edge.url.replace('http', 'ws')}/v1/feed?token=${edge.tokens.manager}&epoch=1&after=0`
  await edge.post('/v1/checkins', { member: { kind: 'card', value: 'walk-in' } })
  await sell(FEED_PACKED_MIN)
  const told: Record<string, FeedMessage<Activity>[]> = {}
  const ask = async (name: string, query: string, protocols: string[]): Promise<void> => {
    const heard = (told[name] = [] as FeedMessage<Activity>[])
    const socket = new WebSocket(`${rows}${query}`, protocols)
    socket.on(
      'message',
      (data: Buffer) => void heard.push(JSON.parse(data.toString()) as FeedMessage<Activity>),
    )
    await until('both frames', () => heard.length >= 2)
    socket.terminate()
  }
  await ask('rows', '', [])
  await ask('packed', '', ['tillstream.packed'])
  await ask('sales', '&kinds=sale', ['tillstream.packed'])
  const activities = (name: string): readonly Activity[] => {
    const frame = told[name]?.[1]
    if (frame?.type === 'packed') return unpack(frame) as Activity[]
    return frame?.type === 'activities' ? frame.activities : []
  }
  expect(told.packed?.map(({ type }) => type)).toEqual(['welcome', 'packed'])
  expect(told.sales?.map(({ type }) => type)).toEqual(['welcome', 'packed'])
  expect(activities('packed')).toEqual(activities('rows'))
  expect(activities('sales')).toEqual(activities('rows').filter(({ kind }) => kind === 'sale'))
})
