// Hot: all that is remembered of one member, as plain numbers and flat arrays (stride in the name's comment), so that a state is small,
// quick to copy and quick to encode. It holds no program indexes, only rule ids, so it outlives program versions. Most lists of most members
// are empty and share one frozen array: a list is never pushed to but replaced by one just as long as needed. Budget: bench/evaluation.ts.
import { createHash } from 'node:crypto'
import { Decoder, Encoder } from 'cbor-x'
import type { FactId, RuleId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'
import type { Counts } from './counts.ts'
import { countsOfList, listOfCounts } from './counts.ts'
import type { EntitlementStatus } from './spending/entitlement-statuses.ts'
import type { Account, More } from './more.ts'
import { NONE, copyMore, newMore, outcomeOfMore } from './more.ts'

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
  expires: number
  status: EntitlementStatus
  /** While it is reserved: what a release goes back to. While it is used: what giving the use back does. */
  before: EntitlementStatus | null
  /** Left. */
  uses: number
  /** The fact that used it last; 0: none did. */
  usedBy: FactId
  /** Day (UTC) it came to an end on, for good or until it is given back; 0: it has not. */
  ended: number
}

/** A redemption that was not given back, and still could be; of older ones only how many there were is known (`timesRedeemedBefore`). */
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

export interface MemberState extends Counts {
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
  entitlements: readonly Entitlement[]
  redemptions: readonly Redeemed[]
  /** Redemptions that were given back, by their first facts; stride 2, as `voided`: fact, its local day (memory.ts). */
  givenBack: readonly number[]
  /** Stride 4: sale, line, quantity given back, local day of the sale. */
  returned: number[]
  voided: readonly number[]
  /** What programs with more than points need; null for members of others. */
  more: More | null
}

/** A state but for its counts, which are a list where it is stored. */
type Rest = Omit<MemberState, keyof Counts>

const EMPTY: Rest = {
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
  entitlements: NONE,
  redemptions: NONE,
  givenBack: NONE,
  returned: NONE,
  voided: NONE,
  more: null,
}

/**
 * The one place that makes states, so that all have one hidden class, however they came to be. What every sale looks at comes first, and lies together
 * in memory so.
 */
function stateOf(from: Rest, counts: Counts, list: <T>(items: readonly T[]) => T[]): MemberState {
  return {
    facts: from.facts,
    at: from.at,
    last: from.last,
    balance: from.balance,
    lifetime: from.lifetime,
    tier: from.tier,
    more: from.more,
    lots: list(from.lots),
    entitlements: list(from.entitlements),
    rule0: counts.rule0,
    window0: counts.window0,
    count0: counts.count0,
    rule1: counts.rule1,
    window1: counts.window1,
    count1: counts.count1,
    rule2: counts.rule2,
    window2: counts.window2,
    count2: counts.count2,
    rule3: counts.rule3,
    window3: counts.window3,
    count3: counts.count3,
    furtherCounts: counts.furtherCounts,
    spent: from.spent,
    goodwill: from.goodwill,
    tiersEntered: list(from.tiersEntered),
    enrolledDay: from.enrolledDay,
    redemptions: list(from.redemptions),
    givenBack: list(from.givenBack),
    returned: list(from.returned),
    voided: list(from.voided),
  }
}

const NO_COUNTS = countsOfList([])

export function newState(): MemberState {
  return stateOf(EMPTY, NO_COUNTS, () => NONE)
}

export function copyState(state: MemberState): MemberState {
  const copy = stateOf(state, state, (items) => (items.length === 0 ? NONE : items.slice()))
  if (copy.furtherCounts !== null) copy.furtherCounts = countsOfList(listOfCounts(copy.furtherCounts))
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

/** As it is stored, in the order of its fields. */
interface StoredState extends Rest {
  readonly counters: readonly number[]
}

function storedOf(state: MemberState): StoredState {
  return {
    facts: state.facts,
    at: state.at,
    last: state.last,
    balance: state.balance,
    lifetime: state.lifetime,
    spent: state.spent,
    goodwill: state.goodwill,
    tier: state.tier,
    tiersEntered: state.tiersEntered,
    enrolledDay: state.enrolledDay,
    lots: state.lots,
    counters: listOfCounts(state),
    entitlements: state.entitlements,
    redemptions: state.redemptions,
    givenBack: state.givenBack,
    returned: state.returned,
    voided: state.voided,
    more: state.more,
  }
}

const STRUCTURES = [
  Object.keys(storedOf(newState())),
  ['code', 'perk', 'fact', 'index', 'from', 'expires', 'status', 'before', 'uses', 'usedBy', 'ended'],
  ['fact', 'perk', 'metric', 'points', 'day', 'burned', 'captured'],
  Object.keys(newMore()),
  Object.keys(newMore().profile),
  ['metric', 'balance', 'lifetime', 'spent', 'lots'],
]
const encoderStructures = STRUCTURES.map((fields) => [...fields])
const encoder = new Encoder({ structures: encoderStructures, useRecords: true })
const decoder = new Decoder({ structures: STRUCTURES.map((fields) => [...fields]), useRecords: true })

/**
 * Bytes of a state for storing and for the edges: version, then CBOR records. The cloud folds states of another one again by itself (S-13); a release that
 * changes it has a step of the edge's tables that puts `members_cursor` to 0, so that its store is told all states anew.
 */
export const STATE_FORMAT = 5

export function encodeState(state: MemberState): Uint8Array {
  const bytes = encoder.encode([STATE_FORMAT, storedOf(state)])
  assert(encoderStructures.length === STRUCTURES.length, 'a state has exactly the declared fields')
  return bytes
}

/** Undefined for a format of another release: the state is then folded from the facts again. */
export function decodeState(bytes: Uint8Array): MemberState | undefined {
  // The format stands first, in the list of two: records of another one have other fields, and are not even read.
  if (bytes[1] !== STATE_FORMAT) return undefined
  const [, stored] = decoder.decode(bytes) as [number, StoredState]
  return stateOf(stored, countsOfList(stored.counters), (items) =>
    items.length === 0 ? NONE : (items as never[]),
  )
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
    counters: listOfCounts(state),
    entitlements: state.entitlements.map(({ perk, from, expires, status, before, uses, usedBy, ended }) => [
      perk,
      from,
      expires,
      status,
      before,
      uses,
      usedBy > 0,
      ended,
    ]),
    redemptions: state.redemptions.map(({ perk, metric, points, day, burned, captured }) => [
      perk,
      metric,
      points,
      day,
      burned,
      captured > 0,
    ]),
    given_back: state.givenBack.filter((_, at) => at % 2 > 0),
    returned: state.returned.filter((_, at) => at % 4 > 0),
    voided: state.voided.filter((_, at) => at % 2 > 0),
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
