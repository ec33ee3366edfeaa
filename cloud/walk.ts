// The scheduled walk (S-10): what `tillstream verify` says of the file, but for the lists of platforms, on a thread of its own beside the commits, so that
// a bit that rots in a page nobody reads is found within a day, not on the day it is needed.
import { Worker } from 'node:worker_threads'
import type { Extent, Verification } from './verify.ts'

export type { Extent, Verification }

/** Rejects where it could not be looked at, which says nothing about the file. */
export function walk(directory: string, what: Extent): Promise<Verification> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('walk-thread.ts', import.meta.url), { workerData: { directory, what } })
    thread.unref()
    thread.once('message', (found: Verification) => resolve(found))
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('the walk ended without a word')))
  })
}
