// Questions to the cloud inside a terminal's call (N-6): who is this, may they spend that, what is left of the budgets. They go beside the machine and only need a welcomed link;
// each is answered exactly once, by the cloud, by the clock, or by the end of the link.
import type { Budgets } from '../../protocol/frames/budgets.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { FoundMember } from '../../protocol/frames/found-member.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { MemberId, Seq } from '../../protocol/ids.ts'
import { QUESTIONS_OPEN_MAX, QUESTION_WAIT_MS_MAX } from '../../protocol/limits.ts'
import type { UpFrame } from '../../protocol/up.ts'
import type { Cancel, System } from '../system.ts'
import type { MemberQuestion, SpendingQuestion } from '../till/cloud-link.ts'

const NOTHING_BEFORE = 0 as Seq

export type FindAnswer = MemberId | 'none' | 'unreachable'

type AnswerFrame = FoundMember | Decision | Budgets
/** Which question each answers. */
const ANSWERS = { found_member: 'find_member', decision: 'authorise', budgets: 'ask_budgets' } as const

interface OpenQuestion {
  readonly asks: (typeof ANSWERS)[AnswerFrame['type']]
  /** Asked once the cloud has the ledger up to here, so that it decides on what the store knew. */
  readonly after: Seq
  readonly frame: UpFrame
  sent: boolean
  answer(frame: AnswerFrame | 'unreachable'): void
  readonly cancel: Cancel
}

export interface QuestionParts {
  readonly system: System
  readonly live: () => boolean
  /** What the cloud has of the ledger. */
  readonly synced: () => Seq
  readonly send: (frame: UpFrame) => void
}

export class Questions {
  readonly #parts: QuestionParts
  readonly #open = new Map<number, OpenQuestion>()
  #last = 0

  constructor(parts: QuestionParts) {
    this.#parts = parts
  }

  findMember(question: MemberQuestion): Promise<FindAnswer> {
    return new Promise((resolve) => {
      this.#ask(
        'find_member',
        NOTHING_BEFORE,
        (number) => ({
          type: 'find_member',
          question: number,
          identity: 'identity' in question ? question.identity : null,
          member: 'member' in question ? question.member : NO_MEMBER,
        }),
        (frame) => {
          if (frame === 'unreachable' || frame.type !== 'found_member') resolve('unreachable')
          else resolve(frame.member === NO_MEMBER ? 'none' : frame.member)
        },
      )
    })
  }

  /** Asked once the cloud has the ledger up to `after`. */
  authorise(question: SpendingQuestion, after: Seq): Promise<Decision | 'unreachable'> {
    return new Promise((resolve) => {
      this.#ask(
        'authorise',
        after,
        (number) => ({ type: 'authorise', question: number, ...question }),
        (frame) => resolve(frame === 'unreachable' || frame.type !== 'decision' ? 'unreachable' : frame),
      )
    })
  }

  /** As `authorise`. */
  budgets(after: Seq): Promise<Budgets | 'unreachable'> {
    return new Promise((resolve) => {
      this.#ask(
        'ask_budgets',
        after,
        (question) => ({ type: 'ask_budgets', budgets_question: question }),
        (frame) => resolve(frame === 'unreachable' || frame.type !== 'budgets' ? 'unreachable' : frame),
      )
    })
  }

  #ask(
    asks: OpenQuestion['asks'],
    after: Seq,
    frameOf: (question: number) => UpFrame,
    answer: OpenQuestion['answer'],
  ): void {
    if (!this.#parts.live() || this.#open.size >= QUESTIONS_OPEN_MAX) {
      answer('unreachable')
      return
    }
    const number = ++this.#last
    const cancel = this.#parts.system.after(QUESTION_WAIT_MS_MAX, () => {
      this.#open.delete(number)
      answer('unreachable')
    })
    this.#open.set(number, { asks, after, frame: frameOf(number), sent: false, answer, cancel })
    this.synced()
  }

  /** Sends those whose facts the cloud has by now. */
  synced(): void {
    const synced = this.#parts.synced()
    for (const question of this.#open.values()) {
      if (question.sent || question.after > synced) continue
      question.sent = true
      this.#parts.send(question.frame)
    }
  }

  answered(frame: AnswerFrame): void {
    const question = this.#open.get(frame.question)
    // Too late, or not what was asked: the terminal has its answer.
    if (question === undefined || question.asks !== ANSWERS[frame.type]) return
    this.#open.delete(frame.question)
    question.cancel()
    question.answer(frame)
  }

  /** The link is gone. */
  drop(): void {
    for (const question of this.#open.values()) {
      question.cancel()
      question.answer('unreachable')
    }
    this.#open.clear()
  }
}
