// Links over plain requests at one node, by requests and answers without a wire: how many there may be, and what one more hears (ADM-6).
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { SyncPosts } from '../../cloud/http/sync-posts.ts'
import type { EdgeRow } from '../../cloud/store/port.ts'
import { realSystem } from '../../cloud/system.ts'
import { LINE_HEADER } from '../../protocol/framing.ts'
import { BUSY_RETRY_S, POST_LINES_MAX } from '../../protocol/limits.ts'

function asked(edge: number): { request: IncomingMessage; response: ServerResponse } {
  const request = new IncomingMessage(new Socket())
  Object.assign(request, { method: 'POST', url: `/v1/sync?edge=${edge}` })
  request.push(null)
  const response = new ServerResponse(request)
  // As behind TLS; headers can be asked for once one was set so.
  response.setHeader('Strict-Transport-Security', 'max-age=1')
  return { request, response }
}

test('ADM-6 P-SYNC-8 POST_LINES_MAX lines are opened however they come together; one more is told to come later, until one has ended', async () => {
  const ends: (() => void)[] = []
  let accepted = 0
  const posts = new SyncPosts({
    // A line is closed as soon as it is taken: what counts is its place, which it keeps until its edge was told.
    hub: {
      busy: false,
      edgeOf: async (id) => ({ id }) as EdgeRow,
      accept: async (_, socket) => {
        accepted += 1
        socket.close(1001, 'for the test')
      },
    },
    system: {
      ...realSystem,
      after: (ms, call) => {
        if (ms > 0) ends.push(call)
        return () => void ends.splice(ends.indexOf(call) >>> 0, 1)
      },
    },
    log: pino({ level: 'silent' }),
    stopping: () => false,
  })
  const come = async (count: number): Promise<ServerResponse[]> => {
    const all = Array.from({ length: count }, (_, index) => asked(index + 1))
    await Promise.all(all.map(({ request, response }) => posts.handle(request, response)))
    return all.map(({ response }) => response)
  }
  const answers = await come(POST_LINES_MAX + 3)
  const opened = answers.filter(({ statusCode }) => statusCode === 200)
  expect(opened).toHaveLength(POST_LINES_MAX)
  expect(accepted).toBe(POST_LINES_MAX)
  expect(opened.every((response) => response.getHeader(LINE_HEADER) !== undefined)).toBe(true)
  const refused = answers.filter(({ statusCode }) => statusCode !== 200)
  expect(refused.map((response) => [response.statusCode, response.getHeader('Retry-After')])).toEqual(
    Array.from({ length: 3 }, () => [503, String(BUSY_RETRY_S)]),
  )
  ends[0]?.()
  const [next, last] = await come(2)
  expect([next?.statusCode, last?.statusCode]).toEqual([200, 503])
})
