// A warning says "never", so it must be so (E-DOC-4): over generated programs and histories, what was warned of never happens. SEED= repeats a run.
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { WarningCode } from '../../cloud/evaluation/check/issue.ts'
import { warningsOf } from '../../cloud/evaluation/check/warnings.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import type { FactKind } from '../../protocol/facts.ts'
import { byMember, factsOfDeeds } from '../support/generators-history.ts'
import { deeds } from '../support/generators/deeds.ts'
import { anyDocument, versionsOf } from '../support/generators-program.ts'
import { fuzzSeed } from '../support/generators.ts'

const seed = fuzzSeed('document-warnings')

/** Warnings that say a whole rule never gives anything; `on`: on these facts, left out on any. */
const NEVER: Partial<Record<WarningCode, { readonly lists: readonly string[]; readonly on?: FactKind }>> = {
  perk_unreachable: { lists: ['earn_perks', 'bonuses'] },
  condition_never_holds: { lists: ['earn_perks', 'bonuses', 'rules'] },
  group_member_shadowed: { lists: ['earn_perks', 'bonuses'], on: 'sale' },
  bonus_without_perk: { lists: ['bonuses'] },
  bonus_always_zero: { lists: ['bonuses'] },
  card_never_filled: { lists: ['stamp_cards'] },
}
const told = new Set<string>()

interface Dead {
  readonly id: number
  readonly code: string
  readonly on: FactKind | undefined
}

/** The rules that the warnings about a document say never give anything. */
function deadRules(document: ProgramDocument): Dead[] {
  return warningsOf(document, null).flatMap(({ path, code }): Dead[] => {
    const [, list = '', index = '', ...rest] = path.split('/')
    const never = NEVER[code]
    // A part of a condition that never holds is not the whole of it.
    if (never === undefined || !never.lists.includes(list) || (rest[0] === 'when' && rest.includes('any')))
      return []
    const rules = document[list as keyof ProgramDocument] as readonly { id: number }[]
    return [{ id: rules[Number(index)]?.id ?? 0, code, on: never.on }]
  })
}

describe('E-DOC-4 what is warned of', () => {
  test('never happens', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(anyDocument, deeds(40), (document, list) => {
        const dead = deadRules(document)
        for (const { code } of dead) told.add(code)
        if (dead.length === 0) return
        const programs = new Programs(versionsOf([document], [0]))
        for (const own of byMember(factsOfDeeds(list)).values())
          foldFacts(programs, newState(), own, NOTHING_EARLIER, (fact, effects) => {
            for (const { rule, kind, amount } of effects) {
              const found = dead.find(({ id, on }) => id === rule && (on ?? fact.kind) === fact.kind)
              const gives = amount > 0 && ['earn', 'bonus', 'card_filled', 'reward'].includes(kind)
              expect(gives ? found : undefined).toBeUndefined()
            }
          })
      }),
      { seed, numRuns: 200 },
    )
  })
})

afterAll(() => {
  // What the run's seed did not bring, this one does.
  if (told.size < 3)
    for (const document of fc.sample(anyDocument, { seed: 1, numRuns: 200 }))
      for (const { code } of deadRules(document)) told.add(code)
  expect(told.size).toBeGreaterThan(2)
})
