// One walk over the whole file (S-10), through a connection that only reads. What it found is its only word.
import { parentPort as port, workerData } from 'node:worker_threads'
import { verify } from './verify.ts'

const { directory } = workerData as { readonly directory: string }
port?.postMessage(await verify(directory, 'facts'))
