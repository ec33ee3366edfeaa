// Generated programs and histories, judged once for whoever looks through them: generating and judging is most of the work.
import fc from 'fast-check'
import { deeds } from '../support/generators/deeds.ts'
import { factsOfDeeds } from '../support/generators-history.ts'
import { anyVersions } from '../support/generators-program.ts'
import { judgeAll } from './comparison.ts'
import type { Judged, Seen } from './comparison.ts'
import type { Case } from './shrinking.ts'

const BATCH = 50

const cases = fc
  .tuple(anyVersions, deeds(60), fc.nat())
  .map(([records, list, plan]): Case => ({ records, facts: factsOfDeeds(list), plan }))

export interface Judgement extends Case {
  readonly judged: Judged
}

/** The same histories for the same seed, as many of them as are taken. */
export class JudgedCases {
  readonly seen: Seen = {}
  readonly #seed: number
  readonly #pool: Judgement[] = []

  constructor(seed: number) {
    this.#seed = seed
  }

  *first(most: number): Generator<Judgement> {
    for (let at = 0; at < most; at++) {
      if (at === this.#pool.length) {
        const batch = fc.sample(cases, { seed: this.#seed + at / BATCH, numRuns: BATCH })
        this.#pool.push(
          ...batch.map((one) => ({ ...one, judged: judgeAll(one.records, one.facts, this.seen) })),
        )
      }
      const found = this.#pool[at]
      if (found !== undefined) yield found
    }
  }
}
