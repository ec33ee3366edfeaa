// All members of a tenant, a page at a time, and the event loop gets its turn between pages, because a merchant may have millions.
import { setImmediate as turn } from 'node:timers/promises'
import { PAGE_SIZE_MAX } from '../../protocol/limits.ts'
import type { MemberListRow, Reads, TenantId } from '../store/port.ts'

/** By id, from after a member on. */
export async function* membersOf(
  read: Pick<Reads, 'members'>,
  tenant: TenantId,
  from = 0,
): AsyncGenerator<MemberListRow> {
  for (let after = from; ;) {
    const rows = await read.members(tenant, { after, limit: PAGE_SIZE_MAX })
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_SIZE_MAX) return
    after = last.id
    await turn()
  }
}
