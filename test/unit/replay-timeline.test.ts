// What happens when in a replay: which till makes which call, where the line of a store is cut, when a kill strikes.
import { describe, expect, test } from 'vitest'
import type { FileMoment } from '../../cloud/demo/options.ts'
import type { Plan, PlannedCall, SaleCall } from '../../cloud/demo/replay/plan.ts'
import { StoreQueue } from '../../cloud/demo/replay/store-queue.ts'
import { Kills, checkMoments, segmentsOf, storeOf } from '../../cloud/demo/replay/timeline.ts'
import { seededRandom } from '../../cloud/demo/random.ts'

const sale = (at: number, customer: string | null, invoice = String(at)): SaleCall => ({
  kind: 'sale',
  key: `sale-${invoice}`,
  invoice,
  at,
  customer,
  lines: [],
})
const moment = (at: number): FileMoment => ({ at, text: String(at) })
const calls: PlannedCall[] = Array.from({ length: 300 }, (_, index) =>
  sale(index + 1, index % 5 === 0 ? null : String(12_000 + (index % 40))),
)

describe('R-7 who makes a call', () => {
  test('R-7 the store does not depend on the run, one customer has one, and work is spread', () => {
    expect(storeOf(sale(1, '17850'), 2)).toBe(storeOf(sale(99, '17850'), 2))
    expect(storeOf(sale(1, null, '7'), 2)).toBe(storeOf(sale(99, null, '7'), 2))
    const loads = [0, 0, 0]
    for (let customer = 12_000; customer < 15_000; customer += 1) {
      const store = storeOf(sale(1, String(customer)), 3)
      loads[store] = (loads[store] ?? 0) + 1
    }
    for (const load of loads) expect(load).toBeGreaterThan(900)
  })

  test('R-7 free tills take the next call of the file, never two of one customer at once, and all calls are made', () => {
    const random = seededRandom(3)
    const queue = new StoreQueue(calls)
    const tills: (PlannedCall | undefined)[] = Array.from({ length: 5 }, () => queue.take(undefined))
    const done: PlannedCall[] = []
    while (tills.some((call) => call !== undefined)) {
      const busy = tills.flatMap((call) => call?.customer ?? [])
      expect(new Set(busy).size).toBe(busy.length)
      const till = random.below(tills.length)
      const call = tills[till]
      if (call === undefined) continue
      done.push(call)
      tills[till] = queue.take(call)
    }
    expect(done.length).toBe(calls.length)
    expect(new Set(done).size).toBe(calls.length)
    for (const customer of new Set(calls.map((call) => call.customer))) {
      if (customer === null) continue
      const own = done.filter((call) => call.customer === customer).map(({ at }) => at)
      expect(own).toEqual(own.toSorted((a, b) => a - b))
    }
  })

  test('R-7 a customer in service waits alone: the tills go on with the next in line', () => {
    const queue = new StoreQueue([sale(1, 'a'), sale(2, 'a'), sale(3, 'b'), sale(4, null)])
    const first = queue.take(undefined)
    expect(first?.at).toBe(1)
    const second = queue.take(undefined)
    expect(second?.at).toBe(3)
    expect(queue.take(second)?.at).toBe(4)
    expect(queue.take(undefined)).toBeUndefined()
    const own = queue.take(first)
    expect(own?.at).toBe(2)
    expect(queue.take(own)).toBeUndefined()
  })
})

describe('R-9 a cut line', () => {
  test('R-9 what lies in the span is behind the cut and before the heal; the other store has no barrier', () => {
    const [first = [], second = []] = segmentsOf(calls, [{ store: 2, from: moment(100), to: moment(200) }], 2)
    expect(first.map(({ before }) => before)).toEqual([null])
    expect(second.map(({ before }) => before)).toEqual([null, 'cut', 'heal'])
    const times = second.map(({ calls: own }) => own.map(({ at }) => at))
    expect(times[0]?.every((at) => at < 100)).toBe(true)
    expect(times[1]?.every((at) => at >= 100 && at < 200)).toBe(true)
    expect(times[2]?.every((at) => at >= 200)).toBe(true)
    expect(times.every((span) => span.length > 0)).toBe(true)
  })

  test('R-9 spans that touch cut again at once, and a span past the end is healed', () => {
    const spans = [
      { store: 1, from: moment(200), to: moment(9_000) },
      { store: 1, from: moment(100), to: moment(200) },
    ]
    const [first = []] = segmentsOf(calls, spans, 2)
    expect(first.map(({ before }) => before)).toEqual([null, 'cut', 'heal', 'cut', 'heal'])
    expect(first[2]?.calls).toEqual([])
    expect(first[4]?.calls).toEqual([])
  })
})

describe('R-10 kills', () => {
  test('R-10 each strikes once, when its time is first reached, in the order of their times', () => {
    const struck: [number | 'cloud', number][] = []
    let now = 0
    const kills = new Kills(
      [
        { target: 2, when: moment(50) },
        { target: 'cloud', when: moment(20) },
      ],
      ({ target }) => void struck.push([target, now]),
    )
    for (now of [5, 19, 20, 21, 70, 20, 80]) kills.reached(now)
    expect(struck).toEqual([
      ['cloud', 20],
      [2, 70],
    ])
  })

  test('R-10 a time outside of the file is refused: it would test nothing', () => {
    const plan = { calls } as unknown as Plan
    const check =
      (kill: number, from: number, to: number): (() => void) =>
      () =>
        checkMoments(
          plan,
          [{ store: 1, from: moment(from), to: moment(to) }],
          [{ target: 1, when: moment(kill) }],
        )
    expect(check(1, 300, 301)).not.toThrow()
    expect(check(300, 0, 2)).not.toThrow()
    expect(check(301, 1, 2)).toThrow(/--kill 1:301 would never happen/)
    expect(check(1, 301, 302)).toThrow(/--offline 1:301:302 would never happen/)
    expect(check(1, -5, 1)).toThrow(/would never happen/)
    expect(() => checkMoments({ calls: [] } as unknown as Plan, [], [])).toThrow(/no sale and no return/)
  })
})
