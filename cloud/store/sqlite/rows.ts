// How rows of the tables and rows of the port stand to each other. Effects are kept as arrays of five numbers: kind, rule, index, amount, of.
import type { Identity } from '../../../protocol/facts.ts'
import type { FactId, MemberId, RuleId } from '../../../protocol/ids.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { Effect } from '../../evaluation/effects.ts'
import { EFFECT_KINDS } from '../../evaluation/effects.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type {
  ActivityRow,
  EdgeRow,
  FactRow,
  FactStatus,
  HoldRow,
  IdentityRow,
  MemberRow,
  OriginRow,
  StoreRow,
} from '../port.ts'
import { sound } from './row-sums.ts'
import { word } from '../../../protocol/value-sums.ts'

export type Raw = Record<string, unknown>

const NUMBER_OF_KIND: ReadonlyMap<string, number> = new Map(
  EFFECT_KINDS.map((kind, number) => [kind, number]),
)

type Logged = Pick<ActivityRow, 'fact' | 'revision' | 'member' | 'points' | 'goodwill'>

/** Odd, so that of numbers times these one that changes changes the sum. */
const [A, B, C, D, E] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1]

function mixed(sum: number, a: number, b: number, c: number, d: number, e: number): number {
  const all =
    Math.imul(a, A) + Math.imul(b, B) + Math.imul(c, C) + Math.imul(word(d), D) + Math.imul(word(e), E)
  return Math.imul(sum ^ all, A)
}

const mixedRow = ({ fact, revision, member, points, goodwill }: Logged): number =>
  mixed(0, revision, points, goodwill, fact, member)

/**
 * Whole numbers only, so that the text can be put together by hand: once for every fact there is. The last number is the sum of the row (S-12): of each of these
 * numbers, and of whose they are; one that changes changes it. A CRC would take ten times as long.
 */
export function effectsText(effects: readonly Effect[], row: Logged): string {
  let text = '['
  let sum = mixedRow(row)
  for (const { kind, rule, index, amount, of } of effects) {
    const number = NUMBER_OF_KIND.get(kind) ?? 0
    sum = mixed(sum, number, rule, index, amount, of)
    text += `[${number},${rule},${index},${amount},${of}],`
  }
  return `${text}${sum}]`
}

export function effectsOf(text: string, row: Logged): Effect[] {
  const read = numbersIn(text)
  let sum = mixedRow(row)
  const effects = read.slice(0, -1).map((numbers): Effect => {
    const [kind = 0, rule = 0, index = 0, amount = 0, of = 0] = numbers as number[]
    sum = mixed(sum, kind, rule, index, amount, of)
    return { kind: EFFECT_KINDS[kind] ?? 'earn', rule: rule as RuleId, index, amount, of }
  })
  if (sum !== read.at(-1)) throw new UnsoundRow(`what fact ${row.fact} came to is not what was written`)
  return effects
}

function numbersIn(text: string): unknown[] {
  try {
    const read: unknown = JSON.parse(text)
    if (Array.isArray(read)) return read
  } catch {
    // A flipped bit makes no JSON of it.
  }
  return []
}

/** For the step that gives the rows that are there their sums. */
export function summedEffects(text: string, row: Logged): string {
  const numbers = JSON.parse(text) as [number, number, number, number, number][]
  return effectsText(
    numbers.map(([kind, rule, index, amount, of]) => ({
      kind: EFFECT_KINDS[kind] ?? 'earn',
      rule: rule as RuleId,
      index,
      amount,
      of,
    })),
    row,
  )
}

const STATUSES: Readonly<Record<FactStatus, true>> = {
  counted: true,
  duplicate: true,
  unclaimed: true,
  merged: true,
}

export const isStatus = (value: unknown): value is FactStatus =>
  typeof value === 'string' && Object.hasOwn(STATUSES, value)

// The casts below are true because these rows were written by this store from values of these types.

/** A time and its check in one number: until 2039 no more bytes than the time alone. */
const CHECKS = 64
const HALF = 2 ** 30

