// Hot: all that is remembered of one member, as plain numbers and flat arrays (stride in the name's comment), so that a state is small,
// quick to copy and quick to encode. It holds no program indexes, only rule ids, so it outlives program versions. Most lists of most members
// are empty and share one frozen array: a list is never pushed to but replaced by one just as long as needed. Budget: bench/evaluation.ts.
import { createHash } from 'node:crypto'
import { Decoder, Encoder } from 'cbor-x'
import type { FactId, RuleId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'
import type { EntitlementStatus } from './spending/entitlement-statuses.ts'
import type { Account, More } from './more.ts'
import { copyMore, newMore, outcomeOfMore } from './more.ts'
import { DAYS_BACK_MAX } from './time/calendar.ts'

export interface Entitlement {
  readonly code: string
  readonly perk: RuleId
  /** The fact that issued it; for a tier entry the fact of the entry. */
  readonly fact: FactId
  /** What, beside its source and perk, its code is made of (E-SPEND-4). */
  readonly index: number
  /** First millisecond it can be used at; 0: at once. */
  readonly from: number
  /** Last millisecond of validity plus one; 0: never ends. */
  readonly expires: number
  status: EntitlementStatus
  /** While it is reserved: what a release goes back to. */
  before: EntitlementStatus | null
  /** Left. */
  uses: number
  /** The fact that used it last; 0: none did. */
  usedBy: FactId
}

/** A redemption that was not given back. */
export interface Redeemed {
  /** Its first fact. */
  readonly fact: FactId
  readonly perk: RuleId
  readonly metric: number
  readonly points: number
  /** Local day of the use it counts as. */
  readonly day: number
  /** Lots the points came from, stride 2: expires (0: never), points. */
  readonly burned: readonly number[]
  /** The fact that captured it, and issued its entitlement; 0: it is reserved. */
  readonly captured: FactId
}

export interface MemberState {
  /** Facts folded, and the canonical place of the last one. */
  facts: number
  at: HybridTime
  last: FactId
  /** Balance without goodwill; below 0 is a deficit. */
  balance: number
  lifetime: number
  spent: number
  goodwill: number
  /** Tier id, 0 before any. */
  tier: number
  tiersEntered: readonly number[]
  /** Local day of the enrolment; null before it was folded. */
  enrolledDay: number | null
  /** Points that expire; stride 2: expires (ms), points; oldest expiry first. What the balance holds beyond them never does. */
  lots: number[]
  /** Stride 3: rule, window, count; the last few windows of a rule. */
  counters: number[]
  entitlements: readonly Entitlement[]
  redemptions: readonly Redeemed[]
  /** Redemptions that were given back, by their first facts. */
  givenBack: readonly number[]
  /** Stride 3: sale, line, quantity given back. */
  returned: number[]
  voided: readonly number[]
  /** What programs with more than points need; null for members of others. */
  more: More | null
}

/** What all empty lists of states are; frozen, because it is shared. */
const NONE = Object.freeze([]) as unknown as never[]

const EMPTY: MemberState = {
  facts: 0,
  at: 0 as HybridTime,
  last: 0 as FactId,
  balance: 0,
  lifetime: 0,
  spent: 0,
  goodwill: 0,
  tier: 0,
  tiersEntered: NONE,
  enrolledDay: null,
  lots: NONE,
  counters: NONE,
  entitlements: NONE,
  redemptions: NONE,
  givenBack: NONE,
  returned: NONE,
  voided: NONE,
  more: null,
}

/** The one place that makes states, so that all have one hidden class, however they came to be. */
function stateOf(from: MemberState, list: <T>(items: readonly T[]) => T[]): MemberState {
  return {
    facts: from.facts,
    at: from.at,
    last: from.last,
    balance: from.balance,
    lifetime: from.lifetime,
    spent: from.spent,
    goodwill: from.goodwill,
    tier: from.tier,
    tiersEntered: list(from.tiersEntered),
    enrolledDay: from.enrolledDay,
    lots: list(from.lots),
    counters: list(from.counters),
    entitlements: list(from.entitlements),
    redemptions: list(from.redemptions),
    givenBack: list(from.givenBack),
    returned: list(from.returned),
    voided: list(from.voided),
    more: from.more,
  }
}

export function newState(): MemberState {
  return stateOf(EMPTY, () => NONE)
}

export function copyState(state: MemberState): MemberState {
  const copy = stateOf(state, (items) => (items.length === 0 ? NONE : items.slice()))
  if (copy.more !== null) copy.more = copyMore(copy.more)
  if (copy.entitlements.length > 0) copy.entitlements = copy.entitlements.map((one) => ({ ...one }))
  return copy
}

/** The state's `more`, made when it is first needed. */
export function moreOf(state: MemberState): More {
  return (state.more ??= newMore())
}

/** Points a member can spend: fold plus goodwill. */
export function spendable(state: MemberState): number {
  return state.balance + state.goodwill
}

/** Points in lots that expire. */
function expiring({ lots }: Account): number {
  let points = 0
  for (let at = 1; at < lots.length; at += 2) points += lots[at] ?? 0
  return points
}

/** All lots that make up the balance, stride 2: expires (0: never), points; oldest expiry first, never last (E-FOLD-5). */
export function lotsOf(state: Account): number[] {
  const lasting = Math.max(0, state.balance) - expiring(state)
  return lasting > 0 ? [...state.lots, NEVER, lasting] : state.lots.slice()
}

/** `expires` of points that never do. */
export const NEVER = 0

/** Adds points to the lot of their expiry; a deficit is filled first (E-RET-5). */
export function addPoints(state: Account, points: number, expires: number): void {
  const deficit = state.balance < 0 ? -state.balance : 0
  state.balance += points
  if (expires === NEVER || points <= deficit) return
  const kept = points - deficit
  const { lots } = state
  let at = 0
  while (at < lots.length && (lots[at] ?? 0) < expires) at += 2
  if (lots[at] === expires) lots[at + 1] = (lots[at + 1] ?? 0) + kept
  else state.lots = lots.toSpliced(at, 0, expires, kept)
}

/** Takes points from the oldest lots on; what no lot covers becomes a deficit. Returns the lots taken from, stride 2. */
export function takePoints(state: Account, points: number): number[] {
  const burned: number[] = []
  let rest = points
  const { lots } = state
  const lasting = Math.max(0, state.balance) - expiring(state)
  let at = 0
  for (; at < lots.length && rest > 0; at += 2) {
    const have = lots[at + 1] ?? 0
    const part = Math.min(have, rest)
    burned.push(lots[at] ?? 0, part)
    lots[at + 1] = have - part
    rest -= part
  }
  if (at > 0) state.lots = lots.filter((_, place) => (lots[place | 1] ?? 0) > 0)
  if (rest > 0 && lasting > 0) burned.push(NEVER, Math.min(rest, lasting))
  state.balance -= points
  return burned
}

/** Where the count of a rule's window stands in the counters; below 0: nowhere. */
export function counterAt({ counters }: MemberState, rule: number, window: number): number {
  for (let at = 0; at < counters.length; at += 3) {
    if (counters[at] === rule && counters[at + 1] === window) return at + 2
  }
  return -1
}

export function countIn(state: MemberState, rule: number, window: number): number {
  const at = counterAt(state, rule, window)
  return at < 0 ? 0 : (state.counters[at] ?? 0)
}

export function setCounter(state: MemberState, rule: number, window: number, count: number): void {
  const at = counterAt(state, rule, window)
  if (at < 0) openWindow(state, rule, window, count)
  else state.counters[at] = count
}

/**
 * A new window of a rule. Those further away than a local day can step are forgotten; among them those of another kind, from an earlier program
 * version. The order of the windows is the order in which they were opened.
 */
export function openWindow(state: MemberState, rule: number, window: number, count: number): void {
  const { counters } = state
  let kept = 0
  for (let at = 0; at < counters.length; at += 3) {
    const of = counters[at] ?? 0
    const opened = counters[at + 1] ?? 0
    if (of === rule && (opened > window + DAYS_BACK_MAX || opened < window - DAYS_BACK_MAX)) continue
    if (kept < at) {
      counters[kept] = of
      counters[kept + 1] = opened
      counters[kept + 2] = counters[at + 2] ?? 0
    }
    kept += 3
  }
  if (kept === counters.length) {
    state.counters = withWindow(counters, rule, window, count)
    return
  }
  counters[kept] = rule
  counters[kept + 1] = window
  counters[kept + 2] = count
  if (kept + 3 < counters.length) counters.length = kept + 3
}

/** Just as long as needed. Most members have a few windows: literals are made ten times as fast as `concat` does it. */
function withWindow(counters: readonly number[], rule: number, window: number, count: number): number[] {
  if (counters.length === 0) return [rule, window, count]
  const a = counters[0] ?? 0
  const b = counters[1] ?? 0
  const c = counters[2] ?? 0
  if (counters.length === 3) return [a, b, c, rule, window, count]
  const d = counters[3] ?? 0
  const e = counters[4] ?? 0
  const f = counters[5] ?? 0
  if (counters.length === 6) return [a, b, c, d, e, f, rule, window, count]
  return counters.concat([rule, window, count])
}

const STRUCTURES = [
  Object.keys(newState()),
  ['code', 'perk', 'fact', 'index', 'from', 'expires', 'status', 'before', 'uses', 'usedBy'],
  ['fact', 'perk', 'metric', 'points', 'day', 'burned', 'captured'],
  Object.keys(newMore()),
  Object.keys(newMore().profile),
  ['metric', 'balance', 'lifetime', 'spent', 'lots'],
]
const encoderStructures = STRUCTURES.map((fields) => [...fields])
const encoder = new Encoder({ structures: encoderStructures, useRecords: true })
const decoder = new Decoder({ structures: STRUCTURES.map((fields) => [...fields]), useRecords: true })

/** Bytes of a state for storing and for the edges: version, then CBOR records. */
export const STATE_FORMAT = 4

export function encodeState(state: MemberState): Uint8Array {
  const bytes = encoder.encode([STATE_FORMAT, state])
  assert(encoderStructures.length === STRUCTURES.length, 'a state has exactly the declared fields')
  return bytes
}

/** Undefined for a format of another release: the state is then folded from the facts again. */
export function decodeState(bytes: Uint8Array): MemberState | undefined {
  const decoded = decoder.decode(bytes) as [number, MemberState]
  return decoded[0] === STATE_FORMAT
    ? stateOf(decoded[1], (items) => (items.length === 0 ? NONE : (items as never[])))
    : undefined
}

/**
 * What must be equal wherever the same facts are known: everything except positions (they name ledgers, not outcomes), voucher codes
 * (derived from positions) and goodwill (derived from promises, counted apart).
 */
export function outcomeText(state: MemberState): string {
  return JSON.stringify({
    facts: state.facts,
    balance: state.balance,
    lifetime: state.lifetime,
    spent: state.spent,
    tier: state.tier,
    tiers_entered: state.tiersEntered,
    enrolled_day: state.enrolledDay,
    lots: lotsOf(state),
    counters: state.counters,
    entitlements: state.entitlements.map(({ perk, from, expires, status, before, uses, usedBy }) => [
      perk,
      from,
      expires,
      status,
      before,
      uses,
      usedBy > 0,
    ]),
    redemptions: state.redemptions.map(({ perk, metric, points, day, burned, captured }) => [
      perk,
      metric,
      points,
      day,
      burned,
      captured > 0,
    ]),
    given_back: state.givenBack.length,
    returned: state.returned.filter((_, at) => at % 3 > 0),
    voided: state.voided.length,
    ...(state.more === null ? {} : { more: outcomeOfMore(state.more) }),
  })
}

/** One member's part of the digest. The name does not depend on positions: it is the enrolment's key. */
export function outcomeLine(name: string, state: MemberState): string {
  return `${name} ${outcomeText(state)}\n`
}

/** SHA-256 over members' lines, in the order of their names. Sorts in place. */
export function digestOfLines(lines: string[]): string {
  const hash = createHash('sha256')
  for (const line of lines.sort()) hash.update(line)
  return hash.digest('hex')
}

/** SHA-256 over members' outcomes, in the order of their names (a name that does not depend on positions, such as the enrolment's key). */
export function outcomesDigest(members: Iterable<readonly [name: string, state: MemberState]>): string {
  return digestOfLines([...members].map(([name, state]) => outcomeLine(name, state)))
}
