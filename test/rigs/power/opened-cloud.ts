// Opens a rebuilt cloud store with the cloud's own code and compares it with the acknowledgements its devices heard: the position and the chain of every
// origin, and by `verify` every chain, every member's fold and every effect.
import type { Instant } from '../../../cloud/demo/ack-log.ts'
import { openSqliteStore } from '../../../cloud/store/sqlite/sqlite-store.ts'
import { verify } from '../../../cloud/verify.ts'
import type { Origin, Seq } from '../../../protocol/ids.ts'
import type { Opened } from './crash-points.ts'

/** The cloud told a device that it has everything up to here. */
export interface HeardAck {
  readonly origin: Origin
  readonly seq: number
  readonly hash: Uint8Array
  readonly at: Instant
}

export function cloudOpener(acks: readonly HeardAck[]) {
  return async (directory: string, at: Instant): Promise<Opened> => {
    const heard = new Map<Origin, HeardAck>()
    for (const ack of acks) if (ack.at < at) heard.set(ack.origin, ack)
    const owed = [...heard.values()].reduce((sum, { seq }) => sum + seq, 0)
    try {
      const store = openSqliteStore({ directory })
      let [lost, wrong] = [0, 0]
      for (const { origin, seq, hash } of heard.values()) {
        const row = await store.read.origin(origin)
        lost += Math.max(0, seq - (row?.seq ?? 0))
        const [fact] = seq === 0 ? [] : await store.read.chain(origin, (seq - 1) as Seq, 1)
        if (fact !== undefined && !Buffer.from(fact.hash).equals(hash)) wrong += 1
      }
      await store.close()
      const { chain_ok, fold_mismatches, effect_mismatches } = await verify(directory)
      return { lost, wrong: wrong + fold_mismatches + effect_mismatches, broken: chain_ok ? 0 : 1 }
    } catch (cause) {
      const refused = cause instanceof Error ? cause.message : String(cause)
      return { lost: owed, wrong: 0, broken: 0, refused }
    }
  }
}
