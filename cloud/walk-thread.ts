// One walk over the whole file (S-10), through a connection that only reads. What it found is its only word.
import { parentPort as port, workerData } from 'node:worker_threads'
import { verify } from './verify.ts'
import type { Extent } from './verify.ts'

const { directory, what } = workerData as { readonly directory: string; readonly what: Extent }
port?.postMessage(await verify(directory, what))
