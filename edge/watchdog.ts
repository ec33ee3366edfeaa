// Ends a process whose event loop stands (R28): it answers nobody, and only the supervisor can start another. What was acknowledged is on disk, so the
// end may be as abrupt as it must be. systemd's own watchdog needs a datagram socket that Node does not have; this thread needs nothing.
import { Worker } from 'node:worker_threads'
import type { Cancel, System } from './system.ts'

/** The longest the loop may stand. A start that inspects a large ledger has not begun to beat. */
export const STALL_MS_MAX = 20_000
const BEAT_MS = 1_000

export interface WatchdogStart {
  readonly beats: Int32Array<SharedArrayBuffer>
  readonly stallMs: number
}

/** From now on the loop must turn. Returns what ends the watch. */
export function watch(system: System, stallMs = STALL_MS_MAX): Cancel {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const workerData: WatchdogStart = { beats, stallMs }
  const thread = new Worker(new URL('watchdog-thread.ts', import.meta.url), { workerData })
  thread.unref()
  const beat = (): Cancel => {
    Atomics.add(beats, 0, 1)
    Atomics.notify(beats, 0)
    return system.after(BEAT_MS, () => (cancel = beat()))
  }
  let cancel: Cancel = beat()
  return () => {
    cancel()
    void thread.terminate()
  }
}
