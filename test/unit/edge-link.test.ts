// The link drives a real till and ledger over a held line against a cloud worked by hand: real frames, real signatures, virtual time.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { syncUrl } from '../../edge/sync/socket.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { NONCE_BYTES } from '../../protocol/envelope.ts'
import type { MemberId, Origin, RuleId, Seq } from '../../protocol/ids.ts'
import {
  ACK_WAIT_MS_MAX,
  BACKOFF_BASE_MS,
  BATCHES_IN_FLIGHT_MAX,
  BATCH_FACTS_MAX,
  CONNECT_WAIT_MS_MAX,
  QUESTIONS_OPEN_MAX,
  QUESTION_WAIT_MS_MAX,
  SILENCE_MS_MAX,
  TILLS_CALLING_MS,
} from '../../protocol/limits.ts'
import type { DownFrame } from '../../protocol/down.ts'
import type { Life } from '../../protocol/lives.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis, ZoneOffset } from '../../protocol/time.ts'
import { heldEdge, sell } from '../support/held-edge.ts'
import type { HeldEdge } from '../support/held-edge.ts'

const linkWords = ({ till }: HeldEdge): string[] =>
  till.feed
    .read(0, 1000)
    .filter(({ kind }) => kind === 'link')
    .map(({ text }) => text)

let edge: HeldEdge
beforeEach(() => {
  edge = heldEdge()
})
afterEach(() => {
  edge.link.stop()
  edge.ledger.close()
})

/** Started, welcomed, with nothing to send. */
async function online(): Promise<void> {
  edge.link.start()
  edge.cloud.greet(edge.network.line)
  await edge.system.settle()
  expect(edge.link.live()).toBe(true)
}

test('the address of the link follows from the address of the cloud', () => {
  expect(syncUrl('http://127.0.0.1:8080', 7)).toBe('ws://127.0.0.1:8080/v1/sync?edge=7')
  expect(syncUrl('https://hq.example/till/', 7)).toBe('wss://hq.example/till/v1/sync?edge=7')
})

describe('P-SYNC-1, P-ENV-2: the greeting', () => {
  test('the hello is signed for the nonce of the challenge, carries its own and says where the ledger stands', async () => {
    await sell(edge, 3)
    edge.link.start()
    const hello = edge.cloud.greet(edge.network.line)
    const { seq, hash } = edge.ledger.head()
    expect(hello).toMatchObject({ origin: 3, seq, members_cursor: 0, corrections_cursor: 0, program: 0 })
    expect(Buffer.from(hello.head)).toEqual(Buffer.from(hash))
    expect(hello.nonce).toHaveLength(NONCE_BYTES)
  })
  test('nothing is sent before the challenge', async () => {
    await sell(edge, 1)
    edge.link.start()
    edge.network.line.open()
    await edge.system.settle()
    expect(edge.network.line.up).toEqual([])
  })
})

describe('N-2: facts go up and the cursor is the cloud’s word', () => {
  test('what is in the ledger arrives byte for byte, and the ack is stored', async () => {
    await sell(edge, 3)
    edge.link.start()
    edge.cloud.greet(edge.network.line)
    await edge.cloud.drain(edge.network.line, () => edge.system.settle())
    expect(edge.cloud.seq).toBe(3)
    expect(Buffer.from(edge.cloud.hashes[3] ?? [])).toEqual(Buffer.from(edge.ledger.head().hash))
    await edge.system.settle()
    expect(edge.ledger.meta.cursors()).toMatchObject({ synced: 3, cloudEpoch: 1 })
    expect(edge.till.status()).toMatchObject({ unsynced: 0, synced_seq: 3, link: { state: 'online' } })
  })
  test('a sale of a welcomed edge goes out by itself', async () => {
    await online()
    await sell(edge, 1)
    expect(edge.cloud.hearOne(edge.network.line, 'batch')).toMatchObject({ origin: 3, from: 1 })
  })
  test('a backlog goes out a batch a turn, at most BATCHES_IN_FLIGHT_MAX are unacknowledged', async () => {
    for (let batch = 0; batch < BATCHES_IN_FLIGHT_MAX + 2; batch++) await sell(edge, BATCH_FACTS_MAX)
    await edge.system.advance(TILLS_CALLING_MS)
    edge.link.start()
    const { line } = edge.network
    edge.cloud.greet(line)
    const batches = edge.cloud.hear(line)
    // One a turn: nobody waits until all of them were read.
    expect(batches).toHaveLength(1)
    await edge.system.settle()
    batches.push(...edge.cloud.hear(line))
    expect(batches.map(({ type }) => type)).toEqual(Array(BATCHES_IN_FLIGHT_MAX).fill('batch'))
    for (const batch of batches) if (batch.type === 'batch') edge.cloud.take(batch)
    edge.cloud.ack(line, BATCH_FACTS_MAX as Seq)
    expect(edge.cloud.hearOne(line, 'batch').from).toBe(BATCHES_IN_FLIGHT_MAX * BATCH_FACTS_MAX + 1)
  })
  test('what was sent and not acknowledged is sent again after a loss, from where the cloud stands', async () => {
    await online()
    await sell(edge, 2)
    edge.cloud.take(edge.cloud.hearOne(edge.network.line, 'batch'))
    // Durable there, but the ack is lost with the line.
    edge.network.line.break()
    await sell(edge, 1)
    await edge.system.advance(BACKOFF_BASE_MS)
    edge.cloud.greet(edge.network.line)
    await edge.system.settle()
    expect(edge.cloud.hearOne(edge.network.line, 'batch').from).toBe(3)
  })
})

