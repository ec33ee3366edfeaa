// Bounds of a store's ledger and of what it holds in memory (P-LIM-1): what happens at each is a rule, and nothing beyond is kept.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { IssuedTokens } from '../../edge/http/pegke/issued-tokens.ts'
import { ownNames } from '../../edge/tls/own-names.ts'
import { Cards } from '../../edge/till/cards.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { MemberId, Origin, Seq } from '../../protocol/ids.ts'
import {
  CERTIFIED_NAMES_MAX,
  LEASES_STORE_MAX,
  LEASE_LINES_MAX,
  MEMBERS_CACHED_MAX,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  PEGKE_ACCESS_MS,
  PEGKE_REFRESH_MS,
  PEGKE_TOKENS_MAX,
  RECORD_AGAIN_MAX,
  SESSIONS_MAX,
  SESSION_MS_MAX,
  USUAL_WEEKS,
  WITNESSES_MAX,
} from '../../protocol/limits.ts'
import type { LeaseTerm } from '../../protocol/leases.ts'
import { NOW, ORIGIN, TillUnderTest, sale } from '../support/till-under-test.ts'

const WEEK_MS = 7 * 24 * 3_600_000

let under: TillUnderTest
beforeEach(() => {
  under = new TillUnderTest({ backdateMs: 100 * WEEK_MS })
})
afterEach(() => under.remove())

test('P-LIFE-7 of WITNESSES_MAX foreign lives the highest receipt is kept, of one more nothing, and of its own lives always', () => {
  const { lives } = under.ledger
  const said = (origin: number, seq: number): string =>
    under.till.witness({ id: factIdOf(origin as Origin, seq as Seq), epoch: 1, hash: new Uint8Array(32) })
  for (let n = 0; n < WITNESSES_MAX; n++) expect(said(1_000 + n, 5)).toBe('elsewhere')
  expect(said(2_000, 5)).toBe('elsewhere')
  expect(said(1_000, 7)).toBe('elsewhere')
  const kept = new Map(lives.witnesses().map(({ origin, seq }) => [origin as number, seq]))
  expect(kept.size).toBe(WITNESSES_MAX)
  expect([kept.get(1_000), kept.get(1_001), kept.get(2_000)]).toEqual([7, 5, undefined])
  under.ledger.transact(() => lives.saveSpares([{ origin: (ORIGIN + 1) as Origin, epoch: 2 }]))
  expect(said(ORIGIN + 1, 9)).toBe('ahead')
  expect(lives.witnesses()).toContainEqual({ origin: ORIGIN + 1, seq: 9 })
})

test('A-14 beyond LEASES_STORE_MAX a lease goes back as soon as it comes, LEASE_LINES_MAX in a fact', async () => {
  const term = (lease: number): LeaseTerm => ({
    lease,
    subject: 'points',
    member: 8_589_934_593 as MemberId,
    item: 0,
    code: null,
    granted: 10,
    used: 0,
    cap: 10 as never,
    expires: (NOW + WEEK_MS) as never,
    recall: 0,
  })
  under.till.takeLeases({ type: 'leases', cursor: 1, leases: [term(1)] })
  under.database.exec(
    `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${LEASES_STORE_MAX - 1})
     INSERT INTO leases SELECT i, subject, member, item, code, granted, spent, returned, cap, expires, recall, answered,
       row_sum(i, subject, member, item, code, granted, spent, returned, cap, expires, recall, answered) FROM leases, n`,
  )
  const backs = async (cursor: number, leases: LeaseTerm[]): Promise<number[]> => {
    const before = under.ledger.seq
    under.till.takeLeases({ type: 'leases', cursor, leases })
    await under.system.settle()
    const counts: number[] = []
    for (let seq = before + 1; seq <= under.ledger.seq; seq++) {
      const fact = decodeStoredFact(under.ledger.ofSeq(seq as Seq)?.bytes ?? new Uint8Array())
      counts.push(fact.kind === 'lease' && fact.stage === 'returned' ? fact.lines.length : 0)
    }
    return counts
  }
  expect(await backs(2, [term(LEASES_STORE_MAX)])).toEqual([])
  expect(under.ledger.leases.count()).toBe(LEASES_STORE_MAX)
  // A newer word on one that it has is no other lease.
  expect(await backs(3, [{ ...term(7), granted: 20 }])).toEqual([])
  const beyond = Array.from({ length: LEASE_LINES_MAX + 1 }, (_, at) => term(LEASES_STORE_MAX + 1 + at))
  expect(await backs(4, beyond)).toEqual([LEASE_LINES_MAX, 1])
})

test('P-LIM-1 MEMBERS_CACHED_MAX states are in memory, those that were asked for last', () => {
  const cards = new Cards(under.ledger, new Programs(under.ledger.programs.all()))
  for (let n = 1; n <= 2 * MEMBERS_CACHED_MAX; n++) cards.enrol(n as MemberId, null, undefined)
  expect(cards.size).toBeLessThanOrEqual(MEMBERS_CACHED_MAX)
  expect(cards.size).toBeGreaterThan(MEMBERS_CACHED_MAX / 2 - 1)
  expect(cards.get((2 * MEMBERS_CACHED_MAX) as MemberId)).toBeDefined()
  expect(cards.get(1 as MemberId)).toBeUndefined()
})

