// The feed over real sockets (F-2 to F-5): WebSocket and server-sent events, resume by position, slow readers, tokens, limits.
import { get } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Activity } from '../../edge/till/answers.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { NO_FACT, factIdOf } from '../../protocol/ids.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import {
  CORRECTIONS_FRAME_MAX,
  FEED_BACKLOG_BYTES_MAX,
  FEED_SNAPSHOT,
  FEED_SUBSCRIBERS_MAX,
  SOCKET_MESSAGE_BYTES_MAX,
} from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

interface Welcome {
  readonly type: 'welcome'
  readonly epoch: number
  readonly position: number
  readonly recovered: boolean
}

/** A reader that remembers all it was told. */
class Watcher {
  readonly socket: WebSocket
  readonly welcomes: Welcome[] = []
  readonly activities: Activity[] = []
  frames = 0
  closed: number | undefined
  refused: number | undefined

  constructor(
    edge: EdgeUnderTest,
    query: Record<string, string | number> = {},
    headers: Record<string, string> = {},
  ) {
    const given = Object.keys(headers).length > 0 || 'token' in query
    const search = new URLSearchParams(given ? {} : { token: edge.tokens.manager })
    for (const [name, value] of Object.entries(query)) search.set(name, `${value}`)
    this.socket = new WebSocket(`${edge.url.replace('http', 'ws')}/v1/feed?${search}`, { headers })
    this.socket.on('message', (data: Buffer) => {
      this.frames += 1
      const frame = JSON.parse(data.toString()) as Welcome | { type: 'activities'; activities: Activity[] }
      if (frame.type === 'welcome') this.welcomes.push(frame)
      else this.activities.push(...frame.activities)
    })
    this.socket.on('unexpected-response', (_, response) => {
      this.refused = response.statusCode
      this.socket.terminate()
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', (code) => (this.closed = code))
  }

  get positions(): number[] {
    return this.activities.map(({ position }) => position)
  }

  welcomed(): Promise<void> {
    return until('the welcome', () => this.welcomes.length > 0)
  }

  reached(position: number): Promise<void> {
    return until(`position ${position}`, () => (this.positions.at(-1) ?? 0) >= position)
  }
}

let edge: EdgeUnderTest
beforeEach(async () => {
  edge = await EdgeUnderTest.start()
})
afterEach(() => edge.stop())

const position = (): number => edge.node.till.feed.position
const sell = async (count: number): Promise<void> => {
  const answers = await Promise.all(Array.from({ length: count }, () => edge.post('/v1/sales', ONE_SALE)))
  for (const { status } of answers) expect(status).toBe(201)
}
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** A manager's reader that takes the first bytes and then never reads again. */
async function sleeper(accept: string): Promise<Socket> {
  const socket = connect(edge.node.port, '127.0.0.1')
  socket.on('error', () => undefined)
  const upgrade =
    accept === 'websocket'
      ? 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
      : 'Accept: text/event-stream\r\n'
  socket.write(`GET /v1/feed?token=${edge.tokens.manager} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`)
  await new Promise<void>((resolve) => void socket.once('data', () => resolve()))
  socket.pause()
  return socket
}

let revision = 0
/** Activities until `enough`: 200 corrections in one commit are the cheapest way to a full line. */
async function flood(enough: () => boolean): Promise<void> {
  await until('the line is full', () => {
    revision += 1
    const corrections = range(1, CORRECTIONS_FRAME_MAX).map((seq) => ({
      fact: factIdOf(9 as Origin, seq as Seq),
      revision,
      points: 0 as Points,
      goodwill: 0 as Points,
      cause: NO_FACT,
    }))
    edge.node.till.takeCorrections({ type: 'corrections', cursor: revision, corrections, conflicts: [] })
    return enough()
  })
}

describe('F-2: a reader names its place and gets everything after it, then what comes', () => {
  test('without a place: the last FEED_SNAPSHOT, then live, gapless', async () => {
    await sell(FEED_SNAPSHOT + 10)
    const watcher = new Watcher(edge)
    await watcher.welcomed()
    expect(watcher.welcomes).toEqual([{ type: 'welcome', epoch: 1, position: position(), recovered: false }])
    await sell(5)
    await watcher.reached(position())
    expect(watcher.positions).toEqual(range(position() - 5 - FEED_SNAPSHOT + 1, position()))
    watcher.socket.close()
  })
  test('with a place: exactly what it has not seen, with recovered: true', async () => {
    await sell(20)
    const watcher = new Watcher(edge, { epoch: 1, after: 7 })
    await watcher.reached(position())
    expect(watcher.welcomes[0]?.recovered).toBe(true)
    expect(watcher.positions).toEqual(range(8, position()))
    watcher.socket.close()
  })
  test.each([
    ['an unknown epoch', { epoch: 9, after: 3 }],
    ['a position that was never given', { epoch: 1, after: 1_000_000 }],
    ['a position without its epoch', { after: 3 }],
  ])('%s: recovered: false and the latest', async (_, query) => {
    await sell(3)
    const watcher = new Watcher(edge, query)
    await watcher.reached(position())
    expect(watcher.welcomes[0]?.recovered).toBe(false)
    watcher.socket.close()
  })
  test('cut off again and again while sales go on, it sees every position once', async () => {
    const seen: number[] = []
    const welcomes: Welcome[] = []
    let selling = true
    const seller = (async () => {
      while (selling) await sell(7)
    })()
    for (let round = 0; round < 25; round++) {
      const last = seen.at(-1)
      const watcher = new Watcher(edge, last === undefined ? {} : { epoch: 1, after: last })
      await until('some activities', () => watcher.activities.length >= 5)
      watcher.socket.terminate()
      await until('closed', () => watcher.closed !== undefined)
      seen.push(...watcher.positions)
      welcomes.push(...watcher.welcomes)
    }
    selling = false
    await seller
    expect(seen).toEqual(range(seen[0] ?? 0, seen.at(-1) ?? 0))
    expect(welcomes.slice(1).every(({ recovered }) => recovered)).toBe(true)
  })
  test('over a restart of the node the place is still good', async () => {
    await sell(4)
    const before = position()
    await edge.restart()
    await sell(2)
    const watcher = new Watcher(edge, { epoch: 1, after: before })
    await watcher.reached(position())
    expect(watcher.welcomes[0]?.recovered).toBe(true)
    expect(watcher.positions).toEqual(range(before + 1, position()))
    watcher.socket.close()
  })
  test('F-1, F-4: one frame per commit, and no member in the clear', async () => {
    const watcher = new Watcher(edge, { epoch: 1, after: position() })
    await watcher.welcomed()
    const member = { kind: 'phone', value: '+44 20 7946 0042' }
    await edge.post('/v1/members', { name: 'Ada Lovelace', identities: [member] })
    await edge.post('/v1/sales', { ...ONE_SALE, member })
    await watcher.reached(position())
    const text = JSON.stringify(watcher.activities)
    expect(text).not.toMatch(/Lovelace|7946 ?0042/)
    expect(watcher.activities.map(({ kind }) => kind)).toEqual(['enrolment', 'sale'])
    expect(watcher.activities[1]).toMatchObject({ amount: 500, terminal: 'terminal', status: 'provisional' })
    watcher.socket.close()
  })
  test('many readers get the same', async () => {
    const watchers = Array.from({ length: 50 }, () => new Watcher(edge, { epoch: 1, after: position() }))
    await Promise.all(watchers.map((watcher) => watcher.welcomed()))
    const from = position()
    await sell(30)
    await Promise.all(watchers.map((watcher) => watcher.reached(position())))
    for (const watcher of watchers) {
      expect(watcher.positions).toEqual(range(from + 1, position()))
      watcher.socket.close()
    }
  })
})

describe('F-3: who holds back is cut and told to resume; nothing is skipped', () => {
  test('a WebSocket reader is closed with 4408, and what it got until then is gapless', async () => {
    const slow = await sleeper('websocket')
    const received: Buffer[] = []
    slow.on('data', (piece: Buffer) => received.push(piece))
    slow.pause()
    const fast = new Watcher(edge, { epoch: 1, after: position() })
    await fast.welcomed()
    const from = position()
    const metrics = async (): Promise<number> => {
      const { text } = await edge.get('/metrics', { role: 'manager' })
      return Number(/^tillstream_edge_feed_readers_cut_total (.*)$/m.exec(text)?.[1])
    }
    let cut = 0
    while (cut === 0) {
      const target = position() + 2_000
      await flood(() => position() >= target)
      cut = await metrics()
    }
    await fast.reached(position())
    expect(fast.positions).toEqual(range(from + 1, position()))
    expect(fast.closed).toBeUndefined()
    slow.resume()
    await new Promise<void>((resolve) => void slow.once('close', () => resolve()))
    const bytes = Buffer.concat(received)
    // A close frame of 8 bytes: the code and the word "resume".
    expect(bytes.subarray(-8)).toEqual(
      Buffer.from([CLOSE_CODES.resume >> 8, CLOSE_CODES.resume & 255, ...Buffer.from('resume')]),
    )
    const positions = [...bytes.toString('latin1').matchAll(/"position":([0-9]+),"epoch"/g)].map((match) =>
      Number(match[1]),
    )
    expect(positions).toEqual(range(positions[0] ?? 0, positions.at(-1) ?? 0))
    expect(bytes.length).toBeGreaterThan(FEED_BACKLOG_BYTES_MAX)
    fast.socket.close()
  })
  test('a server-sent reader is disconnected', async () => {
    const slow = await sleeper('sse')
    let gone = false
    slow.on('close', () => (gone = true))
    await flood(() => position() > 30_000)
    slow.resume()
    await until('the line is closed', () => gone)
  })
  test('a reader that has much to catch up is not cut for it', async () => {
    await flood(() => position() > 10_000)
    const watcher = new Watcher(edge, { epoch: 1, after: 0 })
    await watcher.reached(position())
    expect(watcher.positions).toEqual(range(1, position()))
    expect(watcher.frames).toBeLessThan(200)
    watcher.socket.close()
  })
})

describe('F-5: server-sent events', () => {
  interface Stream {
    text: string
    readonly status: number | undefined
    close(): void
  }
  function listen(path: string, headers: Record<string, string> = {}): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const request = get(
        { port: edge.node.port, path, headers: { accept: 'text/event-stream', ...headers } },
        (response) => {
          const stream: Stream = { text: '', status: response.statusCode, close: () => request.destroy() }
          response.setEncoding('utf8').on('data', (piece: string) => (stream.text += piece))
          response.on('error', () => undefined)
          resolve(stream)
        },
      )
      request.on('error', reject)
    })
  }
  const ids = ({ text }: Stream): string[] =>
    [...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1] ?? '')
  const dataPositions = ({ text }: Stream): number[] =>
    [...text.matchAll(/"position":([0-9]+),"epoch"/g)].map((match) => Number(match[1]))

  test('frames are events with the id epoch:position', async () => {
    await sell(3)
    const stream = await listen('/v1/feed?epoch=1&after=2', {
      authorization: `Bearer ${edge.tokens.manager}`,
    })
    await until('the history', () => ids(stream).includes(`1:${position()}`))
    await sell(1)
    await until('the sale', () => ids(stream).includes(`1:${position()}`))
    expect(stream.text).toMatch(/^id: 1:2\nevent: welcome\ndata: \{"type":"welcome"/)
    expect(dataPositions(stream)).toEqual(range(3, position()))
    stream.close()
  })
  test('resumes by Last-Event-ID, which goes before the query', async () => {
    await sell(9)
    const stream = await listen(`/v1/feed?token=${edge.tokens.manager}&epoch=1&after=1`, {
      'last-event-id': '1:6',
    })
    await until('the rest', () => ids(stream).includes(`1:${position()}`))
    expect(dataPositions(stream)).toEqual(range(7, position()))
    stream.close()
  })
  test('without the Accept header the caller is told what to do', async () => {
    const answer = await edge.get('/v1/feed', { role: 'manager' })
    expect(answer.json).toMatchObject({ code: 'input_invalid', param: 'Accept' })
  })
})