describe('N-3: waits and watchdogs', () => {
  const attempts = (): number => edge.network.lines.length

  test('after a loss a random part of the bound is waited, then a new line is opened', async () => {
    edge.link.start()
    edge.system.chance = 0.5
    edge.network.line.break()
    await edge.system.advance(BACKOFF_BASE_MS / 2 - 1)
    expect(attempts()).toBe(1)
    await edge.system.advance(1)
    expect(attempts()).toBe(2)
  })
  test('no open and no welcome within CONNECT_WAIT_MS_MAX: closed, tried again', async () => {
    edge.link.start()
    const first = edge.network.line
    first.open()
    edge.cloud.challenge(first)
    await edge.system.advance(CONNECT_WAIT_MS_MAX)
    expect(first.closedByEdge).toBe(CLOSE_CODES.stopping)
    await edge.system.advance(BACKOFF_BASE_MS)
    expect(attempts()).toBe(2)
  })
  test('no sign of life within SILENCE_MS_MAX: closed; a heartbeat keeps it', async () => {
    await online()
    const { line } = edge.network
    await edge.system.advance(SILENCE_MS_MAX - 1)
    edge.cloud.say(line, { type: 'time', time: 0 as Millis, question: null })
    line.deliver()
    expect(edge.link.lastWordAt()).toBe(edge.system.now)
    await edge.system.advance(SILENCE_MS_MAX - 1)
    expect(edge.link.live()).toBe(true)
    await edge.system.advance(1)
    expect(line.closedByEdge).toBe(CLOSE_CODES.stopping)
    expect(edge.link.live()).toBe(false)
  })
  test('no ack within ACK_WAIT_MS_MAX, although the cloud talks: closed', async () => {
    await online()
    const { line } = edge.network
    await sell(edge, 1)
    await edge.system.advance(ACK_WAIT_MS_MAX - 1)
    edge.cloud.say(line, { type: 'time', time: 0 as Millis, question: null })
    line.deliver()
    expect(line.closedByEdge).toBeUndefined()
    await edge.system.advance(1)
    expect(line.closedByEdge).toBe(CLOSE_CODES.stopping)
  })
  test('what an old line says late is not heard', async () => {
    await online()
    const old = edge.network.line
    await edge.system.advance(SILENCE_MS_MAX)
    const before = edge.link.lastWordAt()
    old.closedByEdge = undefined
    edge.cloud.say(old, { type: 'time', time: 0 as Millis, question: null })
    old.deliver()
    old.break()
    expect(edge.link.lastWordAt()).toBe(before)
    expect(edge.link.state).toBe('waiting')
  })
  test('N-7: a month of failed attempts is one word on the feed', async () => {
    edge.link.start()
    for (let attempt = 0; attempt < 50; attempt++) {
      edge.network.line.break()
      await edge.system.advance(30_000)
    }
    expect(attempts()).toBeGreaterThan(40)
    expect(linkWords(edge).length).toBeLessThanOrEqual(2)
  })
  test('N-7: the store is told that the line is up when the first batch is on its way', async () => {
    await sell(edge, 1)
    const told: [string, number][] = []
    edge.till.linkChanged = (word) => void told.push([word, edge.network.line.up.length])
    edge.link.start()
    edge.cloud.greet(edge.network.line)
    expect(told).toEqual([
      ['connecting', 0],
      ['online', 1],
    ])
    edge.cloud.hearOne(edge.network.line, 'batch')
  })
})

