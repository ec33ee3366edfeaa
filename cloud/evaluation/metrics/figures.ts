// What a metric comes to, as people ask for it (E-MET-11). A window whose days the program does not keep has no figure: it would be too small.
import type { Program } from '../compile.ts'
import type { WindowDocument } from '../document/conditions.ts'
import { accountOf, earnedIn, pendingIn } from './metrics.ts'
import type { MemberState } from '../state.ts'
import { spendable } from '../state.ts'
import { windowDays } from '../time/windows.ts'

const WINDOWS = {
  today: { kind: 'day' },
  mtd: { kind: 'calendar_month' },
  last_30d: { kind: 'rolling', days: 30 },
  ytd: { kind: 'calendar_year' },
  last_12mo: { kind: 'rolling', days: 365 },
} as const satisfies Record<string, WindowDocument>
type Windowed = keyof typeof WINDOWS

export interface Figures extends Readonly<Record<Windowed, number | null>> {
  /** What can be spent; of points goodwill is part of it. */
  readonly balance: number
  readonly pending: number
  readonly life_time: number
  readonly redeem_total: number
}

/** On a local day. */
export function figures(program: Program | null, state: MemberState, metric: number, day: number): Figures {
  const account = accountOf(state, metric)
  const kept = program?.metrics.get(metric)?.keptDays ?? 0
  const earned = (name: Windowed): number | null =>
    windowDays(WINDOWS[name]) > kept ? null : earnedIn(state, metric, WINDOWS[name], day)
  return {
    balance: metric === 0 ? spendable(state) : account.balance,
    pending: pendingIn(state, metric),
    life_time: account.lifetime,
    redeem_total: account.spent,
    today: earned('today'),
    mtd: earned('mtd'),
    last_30d: earned('last_30d'),
    ytd: earned('ytd'),
    last_12mo: earned('last_12mo'),
  }
}