describe('who may watch', () => {
  test('the token may be a header or in the query', async () => {
    const watcher = new Watcher(edge, {}, { authorization: `Bearer ${edge.tokens.manager}` })
    await watcher.welcomed()
    watcher.socket.close()
  })
  test.each<[string, number]>([
    ['terminal', 403],
    ['wrong', 401],
  ])('a token of a %s: %i, and no socket', async (who, status) => {
    const watcher = new Watcher(edge, { token: who === 'terminal' ? edge.tokens.terminal : 'wrong' })
    await until('refused', () => watcher.refused !== undefined)
    expect(watcher.refused).toBe(status)
  })
  test('a token that is taken back closes its readers with 4401', async () => {
    const watcher = new Watcher(edge)
    await watcher.welcomed()
    await edge.ask('DELETE', '/v1/terminals/manager', { role: 'admin' })
    await until('closed', () => watcher.closed !== undefined)
    expect(watcher.closed).toBe(CLOSE_CODES.unauthorised)
  })
  test('a message above SOCKET_MESSAGE_BYTES_MAX ends the connection; others are ignored', async () => {
    const watcher = new Watcher(edge)
    await watcher.welcomed()
    watcher.socket.send('hello?')
    await sell(1)
    await watcher.reached(position())
    watcher.socket.send('x'.repeat(SOCKET_MESSAGE_BYTES_MAX + 1))
    await until('closed', () => watcher.closed !== undefined)
    expect((await edge.get('/v1/status')).status).toBe(200)
  })
  test('beyond FEED_SUBSCRIBERS_MAX: 429, until one leaves', async () => {
    const watchers = Array.from({ length: FEED_SUBSCRIBERS_MAX }, () => new Watcher(edge))
    await Promise.all(watchers.map((watcher) => watcher.welcomed()))
    const late = new Watcher(edge)
    await until('refused', () => late.refused !== undefined)
    expect(late.refused).toBe(429)
    watchers[0]?.socket.terminate()
    await until('room', async () => {
      const next = new Watcher(edge)
      await until('an answer', () => next.welcomes.length > 0 || next.refused !== undefined)
      watchers.push(next)
      return next.welcomes.length > 0
    })
    for (const watcher of watchers) watcher.socket.terminate()
  })
})
