// P-LEASE-3 where it could break: after a commit that moved rights of a member, the member's books are added up again. What does not add up is a mistake
// of ours: in a commit of the cloud's own it is not made, in a store's batch it is told to HQ, because facts that happened are taken whatever they say.
import type { Fact } from '../../../protocol/facts.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { assert } from '../../../protocol/result.ts'
import { hybridTime } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { Programs } from '../../evaluation/programs.ts'
import { decodeState } from '../../evaluation/state.ts'
import type { TenantId, Writes } from '../../store/port.ts'
import type { ConflictDraft } from '../conflicts.ts'
import { claimsFault } from '../leases/member-books.ts'
import type { ArrivedFact } from './accept.ts'
import type { Standing } from './standing.ts'

export async function booksConflicts(
  tx: Writes,
  tenant: TenantId,
  programs: Programs,
  arrivals: readonly ArrivedFact[],
  standing: Pick<Standing, 'aliasOf'>,
  now: Millis,
): Promise<ConflictDraft[]> {
  const conflicts: ConflictDraft[] = []
  const members = new Map<MemberId, Fact>()
  for (const { fact } of arrivals)
    for (const member of membersOf(fact)) if (member > 0) members.set(standing.aliasOf(member), fact)
  for (const [member, fact] of members) {
    const [row] = await tx.states([member])
    const state = row === undefined ? undefined : decodeState(row.state)
    if (state === undefined) continue
    const claims = {
      leases: await tx.leasesOfMembers([member]),
      holds: await tx.openHolds(tenant, member, now),
      books: await tx.books([member]),
    }
    const fault = claimsFault(programs.program(hybridTime(now)), state, claims)
    if (fault === undefined) continue
    assert(!(fact.kind === 'lease' && fact.stage === 'granted'), `member ${member}: ${fault}`)
    conflicts.push({
      tenant,
      store: fact.store,
      kind: 'books_do_not_add_up',
      subject: String(member),
      at: fact.at,
      member,
      fact: fact.id,
      text: `Member ${member}: ${fault}`,
    })
  }
  return conflicts
}

const NOBODY: readonly MemberId[] = []

function membersOf(fact: Fact): readonly MemberId[] {
  switch (fact.kind) {
    case 'lease':
      return fact.lines.map(({ member }) => member)
    case 'redemption':
    case 'voucher_use':
      return [fact.member]
    default:
      return NOBODY
  }
}
