// E-SEG: who is in a segment and why. `story` says who came and went with each row.
import { expect, test } from 'vitest'
import { nextDue } from '../../cloud/evaluation/time/time.ts'
import { millisOf } from '../../protocol/time.ts'
import type { AccountCase } from './account.ts'
import { comesTo, documentOf } from './account.ts'
import { POINT_PER_POUND, programsOf, tell } from './story.ts'

const PERSISTENT = { kind: 'PERSISTENT' }
const RICH = { metric: 0, part: 'balance', is: 'ge', value: 10 }
const segment = (change: object = {}) => ({ id: 701, name: 'Friends', expiry: PERSISTENT, ...change })
const rule = (change: object = {}) => ({
  id: 951,
  title: 'Who checks in is a friend',
  match: { type: 'TYPE', kinds: ['checkin'] },
  effect: { kind: 'segment', segment: 701, action: 'add' },
  ...change,
})
const withSegments = (segments: object[], rules: object[] = []) => ({
  tiers: [],
  earn_perks: [POINT_PER_POUND],
  segments,
  rules,
})

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-SEG-1',
    name: 'by condition: looked at after every fact, as the member is then',
    program: withSegments([segment({ when: RICH })]),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | earn 101 9',
      '2024-03-05 10:00 | buys tea 1.00 | earn 101 1, segment_entered 701 1',
      '2024-03-06 10:00 | is adjusted by -5 | adjust -5, segment_left 701 1',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'by condition: time alone changes it with the next fact',
    program: withSegments([segment({ when: { number: 'month', is: 'eq', value: 3 } })]),
    story: [
      '2024-03-31 10:00 | checks in | segment_entered 701 1',
      '2024-04-01 10:00 | time passes | segment_left 701 1',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'by rule: persistent until a rule takes the member out',
    program: withSegments(
      [segment()],
      [
        rule(),
        rule({
          id: 952,
          match: { type: 'TYPE', kinds: ['grant'] },
          effect: { kind: 'segment', segment: 701, action: 'remove' },
        }),
      ],
    ),
    story: [
      '2024-03-04 10:00 | checks in | rule 951 1, segment_entered 701 1',
      '2025-03-04 10:00 | checks in | rule 951 1',
      '2025-03-05 10:00 | is granted 5 | grant 5, rule 952 1, segment_left 701 1',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'by rule: rolling, until the end of the day so long after the last time',
    program: withSegments([segment({ expiry: { kind: 'ROLLING', after: { days: 2 } } })], [rule()]),
    story: [
      '2024-03-04 10:00 | checks in | rule 951 1, segment_entered 701 1',
      '2024-03-05 10:00 | checks in | rule 951 1',
      '2024-03-07 23:59 | time passes | -',
      '2024-03-08 00:00 | time passes | segment_left 701 1',
      '2024-03-08 09:00 | checks in | rule 951 1, segment_entered 701 1',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'by rule: scheduled, until the end of its date, and not at all after it',
    program: withSegments([segment({ expiry: { kind: 'SCHEDULED', on: '2024-03-05' } })], [rule()]),
    story: [
      '2024-03-04 10:00 | checks in | rule 951 1, segment_entered 701 1',
      '2024-03-06 00:00 | time passes | segment_left 701 1',
      '2024-03-06 09:00 | checks in | rule 951 1',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'a rule takes out only who a rule put in',
    program: withSegments(
      [segment({ when: RICH })],
      [rule({ effect: { kind: 'segment', segment: 701, action: 'remove' } })],
    ),
    story: [
      '2024-03-04 10:00 | buys tea 10.00 | earn 101 10, segment_entered 701 1',
      '2024-03-05 10:00 | checks in | rule 951 1',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'HQ’s word wins over condition and rule until it is cleared',
    program: withSegments([segment({ when: RICH })], [rule()]),
    story: [
      '2024-03-04 10:00 | is included in segment 701 | segment_entered 701 1',
      '2024-03-05 10:00 | is excluded from segment 701 | segment_left 701 1',
      '2024-03-06 10:00 | checks in | rule 951 1',
      '2024-03-07 10:00 | buys tea 10.00 | earn 101 10',
      '2024-03-08 10:00 | is cleared of segment 701 | segment_entered 701 1',
    ],
  },
  {
    rule: 'E-SEG-2',
    name: 'a later segment sees what an earlier one came to on the same fact',
    program: withSegments([
      segment({ when: RICH }),
      segment({ id: 702, name: 'Friends of March', when: { all: [{ segment: 701 }, { kind: ['sale'] }] } }),
    ]),
    story: [
      '2024-03-04 10:00 | buys tea 10.00 | earn 101 10, segment_entered 701 1, segment_entered 702 1',
      '2024-03-05 10:00 | is adjusted by -1 | segment_left 702 1, adjust -1, segment_left 701 1',
    ],
  },
  {
    rule: 'E-SEG-4',
    name: "HQ's hand, rolling: added again the time begins anew, and what was not added is not removed",
    program: withSegments([segment({ expiry: { kind: 'ROLLING', after: { days: 2 } } })]),
    story: [
      '2024-03-04 09:00 | is removed from segment 701 | -',
      '2024-03-04 10:00 | is added to segment 701 | segment_entered 701 1',
      '2024-03-06 10:00 | is added to segment 701 | -',
      '2024-03-08 23:59 | time passes | -',
      '2024-03-09 00:00 | time passes | segment_left 701 1',
    ],
  },
  {
    rule: 'E-SEG-4',
    name: "HQ's hand, scheduled: so long after the first time, however often again; then anew",
    program: withSegments([segment({ expiry: { kind: 'SCHEDULED', after: { days: 2 } } })]),
    story: [
      '2024-03-04 10:00 | is added to segment 701 | segment_entered 701 1',
      '2024-03-06 10:00 | is added to segment 701 | -',
      '2024-03-07 00:00 | time passes | segment_left 701 1',
      '2024-03-08 10:00 | is added to segment 701 | segment_entered 701 1',
      '2024-03-08 11:00 | is removed from segment 701 | segment_left 701 1',
    ],
  },
  {
    rule: 'E-SEG-4',
    name: "HQ's hand does not reach over an override",
    program: withSegments([segment()]),
    story: [
      '2024-03-04 10:00 | is excluded from segment 701 | -',
      '2024-03-04 11:00 | is added to segment 701 | -',
      '2024-03-04 12:00 | is cleared of segment 701 | segment_entered 701 1',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => comesTo(shown))

test('E-SEG-2 the end of a membership by rule is due by itself', () => {
  const document = documentOf(
    withSegments([segment({ expiry: { kind: 'ROLLING', after: { days: 2 } } })], [rule()]),
  )
  const [told] = tell(document, ['2024-03-04 10:00 | checks in'])
  const { fact, after } = told ?? {}
  if (fact === null || fact === undefined || after === undefined) throw new Error('the row is a fact')
  const due = nextDue(programsOf(document).program(fact.at), after)
  expect(new Date(due).toISOString()).toBe('2024-03-07T00:00:00.000Z')
  expect(due).toBeGreaterThan(millisOf(fact.at))
})
