// The queue in front of the ingest: a batch is worked on whenever it comes. The dangerous moment is the turn in which the loop has looked at an
// empty queue and ends: whoever comes then finds a loop that will not look again, unless ending and looking are one turn. These tests come at
// every moment after an answer, counted in microtasks, because no other clock is fine enough to meet that turn.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Ingest } from '../../cloud/domain/ingest/ingest.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import { cloudOfTwo } from '../support/cloud-of-two.ts'
import type { CloudOfTwo } from '../support/cloud-of-two.ts'
import type { OriginWriter } from '../support/origin-writer.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
/** A commit is over, with every promise around it, in far fewer. */
const MICROTASKS = 64

let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter
let stop: CloudOfTwo['stop']
let diskFull = false

beforeEach(async () => {
  diskFull = false
  const opened = await cloudOfTwo(T0 + 1000 * MINUTE, (store) => {
    const write = store.write.bind(store)
    store.write = (work) => (diskFull ? Promise.reject(new Error('disk full')) : write(work))
    return store
  })
  ;({ cloud, a, b, stop } = opened)
})

afterEach(() => stop())

/** One more fact of the store, as a batch. */
function offer(writer: OriginWriter): Promise<unknown> {
  writer.sale({ at: T0 + writer.seq * MINUTE }, [{ sku: 'x', amount: 100 }])
  return cloud.ingest.submit(writer.origin, writer.batch(writer.seq))
}

/** With a batch forgotten in the queue, nothing works and still something waits. */
async function expectNothingForgotten(): Promise<void> {
  await cloud.ingest.idle()
  expect(cloud.ingest.queueLength).toBe(0)
}

test('I-2 a batch offered at any moment after an answer is taken, also in the turn in which the loop ends', async () => {
  for (let late = 0; late < MICROTASKS; late++) {
    await offer(a)
    for (let tick = 0; tick < late; tick++) await Promise.resolve()
    const answer = offer(b)
    await expectNothingForgotten()
    expect(await answer).toMatchObject({ type: 'ack', seq: late + 1 })
  }
  expect(await cloud.head(b.origin)).toBe(MICROTASKS)
})

test('I-2 I-11 what lies in the sockets when a commit begins shares it', async () => {
  const sockets = Promise.withResolvers<undefined>()
  const ingest = new Ingest(cloud.store, cloud.shelf, cloud.clock, { turn: () => sockets.promise })
  let commits = 0
  ingest.onCommitted(() => (commits += 1))
  const answers = [a, b].map((writer) => {
    writer.sale({ at: T0 }, [{ sku: 'x', amount: 100 }])
    return ingest.submit(writer.origin, writer.batch())
  })
  sockets.resolve(undefined)
  expect(await Promise.all(answers)).toMatchObject([{ seq: 1 }, { seq: 1 }])
  expect(commits).toBe(1)
})

test('I-2 a batch offered by whoever hears of a commit is taken', async () => {
  let second: Promise<unknown> | undefined
  cloud.ingest.onCommitted(() => {
    second ??= offer(b)
  })
  await offer(a)
  await expectNothingForgotten()
  expect(await second).toMatchObject({ type: 'ack', seq: 1 })
})

test('I-2 a batch offered right after one that the store could not take is taken', async () => {
  for (let late = 0; late < MICROTASKS; late++) {
    diskFull = true
    const refused = offer(a)
    await expect(refused).rejects.toThrow('disk full')
    diskFull = false
    for (let tick = 0; tick < late; tick++) await Promise.resolve()
    const answer = offer(b)
    await expectNothingForgotten()
    expect(await answer).toMatchObject({ type: 'ack', seq: late + 1 })
  }
})