describe('N-4: gap and fence', () => {
  test('a gap makes the edge send from `expected`', async () => {
    await sell(edge, 5)
    edge.link.start()
    const { line } = edge.network
    edge.cloud.greet(line)
    await edge.system.settle()
    edge.cloud.hearOne(line, 'batch')
    edge.cloud.say(line, { type: 'gap', expected: 2 as Seq })
    line.deliver()
    expect(edge.cloud.hearOne(line, 'batch').from).toBe(2)
  })
  test.each([
    ['a welcome with another hash at our position', 1, 'fork'],
    ['a welcome at a position that is not in the ledger', 9, 'rewind'],
  ] as const)(
    'P-LIFE-4 %s: the next life begins from a spare, and the hello speaks for it',
    async (_, seq, why) => {
      await sell(edge, 2)
      edge.cloud.spares = [{ origin: 5 as Origin, epoch: 2 }]
      edge.link.start()
      const { line } = edge.network
      line.open()
      edge.cloud.challenge(line)
      edge.cloud.hear(line)
      edge.cloud.welcome(line, seq as Seq)
      expect(edge.link.state).toBe('waiting')
      expect(line.closedByEdge).toBe(CLOSE_CODES.fenced)
      await sell(edge, 1)
      await edge.system.advance(BACKOFF_BASE_MS)
      const next = edge.network.line
      next.open()
      edge.cloud.challenge(next)
      expect(edge.cloud.hearOne(next, 'hello')).toMatchObject({ origin: 5, seq: 1, base_seq: 0, why })
      expect(edge.till.status()).toMatchObject({ epoch: 2, seq: 1, lives: [{ epoch: 1, ended: why }] })
    },
  )
  test('P-LIFE-4 the life that the cloud names is begun; the device is retired: nothing is sent any more', async () => {
    await online()
    const over = (reason: 'fork' | 'retired', next: Life | null): DownFrame => ({
      type: 'ended',
      reason,
      seq: 0 as Seq,
      head: new Uint8Array(32),
      next,
      edge: 0,
      attestation: null,
    })
    edge.cloud.say(edge.network.line, over('fork', { origin: 9 as Origin, epoch: 4 }))
    edge.network.line.deliver()
    expect(edge.link.state).toBe('waiting')
    expect(edge.till.status()).toMatchObject({ origin: 9, epoch: 4 })
    await edge.system.advance(BACKOFF_BASE_MS)
    edge.cloud.greet(edge.network.line)
    edge.cloud.say(edge.network.line, over('retired', null))
    edge.network.line.deliver()
    expect(edge.link.state).toBe('fenced')
    await sell(edge, 1)
    await edge.system.advance(3_600_000)
    expect(edge.network.lines).toHaveLength(2)
    expect(edge.till.status().link.state).toBe('fenced')
  })
})

