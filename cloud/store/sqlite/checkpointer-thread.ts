// The checkpointer's thread (S-7): a connection of its own, and nothing but passive checkpoints, which wait for nobody and hold nobody up. SQLite knows
// itself how far it came; one that is disturbed is taken up by the next.
import { workerData } from 'node:worker_threads'
import { ASKED, CLOSE, CLOSED } from './checkpointer.ts'
import type { CheckpointerStart } from './checkpointer.ts'
import { openSecond } from './open.ts'

const { path, state } = workerData as CheckpointerStart
const database = openSecond(path)

let done = 0
for (;;) {
  // What is asked for during a checkpoint is one more, whatever the number.
  Atomics.wait(state, ASKED, done)
  const asked = Atomics.load(state, ASKED)
  if (asked === CLOSE) break
  database.pragma('wal_checkpoint(PASSIVE)')
  done = asked
}
database.close()
Atomics.store(state, CLOSED, 1)
Atomics.notify(state, CLOSED)
