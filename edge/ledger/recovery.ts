// Opens a ledger whatever state its file is in (L-16). A damaged file is put aside, never mended and never deleted; what its chain proves is taken over
// into a new file, which takes its place by a rename. What the cloud said (states, programs, corrections) is not taken over: it cannot be proven
// here, and the cloud says it again. Whether the store may go on in the same life depends on whether anything can be missing.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { giveBallast } from '../../cloud/storage/disk-room.ts'
import { isStorageFull } from '../../cloud/storage/faults.ts'
import { clearFailure, hasFailed } from '../../cloud/storage/failure-mark.ts'
import { LEDGER_FILE, LedgerDamaged, lockDirectory } from './database.ts'
import { openLedger } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { salvage } from './salvage.ts'
import type { Salvaged } from './salvage.ts'

const FRESH_FILE = `${LEDGER_FILE}.new`

export interface Recovery extends Salvaged {
  /** What was found. */
  readonly fault: string
  /** Where the damaged file is kept. */
  readonly kept: string
}

export interface Recovered {
  readonly ledger: Ledger
  readonly recovery: Recovery | null
}

/** `now` names the folder a damaged file is kept in. */
export function openOrRecover(directory: string, now: number): Recovered {
  const path = join(directory, LEDGER_FILE)
  try {
    return openedOrRecovered(directory, path, now)
  } catch (cause) {
    // Room was held back for this (L-15).
    if (!isStorageFull(cause) || !giveBallast(path)) throw cause
    return openedOrRecovered(directory, path, now)
  }
}

function openedOrRecovered(directory: string, path: string, now: number): Recovered {
  finishSwitch(directory)
  const thorough = hasFailed(path)
  try {
    const ledger = openLedger({ directory, thorough })
    const faults = thorough ? ledger.inspect() : []
    if (faults.length === 0) {
      clearFailure(path)
      return { ledger, recovery: null }
    }
    ledger.close()
    throw new LedgerDamaged(path, faults[0] ?? '')
  } catch (cause) {
    if (!(cause instanceof LedgerDamaged)) throw cause
    const recovery = recover(directory, cause.fault, now)
    clearFailure(path)
    return { ledger: openLedger({ directory }), recovery }
  }
}

function recover(directory: string, fault: string, now: number): Recovery {
  const unlock = lockDirectory(directory)
  try {
    const path = join(directory, LEDGER_FILE)
    const fresh = join(directory, FRESH_FILE)
    for (const suffix of ['', '-wal', '-shm', '.sums']) rmSync(fresh + suffix, { force: true })
    const salvaged = salvage(path, fresh)
    const kept = join(directory, `damaged-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`)
    mkdirSync(kept, { recursive: true, mode: 0o700 })
    for (const suffix of ['-wal', '-shm', '.sums', ''])
      if (existsSync(path + suffix)) renameSync(path + suffix, join(kept, LEDGER_FILE + suffix))
    finishSwitch(directory)
    return { ...salvaged, fault, kept }
  } finally {
    unlock()
  }
}

/** Also after a crash between the two renames: the fresh file is whole before the damaged one is moved. */
function finishSwitch(directory: string): void {
  const fresh = join(directory, FRESH_FILE)
  if (!existsSync(fresh) || existsSync(join(directory, LEDGER_FILE))) return
  renameSync(fresh, join(directory, LEDGER_FILE))
  const folder = openSync(directory, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