test('P-LIFE-5 what only the ledger has of a life that is over is recorded again RECORD_AGAIN_MAX facts at a time', async () => {
  for (let n = 0; n <= RECORD_AGAIN_MAX; n++) void under.start('sale', sale(100))
  await under.system.settle()
  under.ledger.transact(() => under.ledger.lives.saveSpares([{ origin: (ORIGIN + 1) as Origin, epoch: 2 }]))
  expect(under.till.beginLife('rewind')).toBe(true)
  const nothing = { facts: [], seq: 0 as Seq, head: new Uint8Array(32) }
  expect(under.till.takeTail({ type: 'tail', origin: ORIGIN, from: 1 as Seq, ...nothing })).toBe(true)
  expect([under.till.recordAgain(), under.ledger.seq]).toEqual([false, RECORD_AGAIN_MAX])
  expect([under.till.recordAgain(), under.ledger.seq]).toEqual([true, RECORD_AGAIN_MAX + 1])
})

test('H-4 a page of the history has PAGE_SIZE_DEFAULT facts, PAGE_SIZE_MAX at most', async () => {
  for (let n = 0; n <= PAGE_SIZE_MAX; n++) void under.start('sale', sale(100))
  await under.system.settle()
  const page = (limit?: number): number => {
    const read = under.till.history(limit === undefined ? {} : { limit })
    return read.ok ? read.value.facts.length : 0
  }
  expect([page(), page(PAGE_SIZE_MAX), page(PAGE_SIZE_MAX + 1)]).toEqual([
    PAGE_SIZE_DEFAULT,
    PAGE_SIZE_MAX,
    PAGE_SIZE_MAX,
  ])
})

test('PG-9 PEGKE_TOKENS_MAX tokens of a store are out, one more ends the oldest; each ends with its time', () => {
  const client = { dialect: 'pegke', key: 'k', name: 'POS', secret_hash: new Uint8Array(32), created: NOW }
  const tokens = new IssuedTokens({ find: () => client as never }, under.system)
  const pair = () => {
    const made = tokens.byClient('k', 'secret')
    if (made === undefined) throw new Error('the client is known')
    return made
  }
  const first = pair()
  for (let more = 2; more < PEGKE_TOKENS_MAX; more += 2) pair()
  expect(tokens.holderOf(first.access)).toBe(client)
  const last = pair()
  expect(tokens.holderOf(first.access)).toBeUndefined()
  expect(tokens.holderOf(last.access)).toBe(client)
  under.system.now += PEGKE_ACCESS_MS - 1
  expect(tokens.holderOf(last.access)).toBe(client)
  under.system.now += 1
  expect(tokens.holderOf(last.access)).toBeUndefined()
  under.system.now += PEGKE_REFRESH_MS - PEGKE_ACCESS_MS - 1
  const next = tokens.refreshed(last.refresh)
  expect(next && tokens.holderOf(next.access)).toBe(client)
  under.system.now += PEGKE_REFRESH_MS
  expect(next && tokens.refreshed(next.refresh)).toBeUndefined()
})

test('H-9 SESSIONS_MAX logins are open; one more ends the one that would end first', () => {
  const { managers } = under.ledger
  const token = (n: number): Uint8Array => Buffer.from(`token ${n}`)
  const open = (n: number): void =>
    managers.addSession(token(n), 'ann', NOW + SESSION_MS_MAX + n, NOW, SESSIONS_MAX)
  managers.set('ann', new Uint8Array(16), new Uint8Array(32))
  const isOpen = (n: number): boolean => managers.session(token(n), NOW) === 'ann'
  for (let n = 1; n <= SESSIONS_MAX; n++) open(n)
  expect([isOpen(1), isOpen(SESSIONS_MAX)]).toEqual([true, true])
  open(SESSIONS_MAX + 1)
  expect([isOpen(1), isOpen(2), isOpen(SESSIONS_MAX + 1)]).toEqual([false, true, true])
})

test('TD-3 the usual is of the last USUAL_WEEKS weeks', async () => {
  for (let week = 1; week <= USUAL_WEEKS + 2; week++)
    await under.done('sale', { ...sale(100), occurred_at: new Date(NOW - week * WEEK_MS).toISOString() })
  expect(under.till.today()).toMatchObject({ usual_days: USUAL_WEEKS })
})

test('TLS-2 a certificate is asked for under CERTIFIED_NAMES_MAX names, those that were given first', () => {
  const given = Array.from({ length: CERTIFIED_NAMES_MAX }, (_, at) => `till-${at}.local`)
  const names = ownNames(given)
  expect(names).toHaveLength(CERTIFIED_NAMES_MAX)
  expect(names).toEqual(expect.arrayContaining(given.slice(0, CERTIFIED_NAMES_MAX - 3)))
})
