// Proves a ledger from the outside (`tillstream verify`): the whole chain is walked from its genesis, every fact is decoded and compared with its row and
// its answer. Takes no lock and changes nothing, so it may run beside the node. What a member has is never stored here but folded when asked for
// (M-1), so there is no fold to differ.
import { decodeStoredFact } from '../protocol/codec.ts'
import type { Seq } from '../protocol/ids.ts'
import { diskSentence, isStorageBroken } from '../cloud/storage/faults.ts'
import { LedgerDamaged, LedgerRefused, openForReading } from './ledger/database.ts'
import type { Database } from './ledger/database.ts'
import { structureFault } from './ledger/inspection.ts'
import { Ledger } from './ledger/ledger.ts'
import { addRightsUsed } from './ledger/rights-used.ts'
import { SCHEMA_VERSION } from './ledger/schema.ts'

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

/** Throws a sentence where it cannot be looked at. */
export async function verify(directory: string): Promise<EdgeVerification> {
  let open
  try {
    open = openForReading(directory)
    const other = otherVersion(open.database)
    if (other !== null) throw new LedgerRefused(other)
    if (isNone(open.database)) return damaged('it is empty or no ledger')
    const ledger = new Ledger(open)
    const { chain_ok, facts, seq, faults } = ledger.verify()
    const { synced } = ledger.meta.cursors()
    const gone =
      synced > seq ? [`the cloud has ${synced} facts of this ledger, but only ${seq} are here`] : []
    const structure = structureFault(open.database)
    const problems = [...(structure === null ? [] : [structure]), ...faults, ...gone, ...leaseFaults(ledger)]
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
    if (cause instanceof LedgerDamaged || isStorageBroken(cause))
      return damaged(cause instanceof Error ? cause.message : '')
    const sentence = diskSentence(directory, cause)
    throw sentence === undefined ? cause : new LedgerRefused(sentence, { cause })
  } finally {
    open?.close()
  }
}

function damaged(fault: string): EdgeVerification {
  return {
    ok: false,
    chain_ok: false,
    facts: 0,
    seq: 0,
    synced_seq: 0,
    fold_mismatches: 0,
    problems: [fault],
  }
}

/** The tables are of a release that is not this one. */
function otherVersion(database: Database): string | null {
  const version = database.pragma('user_version', { simple: true }) as number
  if (version > SCHEMA_VERSION)
    return `The ledger is of version ${version}, this software knows ${SCHEMA_VERSION}: look at it with the newer software.`
  return version > 0 && version < SCHEMA_VERSION
    ? `The ledger is of version ${version}, and is brought to ${SCHEMA_VERSION} at the next start of the edge: look at it after that.`
    : null
}

const isNone = (database: Database): boolean =>
  database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'facts'").get() === undefined

/** P-LEASE-3 here: what the facts took of a lease is accounted for in its row, and no more was taken than the cloud granted. */
function leaseFaults(ledger: Ledger): string[] {
  if (ledger.leases.count() === 0) return []
  const used = rightsUsed(ledger)
  const faults: string[] = []
  for (const { lease, granted, spent, returned } of ledger.leases.all()) {
    const facts = used.get(lease) ?? 0
    // A lease that was forgotten and is told again stands there with what the cloud knew of it, which may be more.
    if (spent + returned < facts)
      faults.push(`lease ${lease}: its row says ${spent + returned}, its facts ${facts}`)
    if (spent + returned > granted)
      faults.push(`lease ${lease}: ${spent + returned} taken of ${granted} granted`)
  }
  return faults
}

/** What facts of the open life spent of leases and gave back, by lease: read from the facts alone. */
function rightsUsed(ledger: Ledger): Map<number, number> {
  const used = new Map<number, number>()
  for (const { bytes } of ledger.after(ledger.idAt(0 as Seq))) addRightsUsed(used, decodeStoredFact(bytes))
  return used
}
