// Who lives the worlds of a soak: this process, or as many as there are cores to use. A world is the same in any process, so only the order in which worlds
// are told differs. One that hangs ends its process (hang-watch.ts), and with it the soak.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { livedFrom, processorUs } from './lived.ts'
import type { Lived } from './lived.ts'

const HAND = join(import.meta.dirname, 'hand.ts')

export class HandGone extends Error {}

interface Hand {
  live(seed: number): Promise<Lived>
  dismiss(): void
}

export class Hands {
  readonly #hands: readonly Hand[]
  /** Of each other process, as it told last. */
  readonly #processorUs = new Map<Hand, number>()

  constructor(cores: number, perTerminal: number) {
    const own: Hand = { live: (seed) => livedFrom(seed, perTerminal), dismiss: () => undefined }
    this.#hands = cores === 1 ? [own] : Array.from({ length: cores }, () => forked(perTerminal))
  }

  /** Of all of them. */
  get processorUs(): number {
    return [...this.#processorUs.values()].reduce((sum, us) => sum + us, processorUs())
  }

  /** Each lives the next seed as soon as it can, until there is none. */
  async work(next: () => number | undefined, take: (lived: Lived) => void): Promise<void> {
    const work = this.#hands.map(async (hand) => {
      for (let seed = next(); seed !== undefined; seed = next()) {
        const lived = await hand.live(seed)
        if (this.#hands.length > 1) this.#processorUs.set(hand, lived.processorUs)
        take(lived)
      }
    })
    try {
      await Promise.all(work)
    } finally {
      this.dismiss()
    }
  }

  dismiss(): void {
    for (const hand of this.#hands) hand.dismiss()
  }
}

function forked(perTerminal: number): Hand {
  const child = fork(HAND, [String(perTerminal)])
  return { live: (seed) => answerOf(child, seed), dismiss: () => void child.kill() }
}

function answerOf(child: ChildProcess, seed: number): Promise<Lived> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null, signal: NodeJS.Signals | null): void =>
      reject(new HandGone(`SEED=${seed}: its process is gone (${signal ?? `code ${code}`})`))
    child.once('exit', gone)
    child.once('message', (lived) => {
      child.off('exit', gone)
      // Of our own hand.ts.
      resolve(lived as Lived)
    })
    child.send(seed)
  })
}
