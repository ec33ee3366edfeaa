// A copy of a ledger becomes a device of its own (P-LIFE-6): it makes a key pair that the original does not have, asks the cloud under the old key, and
// speaks with the new one from the moment the cloud has given it a number.
import { exportPrivateKey, newKeyPair } from '../../protocol/envelope.ts'
import { assert } from '../../protocol/result.ts'
import type { EdgeIdentity } from '../ledger/meta.ts'

export function asApplicant(identity: EdgeIdentity): EdgeIdentity {
  const { applicantKey = null } = identity
  return { ...identity, applicantKey: applicantKey ?? exportPrivateKey(newKeyPair().privateKey) }
}

/** A copy of one that had applied itself: the key is the original's, with which both would become one device. */
export function asAnotherApplicant(identity: EdgeIdentity): EdgeIdentity {
  return asApplicant({ ...identity, applicantKey: null })
}

export function asDevice(identity: EdgeIdentity, edge: number, attestation: string | null): EdgeIdentity {
  const { applicantKey = null } = identity
  assert(applicantKey !== null, 'only an applicant becomes another device')
  return { ...identity, edge, privateKey: applicantKey, applicantKey: null, attestation }
}
