// E-EXP-3: what reacts to a fact tells why it did something or did not, in the words of perks and bonuses. London's clock.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Reaction } from '../../cloud/evaluation/explanation/reactions.ts'
import { explainReactions } from '../../cloud/evaluation/explanation/reactions.ts'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { copyState, newState, outcomeText } from '../../cloud/evaluation/state.ts'
import { byMember, factsOfDeeds } from '../support/generators-history.ts'
import { anyVersions } from '../support/generators-program.ts'
import { deeds } from '../support/generators/deeds.ts'
import { fuzzSeed } from '../support/generators.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const VISIT = { id: 102, title: 'Visit', type: 'CHECKIN', award: { kind: 'fixed', points: 1 } }
const STAMP = { id: 103, title: 'Stamp', type: 'CHECKIN', award: { kind: 'fixed', points: 2 }, metric: 7 }
const GIFT = { id: 301, title: 'Gift', points: 0, voucher: {} }
const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
]
const withParts = (parts: object): ProgramDocument =>
  program({ earn_perks: [POINT_PER_POUND, VISIT], redeem_perks: [GIFT], ...parts })

const CHALLENGE = {
  id: 901,
  title: 'Two visits',
  join: 'auto',
  requirements: [{ id: 911, title: 'Visits', perk: 102, quantity: 2 }],
  reward: { metric: 0, amount: 50 },
}
const PHOTO = { id: 801, title: 'Photo', type: 'photo', reward: { metric: 0, amount: 5 } }
const RULE = {
  id: 951,
  title: 'Rule',
  match: { type: 'TYPE', kinds: ['checkin'] },
  effect: { kind: 'points', metric: 0, amount: 5 },
}

function textOf({ rule, type, points, metric, time, condition, ...why }: Reaction): string {
  const gave = metric === undefined ? `${points}` : `${points} of ${metric}`
  const { actual, required, hint } = why
  const reason = condition === null ? 'applies' : `${condition}: ${actual}; ${required}`
  return `${type} ${rule}${time === undefined ? '' : ` at ${time}`}, ${gave}, ${reason}${hint === null ? '' : ` (${hint})`}`
}

/** What is told of the last row. */
function reactionsTo(document: ProgramDocument, ...story: readonly string[]): string[] {
  const told = tell(document, story)
  const fact = told.at(-1)?.fact
  const found = fact && programsOf(document).program(fact.at)
  if (fact === undefined || fact === null || found === null || found === undefined)
    throw new Error('a fact under a program')
  const before = told.at(-2)?.after ?? newState()
  const text = outcomeText(before)
  const reactions = explainReactions(found, before, fact, NOTHING_EARLIER).map(textOf)
  expect(outcomeText(before)).toBe(text)
  return reactions
}

const ENROLS = '2024-03-04 09:00 | enrols'
const VISITS = '2024-03-04 10:00 | checks in'

test.each([
  [
    'counts, and tells what it still takes',
    {},
    [VISITS],
    'CHALLENGE 901, 0, applies (1 more of "Visits" to complete it)',
  ],
  ['completed by this fact', {}, [VISITS, '2024-03-04 11:00 | checks in'], 'CHALLENGE 901, 50, applies'],
  [
    'completed before',
    {},
    [VISITS, '2024-03-04 11:00 | checks in', '2024-03-04 12:00 | checks in'],
    'CHALLENGE 901, 0, completed: completed; not completed yet',
  ],
  [
    'nothing of the kind',
    {},
    ['2024-03-04 10:00 | buys tea 4.00'],
    'CHALLENGE 901, 0, progress: nothing that counts; Visits (do: Visits)',
  ],
  ['inactive', { status: 'INACTIVE' }, [VISITS], 'CHALLENGE 901, 0, status: INACTIVE; ACTIVE'],
  [
    'not joined',
    { join: 'opt_in' },
    [VISITS],
    'CHALLENGE 901, 0, not_joined: did not join; joined (join it)',
  ],
  [
    'left',
    {},
    ['2024-03-04 09:00 | leaves challenge 901', VISITS],
    'CHALLENGE 901, 0, left: left; takes part (join it again)',
  ],
  [
    'another home store',
    { home_stores: [2] },
    [VISITS],
    'CHALLENGE 901, 0, eligible: home store not told; one of 2',
  ],
  [
    'not who it is for',
    { when: { metric: 0, part: 'lifetime', is: 'ge', value: 10 } },
    [VISITS],
    'CHALLENGE 901, 0, eligible: metric: 0; metric: at least 10 (10 more)',
  ],
  ['another store', { stores: [2] }, [VISITS], 'CHALLENGE 901, 0, store: 1; 2 (in one of these stores)'],
  [
    'not begun',
    { start: '2024-04-01' },
    [VISITS],
    'CHALLENGE 901, 0, dates: 2024-03-04; 2024-04-01 to any day (from 2024-04-01 on)',
  ],
  [
    'no membership to count from',
    { from_membership: { days: 30 } },
    [VISITS],
    'CHALLENGE 901, 0, membership: no day of membership; a day of membership (enrol)',
  ],
  [
    'the own period is over',
    { from_membership: { days: 30 } },
    [ENROLS, '2024-05-01 10:00 | checks in'],
    'CHALLENGE 901, 0, dates: 2024-05-01; 2024-03-04 to 2024-04-02',
  ],
])('E-EXP-3 a challenge: %s', (_, change, story, expected) => {
  expect(reactionsTo(withParts({ challenges: [{ ...CHALLENGE, ...change }] }), ...story)).toEqual([expected])
})

