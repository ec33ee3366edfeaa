// Who may send how much, and which batches go into the next commit: pure bookkeeping, without a socket.
import { describe, expect, test } from 'vitest'
import { Lanes } from '../../cloud/domain/ingest/lanes.ts'
import { Admission } from '../../cloud/sync/admission.ts'
import type { Guest } from '../../cloud/sync/admission.ts'
import {
  DRAIN_CREDIT_FACTS,
  DRAIN_EDGES_MAX,
  INGEST_GROUP_FACTS_MAX,
  LIVE_BATCH_FACTS,
  LIVE_CREDIT_FACTS,
} from '../../protocol/limits.ts'
import type { Millis } from '../../protocol/time.ts'

const FAR = 100_000

describe('ADM-1: lanes of edges', () => {
  const granted: string[] = []
  const guest = (name: string, away: number | null = 0): Guest => ({
    away: away as Millis | null,
    granted: () => void granted.push(name),
  })

  test('an edge that keeps up has the live credit, one with a backlog that of the drain', () => {
    const admission = new Admission()
    expect(admission.credit(guest('a'), LIVE_CREDIT_FACTS).credit_facts).toBe(LIVE_CREDIT_FACTS)
    expect(admission.credit(guest('b'), LIVE_CREDIT_FACTS + 1).credit_facts).toBe(DRAIN_CREDIT_FACTS)
    expect(admission.draining).toBe(1)
  })

  test('beyond DRAIN_EDGES_MAX they wait; who was away longest comes first, one that catches up makes room', () => {
    const admission = new Admission()
    granted.length = 0
    const first = Array.from({ length: DRAIN_EDGES_MAX }, (_, at) => guest(`d${at}`))
    for (const one of first) expect(admission.credit(one, FAR).credit_facts).toBeGreaterThan(0)
    const late = guest('late', 3000)
    const early = guest('early', 1000)
    const never = guest('never', null)
    for (const one of [late, early, never]) expect(admission.credit(one, FAR).credit_facts).toBe(0)
    expect(admission.waiting).toBe(3)
    const live = guest('live')
    expect(admission.credit(live, 5).credit_facts).toBe(LIVE_CREDIT_FACTS)
    const [one, two, three] = first
    if (one === undefined || two === undefined || three === undefined) throw new Error('three drain')
    admission.credit(one, 10)
    admission.leave(two)
    expect(granted).toEqual(['never', 'early'])
    expect(admission.credit(early, FAR).credit_facts).toBe(DRAIN_CREDIT_FACTS)
    admission.leave(late)
    admission.leave(three)
    expect(granted).toEqual(['never', 'early'])
    expect(admission.draining).toBe(DRAIN_EDGES_MAX - 1)
  })
})

describe('I-11: lanes of batches', () => {
  /** Two and one more fact have room, not two and a trickle. */
  const HALF = INGEST_GROUP_FACTS_MAX / 2 - 10
  let origins = 0
  const batch = (name: string, size: number, origin = ++origins) => ({
    name,
    origin,
    batch: { facts: Array.from({ length: size }) },
  })
  const names = (group: { name: string }[]): string[] => group.map(({ name }) => name)

  test('the trickle goes first, then the backlog as far as there is room, one of it at least', () => {
    const lanes = new Lanes<ReturnType<typeof batch>>()
    for (const item of [
      batch('D1', HALF),
      batch('D2', HALF),
      batch('D3', HALF),
      batch('l1', 3),
      batch('l2', 60),
    ])
      lanes.push(item)
    expect(names(lanes.take())).toEqual(['l1', 'l2', 'D1'])
    lanes.push(batch('l3', 1))
    expect(names(lanes.take())).toEqual(['l3', 'D2', 'D3'])
    expect(lanes.length).toBe(0)
  })

  test('batches of one ledger never overtake each other', () => {
    const lanes = new Lanes<ReturnType<typeof batch>>()
    for (let at = 0; at < INGEST_GROUP_FACTS_MAX / LIVE_BATCH_FACTS; at++)
      lanes.push(batch('l', LIVE_BATCH_FACTS))
    lanes.push(batch('m1', 5, -2))
    lanes.push(batch('m2', 500, -2))
    lanes.push(batch('m3', 5, -2))
    expect(new Set(names(lanes.take()))).toEqual(new Set(['l']))
    expect(names(lanes.take())).toEqual(['m1', 'm2', 'm3'])
  })

  test('S49 a store that sends ten times as much as others moves to the other lane; however many come, a commit is bounded', () => {
    const lanes = new Lanes<ReturnType<typeof batch>>()
    for (let at = 0; at < 100; at++) lanes.push(batch(`l${at}`, LIVE_BATCH_FACTS))
    lanes.push(batch('bad', 10 * LIVE_BATCH_FACTS))
    const group = lanes.take()
    expect(names(group)).toContain('bad')
    const live = group.filter(({ name }) => name !== 'bad')
    expect(live.reduce((sum, { batch: { facts } }) => sum + facts.length, 0)).toBe(INGEST_GROUP_FACTS_MAX)
    expect(names(lanes.take())[0]).toBe(`l${INGEST_GROUP_FACTS_MAX / LIVE_BATCH_FACTS}`)
  })
})
