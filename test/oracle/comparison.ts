// The evaluation against the oracle, over one history: folded straight, fact by fact, and delivered in any order, batching and number, as a cloud would
// get it. A difference says where the two part.
import { isDeepStrictEqual } from 'node:util'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { NOTHING_EARLIER, effectsSum, foldFacts } from '../../cloud/evaluation/fold.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import type { PastFact } from '../../cloud/evaluation/spending/reversal.ts'
import { copyState, newState } from '../../cloud/evaluation/state.ts'
import { compareCanonical } from '../../protocol/facts.ts'
import type { Fact, Return } from '../../protocol/facts.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { millisOf } from '../../protocol/time.ts'
import type { Happened } from '../property/incremental-fold.ts'
import { deliver } from '../property/incremental-fold.ts'
import { byMember } from '../support/generators-history.ts'
import { seededRandom } from '../support/random.ts'
import { answersOfState, clawbackOfState } from './core-answers.ts'
import { viewOfState } from './core-view.ts'
import { clawbackOf } from './plain/clawback.ts'
import { decisionsAfter } from './plain/decisions.ts'
import { judge } from './plain/judge.ts'
import type { Version } from './plain/member.ts'
import type { View } from './plain/view.ts'
import { effectTexts, viewOf } from './plain/view.ts'

export interface Difference {
  readonly fold: 'straight' | 'shuffled'
  readonly fact: string
  /** Path of what differs, then what each says. */
  readonly where: string
  readonly oracle: unknown
  readonly evaluation: unknown
}

/** What a fact came to. */
interface Outcome {
  readonly fact: Fact
  readonly effects: readonly string[]
  readonly view: View
  /** What would be answered right after it. */
  readonly answers: readonly string[]
  /** Of a return: what would have been answered right before it (E-CLAW-1). */
  readonly clawback: readonly string[]
}

/** How often each effect was seen, so that a run can prove it did something. */
export type Seen = Record<string, number>

/** A bug put into what the evaluation is given. */
export interface Planted {
  readonly document?: (document: ProgramDocument) => unknown
  readonly facts?: (facts: readonly Fact[]) => Fact[]
  /** The return that clawback is asked about, as it would be planned wrongly. */
  readonly plan?: (plan: Return) => Return
}

function oracleOutcomes(
  member: number,
  records: readonly ProgramRecord[],
  facts: readonly Fact[],
  seen?: Seen,
): Outcome[] {
  const versions: Version[] = records.map(({ effectiveFrom, document }) => ({
    from: millisOf(effectiveFrom),
    document: JSON.parse(document) as ProgramDocument,
  }))
  const outcomes: Outcome[] = []
  let told = 0
  const ordered = facts.toSorted(compareCanonical)
  judge(member, versions, facts, (fact, judged) => {
    const clawback = fact.kind === 'return' ? clawbackOf(member, versions, ordered, fact) : []
    const effects = judged.journal.slice(told)
    told = judged.journal.length
    for (const { kind } of effects) if (seen !== undefined) seen[kind] = (seen[kind] ?? 0) + 1
    outcomes.push({
      fact,
      effects: effectTexts(effects),
      view: viewOf(judged, fact),
      answers: decisionsAfter(judged, fact),
      clawback,
    })
  })
  return outcomes
}

function coreOutcomes(
  programs: Programs,
  facts: readonly Fact[],
  plan: NonNullable<Planted['plan']> = (planned) => planned,
): Outcome[] {
  const outcomes: Outcome[] = []
  const folded = new Map<FactId, PastFact>()
  let before = newState()
  foldFacts(programs, newState(), facts, NOTHING_EARLIER, (fact, effects, state) => {
    const clawback =
      fact.kind === 'return'
        ? clawbackOfState(programs.program(fact.at), before, plan(fact), { find: (id) => folded.get(id) })
        : []
    before = copyState(state)
    folded.set(fact.id, { fact, effects, program: programs.program(fact.at) })
    const program = programs.program(fact.at)
    const view = viewOfState(program, state, fact)
    const answers = answersOfState(program, state, fact)
    outcomes.push({ fact, effects: effectTexts(effects), view, answers, clawback })
  })
  return outcomes
}

/** What the oracle says, by member. A sale of a guest is nobody's. */
export type Judged = ReadonlyMap<MemberId, readonly Outcome[]>

