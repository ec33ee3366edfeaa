// The hello: where this ledger stands, in which life of it and of the cloud, and what of the cloud's logs it has (P-SYNC-1, P-LIFE-4).
import { CHAIN_GENESIS } from '../../protocol/chain.ts'
import { exportPublicKey, importPrivateKey } from '../../protocol/envelope.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import type { ProgramVersion, Seq } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import { PROTOCOL_VERSION } from '../../protocol/version.ts'
import type { Ledger } from '../ledger/ledger.ts'

export function helloOf(
  ledger: Ledger,
  program: ProgramVersion,
  { nonce, previous }: { readonly nonce: Uint8Array; readonly previous: Uint8Array | null },
  software: string,
): Hello {
  const identity = ledger.identity()
  assert(identity !== undefined, 'only an enrolled edge has something to say')
  const { seq, hash } = ledger.head()
  const cursors = ledger.meta.cursors()
  const { origin, epoch, why = null, binding = '', applicantKey = null } = identity
  const base = Math.min(cursors.synced, seq) as Seq
  const applicant = applicantKey === null ? null : exportPublicKey(importPrivateKey(applicantKey).publicKey)
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    nonce,
    previous_nonce: previous,
    origin,
    epoch,
    seq,
    head: hash,
    base_seq: base,
    base: ledger.hashAt(base) ?? CHAIN_GENESIS,
    cloud_epoch: cursors.cloudEpoch,
    why,
    binding,
    applicant,
    members_cursor: cursors.members,
    corrections_cursor: cursors.corrections,
    leases_cursor: ledger.leases.cursor,
    program: program,
    software: software,
  }
}
