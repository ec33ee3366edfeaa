// What happens to amounts when time passes: pending ones are released (E-MET-8), lots are warned of (E-MET-7) and expire (E-MET-6).
import type { FactId } from '../../../protocol/ids.ts'
import { EXPIRY_WARNING, RELEASE } from '../effects.ts'
import type { EffectBuffer } from '../effects.ts'
import { PENDING_STRIDE, accountOf, expireLots, release } from '../metrics/metrics.ts'
import type { MemberState } from '../state.ts'
import type { TimeDriven } from './time-driven.ts'

export const releases: TimeDriven = {
  next(_, { more }) {
    let earliest = Infinity
    if (more === null) return earliest
    const { pending } = more
    for (let at = 1; at < pending.length; at += PENDING_STRIDE) {
      const ready = pending[at] ?? Infinity
      if (ready < earliest) earliest = ready
    }
    return earliest
  },
  happen(_, state, at, effects) {
    releaseWhere(state, (ready) => ready <= at, effects)
  },
}

/** What `fact` earned can be spent from now on; what of it has expired by then goes at once. */
export function releaseFact(state: MemberState, fact: FactId, ms: number, effects: EffectBuffer): void {
  releaseWhere(state, (_, earnedBy) => earnedBy === fact, effects)
  if (state.more !== null) for (const metric of metricsOf(state)) expireLots(state, metric, ms, effects)
}

function releaseWhere(
  state: MemberState,
  chosen: (ready: number, earnedBy: number) => boolean,
  effects: EffectBuffer,
): void {
  const { more } = state
  if (more === null || more.pending.length === 0) return
  const { pending } = more
  const kept: number[] = []
  for (let at = 0; at < pending.length; at += PENDING_STRIDE) {
    const entry = pending.slice(at, at + PENDING_STRIDE)
    const [metric = 0, ready = 0, amount = 0, earnedBy = 0, expires = 0, day = 0] = entry
    if (!chosen(ready, earnedBy)) {
      kept.push(...entry)
      continue
    }
    release(state, metric, amount, expires)
    effects.merge(RELEASE, metric, metric, amount, day)
  }
  if (kept.length < pending.length) more.pending = kept
}

/** Points, and every other metric the member has touched. */
function metricsOf({ more }: MemberState): number[] {
  return more === null ? [0] : [0, ...more.accounts.map(({ metric }) => metric)]
}

/** A lot is warned of once: when its instant lies between the member's last fact and this one, and this one has not told it yet. */
export const warnings: TimeDriven = {
  next(program, state, { from, effects }) {
    let earliest = Infinity
    if (program === null || from === -Infinity) return earliest
    for (const [metric, { warnMs }] of program.metrics) {
      if (warnMs === 0) continue
      const { lots } = accountOf(state, metric)
      for (let at = 0; at < lots.length; at += 2) {
        const expires = lots[at] ?? 0
        const instant = expires - warnMs
        if (instant <= from || instant >= earliest) continue
        if (!effects.has(EXPIRY_WARNING, metric, metric, expires)) earliest = instant
      }
    }
    return earliest
  },
  happen(program, state, at, effects) {
    if (program === null) return
    for (const [metric, { warnMs }] of program.metrics) {
      const { lots } = accountOf(state, metric)
      const place =
        warnMs === 0 ? -1 : lots.findIndex((value, index) => index % 2 === 0 && value === at + warnMs)
      if (place >= 0 && !effects.has(EXPIRY_WARNING, metric, metric, at + warnMs))
        effects.push(EXPIRY_WARNING, metric, metric, lots[place + 1] ?? 0, at + warnMs)
    }
  },
}

export const expiries: TimeDriven = {
  next(_, state) {
    let earliest = state.lots[0] ?? Infinity
    for (const { lots } of state.more?.accounts ?? []) earliest = Math.min(earliest, lots[0] ?? Infinity)
    return earliest
  },
  happen(_, state, at, effects) {
    for (const metric of metricsOf(state)) expireLots(state, metric, at, effects)
  },
}
