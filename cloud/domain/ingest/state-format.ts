// Members' states that an earlier release saved in a format of its own (S-13): the first start of this one folds each again from its facts before anything
// reads it, a page of members a transaction. A death in between begins anew, over states of which some are of our format already.
import type { MemberId } from '../../../protocol/ids.ts'
import { STATE_FORMAT } from '../../evaluation/state.ts'
import type { CloudStore, TenantId, Writes } from '../../store/port.ts'

export const STATE_FORMAT_NAME = 'state_format'
/** Of files that do not say it yet. */
const UNSAID = 5
const PAGE_MEMBERS = 100

/** Gives why a member cannot be folded again. */
type Remake = (tx: Writes, tenant: TenantId, member: MemberId) => Promise<string | undefined>

/** How many were folded again. */
export async function bringStatesUp(store: CloudStore, remake: Remake): Promise<number> {
  const format = await store.write(async (tx) => Number((await tx.meta(STATE_FORMAT_NAME)) ?? UNSAID))
  if (format === STATE_FORMAT) return 0
  let count = 0
  for (const tenant of await store.read.tenants()) {
    for (let after = 0; ;) {
      const page = await store.read.folded(tenant, { after, limit: PAGE_MEMBERS })
      const last = page.at(-1)
      if (last === undefined) break
      after = last.member
      count += page.length
      await store.write(async (tx) => {
        for (const { member } of page) {
          const fault = await remake(tx, tenant, member)
          if (fault !== undefined) throw new Error(fault)
        }
      })
    }
  }
  await store.write((tx) => tx.saveMeta(STATE_FORMAT_NAME, String(STATE_FORMAT)))
  return count
}
