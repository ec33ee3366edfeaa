// Does this disk keep its word (R03)? A flush that takes no time was not one: the device said "stored" and kept the bytes in a memory that a power cut
// empties. No software can repair that; it can be told before a store depends on it. A memory file system is told apart by its type.
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const FLUSHES = 9
const BYTES = 4096
/** The fastest devices with a capacitor need some 20 microseconds for the way there and back. */
const HONEST_MS_MIN = 0.02
/** Linux's TMPFS_MAGIC and RAMFS_MAGIC. */
const MEMORY_TYPES: ReadonlySet<number> = new Set([0x01021994, 0x858458f6])

export interface FlushTest {
  /** Median of a write with its flush. */
  readonly ms: number
  readonly verdict: 'honest' | 'too_fast' | 'memory'
}

export function flushTest(directory: string): FlushTest {
  const path = join(directory, 'flush.test')
  const file = openSync(path, 'w', 0o600)
  const times: number[] = []
  try {
    for (let at = 0; at < FLUSHES; at++) {
      const start = performance.now()
      writeSync(file, Buffer.alloc(BYTES, at), 0, BYTES, at * BYTES)
      fsyncSync(file)
      times.push(performance.now() - start)
    }
  } finally {
    closeSync(file)
    rmSync(path, { force: true })
  }
  const ms = times.toSorted((a, b) => a - b)[(FLUSHES - 1) / 2] ?? 0
  const memory = MEMORY_TYPES.has(statfsSync(directory).type)
  return {
    ms: Math.round(ms * 1000) / 1000,
    verdict: memory ? 'memory' : ms < HONEST_MS_MIN ? 'too_fast' : 'honest',
  }
}
