// The thread that opens large frames ahead of their turn (I-15), as the node holds it: asked in order, it answers in order. It starts with the first such
// frame, so that a quiet node has no such thread. Should it break down, what it had is opened here, and everything after that in its turn.
import { Worker } from 'node:worker_threads'
import { OPENING_FRAMES_MAX } from '../protocol/limits.ts'
import type { SealedFrame } from '../protocol/seals.ts'
import { openAhead } from './sync/frames-ahead.ts'
import type { OpenedFrame, Opener } from './sync/frames-ahead.ts'

interface Asked {
  readonly frame: SealedFrame
  readonly answer: (opened: OpenedFrame | undefined | Promise<OpenedFrame | undefined>) => void
}

export class OpenerThread implements Opener {
  readonly #onBroken: (cause: unknown) => void
  /** Oldest first. */
  readonly #asked: Asked[] = []
  #thread: Worker | undefined
  #over = false

  constructor(onBroken: (cause: unknown) => void) {
    this.#onBroken = onBroken
  }

  open(frame: SealedFrame): Promise<OpenedFrame | undefined> | undefined {
    if (this.#over || this.#asked.length >= OPENING_FRAMES_MAX) return undefined
    this.#thread ??= this.#start()
    this.#thread.postMessage(frame, [])
    return new Promise((answer) => void this.#asked.push({ frame, answer }))
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#thread?.terminate()
  }

  #start(): Worker {
    const thread = new Worker(new URL('opener-thread.ts', import.meta.url))
    thread.on('message', (opened: OpenedFrame | undefined) => this.#asked.shift()?.answer(opened))
    thread.once('error', (cause) => this.#broke(cause))
    thread.once('exit', (code) => this.#broke(new Error(`it ended with ${code}`)))
    thread.unref()
    return thread
  }

  #broke(cause: unknown): void {
    if (this.#over) return
    this.#onBroken(cause)
    this.#end()
  }

  #end(): void {
    this.#over = true
    // What brought the thread down breaks only the connection it came by.
    for (const { frame, answer } of this.#asked.splice(0)) answer(Promise.resolve(frame).then(openAhead))
  }
}
