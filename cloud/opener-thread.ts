// Opens one frame after the other (I-15). What it made is handed over, not copied.
import { parentPort as port } from 'node:worker_threads'
import type { SealedFrame } from '../protocol/seals.ts'
import { openAhead } from './sync/frames-ahead.ts'

port?.on('message', (frame: SealedFrame) => {
  const opened = openAhead(frame)
  const made = [opened?.bytes, opened?.hashes].flatMap((bytes) => (isAlone(bytes) ? [bytes.buffer] : []))
  port?.postMessage(opened, made)
})

/** What is small may lie in memory that Node shares out. */
function isAlone(bytes: Uint8Array | null | undefined): bytes is Uint8Array<ArrayBuffer> {
  return bytes !== null && bytes !== undefined && bytes.length > Buffer.poolSize
}
