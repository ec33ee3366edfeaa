// Moves the write-ahead log of a file into it on a thread of its own (L-10, S-7), beside the commits: on the thread that commits, a checkpoint of 500
// pages made every caller of its commit wait 7 ms for the fsync of the file. It is only ever asked; what it leaves, and all of it should the thread
// break down, a commit moves once the log has CHECKPOINT_PAGES. Starts with the first log that is long enough, so that a quiet node has no such thread.
import { Worker } from 'node:worker_threads'

/** A checkpoint under way is waited for at the end, so that the node's own connection is the last. */
const CLOSE_MS_MAX = 5_000

export interface CheckpointerStart {
  readonly path: string
  readonly state: Int32Array<SharedArrayBuffer>
}

/** What is shared: how many checkpoints were asked for, or CLOSE; and 1 once the thread's connection is closed. */
export const ASKED = 0
export const CLOSED = 1
export const CLOSE = -1

export class Checkpointer {
  readonly #path: string
  readonly #onBroken: (cause: unknown) => void
  readonly #state = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  #thread: Worker | undefined
  #broken = false

  /** `onBroken`: a checkpoint failed, and with it the disk (L-13, S-4). For want of room none fails: what was not moved stays in the log. */
  constructor(path: string, onBroken: (cause: unknown) => void) {
    this.#path = path
    this.#onBroken = onBroken
  }

  /** One more, from where the last one ended. */
  ask(): void {
    this.#thread ??= this.#start()
    this.#order(Atomics.load(this.#state, ASKED) + 1)
  }

  close(): void {
    if (this.#thread === undefined || this.#broken) return
    this.#order(CLOSE)
    Atomics.wait(this.#state, CLOSED, 0, CLOSE_MS_MAX)
  }

  #order(order: number): void {
    Atomics.store(this.#state, ASKED, order)
    Atomics.notify(this.#state, ASKED)
  }

  #start(): Worker {
    const workerData: CheckpointerStart = { path: this.#path, state: this.#state }
    const thread = new Worker(new URL('checkpointer-thread.ts', import.meta.url), { workerData })
    thread.once('error', (cause) => {
      this.#broken = true
      this.#onBroken(cause)
    })
    thread.unref()
    return thread
  }
}
