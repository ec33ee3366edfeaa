// Moves the write-ahead log into the file on a thread of its own (L-10), beside the commits: on the till's thread a checkpoint of 500 pages made every
// caller of its commit wait 7 ms for the fsync of the file. It is only ever asked; what it leaves, and all of it should the thread break down,
// a commit moves once the log has CHECKPOINT_PAGES. Starts with the first log that is long enough, so that a quiet store has no such thread.
import { Worker } from 'node:worker_threads'

/** Of facts and answers; the log has two to three times as many. */
const DUE_BYTES = 1024 * 1024
/** A checkpoint under way is waited for at the end, so that the ledger's own connection is the last. */
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
  #bytes = 0

  /** `onBroken`: a checkpoint failed, and with it the disk (L-13). */
  constructor(path: string, onBroken: (cause: unknown) => void) {
    this.#path = path
    this.#onBroken = onBroken
  }

  /** After a commit of so many bytes. */
  committed(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < DUE_BYTES) return
    this.#bytes = 0
    this.#thread ??= this.#start()
    this.#ask(Atomics.load(this.#state, ASKED) + 1)
  }

  close(): void {
    if (this.#thread === undefined || this.#broken) return
    this.#ask(CLOSE)
    Atomics.wait(this.#state, CLOSED, 0, CLOSE_MS_MAX)
  }

  #ask(order: number): void {
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
