// The checkpointer's thread (L-10, S-7): a connection of its own, as durable as the node's, and nothing but passive checkpoints, which wait for nobody and
// hold nobody up. SQLite knows itself how far it came; one that is disturbed, or finds no room, is taken up by the next.
import { workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { ASKED, CLOSE, CLOSED } from './checkpointer.ts'
import type { CheckpointerStart } from './checkpointer.ts'
import { isStorageFull } from './faults.ts'

/** How long the threads of one process wait for each other's locks. */
const BUSY_MS_MAX = 1_000

const { path, state } = workerData as CheckpointerStart
const database = new Sqlite(path, { timeout: BUSY_MS_MAX })
database.pragma('synchronous = FULL')

let done = 0
for (;;) {
  // What is asked for during a checkpoint is one more, whatever the number.
  Atomics.wait(state, ASKED, done)
  const asked = Atomics.load(state, ASKED)
  if (asked === CLOSE) break
  checkpoint()
  done = asked
}
database.close()
Atomics.store(state, CLOSED, 1)
Atomics.notify(state, CLOSED)

function checkpoint(): void {
  try {
    database.pragma('wal_checkpoint(PASSIVE)')
  } catch (cause) {
    if (!isStorageFull(cause)) throw cause
  }
}
