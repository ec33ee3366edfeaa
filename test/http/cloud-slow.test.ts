// Callers that are slow on purpose, or have gone silent, in real time: how long each is waited for, so that nobody holds a connection or a stop up for free.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  HTTP_HEADERS_MS_MAX,
  HTTP_KEEP_ALIVE_MS,
  HTTP_REQUEST_MS_MAX,
  STOP_MS_MAX,
} from '../../protocol/limits.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'

/** Node looks at its connections now and then, waits a second longer for a next request, and the machine may be busy. */
const LATE_MS = 8_000

let cloud: CloudUnderTest
beforeAll(async () => {
  cloud = await CloudUnderTest.start()
})
afterAll(() => cloud.stop())

interface Cut {
  readonly ms: number
  readonly heard: string
}

/** Sends this, takes what comes, and ends no connection: when it was cut, since it was opened. */
function cutOf(url: string, text: string): { readonly socket: Socket; readonly cut: Promise<Cut> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const started = performance.now()
  let heard = ''
  socket.on('data', (piece) => (heard += piece.toString()))
  socket.on('error', () => undefined)
  socket.write(text)
  const cut = new Promise<Cut>((resolve) => {
    socket.on('close', () => resolve({ ms: performance.now() - started, heard }))
  })
  return { socket, cut }
}

const REQUEST = 'Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'

test(
  'Q-2 headers are waited for HTTP_HEADERS_MS_MAX, a whole request HTTP_REQUEST_MS_MAX, the next one HTTP_KEEP_ALIVE_MS',
  { timeout: HTTP_KEEP_ALIVE_MS + 2 * LATE_MS },
  async () => {
    const texts = [
      ['GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ', HTTP_HEADERS_MS_MAX, ' 408 '],
      [`POST /v1/enrol HTTP/1.1\r\n${REQUEST}`, HTTP_REQUEST_MS_MAX, ''],
      ['GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', HTTP_KEEP_ALIVE_MS, ' 200 '],
    ] as const
    await Promise.all(
      texts.map(async ([text, most, answer]) => {
        const { ms, heard } = await cutOf(cloud.url, text).cut
        expect(heard).toContain(answer)
        expect(ms).toBeGreaterThanOrEqual(most - 1)
        expect(ms).toBeLessThan(most + LATE_MS)
      }),
    )
  },
)

test('Q-6 a stop waits STOP_MS_MAX for a request that does not come to its end, and cuts it', async () => {
  const own = await CloudUnderTest.start()
  const { socket, cut } = cutOf(own.url, `POST /v1/enrol HTTP/1.1\r\n${REQUEST}`)
  await new Promise<void>((resolve) => void socket.once('connect', resolve))
  // The node has it once it answers one that came after it.
  await fetch(`${own.url}/livez`)
  const started = performance.now()
  await own.stop()
  await cut
  const ms = performance.now() - started
  expect(ms).toBeGreaterThanOrEqual(STOP_MS_MAX - 1)
  expect(ms).toBeLessThan(STOP_MS_MAX + LATE_MS)
})
