// Asks the cloud for its time (CLK-3): at the welcome, and again when the last question is CLOCK_ASK_MS old. One question is open at a time; one that
// stays unanswered is overtaken by the next, and its answer is nobody's.
import { randomInt } from 'node:crypto'
import type { Time } from '../../protocol/frames/time.ts'
import { CLOCK_ASK_MS } from '../../protocol/limits.ts'
import type { System } from '../system.ts'

const QUESTION_MAX = 2 ** 47

export class TimeQuestions {
  readonly #system: System
  #last: { readonly question: number; readonly mono: number } | null = null

  constructor(system: System) {
    this.#system = system
  }

  /** The number to ask with, when it is time to. It is not to be guessed, so that nobody can have recorded the answer before. */
  due(): number | null {
    const mono = this.#system.monotonic()
    if (this.#last !== null && mono - this.#last.mono < CLOCK_ASK_MS) return null
    const question = randomInt(1, QUESTION_MAX)
    this.#last = { question, mono }
    return question
  }

  /** When the question was asked that this answers; null for a sign of life, and for answers to others. */
  askedAt({ question }: Time): number | null {
    return question !== null && question === this.#last?.question ? this.#last.mono : null
  }

  /** The connection is gone, and its questions with it. */
  drop(): void {
    this.#last = null
  }
}
