// How rows of the tables and rows of the port stand to each other. Effects are kept as arrays of five numbers: kind, rule, index, amount, of.
import type { Identity } from '../../../protocol/facts.ts'
import type { FactId, MemberId, RuleId } from '../../../protocol/ids.ts'
import type { Effect } from '../../evaluation/effects.ts'
import { EFFECT_KINDS } from '../../evaluation/effects.ts'
import type { ActivityRow, EdgeRow, FactRow, HoldRow, IdentityRow, MemberRow, OriginRow } from '../port.ts'
import { sound } from './row-sums.ts'

export type Raw = Record<string, unknown>

const NUMBER_OF_KIND: ReadonlyMap<string, number> = new Map(
  EFFECT_KINDS.map((kind, number) => [kind, number]),
)

/** Whole numbers only, so that the text can be put together by hand: once for every fact there is. */
export function effectsText(effects: readonly Effect[]): string {
  let text = '['
  for (const { kind, rule, index, amount, of } of effects)
    text += `${text.length > 1 ? ',' : ''}[${NUMBER_OF_KIND.get(kind)},${rule},${index},${amount},${of}]`
  return `${text}]`
}

export function effectsOf(text: string): Effect[] {
  return (JSON.parse(text) as [number, number, number, number, number][]).map(
    ([kind, rule, index, amount, of]) => ({
      kind: EFFECT_KINDS[kind] ?? 'earn',
      rule: rule as RuleId,
      index,
      amount,
      of,
    }),
  )
}

// The casts below are true because these rows were written by this store from values of these types.

export function factRow(raw: Raw): FactRow {
  const { received_at, ...rest } = raw
  return { ...rest, receivedAt: received_at } as unknown as FactRow
}

export function originRow(raw: Raw): OriginRow {
  const { ended_at, ...rest } = raw
  return { ...rest, endedAt: ended_at } as unknown as OriginRow
}

export function edgeRow(raw: Raw): EdgeRow {
  const { public_key, enrolled_at, copy_of, ...rest } = raw
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
    effects: effectsOf(raw.effects as string),
    notice: raw.notice === null ? null : (JSON.parse(raw.notice as string) as ActivityRow['notice']),
    tell: raw.tell === 1,
  } as ActivityRow
}

export function holdRow(raw: Raw): HoldRow {
  const { sum: _, ...rest } = sound('holds', raw)
  return { ...rest, settled: raw.settled === 1 } as unknown as HoldRow
}
