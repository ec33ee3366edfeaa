// A member and a fact's effects in plain values that can be compared with what the evaluation says. Every list is sorted; what was never touched is left
// out.
import type { Fact } from '../../../protocol/facts.ts'
import { aggregateOf } from './aggregates.ts'
import { msOf, whenAt } from './calendar.ts'
import type { Member } from './member.ts'
import { isLive } from './member.ts'

/** What a member has come to, in plain values that can be compared. */
export interface View {
  readonly metrics: Readonly<Record<string, unknown>>
  readonly goodwill: number
  readonly tier: number
  readonly tier_end: number
  readonly entitlements: readonly string[]
  readonly segments: readonly number[]
  readonly progress: readonly string[]
  readonly challenges_completed: readonly number[]
  readonly aggregates: Readonly<Record<string, number | null>>
  readonly attributes: readonly string[]
}

/** Every list is sorted; a metric that was never touched is left out, as is a requirement without progress. */
export function viewOf(member: Member, fact: Fact): View {
  const today = whenAt(fact, msOf(fact)).date
  return {
    metrics: metricsOf(member),
    goodwill: member.goodwill(),
    tier: member.tier,
    tier_end: member.tierEnd?.ms ?? 0,
    entitlements: member.entitlements
      .map((one) => `${one.perk} ${one.status} ${finite(one.expires)} ${isLive(one) ? one.uses : 0}`)
      .toSorted(),
    segments: [...member.segmentsTold].toSorted((a, b) => a - b),
    progress: [...member.progress]
      .filter(([, quantity]) => quantity > 0)
      .map(([requirement, quantity]) => `${requirement} ${quantity}`)
      .toSorted(),
    challenges_completed: [...member.challengesDone].toSorted((a, b) => a - b),
    aggregates: Object.fromEntries(
      (member.document?.aggregates ?? []).map(({ id }) => [id, aggregateOf(member, id, today) ?? null]),
    ),
    attributes: [...member.attributes].map(([name, value]) => `${name}=${value}`).toSorted(),
  }
}

function metricsOf(member: Member): Record<string, unknown> {
  const metrics: Record<string, unknown> = {}
  for (const metric of [0, ...(member.document?.metrics ?? []).map(({ id }) => id as number)]) {
    const lots = (member.lots.get(metric) ?? []).map(({ expires, amount }) => [finite(expires), amount])
    const pending = member.pendingOf(metric)
    const [balance, lifetime, spent] = [member.balance(metric), member.lifetime(metric), member.spent(metric)]
    metrics[metric] = { balance, pending, lifetime, spent, lots }
  }
  return metrics
}

/** Instants that never come are 0. */
const finite = (ms: number): number => (Number.isFinite(ms) ? ms : 0)

/** Kinds of effects that move a metric: their index is part of what is compared. */
export const MOVING = [
  'earn',
  'bonus',
  'reverse',
  'spend',
  'restore',
  'grant',
  'adjust',
  'goodwill',
  'reward',
  'tier_points',
  'expire',
  'release',
]
/** What a fact's effects are compared by; the rest is compared as state. */
export const COMPARED = [
  ...MOVING,
  'expiry_warning',
  'voucher_issued',
  'voucher_used',
  'voucher_reused',
  'entitlement_refused',
  'entitlement_conflict',
  'given_back',
  'counted',
  'card_filled',
  'referral_completed',
  'progress',
  'requirement_completed',
  'challenge_completed',
  'prize',
  'response_refused',
  'segment_entered',
  'segment_left',
  'task',
]

interface Told {
  readonly kind: string
  readonly rule: number
  readonly index: number
  readonly amount: number
}

/** `kind rule metric: amount` of a fact's effects, added up and sorted. */
export function effectTexts(effects: readonly Told[]): string[] {
  const sums = new Map<string, number>()
  for (const { kind, rule, index, amount } of effects) {
    if (!COMPARED.includes(kind)) continue
    const key = MOVING.includes(kind) ? `${kind} ${rule} of ${index}` : `${kind} ${rule}`
    sums.set(key, (sums.get(key) ?? 0) + amount)
  }
  return [...sums].map(([key, amount]) => `${key}: ${amount}`).toSorted()
}