describe('N-6, A-4, A-7: questions are bounded in time and number', () => {
  const identity = { kind: 'card', value: 'CLK-1' } as const
  const spending = {
    key: 'k1',
    member: 25769803777 as MemberId,
    at: hybridTime(Date.UTC(2026, 0, 5)),
    offset: 0 as ZoneOffset,
    perk: 301 as RuleId,
    points: null,
    basket: null,
    voucher: null,
  }

  test('without a welcomed line the answer is "unreachable" at once', async () => {
    expect(await edge.link.findMember({ identity })).toBe('unreachable')
    expect(await edge.link.authorise(spending)).toBe('unreachable')
  })
  test('a member is found, or there is none', async () => {
    await online()
    const { line } = edge.network
    for (const member of [25769803777, 0]) {
      const answer = edge.link.findMember({ identity })
      const { question, identity: asked } = edge.cloud.hearOne(line, 'find_member')
      expect(asked).toEqual(identity)
      edge.cloud.say(line, { type: 'found_member', question, member: member as MemberId })
      line.deliver()
      expect(await answer).toBe(member === 0 ? 'none' : member)
    }
  })
  test('a decision comes back to the question it belongs to', async () => {
    await online()
    const { line } = edge.network
    const first = edge.link.authorise(spending)
    const second = edge.link.authorise({ ...spending, key: 'k2' })
    const asked = edge.cloud.hear(line).filter((frame) => frame.type === 'authorise')
    expect(asked.map(({ key }) => key)).toEqual(['k1', 'k2'])
    for (const { question, key } of asked.toReversed())
      edge.cloud.say(line, {
        type: 'decision',
        question,
        hold: key === 'k1' ? 11 : 0,
        points: 100 as never,
        member: spending.member,
        perk: spending.perk,
        refused: key === 'k1' ? null : 'points_insufficient',
        detail: '',
      })
    line.deliver()
    expect(await first).toMatchObject({ hold: 11, refused: null })
    expect(await second).toMatchObject({ hold: 0, refused: 'points_insufficient' })
  })
  test('A-7 a spending is asked only once the cloud has the sales made before it', async () => {
    await online()
    const { line } = edge.network
    await sell(edge, 1)
    void edge.link.authorise(spending)
    const before = edge.cloud.hear(line)
    expect(before.map(({ type }) => type)).toEqual(['batch'])
    for (const frame of before) if (frame.type === 'batch') edge.cloud.take(frame)
    edge.cloud.ack(line)
    expect(edge.cloud.hearOne(line, 'authorise').key).toBe('k1')
  })
  test('no answer within QUESTION_WAIT_MS_MAX: unreachable; a late answer is nobody’s', async () => {
    await online()
    const { line } = edge.network
    const answer = edge.link.findMember({ identity })
    const { question } = edge.cloud.hearOne(line, 'find_member')
    await edge.system.advance(QUESTION_WAIT_MS_MAX)
    expect(await answer).toBe('unreachable')
    edge.cloud.say(line, { type: 'found_member', question, member: 25769803777 as MemberId })
    line.deliver()
    expect(edge.link.live()).toBe(true)
  })
  test('a lost line answers what is open', async () => {
    await online()
    const answer = edge.link.findMember({ identity })
    edge.network.line.break()
    expect(await answer).toBe('unreachable')
    expect(edge.system.waits.some((wait) => wait === QUESTION_WAIT_MS_MAX)).toBe(false)
  })
  test('beyond QUESTIONS_OPEN_MAX the answer is "unreachable" and nothing is sent', async () => {
    await online()
    const { line } = edge.network
    const open = Array.from({ length: QUESTIONS_OPEN_MAX }, () => edge.link.findMember({ identity }))
    expect(edge.cloud.hear(line)).toHaveLength(QUESTIONS_OPEN_MAX)
    expect(await edge.link.findMember({ identity })).toBe('unreachable')
    expect(line.up).toEqual([])
    edge.link.stop()
    expect(new Set(await Promise.all(open))).toEqual(new Set(['unreachable']))
  })
})

test('P-SYNC-5: what could not be stored is not counted as heard: the line is closed and the cloud says it again', async () => {
  await online()
  const { line } = edge.network
  // Another transaction is open: the till's own cannot begin, as on a disk that fails.
  edge.ledger.begin()
  edge.cloud.say(line, { type: 'members', cursor: 5, members: [], more: false })
  line.deliver()
  edge.ledger.rollback()
  expect(line.closedByEdge).toBe(CLOSE_CODES.stopping)
  await edge.system.advance(BACKOFF_BASE_MS)
  expect(edge.cloud.greet(edge.network.line).members_cursor).toBe(0)
  edge.cloud.say(edge.network.line, { type: 'members', cursor: 5, members: [], more: false })
  edge.network.line.deliver()
  expect(edge.ledger.meta.cursors().members).toBe(5)
})

test('stop closes the line with 1001 and comes back with start', async () => {
  await online()
  const { line } = edge.network
  edge.link.stop()
  expect(line.closedByEdge).toBe(CLOSE_CODES.stopping)
  expect(edge.system.waits).toEqual([])
  edge.link.start()
  expect(edge.network.lines).toHaveLength(2)
})
