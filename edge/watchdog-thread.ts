// The watchdog's thread: as long as the count moves, all is well. It has no timer of the loop it watches, so nothing that blocks that loop blocks it.
import { workerData } from 'node:worker_threads'
import type { WatchdogStart } from './watchdog.ts'

const { beats, stallMs } = workerData as WatchdogStart

const GRACE_MS = 2_000

let seen = Atomics.load(beats, 0)
for (;;) {
  const stands = (ms: number): boolean => Atomics.wait(beats, 0, seen, ms) === 'timed-out'
  // A process that was stopped and goes on finds both times over: the loop gets its turn first.
  if (stands(stallMs) && stands(GRACE_MS)) process.kill(process.pid, 'SIGKILL')
  seen = Atomics.load(beats, 0)
}
