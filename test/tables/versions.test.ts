// E-FOLD-3: which version of the program a fact is folded under.
import { describe, expect, test } from 'vitest'
import { hybridTime } from '../../protocol/time.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, program, programsOf } from './story.ts'

const perks = (...list: readonly object[]) => ({ earn_perks: list })
const fixed = (points: number, change: object = {}) => ({
  ...POINT_PER_POUND,
  award: { kind: 'fixed', points },
  ...change,
})

describe('E-FOLD-3 the version in force', () => {
  const worth = (points: number) => program(perks(fixed(points)))

  test('is that of the latest effective_from not after the fact; before the first there are no rules', () => {
    holds({
      rule: 'E-FOLD-3',
      name: 'versions over a day',
      program: [
        ['2024-03-04 10:00', worth(1)],
        ['2024-03-04 12:00', worth(2)],
      ],
      story: [
        '2024-03-04 09:59 | buys tea 1.00 | 0',
        '2024-03-04 10:00 | buys tea 1.00 | 1',
        '2024-03-04 11:59 | buys tea 1.00 | 1',
        '2024-03-04 12:00 | buys tea 1.00 | 2',
        '2024-03-05 12:00 | buys tea 1.00 | 2',
      ],
    })
  })

  test('of two at one time the higher counts, in whatever order they became known', () => {
    const at = '2024-03-04 10:00'
    holds({
      rule: 'E-FOLD-3',
      name: 'two at once',
      program: [
        [at, worth(1)],
        [at, worth(2)],
      ],
      story: ['2024-03-04 10:00 | buys tea 1.00 | 2'],
    })
    const known = programsOf([
      [at, worth(1)],
      [at, worth(2)],
    ])
    const backwards = programsOf([])
    for (const record of known.records.toReversed()) backwards.add(record)
    for (const record of known.records) backwards.add(record)
    const time = hybridTime(Date.UTC(2024, 2, 4, 10))
    expect(backwards.inForce(time)?.record.version).toBe(2)
    expect(backwards.records.length).toBe(2)
    expect(backwards.latest).toBe(2)
    expect(backwards.program(hybridTime(Date.UTC(2024, 2, 4, 9, 59)))).toBeNull()
  })

  test('a rule keeps its meaning over versions: what was given today under the old version counts', () => {
    const once = (points: number) => program(perks(fixed(points, { once_per_day: true })))
    holds({
      rule: 'E-FOLD-3',
      name: 'once per day over two versions',
      program: [
        ['2024-03-04 10:00', once(1)],
        ['2024-03-04 12:00', once(2)],
      ],
      story: [
        '2024-03-04 11:00 | buys tea 1.00 | 1',
        '2024-03-04 13:00 | buys tea 1.00 | 0',
        '2024-03-05 09:00 | buys tea 1.00 | 2',
      ],
    })
  })
})
