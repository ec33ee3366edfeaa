// Hot: all that is remembered of one member, as plain numbers and flat arrays (stride in the name's comment), so that a state is small,
// quick to copy and quick to encode. It holds no program indexes, only rule ids, so it outlives program versions. Budget: bench/evaluation.ts.
import { createHash } from 'node:crypto'
import { Decoder, Encoder } from 'cbor-x'
import type { FactId, RuleId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'

export interface Voucher {
  readonly code: string
  readonly perk: RuleId
  /** The fact that issued it; for a tier entry the fact of the entry. */
  readonly fact: FactId
  /** Last millisecond of validity plus one; 0: never ends. */
  readonly expires: number
  /** The fact that used it; 0: unused. */
  usedBy: FactId
}

export interface Reservation {
  readonly fact: FactId
  readonly perk: RuleId
  readonly points: number
  /** Local day of the use it counts as. */
  readonly day: number
  /** Lots the points came from, stride 2: expires, points. */
  readonly burned: number[]
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
  tiersEntered: number[]
  /** Stride 2: expires (ms, 0 never), points. Oldest expiry first, never last. */
  lots: number[]
  /** Stride 3: rule, window, count; the last few windows of a rule. */
  counters: number[]
  /** Stride 2: redeem perk, local day; one per redemption that was not cancelled, whatever limit there was then. */
  uses: number[]
  vouchers: Voucher[]
  reservations: Reservation[]
  /** Reservations that were captured or cancelled. */
  settled: number[]
  /** Stride 3: sale, line, quantity given back. */
  returned: number[]
  voided: number[]
}

export function newState(): MemberState {
  return {
    facts: 0,
    at: 0 as HybridTime,
    last: 0 as FactId,
    balance: 0,
    lifetime: 0,
    spent: 0,
    goodwill: 0,
    tier: 0,
    tiersEntered: [],
    lots: [],
    counters: [],
    uses: [],
    vouchers: [],
    reservations: [],
    settled: [],
    returned: [],
    voided: [],
  }
}

export function copyState(state: MemberState): MemberState {
  return {
    ...state,
    tiersEntered: state.tiersEntered.slice(),
    lots: state.lots.slice(),
    counters: state.counters.slice(),
    uses: state.uses.slice(),
    vouchers: state.vouchers.map((voucher) => ({ ...voucher })),
    reservations: state.reservations.slice(),
    settled: state.settled.slice(),
    returned: state.returned.slice(),
    voided: state.voided.slice(),
  }
}

/** Points a member can spend: fold plus goodwill. */
export function spendable(state: MemberState): number {
  return state.balance + state.goodwill
}

/** Adds points to the lot of their expiry; a deficit is filled first (E-RET-5). */
export function addPoints(state: MemberState, points: number, expires: number): void {
  const deficit = state.balance < 0 ? -state.balance : 0
  state.balance += points
  const kept = points - deficit
  if (kept <= 0) return
  const { lots } = state
  let at = 0
  while (at < lots.length && sooner(lots[at] ?? 0, expires)) at += 2
  if (at < lots.length && lots[at] === expires) lots[at + 1] = (lots[at + 1] ?? 0) + kept
  else lots.splice(at, 0, expires, kept)
}

/** Takes points from the oldest lots on; what no lot covers becomes a deficit. Returns the lots taken from, stride 2. */
export function takePoints(state: MemberState, points: number): number[] {
  const burned: number[] = []
  let rest = points
  const { lots } = state
  while (rest > 0 && lots.length > 0) {
    const have = lots[1] ?? 0
    const part = have < rest ? have : rest
    burned.push(lots[0] ?? 0, part)
    rest -= part
    if (part === have) lots.splice(0, 2)
    else lots[1] = have - part
  }
  state.balance -= points
  return burned
}

function sooner(a: number, b: number): boolean {
  return a !== b && a !== 0 && (b === 0 || a < b)
}

export function countIn(state: MemberState, rule: number, window: number): number {
  const { counters } = state
  for (let at = 0; at < counters.length; at += 3) {
    if (counters[at] === rule && counters[at + 1] === window) return counters[at + 2] ?? 0
  }
  return 0
}

/** Stores of one tenant lie in several zones: in canonical order the local day may step back, by two days where offsets are 36 hours apart. */
const WINDOWS_BACK = 2

/** Windows further away than a local day can step are forgotten; among them those of another kind, from an earlier program version. */
export function setCounter(state: MemberState, rule: number, window: number, count: number): void {
  const { counters } = state
  for (let at = 0; at < counters.length;) {
    if (counters[at] !== rule) at += 3
    else if (counters[at + 1] === window) {
      counters[at + 2] = count
      return
    } else if (Math.abs((counters[at + 1] ?? 0) - window) > WINDOWS_BACK) counters.splice(at, 3)
    else at += 3
  }
  counters.push(rule, window, count)
}

const STRUCTURES = [
  Object.keys(newState()),
  ['code', 'perk', 'fact', 'expires', 'usedBy'],
  ['fact', 'perk', 'points', 'day', 'burned'],
]
const encoderStructures = STRUCTURES.map((fields) => [...fields])
const encoder = new Encoder({ structures: encoderStructures, useRecords: true })
const decoder = new Decoder({ structures: STRUCTURES.map((fields) => [...fields]), useRecords: true })

/** Bytes of a state for storing and for the edges: version, then CBOR records. */
export const STATE_FORMAT = 1

export function encodeState(state: MemberState): Uint8Array {
  const bytes = encoder.encode([STATE_FORMAT, state])
  assert(encoderStructures.length === STRUCTURES.length, 'a state has exactly the declared fields')
  return bytes
}

/** Undefined for a format of another release: the state is then folded from the facts again. */
export function decodeState(bytes: Uint8Array): MemberState | undefined {
  const decoded = decoder.decode(bytes) as [number, MemberState]
  return decoded[0] === STATE_FORMAT ? decoded[1] : undefined
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
    lots: state.lots,
    counters: state.counters,
    uses: state.uses,
    vouchers: state.vouchers.map(({ perk, expires, usedBy }) => [perk, expires, usedBy > 0]),
    reservations: state.reservations.map(({ perk, points, day, burned }) => [perk, points, day, burned]),
    settled: state.settled.length,
    returned: state.returned.filter((_, at) => at % 3 > 0),
    voided: state.voided.length,
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
