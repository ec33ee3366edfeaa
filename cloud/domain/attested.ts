// What a cloud that was restored from a backup takes on its own signature (P-ATT-1): that a device was enrolled (G-12), and that lives were given to it
// (P-LIFE-4). A number that a lost cloud gave out is never given out again (G-8), so nobody else has it; and what has its life back keeps its ids.
import type { Attestation } from '../../protocol/attestation.ts'
import type { Life } from '../../protocol/lives.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { EdgeRow, Writes } from '../store/port.ts'
import { raiseConflict } from './conflicts.ts'

/** Lives that were given to the device by a cloud that is lost are its again, where they are later than all that is known of it. */
export async function giveAgain(tx: Writes, edge: EdgeRow, given: readonly Life[]): Promise<void> {
  const { id, tenant, store } = edge
  const known = await tx.livesOf(tenant, id)
  const last = Math.max(0, ...known.map(({ epoch }) => epoch))
  for (const { origin, epoch } of given)
    if (epoch > last && (await tx.origin(origin)) === undefined)
      await tx.insertLife({ origin, epoch, tenant, store, edge: id })
}

/**
 * A device that this cloud, restored from a backup, does not know, and that shows the signature of the cloud it was enrolled by (G-12): it and its store are
 * known again, and nothing of it is taken before HQ has looked, for it may have been retired since. Undefined where that cannot be: the number is another
 * device's, or its tenant is unknown too.
 */
export async function admitAttested(
  tx: Writes,
  { tenant, edge: id, public_key: publicKey, store, lives }: Attestation,
  now: Millis,
): Promise<EdgeRow | undefined> {
  const known = await tx.edge(id)
  if (known !== undefined) return known.publicKey === publicKey ? known : undefined
  if (!(await tx.tenants()).includes(tenant)) return undefined
  const owner = (await tx.store(store.id))?.tenant ?? null
  if (owner !== null && owner !== tenant) return undefined
  if (owner === null) await tx.insertStore(tenant, store.name, store.zone, store.id)
  const row = await tx.insertEdge({ id, tenant, store: store.id, publicKey, enrolledAt: now })
  await tx.saveEdge({ id, state: 'pending', copyOf: null })
  await giveAgain(tx, row, lives)
  const text =
    `Edge ${id} of store ${store.id} (${store.name}) was enrolled after the backup that this cloud was restored from. It serves its store, and ` +
    'nothing of it is taken before HQ approves or retires it.'
  await raiseConflict(tx, {
    tenant,
    store: store.id,
    kind: 'unknown_device',
    subject: `edge ${id}`,
    at: hybridTime(now),
    text,
  })
  return { ...row, state: 'pending' }
}
