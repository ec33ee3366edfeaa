// Idempotency keys over HTTP, and the callers that make them necessary: those that send twice, at once, or hang up.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NOBODY_ENROLLED, expectProblem, filled, isKeyed, operations } from '../support/edge-api.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'

let edge: EdgeUnderTest
beforeAll(async () => {
  edge = await EdgeUnderTest.start()
})
afterAll(() => edge.stop())

describe('K: keys over HTTP', () => {
  test('K-1: every write without a key is refused, also with an empty body', async () => {
    const keyed = (await operations(edge)).filter(({ operation }) => isKeyed(operation))
    expect(keyed).toHaveLength(10)
    for (const { method, path } of keyed)
      expectProblem(await edge.ask(method, filled(path), { key: '', body: {} }), 'key_missing')
  })
  test.each(['x'.repeat(65), 'two words', 'ümlaut'])('K-1: the key "%.20s" is none', async (key) => {
    expectProblem(await edge.post('/v1/sales', { ...ONE_SALE, id: key }, { key: '' }), 'key_missing')
  })
  test('K-1: `id` in the body is the key; it must not differ from the header', async () => {
    const key = edge.key()
    const first = await edge.post('/v1/sales', { ...ONE_SALE, id: key }, { key: '' })
    expect(first.status).toBe(201)
    const again = await edge.post('/v1/sales', { ...ONE_SALE, id: key }, { key: '' })
    expect(again.text).toBe(first.text)
    expectProblem(await edge.post('/v1/sales', { ...ONE_SALE, id: 'a' }, { key: 'b' }), 'input_invalid')
  })
  test('K-2: same key and body: the stored answer byte for byte, its status, and the header', async () => {
    const key = edge.key()
    const first = await edge.post('/v1/sales', ONE_SALE, { key })
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const seq = edge.node.ledger.head().seq
    for (let time = 0; time < 3; time++) {
      const again = await edge.post('/v1/sales', ONE_SALE, { key })
      expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([
        201,
        first.text,
        'true',
      ])
    }
    expect(edge.node.ledger.head().seq).toBe(seq)
  })
  test('K-2: also after a restart', async () => {
    const key = edge.key()
    const first = await edge.post('/v1/sales', ONE_SALE, { key })
    await edge.restart()
    const again = await edge.post('/v1/sales', ONE_SALE, { key })
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.text,
      'true',
    ])
  })
  test('K-3: the same key with another body, other spacing or another path', async () => {
    const key = edge.key()
    await edge.post('/v1/sales', ONE_SALE, { key })
    expectProblem(
      await edge.post('/v1/sales', { lines: [{ sku: 'TEA', amount: 501 }] }, { key }),
      'key_reused',
    )
    const spaced = await edge.ask('POST', '/v1/sales', { key, raw: JSON.stringify(ONE_SALE, null, 1) })
    expectProblem(spaced, 'key_reused')
    expectProblem(
      await edge.post('/v1/checkins', { member: { kind: 'card', value: 'C-9' } }, { key }),
      'key_reused',
    )
  })
  test('K-3: a hundred at once with one key make one fact; the others get its answer or key_in_flight', async () => {
    const key = edge.key()
    const seq = edge.node.ledger.head().seq
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => edge.post('/v1/sales', ONE_SALE, { key })),
    )
    expect(edge.node.ledger.head().seq).toBe(seq + 1)
    const receipts = new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text))
    expect(receipts.size).toBe(1)
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 'key_in_flight')
  })
  test('K-4: a refusal does not use the key up', async () => {
    const key = edge.key()
    expectProblem(
      await edge.post('/v1/sales', { ...ONE_SALE, member: NOBODY_ENROLLED }, { key }),
      'member_not_found',
    )
    expect((await edge.post('/v1/sales', ONE_SALE, { key })).status).toBe(201)
  })
})

test('H-7: requests that do not wait for answers end the connection; each key still counts at most once', async () => {
  const keys = [edge.key(), edge.key(), edge.key()]
  const seq = edge.node.ledger.head().seq
  const text = JSON.stringify(ONE_SALE)
  const one = (key: string): string =>
    `POST /v1/sales HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.tokens.terminal}\r\nIdempotency-Key: ${key}\r\n` +
    `Content-Length: ${text.length}\r\n\r\n${text}`
  const socket = connect(edge.node.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  socket.write(keys.map(one).join(''))
  await closed
  for (const key of keys) expect((await edge.post('/v1/sales', ONE_SALE, { key })).status).toBe(201)
  expect(edge.node.ledger.head().seq).toBe(seq + keys.length)
})

test('a caller that hangs up leaves its sale recorded once, and the node serving', async () => {
  const key = edge.key()
  const seq = edge.node.ledger.head().seq
  const text = JSON.stringify(ONE_SALE)
  const socket = connect(edge.node.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    `POST /v1/sales HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.tokens.terminal}\r\nIdempotency-Key: ${key}\r\n` +
      `Content-Length: ${text.length}\r\n\r\n${text}`,
    () => socket.destroy(),
  )
  await until('the sale is recorded', () => edge.node.ledger.head().seq === seq + 1)
  const again = await edge.post('/v1/sales', ONE_SALE, { key })
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
})
