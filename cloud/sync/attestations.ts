// The cloud's signed word about a device (P-ATT-1), kept beside the device's row: it is signed again only when it would say something else, so that a
// fleet that returns costs no signature. One text of at most ATTESTATION_CHARS_MAX a device.
import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { attest, attested, stillSays } from '../../protocol/attestation.ts'
import type { Attestation } from '../../protocol/attestation.ts'
import type { Life } from '../../protocol/lives.ts'
import { assert } from '../../protocol/result.ts'
import type { CloudStore, EdgeRow } from '../store/port.ts'

export class Attestations {
  readonly #store: CloudStore
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  /** For whoever counts what a fleet's return costs. */
  signed = 0

  constructor(store: CloudStore, privateKey: KeyObject) {
    this.#store = store
    this.#privateKey = privateKey
    this.#publicKey = createPublicKey(privateKey)
  }

  async of(edge: EdgeRow, cloudEpoch: number, lives: readonly Life[]): Promise<string> {
    const { id, tenant, publicKey, attestation: kept } = edge
    const store = await this.#store.read.store(edge.store)
    assert(store !== undefined, 'a device is of a store')
    const what = {
      tenant,
      edge: id,
      cloud_epoch: cloudEpoch,
      public_key: publicKey,
      store: { id: store.id, name: store.name, zone: store.zone },
      lives: lives.map(({ origin, epoch }) => ({ origin, epoch })),
    }
    if (kept !== '' && stillSays(kept, what)) return kept
    const fresh = attest(what, this.#privateKey)
    this.signed += 1
    await this.#store.write((tx) => tx.saveAttestation(id, fresh))
    return fresh
  }

  /** What a device shows: undefined where it is not our word. */
  read(shown: string): Attestation | undefined {
    return attested(shown, this.#publicKey)
  }
}
