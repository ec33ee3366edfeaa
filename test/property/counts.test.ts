// Counts lie in fields, four and four; a plain list with the same rules (E-FOLD-1: what is kept depends on what was counted, in its order) must agree.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countIn, countsOfList, listOfCounts, setCount } from '../../cloud/evaluation/counts.ts'
import { DAYS_BACK_MAX } from '../../cloud/evaluation/time/calendar.ts'
import { fuzzSeed } from '../support/generators.ts'

const seed = fuzzSeed('counts')

interface Window {
  readonly rule: number
  readonly window: number
  readonly count: number
}

/** A window that is there is counted in; a new one comes last, and those of its rule that are too far away go. */
function counted(windows: readonly Window[], made: Window): Window[] {
  const { rule, window } = made
  if (windows.some((one) => one.rule === rule && one.window === window))
    return windows.map((one) => (one.rule === rule && one.window === window ? made : one))
  const near = (one: Window): boolean => one.rule !== rule || Math.abs(one.window - window) <= DAYS_BACK_MAX
  return [...windows.filter(near), made]
}

const uses = fc.array(
  fc.record({
    rule: fc.integer({ min: 1, max: 8 }),
    window: fc.integer({ min: -2, max: 3 }),
    count: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 80, size: 'max' },
)

test('E-FOLD-1 counts in fields are the counts of a list: found, in the order of opening, forgotten at the same time', () => {
  let longest = 0
  fc.assert(
    fc.property(uses, (list) => {
      const counts = countsOfList([])
      let windows: Window[] = []
      for (const use of list) {
        setCount(counts, use.rule, use.window, use.count)
        windows = counted(windows, use)
        longest = Math.max(longest, windows.length)
        const flat = windows.flatMap(({ rule, window, count }) => [rule, window, count])
        expect(listOfCounts(counts)).toEqual(flat)
        expect(countsOfList(flat)).toEqual(counts)
        for (const { rule, window, count } of windows) expect(countIn(counts, rule, window)).toBe(count)
        expect(countIn(counts, 9, use.window)).toBe(0)
      }
    }),
    { seed, numRuns: 200 },
  )
  expect(longest).toBeGreaterThan(8)
})
