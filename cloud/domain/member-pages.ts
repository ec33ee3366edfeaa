// All members of a tenant, and who has facts there without being enrolled, a page at a time, and the event loop gets its turn between pages, because a
// merchant may have millions.
import { setImmediate as turn } from 'node:timers/promises'
import { idText } from '../../protocol/ids.ts'
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

/** Who is not enrolled here (I-9), by what HQ was told of them: looking for them among all states would be a walk over everybody's. */
export async function* orphansOf(
  read: Pick<Reads, 'orphansTold'>,
  tenant: TenantId,
): AsyncGenerator<Pick<MemberListRow, 'id' | 'state'>> {
  for (let after = ''; ;) {
    const rows = await read.orphansTold(tenant, after, PAGE_SIZE_MAX)
    for (const { member: id, state } of rows) if (state !== null) yield { id, state }
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_SIZE_MAX) return
    after = idText(last.member)
    await turn()
  }
}
