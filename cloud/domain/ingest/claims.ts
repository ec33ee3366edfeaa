// What ties a fact to its member, where its origin did not know the member or nobody here knows it yet: an identity, or an earlier fact (I-7, I-13, E-CLAIM-1).
import type { Fact } from '../../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import type { FactRow, IdRun } from '../../store/port.ts'
import { identityClaim } from './holders.ts'

/** What ties a fact to its member when its origin did not know the member: an identity, or the earlier fact it is about (its member’s enrolment, I-13). */
export function claimOf(fact: Fact): string | null {
  if (fact.member > 0 || fact.kind === 'enrolment') return null
  if (fact.claim !== null) return identityClaim(fact.claim)
  const about = aboutOf(fact)
  return about > 0 ? `fact:${about}` : null
}

export function aboutOf(fact: Fact): FactId {
  if (fact.kind === 'void') return fact.fact
  if (fact.kind === 'return') return fact.lines.find(({ sale }) => sale > 0)?.sale ?? NO_FACT
  return NO_FACT
}

/** The earlier fact that this one is found by. */
export function settledBy(fact: Fact): FactId {
  if (fact.kind === 'redemption' || fact.kind === 'referral' || fact.kind === 'response') return fact.of
  if (fact.kind === 'void') return fact.fact
  return fact.kind === 'retro_claim' ? fact.sale : NO_FACT
}

export function numberOf(claim: string): FactId {
  return Number(claim.slice(claim.indexOf(':') + 1)) as FactId
}

/** The runs that these ids make in their order. */
export function runsOf(facts: readonly { readonly id: FactId }[]): IdRun[] {
  const runs: { first: FactId; last: FactId }[] = []
  let run: { first: FactId; last: FactId } | undefined
  for (const { id } of facts) {
    if (run !== undefined && id === run.last + 1) run.last = id
    else runs.push((run = { first: id, last: id }))
  }
  return runs
}

/** Claims on facts that go where this one goes. */
export function followers({ id, kind, about }: FactRow): string[] {
  return kind === 'retro_claim' ? [`fact:${id}`, `sale:${about}`] : [`fact:${id}`]
}

export function memberOfEnrolment({ id }: { readonly id: FactId }): MemberId {
  return id as number as MemberId
}

/** Only a fact that counts says whose the facts about it are; an enrolment does that has become another's, too. */
export function memberAbout(row: FactRow | undefined): MemberId {
  return row?.status === 'counted' || row?.kind === 'enrolment' ? row.member : NO_MEMBER
}