export function judgeAll(records: readonly ProgramRecord[], facts: readonly Fact[], seen?: Seen): Judged {
  return new Map(
    [...byMember(facts)]
      .filter(([member]) => member !== NO_MEMBER)
      .map(([member, own]) => [member, oracleOutcomes(member, records, own, seen)]),
  )
}

/** The first difference of any member, or undefined. `plan` seeds the order of delivery. */
export function compare(
  records: readonly ProgramRecord[],
  facts: readonly Fact[],
  plan: number,
  judged = judgeAll(records, facts),
): Difference | undefined {
  const programs = new Programs(records)
  return compareStraight(programs, facts, judged) ?? compareShuffled(programs, facts, plan, judged)
}

/** The same with a bug in what the evaluation is given; folded straight only. Undefined too where the bug changes nothing. */
export function comparePlanted(
  { document: misreading, facts: mistaken, plan }: Planted,
  records: readonly ProgramRecord[],
  facts: readonly Fact[],
  judged = judgeAll(records, facts),
): Difference | undefined {
  const wrong = misreading === undefined ? records : records.map((record) => misread(record, misreading))
  const sameWords = mistaken === undefined && plan === undefined
  if (sameWords && wrong.every(({ document }, index) => document === records[index]?.document))
    return undefined
  return compareStraight(new Programs(wrong), mistaken?.(facts) ?? facts, judged, plan)
}

function compareStraight(
  programs: Programs,
  facts: readonly Fact[],
  judged: Judged,
  plan?: Planted['plan'],
): Difference | undefined {
  const own = byMember(facts)
  for (const [member, expected] of judged) {
    const difference = firstDifference(expected, coreOutcomes(programs, own.get(member) ?? [], plan))
    if (difference !== undefined) return difference
  }
  return undefined
}

function compareShuffled(
  programs: Programs,
  facts: readonly Fact[],
  plan: number,
  judged: Judged,
): Difference | undefined {
  const delivered = deliver(facts, programs, seededRandom(plan), newHappened())
  for (const [member, expected] of judged) {
    const last = expected.at(-1)
    const incremental = delivered.get(member)
    if (last === undefined || incremental === undefined) continue
    const effects = (id: FactId): string[] => effectTexts(effectsSum(incremental.revisions.get(id) ?? []))
    for (const { fact, effects: its } of expected) {
      const difference = differ('shuffled', fact, 'effects', its, effects(fact.id))
      if (difference !== undefined) return difference
    }
    const view = viewOfState(programs.program(last.fact.at), incremental.state, last.fact)
    const difference = differ('shuffled', last.fact, 'view', last.view, view)
    if (difference !== undefined) return difference
  }
  return undefined
}

const newHappened = (): Happened => ({ duplicates: 0, late: 0, restartsAtCheckpoint: 0, corrections: 0 })

function misread(record: ProgramRecord, misreading: NonNullable<Planted['document']>): ProgramRecord {
  const document = misreading(JSON.parse(record.document) as ProgramDocument)
  return { ...record, document: JSON.stringify(document) }
}

function firstDifference(oracle: readonly Outcome[], core: readonly Outcome[]): Difference | undefined {
  for (const [index, { fact, effects, view, answers, clawback }] of oracle.entries()) {
    const its = core[index]
    const difference =
      its?.fact.id === fact.id
        ? (differ('straight', fact, 'effects', effects, its.effects) ??
          differ('straight', fact, 'view', view, its.view) ??
          differ('straight', fact, 'answers', answers, its.answers) ??
          differ('straight', fact, 'clawback', clawback, its.clawback))
        : {
            fold: 'straight' as const,
            fact: name(fact),
            where: 'fact',
            oracle: fact.id,
            evaluation: its?.fact.id,
          }
    if (difference !== undefined) return difference
  }
  return undefined
}

const name = (fact: Fact): string => `${fact.kind} ${fact.id}`

/** Goes down to the first part that differs. */
function differ(
  fold: Difference['fold'],
  fact: Fact,
  where: string,
  oracle: unknown,
  evaluation: unknown,
): Difference | undefined {
  if (isDeepStrictEqual(oracle, evaluation)) return undefined
  if (isPlain(oracle) && isPlain(evaluation))
    for (const field of new Set([...Object.keys(oracle), ...Object.keys(evaluation)])) {
      const difference = differ(fold, fact, `${where}.${field}`, oracle[field], evaluation[field])
      if (difference !== undefined) return difference
    }
  return { fold, fact: name(fact), where, oracle, evaluation }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
