// Challenges over progress (E-CH).
import type { ChallengeDocument, RewardDocument } from '../../../cloud/evaluation/document/challenges.ts'
import type { Fact } from '../../../protocol/facts.ts'
import { earn, note } from './amounts.ts'
import type { When } from './calendar.ts'
import { addDays, addSpan } from './calendar.ts'
import { hasAnyAttribute, holds, inDates } from './conditions.ts'
import { issue } from './entitlements.ts'
import type { Member } from './member.ts'

/** Challenges whose conditions on the member hold; asked before the fact changes anything. */
export function eligibleFor(member: Member, when: When): Set<number> {
  const eligible = (member.document?.challenges ?? []).filter(
    ({ home_stores, attributes, require_active_membership, when: condition }) =>
      (home_stores === undefined || home_stores.some((store) => store === member.homeStore)) &&
      hasAnyAttribute(member, attributes) &&
      (require_active_membership !== true || member.active) &&
      holds(member, when, condition),
  )
  return new Set(eligible.map(({ id }) => id))
}

function takesPart(member: Member, challenge: ChallengeDocument, eligible: ReadonlySet<number>): boolean {
  const joined = member.joined.get(challenge.id)
  if (challenge.status === 'INACTIVE' || joined === false) return false
  return challenge.join === 'opt_in' ? joined === true : eligible.has(challenge.id)
}

function inPeriod(member: Member, challenge: ChallengeDocument, date: string): boolean {
  if (!inDates(challenge, date)) return false
  if (challenge.from_membership === undefined) return true
  const from = member.membershipStart ?? member.enrolled
  return from !== undefined && from <= date && date <= addDays(addSpan(from, challenge.from_membership), -1)
}

/** What the fact did, as perks and quantities. */
function doneBy(member: Member, fact: Fact): { readonly perk: number; readonly quantity: number }[] {
  const own = member.journal.filter((one) => one.fact === fact.id && one.own)
  const activity = fact.kind === 'activity' ? fact : undefined
  return own
    .filter(
      ({ kind }) =>
        kind === 'earn' || (activity !== undefined && (kind === 'progress' || kind === 'reverse')),
    )
    .map(({ rule }) => ({ perk: rule, quantity: activity?.quantity ?? 1 }))
}

export function progress(member: Member, when: When, eligible: ReadonlySet<number>): void {
  const done = doneBy(member, when.fact)
  if (done.length === 0) return
  for (const challenge of member.document?.challenges ?? []) {
    const { id, stores } = challenge
    if (!takesPart(member, challenge, eligible) || !inPeriod(member, challenge, when.date)) continue
    if (stores !== undefined && !stores.includes(when.fact.store)) continue
    if (member.challengesDone.has(id)) continue
    for (const requirement of challenge.requirements) {
      for (const { perk, quantity } of done)
        if (perk === requirement.perk && !member.requirementsDone.has(requirement.id)) {
          const before = member.progress.get(requirement.id) ?? 0
          member.progress.set(requirement.id, Math.max(0, before + quantity))
        }
      if (member.requirementsDone.has(requirement.id)) continue
      if ((member.progress.get(requirement.id) ?? 0) < requirement.quantity) continue
      member.requirementsDone.add(requirement.id)
      note(member, when, 'requirement_completed', requirement.id, 0, 1)
    }
    if (!challenge.requirements.every((one) => member.requirementsDone.has(one.id))) continue
    member.challengesDone.add(id)
    note(member, when, 'challenge_completed', id, 0, 1)
    reward(member, when, challenge.reward, id, id)
  }
}

/** An amount as a `reward`, or the entitlement of a perk. */
export function reward(
  member: Member,
  when: When,
  what: RewardDocument | undefined,
  rule: number,
  index: number,
): void {
  if (what === undefined) return
  if ('perk' in what) issue(member, when, what.perk, when.fact.id, index)
  else earn(member, when, 'reward', rule, what.metric, what.amount)
}
