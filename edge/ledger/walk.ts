// The scheduled walk (L-14): a bit that rots in a page nobody reads is found within a day, not on the day it is needed.
import { Worker } from 'node:worker_threads'

/** What is wrong, in words; empty when nothing is. Rejects where it could not be looked at, which says nothing about the ledger. */
export function walk(path: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('walk-thread.ts', import.meta.url), { workerData: { path } })
    thread.unref()
    thread.once('message', (faults: readonly string[]) => resolve(faults))
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('the walk ended without a word')))
  })
}
