// What the cloud says of the time and of what changed meanwhile, and which of it the link believes.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pino } from 'pino'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { Link } from '../../edge/sync/link.ts'
import { Till } from '../../edge/till/till.ts'
import { exportPrivateKey, exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { Origin } from '../../protocol/ids.ts'
import { BACKOFF_BASE_MS, CLOCK_ASK_MS } from '../../protocol/limits.ts'
import type { Money } from '../../protocol/numbers.ts'
import type { Millis } from '../../protocol/time.ts'
import { HandCloud } from '../support/hand-cloud.ts'
import { HeldNetwork } from '../support/held-line.ts'
import { STORE } from '../support/till-under-test.ts'
import { VirtualSystem } from '../support/virtual-system.ts'

function setUp() {
  const keys = newKeyPair()
  const cloud = new HandCloud(exportPublicKey(keys.publicKey))
  const system = new VirtualSystem()
  const network = new HeldNetwork()
  const ledger = openLedger({ directory: ':memory:' })
  ledger.enrol({
    edge: 7,
    origin: 3 as Origin,
    epoch: 1,
    store: STORE,
    privateKey: exportPrivateKey(keys.privateKey),
    cloudPublicKey: cloud.publicKey,
    cloudUrl: 'http://127.0.0.1:1',
  })
  const till = new Till({ ledger, system, software: 'test' })
  const log = pino({ level: 'silent' })
  const link = new Link({ ledger, till, system, open: network.factory, software: 'test', log })
  till.connect(link)
  return { ledger, till, link, cloud, network, system }
}

let edge: ReturnType<typeof setUp>
beforeEach(async () => {
  edge = setUp()
  edge.link.start()
  edge.cloud.greet(edge.network.line)
  await edge.system.settle()
})
afterEach(() => {
  edge.link.stop()
  edge.ledger.close()
})

describe('P-TIME-6 CLK-3: the time of the cloud', () => {
  test('is asked for at the welcome and again after CLOCK_ASK_MS; only the answer to the last question counts', async () => {
    const { line } = edge.network
    const answer = (question: number | null, time: number): void => {
      edge.cloud.say(line, { type: 'time', time: time as Millis, question })
      line.deliver()
    }
    edge.cloud.hear(line)
    const [first] = edge.cloud.timeAsked
    expect(first).toBeGreaterThan(0)
    const off = (): number => edge.till.clock.now() - edge.system.now
    for (const other of [null, (first ?? 0) + 1]) answer(other, edge.system.now + 9_999_999)
    expect(off()).toBe(0)
    answer(first ?? 0, edge.system.now + 7_200_000)
    expect(off()).toBe(7_200_000)
    edge.system.now += CLOCK_ASK_MS
    answer(null, 0)
    answer(null, 0)
    edge.cloud.hear(line)
    expect(edge.cloud.timeAsked).toHaveLength(2)
    // A recorded answer is an old one.
    answer(first ?? 0, edge.system.now)
    expect(off()).toBe(7_200_000)
  })
  test('the last word keeps its age when the clock is set', async () => {
    edge.cloud.hear(edge.network.line)
    edge.system.now += 4_000
    const [question] = edge.cloud.timeAsked
    edge.cloud.say(edge.network.line, {
      type: 'time',
      time: (edge.system.now + 9e9) as Millis,
      question: question ?? 0,
    })
    edge.network.line.deliver()
    edge.system.now += 3_000
    expect(edge.till.clock.now() - (edge.link.lastWordAt() ?? 0)).toBe(3_000)
  })
})

test('P-SYNC-12 A-1: after a welcome answers are provisional until the cloud has told what changed meanwhile', async () => {
  const standing = async (): Promise<unknown> => {
    const told = await edge.till.quote({ lines: [{ sku: 'x', amount: 500 as Money }] })
    return told.ok && told.value.status
  }
  const tell = (more: boolean): void => {
    edge.cloud.say(edge.network.line, { type: 'members', cursor: 5, members: [], more })
    edge.network.line.deliver()
  }
  expect(await standing()).toBe('confirmed')
  edge.cloud.tells = false
  edge.network.line.break()
  await edge.system.advance(BACKOFF_BASE_MS)
  edge.cloud.greet(edge.network.line)
  expect(edge.link.live()).toBe(true)
  expect(await standing()).toBe('provisional')
  tell(true)
  expect(await standing()).toBe('provisional')
  tell(false)
  expect(await standing()).toBe('confirmed')
})
