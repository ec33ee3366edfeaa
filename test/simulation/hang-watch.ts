// A world that hangs in synchronous code cannot tell of it: nothing else of its process runs. A thread beside it looks whether events still happen; when none
// did for too long, it tells the seed and where the main thread is, and ends the process (hang-watcher.ts).
import { Worker } from 'node:worker_threads'

/** Events of the world that lives now, as the other thread sees them. */
export const pulse = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

export interface Watched {
  readonly seed: number
  /** Without an event, of real time. */
  readonly quietMsMax: number
}

let watcher: Worker | undefined

export function watchForHangs(seed: number, quietMsMax: number): { over(): void } {
  if (watcher === undefined) {
    watcher = new Worker(new URL('hang-watcher.ts', import.meta.url), { workerData: pulse, execArgv: [] })
    watcher.unref()
  }
  const thread = watcher
  pulse[0] = 0
  const tell = (watched: Watched | null): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    thread.postMessage(watched)
  }
  tell({ seed, quietMsMax })
  return { over: () => tell(null) }
}
