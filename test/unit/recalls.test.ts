// How long and how many questions wait for leases to be given back (U-7), with commits that come when the test says so.
import { expect, test } from 'vitest'
import { Recalls } from '../../cloud/domain/leases/recalls.ts'
import type { Committed } from '../../cloud/domain/ingest/ingest.ts'
import type { LeaseRow } from '../../cloud/store/lease-port.ts'
import { QUESTION_WAIT_MS_MAX, RECALLS_WAITING_MAX, RECALL_WAIT_MS_MAX } from '../../protocol/limits.ts'

const TENANT = 1
const lent = { lease: 12, origin: 3 } as LeaseRow

function recalls() {
  const timers = new Map<number, () => void>()
  let recorded = 0
  let committed: (what: Committed) => void = () => undefined
  const all = new Recalls({
    ingest: {
      onCommitted: (listener) => void (committed = listener),
      record: async () => {
        recorded += 1
        return undefined as never
      },
    },
    shelf: { of: async () => undefined as never },
    reaches: () => true,
    after: (ms, call) => {
      expect(ms).toBe(RECALL_WAIT_MS_MAX)
      const number = timers.size
      timers.set(number, call)
      return () => void timers.delete(number)
    },
  })
  const state = { answered: 0 }
  const ask = (): void => void all.ask(TENANT, [lent]).then(() => (state.answered += 1))
  const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
  return {
    ask,
    settled,
    state,
    timers,
    recorded: () => recorded,
    back: () => committed({ leases: [{ lease: 12, recalled: false }] } as unknown as Committed),
  }
}

test('U-7 RECALLS_WAITING_MAX questions wait; one more is answered at once with what is there, and asks nothing back', async () => {
  const { ask, settled, state, recorded, back } = recalls()
  for (let count = 0; count < RECALLS_WAITING_MAX; count++) ask()
  await settled()
  expect([state.answered, recorded()]).toEqual([0, RECALLS_WAITING_MAX])
  ask()
  await settled()
  expect([state.answered, recorded()]).toEqual([1, RECALLS_WAITING_MAX])
  back()
  await settled()
  expect(state.answered).toBe(RECALLS_WAITING_MAX + 1)
  ask()
  await settled()
  expect(recorded()).toBe(RECALLS_WAITING_MAX + 1)
})

test('U-7 a question waits RECALL_WAIT_MS_MAX, which is less than its store waits; then its place is free', async () => {
  expect(RECALL_WAIT_MS_MAX).toBeLessThan(QUESTION_WAIT_MS_MAX)
  const { ask, settled, state, timers } = recalls()
  ask()
  await settled()
  expect([state.answered, timers.size]).toEqual([0, 1])
  for (const late of timers.values()) late()
  await settled()
  expect([state.answered, timers.size]).toEqual([1, 0])
})
