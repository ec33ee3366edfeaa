// One case of a table: the rule it shows, a program, a story, and how the member stands at the end.
import { expect } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { statusAt } from '../../cloud/evaluation/spending/spending.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { spendable } from '../../cloud/evaluation/state.ts'
import { millisOf } from '../../protocol/time.ts'
import { compare } from '../oracle/comparison.ts'
import type { Told, Versions } from './story.ts'
import { program, programsOf, retold, tell, written } from './story.ts'

/** How the member stands after the last fact of the story. Left out: not looked at. */
export interface Ends {
  readonly balance?: number
  readonly spendable?: number
  readonly lifetime?: number
  readonly spent?: number
  readonly goodwill?: number
  readonly tier?: number
  /** `perk status`, in the order they were issued; the status as of the last row. */
  readonly entitlements?: readonly string[]
}

export interface Case {
  readonly rule: string
  readonly name: string
  /** Parts of one program, or whole versions of it. */
  readonly program: Readonly<Record<string, unknown>> | Versions
  /** `when | what | points` or `when | what | points | rule:points …`. */
  readonly story: readonly string[]
  readonly ends?: Ends
}

export function programOf({ program: parts }: Case): ProgramDocument | Versions {
  return Array.isArray(parts) ? (parts as Versions) : program(parts as Readonly<Record<string, unknown>>)
}

/** Asserts that a case comes out as written. */
export function holds(shown: Case): void {
  const document = programOf(shown)
  expect(retold(document, shown.story)).toEqual(written(shown.story))
  const told = tell(document, shown.story)
  agreesWithOracle(document, told)
  const last = told
    .filter(({ fact }) => fact !== null)
    .toSorted((a, b) => a.after.facts - b.after.facts)
    .at(-1)
  if (last === undefined || shown.ends === undefined) return
  const all = endsOf(last)
  const looked = Object.keys(shown.ends) as (keyof Ends)[]
  expect(Object.fromEntries(looked.map((name) => [name, all[name]]))).toEqual(shown.ends)
}

/** The plain oracle reads the story as the evaluation does, straight and in another order. */
function agreesWithOracle(document: ProgramDocument | Versions, told: readonly Told[]): void {
  const facts = told.flatMap(({ fact }) => fact ?? [])
  expect(compare(programsOf(document).records, facts, facts.length)).toBeUndefined()
}

function endsOf({ after, fact }: Told): Required<Ends> {
  const { balance, lifetime, spent, goodwill, tier } = after
  return {
    balance,
    lifetime,
    spent,
    goodwill,
    tier,
    spendable: spendable(after),
    entitlements: heldOf(after, fact === null ? 0 : millisOf(fact.at)),
  }
}

function heldOf(state: MemberState, nowMs: number): string[] {
  return state.entitlements.map((one) => `${one.perk} ${statusAt(one, nowMs)}`)
}
