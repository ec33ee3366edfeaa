// How fast a backlog goes up: beside tills that call in small batches with pauses, and otherwise as fast as it can.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PACED_BATCH_FACTS_MAX, PACE_MS, TILLS_CALLING_MS } from '../../protocol/limits.ts'
import { heldEdge, sell } from '../support/held-edge.ts'
import type { HeldEdge } from '../support/held-edge.ts'

let edge: HeldEdge
beforeEach(() => {
  edge = heldEdge()
})
afterEach(() => {
  edge.link.stop()
  edge.ledger.close()
})

describe('N-12: a backlog goes up beside tills that call', () => {
  const BACKLOG = 1_040
  const drained = (): Promise<void> => edge.cloud.drain(edge.network.line, () => edge.system.settle())

  test('while one sold within TILLS_CALLING_MS it goes a small batch at a time, with PACE_MS between two; then as fast as it can', async () => {
    await sell(edge, BACKLOG)
    edge.link.start()
    edge.cloud.greet(edge.network.line)
    await drained()
    expect(edge.cloud.seq).toBe(PACED_BATCH_FACTS_MAX)
    await edge.system.advance(PACE_MS - 1)
    await drained()
    expect(edge.cloud.seq).toBe(PACED_BATCH_FACTS_MAX)
    await edge.system.advance(1)
    await drained()
    expect(edge.cloud.seq).toBe(2 * PACED_BATCH_FACTS_MAX)
    edge.system.now += TILLS_CALLING_MS
    await edge.system.advance(PACE_MS)
    await drained()
    expect(edge.ledger.unsynced).toBe(0)
  })
  test('tills that go on selling do not keep it from ending: PACED_BATCH_FACTS_MAX go up every PACE_MS', async () => {
    await sell(edge, BACKLOG)
    edge.link.start()
    edge.cloud.greet(edge.network.line)
    for (let sold = 1; sold <= Math.ceil(BACKLOG / PACED_BATCH_FACTS_MAX); sold++) {
      await sell(edge, 1)
      await drained()
      await edge.system.advance(PACE_MS)
    }
    await drained()
    expect(edge.cloud.seq).toBeGreaterThan(BACKLOG)
    expect(edge.ledger.unsynced).toBe(0)
  })
  test('what waited while nobody called goes at once, and so does a sale that nothing waits behind', async () => {
    await sell(edge, BACKLOG)
    await edge.system.advance(TILLS_CALLING_MS)
    edge.link.start()
    edge.cloud.greet(edge.network.line)
    await drained()
    expect(edge.cloud.seq).toBe(BACKLOG)
    await sell(edge, 1)
    await drained()
    await sell(edge, 1)
    await drained()
    expect(edge.cloud.seq).toBe(BACKLOG + 2)
  })
})
