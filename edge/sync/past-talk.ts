// What is said beside the machine about lives that are over (P-LIFE-5, P-LIFE-7): receipts of terminals that tell of more than is known here, and the
// cloud's chain of each such life, one page at a time. A page is asked for when the one before is stored; then what the cloud lacks is recorded again,
// a piece a loop turn, so that terminals are served between. A connection that breaks goes on where it stopped.
import type { Tail } from '../../protocol/frames/tail.ts'
import type { UpFrame } from '../../protocol/up.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Till } from '../till/till.ts'

export interface PastTalkParts {
  readonly ledger: Ledger
  readonly till: Till
  readonly live: () => boolean
  readonly send: (frame: UpFrame) => void
  /** In another loop turn; a failure gives the line up. */
  readonly soon: (work: () => void) => void
}

export class PastTalk {
  readonly #parts: PastTalkParts
  #recording = false

  constructor(parts: PastTalkParts) {
    this.#parts = parts
  }

  /** After each welcome. */
  begin(): void {
    this.witnessed()
    this.#ask()
  }

  witnessed(): void {
    const { ledger, live, send } = this.#parts
    if (!live()) return
    for (const { origin, seq } of ledger.lives.witnesses()) send({ type: 'witness', origin, seq })
  }

  take(tail: Tail): void {
    if (!this.#parts.till.takeTail(tail)) this.#ask()
    else if (!this.#recording) this.#record()
  }

  #ask(): void {
    const past = this.#parts.till.nextPast()
    if (past !== undefined && this.#parts.live()) this.#parts.send(past)
  }

  /** Once the cloud's chain is read nothing more is needed of the cloud: it goes on though the line may break. */
  #record(): void {
    this.#recording = true
    let settled = false
    try {
      settled = this.#parts.till.recordAgain()
    } catch (cause) {
      // A full disk: the next connection asks again.
      this.#recording = false
      throw cause
    }
    this.#parts.soon(() => {
      this.#recording = false
      if (settled) this.#ask()
      else this.#record()
    })
  }
}
