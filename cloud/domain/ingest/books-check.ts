// P-LEASE-3 where it could break: after a commit that moved rights of a member, the member's books are added up again; after one that granted, exactly, by what that
// commit booked alone. Nothing else can break it: what gives makes more available, and what takes back is booked in its own commit. What does not add up is a mistake
// of ours: in a commit of the cloud's own it is not made, in a store's batch it is told to HQ, because facts that happened are taken whatever they say.
import type { Fact } from '../../../protocol/facts.ts'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { grantFault } from '../../../protocol/leases.ts'
import type { LeaseLine, SpendingBooks } from '../../../protocol/leases.ts'
import { assert } from '../../../protocol/result.ts'
import { hybridTime } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { Programs } from '../../evaluation/programs.ts'
import { decodeState } from '../../evaluation/state.ts'
import type { BookRow } from '../../store/lease-port.ts'
import type { TenantId, Writes } from '../../store/port.ts'
import type { ConflictDraft } from '../conflicts.ts'
import { booksOf, claimsFault } from '../leases/member-books.ts'
import type { ArrivedFact } from './accept.ts'
import type { Standing } from './standing.ts'

/** A group of facts as it was taken. */
export interface TakenGroup {
  readonly tenant: TenantId
  readonly programs: Programs
  readonly arrivals: readonly ArrivedFact[]
  readonly standing: Pick<Standing, 'aliasOf'>
  readonly now: Millis
  /** What of it was risked and taken back. */
  readonly booked: readonly BookRow[]
}

export async function booksConflicts(
  tx: Writes,
  { tenant, programs, arrivals, standing, now, booked }: TakenGroup,
): Promise<ConflictDraft[]> {
  const conflicts: ConflictDraft[] = []
  for (const [member, moved] of membersMoved(arrivals, standing)) {
    const [saved] = await tx.states([member])
    const state = saved === undefined ? undefined : decodeState(saved.state)
    if (state === undefined) continue
    const claims = {
      leases: await tx.leasesOfMembers([member]),
      holds: await tx.openHolds(tenant, member, now),
      books: await tx.books([member]),
    }
    const program = programs.program(hybridTime(now))
    const own = booked.filter((row) => standing.aliasOf(row.member) === member)
    const fault =
      claimsFault(program, state, claims) ??
      beyondIn(moved.granted, (metric) => booksOf(program, state, claims, metric), own)
    if (fault === undefined) continue
    // Beside what a store brought it is told as that.
    const { fact } = moved
    assert(moved.mixed, `member ${member}: ${fault}`)
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

/** What a group did to a member's rights. */
interface Moved {
  /** The last fact of it. */
  fact: Fact
  /** It was more than grants of ours. */
  mixed: boolean
  readonly granted: LeaseLine[]
}

function membersMoved(
  arrivals: readonly ArrivedFact[],
  standing: Pick<Standing, 'aliasOf'>,
): ReadonlyMap<MemberId, Moved> {
  const members = new Map<MemberId, Moved>()
  const movedOf = (name: MemberId, fact: Fact): Moved => {
    const member = standing.aliasOf(name)
    const moved = members.get(member) ?? { fact, mixed: false, granted: [] }
    members.set(member, moved)
    moved.fact = fact
    return moved
  }
  for (const { fact } of arrivals) {
    if (fact.kind === 'redemption' || fact.kind === 'voucher_use') {
      if (fact.member !== NO_MEMBER) movedOf(fact.member, fact).mixed = true
    } else if (fact.kind === 'lease')
      for (const line of fact.lines) {
        if (line.member === NO_MEMBER) continue
        const moved = movedOf(line.member, fact)
        if (fact.stage === 'granted') moved.granted.push(line)
        else moved.mixed = true
      }
  }
  return members
}

/** The first metric of which grants to a member, line by line, gave more than there is. */
function beyondIn(
  lines: readonly LeaseLine[],
  books: (metric: number) => SpendingBooks,
  booked: readonly BookRow[],
): string | undefined {
  for (const { subject, item, amount } of lines) {
    // One that is only made to last longer gives nothing.
    const gives = subject === 'points' && amount > 0
    const fault = gives ? grantFault(books(item), bookedOf(booked, item)) : undefined
    if (fault !== undefined) return `metric ${item}: ${fault}`
  }
  return undefined
}

function bookedOf(rows: readonly BookRow[], metric: number): number {
  return rows.reduce((sum, row) => (row.metric === metric ? sum + row.risk + row.lost : sum), 0)
}
