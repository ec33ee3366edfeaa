// What one member's facts are worth, worked out the slow and obvious way: the documents are read as they stand, days are calendar dates, shares are big
// integers, and sums are made anew from one journal. Shares no code with cloud/evaluation or the arithmetic of protocol; only types.
import type { Fact, Profile } from '../../../protocol/facts.ts'
import { adjust, earn, expirePassed, note, release } from './amounts.ts'
import type { When } from './calendar.ts'
import { msOf, whenAt } from './calendar.ts'
import { fillCards } from './cards.ts'
import { eligibleFor, progress } from './challenges.ts'
import { act, giveForEvent, refer, sell } from './earning.ts'
import { issue, moveEntitlement, useEntitlement } from './entitlements.ts'
import { Member } from './member.ts'
import type { Entry, Version } from './member.ts'
import { respond } from './responses.ts'
import { giveBack, takeAllBack } from './returns.ts'
import { reactToFact } from './rules.ts'
import { lookAtSegments, moveSegment } from './segments.ts'
import { redeem } from './spending.ts'
import { settleTier } from './tiers.ts'
import { advance } from './time.ts'

/** Judges one member's facts, in whatever order they are given; `onFact` sees the member after each. */
export function judge(
  id: number,
  versions: readonly Version[],
  facts: readonly Fact[],
  onFact?: (fact: Fact, member: Member) => void,
): Member {
  const member = new Member(id, versions, facts)
  const ordered = [...facts].sort((a, b) => (a.at < b.at || (a.at === b.at && a.id < b.id) ? -1 : 1))
  for (const fact of ordered) {
    read(member, fact)
    onFact?.(fact, member)
  }
  return member
}

function read(member: Member, fact: Fact): void {
  member.document = member.documentAt(fact)
  // E-TIME-4: a suspect fact brings no time.
  if (!fact.suspect) advance(member, fact)
  const when = whenAt(fact, msOf(fact))
  const eligible = eligibleFor(member, when)
  const before = member.journal.length
  book(member, when, fact)
  if ((fact.kind === 'sale' || fact.kind === 'checkin') && member.document !== undefined)
    member.visits.push({ fact, day: when.date })
  keepPromise(member, when, member.journal.slice(before))
  progress(member, when, eligible)
  fillCards(member, when)
  const looked = fact.suspect ? whenAt(fact, Math.min(when.ms, member.before ?? when.ms)) : when
  settleTier(member, looked)
  reactToFact(member, looked)
  fillCards(member, when)
  settleTier(member, looked)
  lookAtSegments(member, looked)
  member.done.add(fact.id)
  member.before = when.ms
}

function book(member: Member, when: When, fact: Fact): void {
  switch (fact.kind) {
    case 'sale':
      return sell(member, when, fact)
    case 'checkin':
      return giveForEvent(member, when, 'CHECKIN')
    case 'enrolment':
      if (fact.id !== member.id) return
      member.enrolled = when.date
      return giveForEvent(member, when, 'REGISTRATION')
    case 'grant':
      if (fact.points <= grantMax(member, fact.metric))
        earn(member, when, 'grant', 0, fact.metric, fact.points)
      return
    case 'return':
      return giveBack(member, when, fact)
    case 'void':
      return takeAllBack(member, when, fact)
    case 'redemption':
      return redeem(member, when, fact)
    case 'voucher_use':
      return useEntitlement(member, when, fact)
    case 'adjustment':
      return adjust(member, when, fact.metric, fact.points)
    case 'profile':
      return learn(member, when, fact)
    case 'activity':
      return act(member, when, fact)
    case 'award':
      issue(member, when, fact.perk, fact.id, 0, fact)
      return
    case 'entitlement':
      return moveEntitlement(member, when, fact)
    case 'challenge':
      member.joined.set(fact.challenge, fact.action === 'join')
      return
    case 'response':
      return respond(member, when, fact)
    case 'referral':
      return refer(member, when, fact)
    case 'segment':
      if (fact.action === 'add' || fact.action === 'remove')
        return moveSegment(member, when, fact.segment, fact.action)
      if (fact.action === 'clear') member.overrides.delete(fact.segment)
      else member.overrides.set(fact.segment, fact.action === 'include')
      return
    case 'release':
      release(member, when, (of) => of === fact.fact)
      return expirePassed(member, when)
    // A moment only brings time; whose facts are whose was settled before they came here.
    case 'moment':
    case 'merge':
    case 'retro_claim':
    case 'resolution':
    case 'lease':
  }
}

/** What staff may give of a metric at once; below 0: the program has no such metric. */
function grantMax({ document }: Member, metric: number): number {
  if (document === undefined) return -1
  if (metric === 0) return document.grant_points_max
  const named = document.metrics?.find(({ id }) => id === metric)
  return named === undefined ? -1 : (named.grant_max ?? document.grant_points_max)
}

function learn(member: Member, when: When, fact: Profile): void {
  if (fact.home_store !== null) member.homeStore = fact.home_store
  if (fact.membership !== null) member.active = fact.membership === 'active'
  if (fact.membership_start !== null) member.membershipStart = fact.membership_start
  if (fact.birthday !== null) {
    member.birthday = fact.birthday
    if (member.birthdayDone < when.date) member.birthdayDone = when.date
  }
  for (const { name, value } of fact.attributes) {
    if (value === null) member.attributes.delete(name)
    else member.learn(name, value)
  }
}

const PROMISED = ['earn', 'bonus', 'reverse', 'spend', 'restore', 'grant', 'adjust']

/** E-PROM. */
function keepPromise(member: Member, when: When, own: readonly Entry[]): void {
  const { document } = member
  const { confirmed, promised } = when.fact
  if (document?.lateness !== 'honour' || !confirmed || promised <= 0) return
  const points = own.filter(({ kind, index }) => PROMISED.includes(kind) && index === 0)
  const missing = promised - points.reduce((sum, { amount }) => sum + amount, 0)
  const goodwill = Math.min(missing, document.goodwill_points_max)
  if (goodwill > 0) note(member, when, 'goodwill', 0, 0, goodwill)
}
