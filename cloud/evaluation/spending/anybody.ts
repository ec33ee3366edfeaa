// Somebody who is at home in a store, has every tier and enough of every metric: what is offered to nobody in particular is asked of this state.
import type { StoreId } from '../../../protocol/ids.ts'
import { POINTS_MAX } from '../../../protocol/limits.ts'
import type { Program } from '../compile.ts'
import { POINTS } from '../document/metrics.ts'
import { moreOf, newState } from '../state.ts'
import type { MemberState } from '../state.ts'

export function anybody({ tiers, metrics }: Program, store: StoreId): MemberState {
  const state: MemberState = {
    ...newState(),
    balance: POINTS_MAX,
    lifetime: POINTS_MAX,
    tier: tiers.at(-1)?.id ?? 0,
  }
  const more = moreOf(state)
  more.profile = { ...more.profile, homeStore: store }
  more.accounts = [...metrics.keys()]
    .filter((metric) => metric !== POINTS)
    .map((metric) => ({ metric, balance: POINTS_MAX, lifetime: POINTS_MAX, spent: 0, lots: [] }))
  return state
}
