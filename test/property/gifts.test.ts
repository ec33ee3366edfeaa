// Earning, over generated programs and histories: the short way for plain programs and the long way give the same, an explanation says what was given,
// and a balance is the sum of its entries.
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Booked } from '../../cloud/evaluation/explanation/balance.ts'
import { explainBalance } from '../../cloud/evaluation/explanation/balance.ts'
import { countsOfList, listOfCounts } from '../../cloud/evaluation/counts.ts'
import type { Program } from '../../cloud/evaluation/compile.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import type { PastFact } from '../../cloud/evaluation/spending/reversal.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { copyState, newState } from '../../cloud/evaluation/state.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import type { HybridTime } from '../../protocol/time.ts'
import { byMember, factsOfDeeds } from '../support/generators-history.ts'
import { anyVersions } from '../support/generators-program.ts'
import { deeds } from '../support/generators/deeds.ts'
import { fuzzSeed } from '../support/generators.ts'

const seed = fuzzSeed('gifts')
const RUNS = 60
const seen = { plain: 0, mixed: 0, explained: 0, refused: 0, entries: 0, redeemed: 0 }

const histories = deeds(60).map((list) => [...byMember(factsOfDeeds(list)).values()])

/** Takes the long way for every sale. */
class LongWay extends Programs {
  override program(at: HybridTime): Program | null {
    const found = super.program(at)
    return found === null ? null : { ...found, elaborateBonuses: true }
  }
}

/** Fields that make a program of sales more than plain. */
const ELABORATE = ['when', 'attributes', 'caps', 'group', 'tenders']

/** The program as a plain one: without those fields, perks of points alone, tiers by floors alone. */
function plainly(record: ProgramRecord): ProgramRecord {
  const plain = JSON.parse(record.document, (field, value: unknown) =>
    ELABORATE.includes(field) ? undefined : value,
  ) as ProgramDocument
  const { tier_period: _, groups: __, ...rest } = plain
  const document = {
    ...rest,
    earn_perks: plain.earn_perks.map((perk) => ({ ...perk, metric: undefined })),
    tiers: plain.tiers.map(({ id, name }, place) => ({ id, name, point_floor: place * 50 })),
  }
  return { ...record, document: JSON.stringify(document) }
}

function told(programs: Programs, facts: readonly Fact[]): { effects: string[]; state: MemberState } {
  const state = newState()
  const effects: string[] = []
  foldFacts(programs, state, facts, NOTHING_EARLIER, (fact, list) => {
    for (const { kind, rule, index, amount, of } of list)
      effects.push(`${fact.id} ${kind} ${rule} ${index} ${of}: ${amount}`)
  })
  return { effects: effects.toSorted(), state: inOneOrder(state) }
}

/** The two ways meet perks in different orders. */
function inOneOrder(state: MemberState): MemberState {
  const { more } = state
  return {
    ...state,
    ...countsOfList(sorted(listOfCounts(state), 3)),
    more: more && {
      ...more,
      days: sorted(more.days, 3),
      pending: sorted(more.pending, 6),
      accounts: more.accounts.toSorted((a, b) => a.metric - b.metric),
    },
  }
}

/** A flat list, its items in the order of their numbers. */
function sorted(list: readonly number[], stride: number): number[] {
  const items = list.flatMap((_, at) => (at % stride === 0 ? [list.slice(at, at + stride)] : []))
  const order = (a: readonly number[], b: readonly number[]): number => {
    const place = a.findIndex((number, at) => number !== b[at])
    return place < 0 ? 0 : (a[place] ?? 0) - (b[place] ?? 0)
  }
  return items.toSorted(order).flat()
}

/** The program with plain bonuses; its perks are what they are. */
function mixedly(record: ProgramRecord): ProgramRecord {
  const document = JSON.parse(record.document) as ProgramDocument
  const bonuses = document.bonuses.map((bonus) =>
    Object.fromEntries(Object.entries(bonus).filter(([field]) => !ELABORATE.includes(field))),
  )
  return { ...record, document: JSON.stringify({ ...document, bonuses }) }
}

