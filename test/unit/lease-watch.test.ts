// The simulation's watch over available points (P-LEASE-3) by rows written for it: what it must not find, beside what it must.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownHeader } from '../../cloud/domain/ingest/own-facts.ts'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import type { CloudStore, FactRow } from '../../cloud/store/port.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { encodeFact } from '../../protocol/codec.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { MemberId, ProgramVersion } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import { groundOf, millis, rowsOf, time } from '../contract/store-rows.ts'
import type { Ground } from '../contract/store-rows.ts'
import { LeaseWatch } from '../simulation/lease-watch.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { PER_POUND } from '../support/programs.ts'

const EXPIRES = millis(1_000_000)

let directory: ReturnType<typeof freshDirectory>
let store: CloudStore
let ground: Ground
let watch: LeaseWatch
let watched: CloudStore
let wrong: string[]
const { id, fact, activity, member, enrol } = rowsOf(() => ground)

beforeEach(async () => {
  directory = freshDirectory()
  store = openSqliteStore({ directory: directory.path, checkpointer: false })
  ground = await groundOf(store)
  wrong = []
  watch = new LeaseWatch(
    () => 1,
    { limits: [], budgets: [] },
    (sentence) => void wrong.push(sentence),
  )
  watched = watch.watched(store, () => ground.tenant)
})
afterEach(async () => {
  await store.close()
  directory.remove()
})

const earned = (amount: number): Effect => ({ kind: 'earn', rule: PER_POUND, index: 0, amount, of: 0 })
const of = (seq: number, revision: number, who: MemberId, amount: number) =>
  activity({ fact: id(seq), revision, member: who, effects: [earned(amount)] })

/** The fact that gives a store the lease, as the cloud's log has it. */
function granted(seq: number, who: MemberId, lease: number, amount: number): FactRow {
  const header = { id: id(seq), at: time(seq * 10), key: `k${seq}`, program: 1 as ProgramVersion }
  const { origin, store: at } = ground.life
  const line = { lease, subject: 'points', member: who, item: 0, code: null } as const
  const terms = { amount: amount as Points, cap: amount as Points, expires: EXPIRES }
  const bytes = encodeFact({
    ...ownHeader('lease', { ...header, store: at, member: NO_MEMBER }),
    stage: 'granted',
    origin,
    lines: [{ ...line, ...terms }],
  })
  return fact(seq, { kind: 'lease', bytes })
}

test('P-LEASE-3 I-9 a cloud put back is added up with who is not enrolled there: no more is lent of them than they have', async () => {
  await watched.write(async (tx) => {
    await tx.appendActivities([of(1, 0, member(1), 100)])
    await tx.insertFacts([granted(2, member(1), 7, 60)])
  })
  await watch.putBack(store, ground.tenant)
  await watched.write((tx) => tx.insertFacts([granted(3, member(1), 8, 40)]))
  expect(wrong).toEqual([])
  await watched.write((tx) => tx.insertFacts([granted(4, member(1), 9, 5)]))
  expect(wrong).toEqual([
    expect.stringContaining('100 less 105 leased and 0 held is -5, where this commit allows 0'),
  ])
})

test('P-LEASE-3 what a fact takes under a former name of the member counts as taken, and no more than that', async () => {
  await watched.write(async (tx) => {
    for (const seq of [1, 2]) await enrol(tx, seq)
    await tx.appendActivities([of(1, 0, member(1), 100)])
    await tx.insertFacts([granted(2, member(1), 7, 100)])
  })
  await watched.write(async (tx) => {
    await tx.saveAliases([{ member: member(1), root: member(2) }])
    await tx.appendActivities([of(1, 1, member(1), -100), of(1, 2, member(2), 60)])
  })
  expect(wrong).toEqual([])
  await watched.write((tx) => tx.insertFacts([granted(3, member(2), 8, 1)]))
  expect(wrong).toEqual([
    expect.stringContaining('60 less 101 leased and 0 held is -41, where this commit allows -40'),
  ])
})