test('E-EXP-3 a stamp card tells what is missing, and that it was filled', () => {
  const document = withParts({
    earn_perks: [POINT_PER_POUND, STAMP],
    metrics: [{ id: 7, name: 'Stamps' }],
    stamp_cards: [{ id: 401, title: 'Card', metric: 7, required: 3, reward: 301 }],
  })
  expect(reactionsTo(document, VISITS)).toEqual(['STAMP_CARD 401, 0, stamps: 2; 3 (1 more Stamps)'])
  expect(reactionsTo(document, VISITS, '2024-03-04 11:00 | checks in')).toEqual([
    'STAMP_CARD 401, 0, applies',
  ])
})

const RESPONDS = '2024-03-04 10:00 | responds to 801 as number 7'

test.each([
  ['counts', {}, [RESPONDS], ['RESPONSE 801, 5, applies']],
  [
    'waits',
    { auto_approve: false },
    [RESPONDS],
    ['RESPONSE 801, 0, applies (its reward waits for approval)'],
  ],
  [
    'decided before',
    {},
    [RESPONDS, '2024-03-04 11:00 | has response #1 to 801 approved'],
    ['RESPONSE 801, 0, verdict: decided before, or not counted; a response that waits for its verdict'],
  ],
  [
    'too many',
    { per_member: 1, per_member_period: 'week' },
    [RESPONDS, '2024-03-05 10:00 | responds to 801 as number 8'],
    ['RESPONSE 801, 0, per_member: 1 given; at most 1 a week (another week)'],
  ],
  [
    'too soon',
    { interval_days: 3 },
    [RESPONDS, '2024-03-06 10:00 | responds to 801 as number 8'],
    ['RESPONSE 801, 0, interval_days: 2 days after the last; 3 days (from 2024-03-07 on)'],
  ],
  ['too late', { overall: 6 }, [RESPONDS], ['RESPONSE 801, 0, overall: number 7; at most 6 of all members']],
  [
    'a tier below',
    { required_tier: 2 },
    [RESPONDS],
    ['RESPONSE 801, 0, required_tier: Bronze; Silver (100 more points reach Silver)'],
  ],
  [
    'wins',
    { prize: { calculation: 'every_nth', nth: 7, reward: { metric: 0, amount: 90 } } },
    [RESPONDS],
    ['RESPONSE 801, 5, applies', 'PRIZE 801, 90, applies'],
  ],
  [
    'wins nothing',
    { prize: { calculation: 'every_nth', nth: 5, reward: { metric: 0, amount: 90 } } },
    [RESPONDS],
    ['RESPONSE 801, 5, applies', 'PRIZE 801, 0, prize: number 7; every 5th'],
  ],
])('E-EXP-3 a response: %s', (_, change, story, expected) => {
  const document = withParts({ tiers: TIERS, response_challenges: [{ ...PHOTO, ...change }] })
  expect(reactionsTo(document, ...story)).toEqual(expected)
})

test.each([
  ['happens', {}, [VISITS], ['RULE 951, 5, applies']],
  ['is for other facts', {}, ['2024-03-04 10:00 | buys tea 4.00'], []],
  [
    'its condition',
    { when: { metric: 0, part: 'lifetime', is: 'ge', value: 10 } },
    [VISITS],
    ['RULE 951, 0, when: metric: 1; metric: at least 10 (9 more)'],
  ],
  [
    'often enough',
    { occurrences: { count: 1 } },
    [VISITS, '2024-03-04 11:00 | checks in'],
    ['RULE 951, 0, occurrences: 1 times; at most 1 times ever'],
  ],
  [
    'a time of the week that the fact brings',
    { match: { type: 'TIME', days: ['MON'], at: '12:00' }, end: '2024-03-12' },
    [VISITS, '2024-03-20 10:00 | checks in'],
    ['RULE 951 at 2024-03-18 12:00, 0, dates: 2024-03-18; any day to 2024-03-12'],
  ],
])('E-EXP-3 a rule: %s', (_, change, story, expected) => {
  expect(reactionsTo(withParts({ rules: [{ ...RULE, ...change }] }), ...story)).toEqual(expected)
})

test('E-EXP-3 what is told to have happened is what the fold did, and asking leaves the member alone', () => {
  let told = 0
  const seed = fuzzSeed('explained reactions')
  for (const [records, list] of fc.sample(fc.tuple(anyVersions, deeds(40)), { seed, numRuns: 25 })) {
    const programs = new Programs(records)
    for (const own of byMember(factsOfDeeds(list)).values()) {
      let before = newState()
      foldFacts(programs, newState(), own, NOTHING_EARLIER, (fact, effects, state) => {
        const found = programs.program(fact.at)
        // What returns and voids look back at is not given here.
        const asked = found !== null && fact.kind !== 'return' && fact.kind !== 'void'
        const reactions = asked ? explainReactions(found, before, fact, NOTHING_EARLIER) : []
        const idsOf = (type: Reaction['type']): number[] =>
          reactions.filter((one) => one.type === type && one.applied).map(({ rule }) => rule)
        const did = (kind: string): number[] =>
          effects.filter((one) => one.kind === kind).map(({ rule }) => rule)
        if (asked) {
          expect(new Set(idsOf('RULE'))).toEqual(new Set(did('rule')))
          expect(new Set(idsOf('STAMP_CARD'))).toEqual(new Set(did('card_filled')))
          expect(idsOf('PRIZE')).toEqual(did('prize'))
          expect(idsOf('CHALLENGE')).toEqual(expect.arrayContaining(did('challenge_completed')))
          if (did('response').length > 0) expect(idsOf('RESPONSE')).toEqual(did('response'))
          told += reactions.length
        }
        before = copyState(state)
      })
    }
  }
  expect(told).toBeGreaterThan(100)
})