test('E-EARN-8 E-BON-1 where only some perks are elaborate, weighing them alone gives what weighing all gives', () => {
  fc.assert(
    fc.property(anyVersions, histories, (records, members) => {
      const mixed = records.map((record) => mixedly(record))
      const [short, long] = [new Programs(mixed), new LongWay(mixed)]
      for (const { effectiveFrom } of mixed) {
        const program = short.program(effectiveFrom)
        if (program?.elaboratePerks === true && !program.elaborateBonuses) seen.mixed += 1
      }
      for (const facts of members) expect(told(long, facts)).toEqual(told(short, facts))
    }),
    { seed, numRuns: RUNS },
  )
})

test('E-EARN-3 E-EARN-8 E-BON-1 the short way of plain programs and the long way agree', () => {
  fc.assert(
    fc.property(anyVersions, histories, (records, members) => {
      const plain = records.map((record) => plainly(record))
      const [short, long] = [new Programs(plain), new LongWay(plain)]
      for (const { effectiveFrom } of plain) {
        const program = short.program(effectiveFrom)
        if (program?.elaboratePerks === false && !program.elaborateBonuses) seen.plain += 1
      }
      for (const facts of members) expect(told(long, facts)).toEqual(told(short, facts))
    }),
    { seed, numRuns: RUNS },
  )
})

test('E-EXP-1 E-EXP-4 an explanation says of every perk and bonus what it gave, and of a redemption what it took', () => {
  fc.assert(
    fc.property(anyVersions, histories, (records, members) => {
      const programs = new Programs(records)
      for (const facts of members) {
        let before = newState()
        const folded = new Map<FactId, PastFact>()
        const past = { find: (id: FactId): PastFact | undefined => folded.get(id) }
        foldFacts(programs, newState(), facts, NOTHING_EARLIER, (fact, all, state, [start, end]) => {
          const program = programs.program(fact.at)
          // What time brought with the fact, a birthday's bonus too, is not the fact's own.
          const effects = all.slice(start, end)
          const considered = program === null ? [] : explain(program, before, fact, past)
          folded.set(fact.id, { fact, effects: all, program })
          for (const { rule, type, applied, points, condition, birthday } of considered) {
            if (type === 'REDEMPTION') {
              const taken = effects.filter(({ kind }) => kind === 'spend' || kind === 'restore')
              expect(points).toBe(taken.reduce((sum, { amount }) => sum + amount, 0))
              seen.redeemed += 1
              continue
            }
            const given = (birthday === undefined ? effects : all.slice(0, start)).find(
              (one) => one.rule === rule && ['earn', 'bonus'].includes(one.kind),
            )
            expect(`${rule} ${points}`).toBe(`${rule} ${given?.amount ?? 0}`)
            expect(condition === null).toBe(applied)
            seen[applied ? 'explained' : 'refused'] += 1
          }
          before = copyState(state)
        })
      }
    }),
    { seed, numRuns: RUNS },
  )
})

test('E-EXP-2 the entries of every metric add up to what the member has', () => {
  fc.assert(
    fc.property(anyVersions, histories, (records, members) => {
      const programs = new Programs(records)
      for (const facts of members) {
        const state = newState()
        const booked: Booked[] = []
        foldFacts(programs, state, facts, NOTHING_EARLIER, (fact, effects) => booked.push({ fact, effects }))
        for (const metric of [0, ...(state.more?.accounts ?? []).map((account) => account.metric)]) {
          const balance = explainBalance(state, metric, booked)
          const lots = balance.lots.reduce((sum, { amount }) => sum + amount, 0)
          const pending = balance.pending.reduce((sum, { amount }) => sum + amount, 0)
          expect(balance.addsUp).toBe(true)
          expect(lots - balance.deficit + pending + balance.goodwill).toBe(balance.total)
          expect(balance.entries.at(-1)?.total ?? 0).toBe(balance.total)
          seen.entries += balance.entries.length
        }
      }
    }),
    { seed, numRuns: RUNS },
  )
})

afterAll(() => {
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(20)
})