/** The exclusive or of the groups of six bits: one bit that flips in any changes it. */
function checkOf(ms: number): number {
  const low = ms % HALF
  const all = low ^ ((ms - low) / HALF)
  return (all ^ (all >> 6) ^ (all >> 12) ^ (all >> 18) ^ (all >> 24)) & (CHECKS - 1)
}

/** As the time of a fact's coming is kept: its time is doubted by it (P-TIME-7), and nothing else proves it (S-12). */
export function checkedTime(ms: number): number {
  return ms * CHECKS + checkOf(ms)
}

function timeIn(checked: unknown): Millis {
  const ms = Math.floor(Number(checked) / CHECKS)
  if (checkedTime(ms) !== checked) throw new UnsoundRow('when a fact came is not what was written')
  return ms as Millis
}

/** What a flipped bit makes of bytes may be a text. */
export function proveBytes({ id, bytes, hash }: Raw): void {
  if (!(bytes instanceof Uint8Array && hash instanceof Uint8Array))
    throw new UnsoundRow(`record ${String(id)} is not what was written`)
}

export function factRow(raw: Raw): FactRow {
  const { received_at, ...rest } = raw
  if (!isStatus(raw.status))
    throw new UnsoundRow(`the standing of fact ${String(raw.id)} is not what was written`)
  proveBytes(raw)
  return { ...rest, receivedAt: timeIn(received_at) } as unknown as FactRow
}

export function storeRow(raw: Raw): StoreRow {
  const { id, tenant, name, zone } = sound('stores', raw)
  return { id, tenant, name, zone } as unknown as StoreRow
}

export function originRow(raw: Raw): OriginRow {
  const { ended_at, sum: _, ...rest } = sound('origins', raw)
  return { ...rest, endedAt: ended_at } as unknown as OriginRow
}

export function edgeRow(raw: Raw): EdgeRow {
  const { public_key, enrolled_at, copy_of, sum: _, ...rest } = sound('edges', raw)
  return { ...rest, publicKey: public_key, enrolledAt: enrolled_at, copyOf: copy_of } as unknown as EdgeRow
}

export function memberRow(raw: Raw): MemberRow {
  return {
    id: raw.id,
    tenant: raw.tenant,
    name: raw.name,
    store: raw.store,
    enrolledAt: raw.enrolled_at,
    key: raw.key,
  } as MemberRow
}

export function identityRow(raw: Raw): IdentityRow {
  const { tenant, kind, value, at, member } = sound('identities', raw)
  return { tenant, kind, value, at, member } as unknown as IdentityRow
}

/** Of rows as JSON: kind, value, and what else is in their sums. */
export function identitiesOf(text: unknown): Identity[] {
  if (text === null || text === undefined) return []
  return (JSON.parse(text as string) as [string, string, number, number, number, number][]).map(
    ([kind, value, tenant, at, member, sum]) => {
      const row = identityRow({ tenant, kind, value, at, member, sum })
      return { kind: row.kind, value: row.value }
    },
  )
}

export function activityRow(raw: Raw): ActivityRow {
  return {
    position: raw.position,
    tenant: raw.tenant,
    store: raw.store,
    kind: raw.kind,
    at: raw.at,
    fact: raw.fact as FactId,
    revision: raw.revision,
    member: raw.member as MemberId,
    cause: raw.cause as FactId,
    amount: raw.amount,
    points: raw.points,
    goodwill: raw.goodwill,
    // True because it is a row of these.
    effects: effectsOf(raw.effects as string, raw as unknown as Logged),
    notice: raw.notice === null ? null : (JSON.parse(raw.notice as string) as ActivityRow['notice']),
    tell: raw.tell === 1,
  } as ActivityRow
}

export function holdRow(raw: Raw): HoldRow {
  const { sum: _, ...rest } = sound('holds', raw)
  return { ...rest, settled: raw.settled === 1 } as unknown as HoldRow
}
