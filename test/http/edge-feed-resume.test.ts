// Resuming the feed over real sockets at every place there is, over both transports and any frame's border, and a thousand times in a row (F-2, F-3, F-5);
// `npm run test:long` ten thousand times.
import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { realSystem } from '../../edge/system.ts'
import type { Activity } from '../../edge/till/answers.ts'
import { FEED_PAGE_MAX, FEED_SNAPSHOT } from '../../protocol/limits.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

const RECONNECTS = Number(process.env.RECONNECTS ?? '1000')

interface Heard {
  readonly recovered: boolean
  readonly positions: readonly number[]
}

interface Frame {
  readonly type: string
  readonly recovered?: boolean
  readonly activities?: readonly Activity[]
}

let edge: EdgeUnderTest
beforeAll(async () => {
  // Nothing is told but what a test does: ten seconds after its start a store says by itself which terminals have called and that its link is offline, on a
  // slow machine in the middle of a test.
  edge = await EdgeUnderTest.start({ system: { ...realSystem, after: () => () => undefined } })
})
afterAll(() => edge.stop())

const head = (): number => edge.node.till.feed.position
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
/** Sales of one commit: they are one frame in the log. */
async function commit(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => edge.post('/v1/sales', ONE_SALE)))
}

const addressOf = (after: number, epoch = 1): string =>
  `/v1/feed?token=${edge.tokens.manager}&epoch=${epoch}&after=${after}`

/** Adds what came up until `to` was seen, or everything if there is nothing to come. */
function listener(to: number, done: (heard: Heard) => void): (frame: Frame) => void {
  let recovered = false
  const positions: number[] = []
  return (frame) => {
    if (frame.type === 'welcome') recovered = frame.recovered === true
    else positions.push(...(frame.activities ?? []).map(({ position }) => position))
    const nothing = recovered && positions.length === 0 && to === 0
    if ((positions.at(-1) ?? -1) >= to || nothing) done({ recovered, positions })
  }
}

function bySocket(after: number, to: number, epoch?: number): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${edge.node.port}${addressOf(after, epoch)}`)
    const take = listener(to, (heard) => {
      socket.terminate()
      resolve(heard)
    })
    socket.on('message', (data: Buffer) => take(JSON.parse(data.toString()) as Frame))
    socket.on('error', reject)
    socket.on('close', (code) => reject(new Error(`the feed was closed with ${code} after ${after}`)))
  })
}

function byEvents(after: number, to: number): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream', 'last-event-id': `1:${after}` }
    const path = `/v1/feed?token=${edge.tokens.manager}`
    const call = get({ port: edge.node.port, host: '127.0.0.1', path, headers }, (response) => {
      let text = ''
      const take = listener(to, (heard) => {
        call.destroy()
        resolve(heard)
      })
      response.on('data', (piece: Buffer) => {
        text += piece.toString()
        const events = text.split('\n\n')
        text = events.pop() ?? ''
        for (const event of events) {
          const data = /^data: (.*)$/m.exec(event)?.[1]
          if (data !== undefined) take(JSON.parse(data) as Frame)
        }
      })
      response.on('error', () => undefined)
    })
    call.on('error', reject)
  })
}

describe('resuming', () => {
  test('F-2 F-5: at every place, in the middle of any frame and at its borders, exactly what follows', async () => {
    for (const size of [1, 2, 5, 1, 30, 3]) await commit(size)
    const last = head()
    for (let after = 0; after < last; after += 1) {
      const [socket, events] = await Promise.all([bySocket(after, last), byEvents(after, last)])
      const wanted = { recovered: true, positions: range(after + 1, last) }
      expect(socket).toEqual(wanted)
      expect(events).toEqual(wanted)
    }
  })

  test('F-2: at the end there is nothing yet, and then what comes; beyond it, or in another epoch, the latest and a word about it', async () => {
    const last = head()
    const next = bySocket(last, last + 1)
    await until('it watches', async () =>
      (await edge.get('/metrics', { role: 'manager' })).text.includes('feed_readers 1'),
    )
    await commit(1)
    expect(await next).toEqual({ recovered: true, positions: [last + 1] })
    const latest = { recovered: false, positions: range(Math.max(1, last + 2 - FEED_SNAPSHOT), last + 1) }
    expect(await bySocket(last + 2, last + 1)).toEqual(latest)
    expect(await bySocket(3, last + 1, 2)).toEqual(latest)
  })

  test('F-2 F-3: around the border of a page', async () => {
    while (head() < FEED_PAGE_MAX + 10) await commit(200)
    const last = head()
    for (const after of [last - FEED_PAGE_MAX - 1, last - FEED_PAGE_MAX, last - FEED_PAGE_MAX + 1])
      expect(await bySocket(after, last)).toEqual({ recovered: true, positions: range(after + 1, last) })
  })

  test('F-2: a thousand reconnects and more while the store sells: each goes on where the one before it was, and nothing stays behind', async () => {
    const READERS = 25
    const TURNS = RECONNECTS / READERS
    const began = head()
    const seen = Array.from({ length: READERS }, () => began)
    let watching = true
    const till = (async () => {
      while (watching) await commit(1)
    })()
    const readers = Promise.all(
      seen.map(async (_, reader) => {
        for (let turn = 0; turn < TURNS; turn += 1) {
          const after = seen[reader] ?? began
          const { recovered, positions } = await bySocket(after, after + 1)
          expect(recovered).toBe(true)
          // Without a gap, from the very next on.
          expect(positions[0]).toBe(after + 1)
          expect(positions.length).toBe((positions.at(-1) ?? 0) - after)
          seen[reader] = positions.at(-1) ?? after
        }
      }),
    ).finally(() => (watching = false))
    // Whichever fails first says why.
    await Promise.all([readers, till])
    await until('all have left', async () =>
      (await edge.get('/metrics', { role: 'manager' })).text.includes('feed_readers 0'),
    )
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(began + TURNS)
  }, 120_000)
})
