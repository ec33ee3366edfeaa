// Proves a ledger from the outside (`tillstream verify`): the whole chain is walked from its genesis, every fact is decoded and compared with its row and
// its answer. Takes no lock and changes nothing, so it may run beside the node. What a member has is never stored here but folded when asked for
// (M-1), so there is no fold to differ.
import { LedgerRefused, openForReading } from './ledger/database.ts'
import { structureFault } from './ledger/inspection.ts'
import { Ledger } from './ledger/ledger.ts'

export interface EdgeVerification {
  readonly ok: boolean
  readonly chain_ok: boolean
  readonly facts: number
  readonly seq: number
  /** What the cloud had acknowledged, by the ledger's own cursor. */
  readonly synced_seq: number
  readonly fold_mismatches: 0
  readonly problems: readonly string[]
}

export async function verify(directory: string): Promise<EdgeVerification> {
  const open = openForReading(directory)
  try {
    const ledger = new Ledger(open)
    const { chain_ok, facts, seq, faults } = ledger.verify()
    const { synced } = ledger.meta.cursors()
    const gone =
      synced > seq ? [`the cloud has ${synced} facts of this ledger, but only ${seq} are here`] : []
    const structure = structureFault(open.database)
    const problems = [...(structure === null ? [] : [structure]), ...faults, ...gone]
    return {
      ok: chain_ok && problems.length === 0,
      chain_ok,
      facts,
      seq,
      synced_seq: synced,
      fold_mismatches: 0,
      problems,
    }
  } catch (cause) {
    if (!(cause instanceof LedgerRefused)) throw cause
    const problems = [cause.message]
    return { ok: false, chain_ok: false, facts: 0, seq: 0, synced_seq: 0, fold_mismatches: 0, problems }
  } finally {
    open.close()
  }
}
