// One walk over the whole ledger on a thread of its own (L-14), through a connection that only reads, so that no sale waits for it. What it found is
// its only word.
import { dirname } from 'node:path'
import { parentPort as port, workerData } from 'node:worker_threads'
import { UnsoundRow } from '../../cloud/storage/unsound.ts'
import { LedgerDamaged, openForReading } from './database.ts'
import type { Database, OpenDatabase } from './database.ts'
import { structureFault } from './inspection.ts'
import { Ledger } from './ledger.ts'

const { path } = workerData as { readonly path: string }

function faultsOf(open: OpenDatabase, database: Database): readonly string[] {
  try {
    const structure = structureFault(database)
    return structure === null ? new Ledger(open).verify().faults : [structure]
  } catch (cause) {
    if (cause instanceof LedgerDamaged || cause instanceof UnsoundRow) return [cause.message]
    throw cause
  }
}

const open = openForReading(dirname(path))
port?.postMessage(faultsOf(open, open.database))
open.close()
