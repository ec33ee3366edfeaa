// Tiers (E-TIER): which one is due, how long it is kept, what comes with entering and goes with leaving it. The effect that tells of a change
// is step's: one for each fact, whatever the tier did in between.
import type { Fact } from '../../../protocol/facts.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { unreachable } from '../../../protocol/result.ts'
import { hybridTime, localDay, millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { ThresholdsDocument, TierDocument } from '../document/tiers.ts'
import type { EffectBuffer } from '../effects.ts'
import { REVERSE, TIER_POINTS } from '../effects.ts'
import { EVER, countEver, countOn } from '../earning/tallies.ts'
import { UNUSED } from '../spending/entitlement-statuses.ts'
import { ENTRY, become, cancelEntitlementsOf, issueEntitlement, isOfTier } from '../spending/entitlements.ts'
import { accountOf, earnIn, earnedIn, takeBackIn } from '../metrics/metrics.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'
import type { TimeDriven } from '../time/time-driven.ts'
import {
  addSpan,
  dayOfYear,
  endOfDay,
  nextAnniversary,
  startOfDay,
  windowLeft,
  yearOfDay,
} from '../time/windows.ts'

/** Lifetime points alone make the tiers, and entering them gives entitlements at most. */
export function tiersArePlain({ tiers, tier_period }: ProgramDocument): boolean {
  return (
    tier_period === undefined &&
    tiers.every(
      ({ reach, entry_points, entry_clawback, exit_cancels }) =>
        reach === undefined &&
        entry_points === undefined &&
        entry_clawback === undefined &&
        exit_cancels === undefined,
    )
  )
}

/** Moves the member into the tier that is due at `ms`, which the fact brought (E-TIER-1, 3, 4). */
export function settleTier(
  program: Program,
  state: MemberState,
  fact: Fact,
  ms: number,
  effects: EffectBuffer,
  byTime = false,
): void {
  if (program.plainTiers) settleByFloor(program, state, fact, ms, effects)
  else settleByThresholds(program, state, fact, ms, effects, byTime)
}

function settleByFloor(
  program: Program,
  state: MemberState,
  fact: Fact,
  ms: number,
  effects: EffectBuffer,
): void {
  const { tierFloors, tiers } = program
  let at = tierFloors.length - 1
  while (at > 0 && (tierFloors[at] ?? 0) > state.lifetime) at--
  if (state.more !== null) setEnd(state, 0, 0)
  const tier = tiers[Math.max(0, at)]
  if (tier === undefined || tier.id === state.tier) return
  state.tier = tier.id
  // Below the first floor a member has the first tier, but has entered none.
  enterTiers(program, state, -1, state.lifetime < (tierFloors[0] ?? 0) ? -1 : at, fact, ms, effects)
}

function settleByThresholds(
  program: Program,
  state: MemberState,
  fact: Fact,
  ms: number,
  effects: EffectBuffer,
  byTime: boolean,
): void {
  const { tiers, document } = program
  if (tiers.length === 0) return
  const { offset } = fact
  const day = localDay(ms, offset)
  const periods = document.tier_period !== undefined
  // With periods only time makes a member fall; and what falls by time alone is not the return's that brings the time (E-TIER-8).
  const gives = !byTime && !periods && takesBack(fact)
  // What entering a tier gives may reach the next.
  for (;;) {
    const present = placeOf(program, state)
    const highest = highestReached(program, state, day)
    const due = Math.max(0, periods ? Math.max(highest, present) : highest)
    if (due === present) break
    moveTo(program, state, present, due, highest, fact, ms, effects, gives)
    setEnd(state, periodEnd(program, state, due, day, offset), offset)
    // What a fall takes back may make the member fall further.
    if (due < present && !gives) break
  }
  if (!periods) setEnd(state, 0, 0)
  else if ((state.more?.tierEnd ?? 0) === 0)
    setEnd(state, periodEnd(program, state, placeOf(program, state), day, offset), offset)
}

/** Place of the member's tier in the program; -1: it has none of these. */
export function placeOf({ tiers }: Program, { tier }: MemberState): number {
  return tiers.findIndex(({ id }) => id === tier)
}

/** Place of the highest tier that is reached on a local day; -1: none is. */
function highestReached({ tiers }: Program, state: MemberState, day: number): number {
  return tiers.findLastIndex((tier) => isReached(tier, state, day))
}

function isReached(tier: TierDocument, state: MemberState, day: number): boolean {
  return tier.reach === undefined
    ? state.lifetime >= (tier.point_floor ?? 0)
    : holdThresholds(tier.reach, state, day)
}

function holdThresholds({ match, of }: ThresholdsDocument, state: MemberState, day: number): boolean {
  const holds = (one: Threshold): boolean => reachedBy(one, state, day) >= one.at_least
  return match === 'all' ? of.every(holds) : of.some(holds)
}

type Threshold = ThresholdsDocument['of'][number]

/** What counts for a threshold on a local day. */
export function reachedBy({ metric, window }: Threshold, state: MemberState, day: number): number {
  return window === undefined ? accountOf(state, metric).lifetime : earnedIn(state, metric, window, day)
}

function moveTo(
  program: Program,
  state: MemberState,
  present: number,
  due: number,
  highest: number,
  fact: Fact,
  ms: number,
  effects: EffectBuffer,
  givesBack: boolean,
): void {
  const { tiers } = program
  state.tier = tiers[due]?.id ?? 0
  if (due > present) {
    enterTiers(program, state, present, highest, fact, ms, effects)
    return
  }
  for (const tier of tiers.slice(due + 1, present + 1)) {
    if (tier.exit_cancels !== undefined) cancelEntitlementsOf(state, tier.exit_cancels, ms, effects)
    if (tier.entry_clawback === true && givesBack) takeEntryBack(program, state, tier, fact, effects)
  }
}

function takesBack({ kind }: Fact): boolean {
  return kind === 'return' || kind === 'void'
}

/** E-TIER-8. */
function takeEntryBack(
  program: Program,
  state: MemberState,
  { id, entry_perk }: TierDocument,
  fact: Fact,
  effects: EffectBuffer,
): void {
  const points = countEver(state.more?.given ?? [], id)
  if (points > 0) {
    const more = moreOf(state)
    more.given = countOn(more.given, id, EVER, -points, 0)
    effects.push(REVERSE, id, POINTS, -points, 0)
    takeBackIn(program, state, POINTS, points, 0, localDay(millisOf(fact.at), fact.offset))
  }
  const held = state.entitlements.findLast(({ perk, index }) => perk === entry_perk && isOfTier(index, id))
  if (held === undefined || !UNUSED.includes(held.status)) return
  become(held, 'cancelled', millisOf(fact.at), effects)
  // It is not entered any more: the next entry gives all of it again.
  state.tiersEntered = state.tiersEntered.filter((entered) => entered !== id)
}

/**
 * The tiers up to `highest` are entered: their perk the first time ever, their points when the member comes from below (E-TIER-2, 6). The entry's
 * entitlement belongs to (member, tier), not to the fact, so a late fact that moves the entry keeps its code.
 */
function enterTiers(
  program: Program,
  state: MemberState,
  present: number,
  highest: number,
  fact: Fact,
  ms: number,
  effects: EffectBuffer,
): void {
  const { tiers, tierLists } = program
  let entered = state.tiersEntered
  for (let at = 0; at <= highest; at++) {
    const reached = tiers[at]
    if (reached === undefined) continue
    const { id, entry_perk, entry_points } = reached
    if (!entered.includes(id)) {
      entered = [...entered, id]
      if (entry_perk !== undefined)
        issueEntitlement(
          program,
          state,
          entry_perk,
          fact,
          memberOf(fact),
          entryIndex(state, reached),
          effects,
          ms,
        )
    }
    if (at <= present || entry_points === undefined) continue
    effects.merge(TIER_POINTS, id, POINTS, entry_points, 0)
    if (reached.entry_clawback === true) {
      const more = moreOf(state)
      more.given = countOn(more.given, id, EVER, entry_points, 0)
    }
    earnIn(program, state, POINTS, entry_points, { id: fact.id, at: hybridTime(ms), offset: fact.offset })
  }
  const shared = tierLists[entered.length]
  state.tiersEntered = shared?.every((tier, place) => tier === entered[place]) === true ? shared : entered
}

/** A tier is entered again for good only after its first entry was taken back. */
function entryIndex({ entitlements }: MemberState, { id, entry_perk, entry_clawback }: TierDocument): number {
  if (entry_clawback !== true) return id
  const last = entitlements.findLast(({ perk, index }) => perk === entry_perk && isOfTier(index, id))
  return last === undefined ? id : last.index + ENTRY
}

function memberOf(fact: Fact): MemberId {
  return fact.kind === 'enrolment' ? (fact.id as number as MemberId) : fact.member
}

function setEnd(state: MemberState, end: number, offset: number): void {
  if (end === 0 && (state.more?.tierEnd ?? 0) === 0) return
  const more = moreOf(state)
  more.tierEnd = end
  more.tierOffset = end === 0 ? 0 : offset
}

/** End (ms) of the period of a tier that is reached on a local day; 0: the lowest has none, nor has any without periods (E-TIER-4). */
function periodEnd(program: Program, state: MemberState, place: number, day: number, offset: number): number {
  const lasts = program.document.tier_period?.lasts
  if (lasts === undefined || place <= 0) return 0
  switch (lasts.kind) {
    case 'calendar_year':
      return endOfDay(dayOfYear(yearOfDay(day) + (lasts.extra_years ?? 0), 12, 31), offset)
    case 'membership_year':
      return endOfDay(nextAnniversary(state.enrolledDay ?? 0, day) - 1, offset)
    case 'span':
      return endOfDay(addSpan(day, lasts.after), offset)
    default:
      return unreachable(lasts)
  }
}

/** End of the period that follows the one whose last day was `last` (E-TIER-5). */
function followingEnd(
  program: Program,
  state: MemberState,
  place: number,
  last: number,
  offset: number,
): number {
  const lasts = program.document.tier_period?.lasts
  if (lasts?.kind === 'calendar_year' && place > 0)
    return endOfDay(dayOfYear(yearOfDay(last) + Math.max(1, lasts.extra_years ?? 0), 12, 31), offset)
  return periodEnd(program, state, place, lasts?.kind === 'membership_year' ? last + 1 : last, offset)
}

/** The end of the tier's period: kept, one step down, or what is due then (E-TIER-5). */
export const tierPeriods: TimeDriven = {
  next(program, state) {
    const end = state.more?.tierEnd ?? 0
    if (end === 0 || program?.document.tier_period === undefined) return Infinity
    return placeOf(program, state) < 0 ? Infinity : end
  },
  happen(program, state, at, effects, fact) {
    const period = program?.document.tier_period
    if (program === null || period === undefined || state.more === null) return
    const { tierOffset } = state.more
    const last = localDay(at - 1, tierOffset)
    const present = placeOf(program, state)
    const tier = program.tiers[present]
    if (tier === undefined) return
    const kept =
      tier.keep === undefined ? isReached(tier, state, last) : holdThresholds(tier.keep, state, last)
    const lower =
      period.downgrade === 'one_step' ? present - 1 : Math.max(0, highestReached(program, state, last))
    const due = kept ? present : Math.max(0, lower)
    if (due !== present) moveTo(program, state, present, due, due, fact, at, effects, false)
    setEnd(state, followingEnd(program, state, due, last, tierOffset), tierOffset)
  },
}

/**
 * The first instant at which windows alone change the tier that is due, because days leave them; Infinity: none. Only without periods, where a
 * tier lasts exactly as long as its thresholds hold (E-TIER-3).
 */
export function nextTierChange(program: Program, state: MemberState, ms: number, offset: number): number {
  if (program.plainTiers || program.document.tier_period !== undefined || program.tiers.length === 0)
    return Infinity
  const today = localDay(ms, offset)
  const present = placeOf(program, state)
  for (const day of daysOfChange(program, state, today)) {
    // A day that has begun changes the tier with the member's next fact: time brings nothing more for it.
    if (startOfDay(day, offset) <= ms) continue
    if (Math.max(0, highestReached(program, state, day)) !== present) return startOfDay(day, offset)
  }
  return Infinity
}

/** Local days from `today` on, rising, on which a day of earning leaves a window that some tier asks for. */
function daysOfChange({ tiers }: Program, state: MemberState, today: number): number[] {
  const found = new Set<number>([today])
  const { days } = state.more ?? { days: [] }
  for (const { reach } of tiers) {
    for (const { metric, window } of reach?.of ?? []) {
      if (window === undefined || window.kind === 'lifetime') continue
      for (let at = 0; at < days.length; at += 3) {
        if (days[at] !== metric) continue
        found.add(windowLeft(window, days[at + 1] ?? 0, state.enrolledDay))
      }
    }
  }
  return [...found].filter((day) => day >= today).sort((a, b) => a - b)
}
