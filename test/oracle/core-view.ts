// The evaluation's state of a member in the oracle's plain values (plain/view.ts): the only place that knows both shapes.
// It only reads; whatever the evaluation derives by asking (aggregates, segments) is asked of the evaluation.
import { aggregateOf } from '../../cloud/evaluation/reactions/aggregates.ts'
import type { Program } from '../../cloud/evaluation/compile.ts'
import { CHALLENGE_COMPLETED } from '../../cloud/evaluation/more.ts'
import type { Account } from '../../cloud/evaluation/more.ts'
import { inSegment } from '../../cloud/evaluation/reactions/segments.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { lotsOf } from '../../cloud/evaluation/state.ts'
import type { Fact } from '../../protocol/facts.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import type { View } from './plain/view.ts'

const LIVE_NOT = ['used', 'fulfilled', 'cancelled', 'expired']

/** A flat list in rows of so many. */
function rows(list: readonly number[], stride: number): number[][] {
  return Array.from({ length: list.length / stride }, (_, row) =>
    list.slice(row * stride, (row + 1) * stride),
  )
}

export function viewOfState(program: Program | null, state: MemberState, fact: Fact): View {
  const { more } = state
  const ms = millisOf(fact.at)
  const day = localDay(ms, fact.offset)
  const document = program?.document
  return {
    metrics: Object.fromEntries(
      [0, ...(document?.metrics ?? []).map(({ id }) => id as number)].map((metric) => [
        metric,
        metricView(state, metric),
      ]),
    ),
    goodwill: state.goodwill,
    tier: state.tier,
    tier_end: more?.tierEnd ?? 0,
    entitlements: state.entitlements
      .map(
        ({ perk, status, expires, uses }) =>
          `${perk} ${status} ${expires} ${LIVE_NOT.includes(status) ? 0 : uses}`,
      )
      .toSorted(),
    segments: (document?.segments ?? [])
      .map(({ id }) => id)
      .filter((id) => inSegment(state, id, ms))
      .toSorted((a, b) => a - b),
    progress: rows(more?.progress ?? [], 3)
      .filter(([, quantity = 0]) => quantity > 0)
      .map(([requirement, quantity]) => `${requirement} ${quantity}`)
      .toSorted(),
    challenges_completed: rows(more?.challenges ?? [], 3)
      .filter(([, what]) => what === CHALLENGE_COMPLETED)
      .map(([challenge = 0]) => challenge)
      .toSorted((a, b) => a - b),
    aggregates: Object.fromEntries(
      (document?.aggregates ?? []).map(({ id }) => [
        id,
        program === null ? null : (aggregateOf(program, state, id, day) ?? null),
      ]),
    ),
    attributes: (more?.profile.attributes ?? []).map(([name, value]) => `${name}=${value}`).toSorted(),
  }
}

function metricView(state: MemberState, metric: number): object {
  const account: Account | undefined =
    metric === 0 ? state : state.more?.accounts.find((one) => one.metric === metric)
  const { balance, lifetime, spent } = account ?? { balance: 0, lifetime: 0, spent: 0 }
  const pending = rows(state.more?.pending ?? [], 6)
    .filter(([of]) => of === metric)
    .reduce((sum, [, , amount = 0]) => sum + amount, 0)
  return { balance, pending, lifetime, spent, lots: account === undefined ? [] : rows(lotsOf(account), 2) }
}
