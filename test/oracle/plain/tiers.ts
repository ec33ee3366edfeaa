// The tier that is due, how long it is kept, and what comes with it (E-TIER).
import type { ProgramDocument } from '../../../cloud/evaluation/document/program.ts'
import type { ThresholdsDocument, TierDocument } from '../../../cloud/evaluation/document/tiers.ts'
import { earn, note, reverse } from './amounts.ts'
import type { When } from './calendar.ts'
import { addDays, addSpan, dateAt, endOf, nextAnniversary, yearOf } from './calendar.ts'
import { become, cancelEntitlements, issue } from './entitlements.ts'
import type { Member } from './member.ts'

function holds(member: Member, { match, of }: ThresholdsDocument, day: string): boolean {
  const each = of.map(({ metric, at_least, window }) =>
    window === undefined || window.kind === 'lifetime'
      ? member.lifetime(metric) >= at_least
      : member.earned(metric, window, day) >= at_least,
  )
  return match === 'all' ? !each.includes(false) : each.includes(true)
}

function reaches(member: Member, tier: TierDocument, day: string): boolean {
  if (tier.reach !== undefined) return holds(member, tier.reach, day)
  return member.lifetime(0) >= (tier.point_floor ?? 0)
}

/** Place of the highest tier reached; -1 when none is. */
function reached(member: Member, document: ProgramDocument, day: string): number {
  return document.tiers.findLastIndex((tier) => reaches(member, tier, day))
}

export function settleTier(member: Member, when: When, byTime = false): void {
  const { document } = member
  if (document === undefined || document.tiers.length === 0) return
  const present = member.tierPlace(document)
  const highest = reached(member, document, when.date)
  let due = Math.max(0, highest)
  if (document.tier_period !== undefined && due < present) due = present
  if (due !== present) {
    if (due < present) fall(member, document, due, when, !byTime)
    else rise(member, document, present, due, highest, when)
    member.tierEnd = periodEnd(member, document, due, when.date, when.offset)
    if (due > present || when.fact.kind === 'return' || when.fact.kind === 'void')
      settleTier(member, when, byTime)
    return
  }
  if (document.tier_period === undefined) member.tierEnd = undefined
  else if (member.tierEnd === undefined)
    member.tierEnd = periodEnd(member, document, due, when.date, when.offset)
}

function rise(
  member: Member,
  document: ProgramDocument,
  present: number,
  due: number,
  highest: number,
  when: When,
): void {
  tell(member, document, due, when)
  const passed = document.tiers.slice(0, highest + 1)
  for (const [place, { id, entry_perk, entry_points, entry_clawback }] of passed.entries()) {
    if (!member.tiersEntered.has(id)) {
      member.tiersEntered.add(id)
      if (entry_perk !== undefined) {
        const again = entry_clawback === true ? (member.entries.get(id)?.length ?? 0) : 0
        const issued = issue(member, when, entry_perk, member.id, id + again * 1_000_000_000)
        if (issued !== undefined) member.entries.set(id, [...(member.entries.get(id) ?? []), issued])
      }
    }
    if (place <= present || entry_points === undefined) continue
    earn(member, when, 'tier_points', id, 0, entry_points)
    if (entry_clawback === true) member.entryPoints.set(id, (member.entryPoints.get(id) ?? 0) + entry_points)
  }
}

function fall(member: Member, document: ProgramDocument, due: number, when: When, byFact: boolean): void {
  const left = document.tiers.slice(due + 1, member.tierPlace(document) + 1)
  tell(member, document, due, when)
  for (const { id, exit_cancels = [], entry_clawback } of left) {
    cancelEntitlements(member, when, exit_cancels)
    const givesBack =
      byFact && document.tier_period === undefined && ['return', 'void'].includes(when.fact.kind)
    if (entry_clawback !== true || !givesBack) continue
    reverse(member, when, id, 0, member.entryPoints.get(id) ?? 0, { fact: 0, day: when.date })
    member.entryPoints.delete(id)
    const entry = member.entries.get(id)?.at(-1)
    if (!['pending', 'offered', 'clipped', 'unused', 'issued'].includes(entry?.status ?? '')) continue
    if (entry !== undefined) become(entry, 'cancelled', when.ms)
    member.tiersEntered.delete(id)
  }
}

function tell(member: Member, document: ProgramDocument, place: number, when: When): void {
  const id = document.tiers[place]?.id ?? 0
  note(member, when, 'tier', id, 0, id, member.tier)
  member.tier = id
}

/** End of the period of a tier that is reached on a day; none for the lowest. */
function periodEnd(
  member: Member,
  document: ProgramDocument,
  place: number,
  day: string,
  offset: number,
): Member['tierEnd'] {
  const lasts = document.tier_period?.lasts
  if (lasts === undefined || place === 0) return undefined
  switch (lasts.kind) {
    case 'calendar_year':
      return { ms: endOf(`${yearOf(day) + (lasts.extra_years ?? 0)}-12-31`, offset), offset }
    case 'membership_year':
      return { ms: endOf(addDays(nextAnniversary(member.enrolled ?? '1970-01-01', day), -1), offset), offset }
    case 'span':
      return { ms: endOf(addSpan(day, lasts.after), offset), offset }
  }
}

/** E-TIER-5: the tier's period is over. */
export function endTierPeriod(member: Member, when: When): void {
  const { document, tierEnd } = member
  if (document?.tier_period === undefined || tierEnd === undefined) return
  const { offset } = tierEnd
  const last = dateAt(tierEnd.ms - 1, offset)
  const present = member.tierPlace(document)
  const tier = document.tiers[present]
  if (tier === undefined) return
  const kept = tier.keep === undefined ? reaches(member, tier, last) : holds(member, tier.keep, last)
  const lower =
    document.tier_period.downgrade === 'one_step' ? present - 1 : Math.max(0, reached(member, document, last))
  const next = kept ? present : lower
  if (next < present) fall(member, document, next, when, false)
  else if (next > present) rise(member, document, present, next, next, when)
  member.tierEnd = nextPeriodEnd(member, document, next, last, offset)
}

function nextPeriodEnd(
  member: Member,
  document: ProgramDocument,
  place: number,
  last: string,
  offset: number,
): Member['tierEnd'] {
  const lasts = document.tier_period?.lasts
  if (lasts?.kind === 'calendar_year' && place > 0)
    return { ms: endOf(`${yearOf(last) + Math.max(1, lasts.extra_years ?? 0)}-12-31`, offset), offset }
  const from = lasts?.kind === 'membership_year' ? addDays(last, 1) : last
  return periodEnd(member, document, place, from, offset)
}
