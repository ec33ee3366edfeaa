// What is missing to the next tier, and to keep the present one (E-TIER-7): asks the thresholds that `tiers.ts` asks.
import { localDay } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import type { WindowDocument } from '../document/conditions.ts'
import { POINTS } from '../document/metrics.ts'
import type { ThresholdsDocument, TierDocument } from '../document/tiers.ts'
import type { MemberState } from '../state.ts'
import { placeOf, reachedBy } from './tiers.ts'

export interface ThresholdProgress {
  readonly metric: number
  readonly window: WindowDocument
  readonly atLeast: number
  readonly reached: number
  readonly missing: number
}

export interface Progress {
  readonly tier: TierDocument
  /** Whether all of the thresholds are asked for, or any. */
  readonly match: ThresholdsDocument['match']
  readonly thresholds: readonly ThresholdProgress[]
}

export interface TierProgress {
  /** Null: there is no higher tier. */
  readonly next: Progress | null
  /** Null: the present tier has no end. `until` is the instant (ms) its period ends at; what counts then is asked of its last local day. */
  readonly keep: (Progress & { readonly until: number }) | null
}

/** On a local day. */
export function tierProgress(program: Program, state: MemberState, day: number): TierProgress {
  const place = placeOf(program, state)
  const next = program.tiers[place + 1]
  const present = program.tiers[place]
  const { tierEnd = 0, tierOffset = 0 } = state.more ?? {}
  return {
    next: next === undefined ? null : progressOf(next, thresholdsOf(next), state, day),
    keep:
      present === undefined || tierEnd === 0
        ? null
        : {
            until: tierEnd,
            ...progressOf(
              present,
              present.keep ?? thresholdsOf(present),
              state,
              localDay(tierEnd - 1, tierOffset),
            ),
          },
  }
}

/** A floor is a threshold of lifetime points. */
function thresholdsOf({ reach, point_floor = 0 }: TierDocument): ThresholdsDocument {
  return reach ?? { match: 'all', of: [{ metric: POINTS, at_least: point_floor }] }
}

function progressOf(
  tier: TierDocument,
  { match, of }: ThresholdsDocument,
  state: MemberState,
  day: number,
): Progress {
  const thresholds = of.map((one) => {
    const reached = reachedBy(one, state, day)
    return {
      metric: one.metric,
      window: one.window ?? ({ kind: 'lifetime' } as const),
      atLeast: one.at_least,
      reached,
      missing: Math.max(0, one.at_least - reached),
    }
  })
  return { tier, match, thresholds }
}
