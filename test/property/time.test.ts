// Time alone, over generated programs and histories: what `nextDue` says comes neither late nor twice, and looking ahead changes nothing.
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { copyState, encodeState, newState } from '../../cloud/evaluation/state.ts'
import { nextDue, stateAt } from '../../cloud/evaluation/time/time.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { DAY_MS, hybridTime, millisOf } from '../../protocol/time.ts'
import { deeds } from '../support/generators/deeds.ts'
import { byMember, factsOfDeeds } from '../support/generators-history.ts'
import { anyVersions } from '../support/generators-program.ts'
import { fuzzSeed } from '../support/generators.ts'

const seed = fuzzSeed('time')
const RUNS = 80
const MOMENTS_MAX = 25
let moments = 0
let looks = 0

const histories = deeds(60).map((list) => factsOfDeeds(list))
const OFFSETS = [0, -600, 60, 780] as const

function momentAt(member: MemberId, ms: number, offset: number): Fact {
  const header = {
    id: (2 ** 52) as FactId,
    at: hybridTime(ms),
    claimed: null,
    offset,
    store: 0,
    terminal: 'hq',
  }
  const promise = { program: 1, member, claim: null, promised: 0, confirmed: false, suspect: false }
  return { kind: 'moment', ...header, key: 'moment', ...promise, due: ms } as unknown as Fact
}

function fold(programs: Programs, state: MemberState, facts: readonly Fact[]): readonly Effect[] {
  const told: Effect[] = []
  foldFacts(programs, state, facts, NOTHING_EARLIER, (_, effects) => void told.push(...effects))
  return told
}

/** What a fact's rules and cards do follows from the fact, not from time: switched off where only time is looked at. */
function withoutReactions(records: readonly ProgramRecord[]): ProgramRecord[] {
  const off = { status: 'INACTIVE' } as const
  return records.map((record) => {
    const document = JSON.parse(record.document) as ProgramDocument
    const rules = document.rules?.map((rule) => ({ ...rule, ...off }))
    const cards = document.stamp_cards?.map((card) => ({ ...card, ...off }))
    return { ...record, document: JSON.stringify({ ...document, rules, stamp_cards: cards }) }
  })
}

/** Conditions may ask what day it is: such segments are looked at with the next fact, and nobody is woken for them. */
const isDue = ({ kind }: Effect): boolean => kind !== 'segment_entered' && kind !== 'segment_left'

test('E-TIME-2 a moment at the next instant leaves the next one ahead, and nothing is due between them', () => {
  fc.assert(
    fc.property(
      anyVersions,
      histories,
      fc.constantFrom(...OFFSETS),
      fc.boolean(),
      (all, facts, offset, reacts) => {
        const programs = new Programs(reacts ? all : withoutReactions(all))
        for (const [member, own] of byMember(facts)) {
          const state = newState()
          fold(programs, state, own)
          let now = millisOf(state.at) + DAY_MS
          for (let made = 0; made < MOMENTS_MAX; made++) {
            fold(programs, state, [momentAt(member, now, offset)])
            moments++
            const program = programs.program(state.at)
            const due = nextDue(program, state, offset)
            expect(due).toBeGreaterThan(now)
            if (due === Infinity) break
            if (programs.program(hybridTime(due)) !== program) break
            const before = copyState(state)
            const early =
              !reacts && due - 1 > now ? fold(programs, before, [momentAt(member, due - 1, offset)]) : []
            expect(early.filter(isDue)).toEqual([])
            now = due
          }
        }
      },
    ),
    { seed, numRuns: RUNS },
  )
})

test('E-TIME-3 looking ahead shows what a moment would book, and leaves the state as it is', () => {
  fc.assert(
    fc.property(anyVersions, histories, fc.integer({ min: 0, max: 500 }), (records, facts, days) => {
      const programs = new Programs(withoutReactions(records))
      for (const [member, own] of byMember(facts)) {
        const state = newState()
        fold(programs, state, own)
        const bytes = encodeState(state)
        const ms = millisOf(state.at) + days * DAY_MS
        const ahead = stateAt(programs.program(hybridTime(ms)), state, member, ms)
        expect(encodeState(state)).toEqual(bytes)
        fold(programs, state, [momentAt(member, ms, 0)])
        looks++
        expect([ahead.balance, ahead.lifetime, ahead.lots, ahead.more?.accounts]).toEqual([
          state.balance,
          state.lifetime,
          state.lots,
          state.more?.accounts,
        ])
      }
    }),
    { seed, numRuns: RUNS },
  )
})

afterAll(() => {
  expect(moments, 'moments were made').toBeGreaterThan(RUNS)
  expect(looks, 'states were looked at').toBeGreaterThan(RUNS)
})
