// The streams' own description (F-10, Q-4): a sound AsyncAPI document by the standard's schema, and what really comes over the sockets is what it says.
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ACTIVITY_VIEW_KINDS } from '../../cloud/domain/view-shapes.ts'
import { ACTIVITY_KINDS } from '../../edge/till/answers.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { FEED_BEAT_MS, FEED_PACKED_MIN, HEARTBEAT_MS } from '../../protocol/limits.ts'
import { realSystem } from '../../edge/system.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

const standard = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object

/** Sentences about what the standard's schema does not take. */
function faultsOf(document: unknown): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false })
  addFormats.default(ajv)
  const sound = ajv.compile(standard)
  return sound(document)
    ? []
    : (sound.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}

/** What a document says of each message, as a check of a message. */
function checksOf(document: unknown): (message: { type: string }) => string[] {
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  const checks = new Map<string, ValidateFunction>()
  for (const [name, message] of Object.entries(pick(document, 'components', 'messages') as object))
    checks.set(name, ajv.compile(pick(message, 'payload') as object))
  return (message) => {
    const check = checks.get(message.type)
    if (check === undefined) return [`${message.type} is not described`]
    return check(message)
      ? []
      : (check.errors ?? []).map(({ instancePath, message: text }) => `${instancePath} ${text ?? ''}`)
  }
}

const closesOf = (document: unknown): string[] =>
  Object.keys(pick(document, 'channels', 'feed', 'x-close-codes') as object)
const FEED_CODES = [CLOSE_CODES.stopping, CLOSE_CODES.unauthorised, CLOSE_CODES.resume].map(String).toSorted()
const kindsOf = (document: unknown): unknown =>
  pick(document, 'components', 'messages', 'activities', 'x-kinds')

/** Collects what a feed says until it has said one of each. */
async function listen(
  url: string,
  types = ['welcome', 'activities', 'beat'],
  protocols: string[] = [],
): Promise<{ type: string }[]> {
  const heard: { type: string }[] = []
  const socket = new WebSocket(url, protocols)
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as { type: string }))
  try {
    await until(
      'one of each',
      () => types.every((type) => heard.some((message) => message.type === type)),
      15_000,
    )
  } finally {
    socket.terminate()
  }
  return heard
}

/** Time that runs `times` as fast for timers. */
const hurried = (times: number): typeof realSystem => ({
  ...realSystem,
  after: (ms, call) => realSystem.after(ms / times, call),
})

let cloud: CloudUnderTest
beforeEach(async () => {
  cloud = await CloudUnderTest.start()
})
afterEach(() => cloud.stop())

test('canary: the schema of the standard finds a fault', () => {
  expect(faultsOf({ asyncapi: '3.0.0', info: { title: 'x' } })).not.toEqual([])
  expect(
    faultsOf({ asyncapi: '3.0.0', info: { title: 'x', version: '1' }, channels: { a: { adress: 1 } } }),
  ).not.toEqual([])
})

test('F-10: the store describes its feed, and says what it described', async () => {
  const edge = await EdgeUnderTest.start({ system: hurried(FEED_BEAT_MS / 100) })
  try {
    const document = (await edge.get('/asyncapi.json', { role: 'nobody' })).json
    expect(faultsOf(document)).toEqual([])
    expect(kindsOf(document)).toEqual(ACTIVITY_KINDS)
    expect(closesOf(document)).toEqual(FEED_CODES)
    await edge.post('/v1/sales', ONE_SALE)
    const check = checksOf(document)
    const url = `${edge.url.replace('http', 'ws')}/v1/feed?token=${edge.tokens.manager}`
    expect((await listen(url)).flatMap(check)).toEqual([])
    for (let n = 1; n < FEED_PACKED_MIN; n++) await edge.post('/v1/sales', ONE_SALE)
    expect((await listen(url, ['packed'], ['tillstream.packed'])).flatMap(check)).toEqual([])
    expect(check({ type: 'beat' })).not.toEqual([])
  } finally {
    await edge.stop()
  }
})

test('F-10 Q-4: HQ describes its feed, and says what it described; beats tell how far a reader has seen', async () => {
  expect(HEARTBEAT_MS).toBeLessThan(15_000)
  const document = (await cloud.ask('/asyncapi.json', { token: null })).json
  expect(faultsOf(document)).toEqual([])
  expect(kindsOf(document)).toEqual(ACTIVITY_VIEW_KINDS)
  expect(closesOf(document)).toEqual(FEED_CODES)
  const device = await cloud.addDevice()
  device.enrol({ at: Date.now() }, [{ kind: 'phone', value: '+447700900123' }])
  await device.connect()
  await device.sync()
  const check = checksOf(document)
  const heard = await listen(`${cloud.url.replace('http', 'ws')}/v1/feed?token=${cloud.node.token}`)
  expect(heard.flatMap(check)).toEqual([])
})
