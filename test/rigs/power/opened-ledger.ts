// Opens a rebuilt ledger with the edge's own code and compares it with the outside log: every acknowledged fact at its position with its hash and its
// answer, a whole chain, and nothing that nobody asked for.
import { crc32 } from 'node:zlib'
import type { Acknowledged, AckLog, Instant } from '../../../cloud/demo/ack-log.ts'
import { openLedger } from '../../../edge/ledger/ledger.ts'
import type { Ledger } from '../../../edge/ledger/ledger.ts'
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { idFromText, seqOf } from '../../../protocol/ids.ts'
import type { FactId, Seq } from '../../../protocol/ids.ts'
import type { Opened } from './crash-points.ts'

export function ledgerOpener(log: AckLog, store: number) {
  const acks = [...log.acknowledged()].filter((ack) => ack.store === store)
  return async (directory: string, at: Instant): Promise<Opened> => {
    const before = acks.filter((ack) => ack.at < at)
    let ledger: Ledger
    try {
      ledger = openLedger({ directory })
    } catch (cause) {
      const refused = cause instanceof Error ? cause.message : String(cause)
      return { lost: before.length, wrong: 0, broken: 0, refused }
    }
    try {
      return compared(ledger, before, (key) => log.attempted(store, key))
    } finally {
      ledger.close()
    }
  }
}

function compared(
  ledger: Ledger,
  acks: readonly Acknowledged[],
  attempted: (key: string) => boolean,
): Opened {
  let [lost, wrong] = [0, 0]
  const known = new Set<Seq>()
  for (const { id, hash, checksum } of acks) {
    const fact = idFromText<FactId>(id)
    const seq = fact === undefined ? (0 as Seq) : seqOf(fact)
    known.add(seq)
    const row = ledger.ofSeq(seq)
    const here = ledger.hashAt(seq)
    if (row === undefined || here === undefined || seq === 0) lost += 1
    else if (Buffer.from(here).toString('hex') !== hash || crc32(row.answer) !== checksum) wrong += 1
  }
  // Committed and not yet answered when the power went: allowed, if somebody asked for it.
  for (const { id, bytes } of ledger.latest(ledger.seq - known.size + 1))
    if (!known.has(seqOf(id)) && !attempted(decodeStoredFact(bytes).key)) wrong += 1
  return { lost, wrong, broken: ledger.verify().chain_ok ? 0 : 1 }
}
