// What happens when in a replay: which till makes which call, where the line of a store is cut, when a kill strikes.
import { describe, expect, test } from 'vitest'
import type { FileMoment } from '../../cloud/demo/options.ts'
import type { Plan, PlannedCall, SaleCall } from '../../cloud/demo/replay/plan.ts'
import { Kills, checkMoments, placeOf, segmentsOf } from '../../cloud/demo/replay/timeline.ts'
import { textHash } from '../../cloud/demo/random.ts'

const sale = (at: number, customer: string | null, invoice = String(at)): SaleCall => ({
  kind: 'sale',
  key: `sale-${invoice}`,
  invoice,
  at,
  customer,
  lines: [],
})
const moment = (at: number): FileMoment => ({ at, text: String(at) })
const size = { stores: 2, terminals: 3 }
const calls: PlannedCall[] = Array.from({ length: 300 }, (_, index) =>
  sale(index + 1, index % 5 === 0 ? null : String(12_000 + (index % 40))),
)

describe('R-7 who makes a call', () => {
  test("R-7 a customer's calls are all on one till, in the file's order", () => {
    const [first = [], second = []] = segmentsOf(calls, [], size)
    const tills = [...first, ...second].flatMap(({ terminals }) => terminals)
    expect(tills.flat().length).toBe(calls.length)
    for (const till of tills) expect(till.map(({ at }) => at)).toEqual(till.map(({ at }) => at).toSorted((a, b) => a - b))
    for (let customer = 12_000; customer < 12_040; customer += 1) {
      const own = tills.filter((till) => till.some((call) => call.customer === String(customer)))
      expect(own.length).toBeLessThanOrEqual(1)
    }
  })

  test('R-7 the place does not depend on the run, and work is spread over all tills', () => {
    expect(placeOf(sale(1, '17850'), 2, 8)).toEqual(placeOf(sale(99, '17850'), 2, 8))
    expect(textHash('17850')).toBe(textHash('17850'))
    const loads = new Map<string, number>()
    for (let customer = 12_000; customer < 16_000; customer += 1) {
      const { store, terminal } = placeOf(sale(1, String(customer)), 2, 8)
      loads.set(`${store}/${terminal}`, (loads.get(`${store}/${terminal}`) ?? 0) + 1)
    }
    expect(loads.size).toBe(16)
    for (const load of loads.values()) expect(load).toBeGreaterThan(175)
  })
})

describe('R-9 a cut line', () => {
  test('R-9 what lies in the span is behind the cut and before the heal; the other store has no barrier', () => {
    const [first = [], second = []] = segmentsOf(calls, [{ store: 2, from: moment(100), to: moment(200) }], size)
    expect(first.map(({ before }) => before)).toEqual([null])
    expect(second.map(({ before }) => before)).toEqual([null, 'cut', 'heal'])
    const times = second.map(({ terminals }) => terminals.flat().map(({ at }) => at))
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
    const [first = []] = segmentsOf(calls, spans, size)
    expect(first.map(({ before }) => before)).toEqual([null, 'cut', 'heal', 'cut', 'heal'])
    expect(first[2]?.terminals.flat()).toEqual([])
    expect(first[4]?.terminals.flat()).toEqual([])
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
    const check = (kill: number, from: number, to: number): (() => void) => () =>
      checkMoments(plan, [{ store: 1, from: moment(from), to: moment(to) }], [{ target: 1, when: moment(kill) }])
    expect(check(1, 300, 301)).not.toThrow()
    expect(check(300, 0, 2)).not.toThrow()
    expect(check(301, 1, 2)).toThrow(/--kill 1:301 would never happen/)
    expect(check(1, 301, 302)).toThrow(/--offline 1:301:302 would never happen/)
    expect(check(1, -5, 1)).toThrow(/would never happen/)
    expect(() => checkMoments({ calls: [] } as unknown as Plan, [], [])).toThrow(/no sale and no return/)
  })
})
