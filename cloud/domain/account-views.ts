// A member's accounts and tier as the cloud tells them: pure functions over a state that time was brought to (`stateAt`).
import { idText } from '../../protocol/ids.ts'
import type { FactId } from '../../protocol/ids.ts'
import { DAY_MS } from '../../protocol/time.ts'
import type { Program } from '../evaluation/compile.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import { figures } from '../evaluation/metrics/figures.ts'
import { PENDING_STRIDE, accountOf } from '../evaluation/metrics/metrics.ts'
import type { MemberState } from '../evaluation/state.ts'
import { lotsOf } from '../evaluation/state.ts'
import type { Progress } from '../evaluation/tiers/tier-progress.ts'
import { tierProgress } from '../evaluation/tiers/tier-progress.ts'
import type { AccountView, TierProgressView } from './account-shapes.ts'

/** Points first, then the program's metrics, then what earlier versions had and the member still holds. */
export function accountViews(program: Program | null, state: MemberState, day: number): AccountView[] {
  const known = [...(program?.metrics.keys() ?? [POINTS])]
  const held = (state.more?.accounts ?? []).map(({ metric }) => metric)
  return [...new Set([...known, ...held])].map((metric) => accountView(program, state, metric, day))
}

function accountView(program: Program | null, state: MemberState, metric: number, day: number): AccountView {
  return {
    metric,
    ...metricView(program, metric),
    ...figures(program, state, metric, day),
    lots: lotViews(lotsOf(accountOf(state, metric))),
    pending_lots: pendingViews(state, metric),
  }
}

/** What a metric is called, and how its amounts are written. */
export function metricView(program: Program | null, metric: number): { name: string; decimals: number } {
  const { points, metrics = [] } = program?.document ?? {}
  const named = metrics.find(({ id }) => id === metric)
  const document = metric === POINTS ? points : named
  return {
    name: metric === POINTS ? 'Points' : (named?.name ?? `Metric ${metric}`),
    decimals: document?.decimals ?? 0,
  }
}

function lotViews(lots: readonly number[]): AccountView['lots'] {
  const views: AccountView['lots'] = []
  for (let at = 0; at < lots.length; at += 2)
    views.push({ amount: lots[at + 1] ?? 0, expires_at: expiryText(lots[at] ?? 0) })
  return views
}

function pendingViews(state: MemberState, metric: number): AccountView['pending_lots'] {
  const pending = state.more?.pending ?? []
  const views: AccountView['pending_lots'] = []
  for (let at = 0; at < pending.length; at += PENDING_STRIDE) {
    const [of, ready = 0, amount = 0, fact = 0, expires = 0, day = 0] = pending.slice(at, at + PENDING_STRIDE)
    if (of !== metric) continue
    views.push({
      amount,
      earned_by: idText(fact as FactId),
      earned_on: timeText(day * DAY_MS).slice(0, 10),
      ready_at: timeText(ready),
      expires_at: expiryText(expires),
    })
  }
  return views
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

/** The last millisecond it can be spent in. */
function expiryText(expires: number): string | null {
  return expires === 0 ? null : timeText(expires - 1)
}

export function tierProgressView(program: Program | null, state: MemberState, day: number): TierProgressView {
  if (program === null) return { next: null, keep: null }
  const { next, keep } = tierProgress(program, state, day)
  return {
    next: next === null ? null : progressView(next),
    keep: keep === null ? null : { ...progressView(keep), until: timeText(keep.until - 1) },
  }
}

function progressView({ tier, match, thresholds }: Progress): NonNullable<TierProgressView['next']> {
  return {
    tier: { id: tier.id, name: tier.name },
    match,
    thresholds: thresholds.map(({ metric, window, atLeast, reached, missing }) => ({
      metric,
      window,
      at_least: atLeast,
      reached,
      missing,
    })),
  }
}
