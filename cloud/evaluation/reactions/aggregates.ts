// A member's figures over windows of local days (E-AGG): what was spent, how often, when last. Kept as sums ever, and by day as far back as the
// program's longest window reaches; points earned are the metric's own. Programs without aggregates and segments keep nothing.
import type { Checkin, Fact, Return, Sale, Void } from '../../../protocol/facts.ts'
import type { FactId, RuleId } from '../../../protocol/ids.ts'
import { mulDiv } from '../../../protocol/numbers.ts'
import { localDay, millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import type { WindowDocument } from '../document/conditions.ts'
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { AggregateDocument } from '../document/segments.ts'
import { earnedIn } from '../metrics/metrics.ts'
import type { More } from '../more.ts'
import { isMarked } from '../spending/memory.ts'
import { returnedQuantity } from '../spending/reversal.ts'
import type { PastFacts } from '../spending/reversal.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'
import { DAYS_BACK_MAX } from '../time/calendar.ts'
import { windowDays, windowStart } from '../time/windows.ts'

export interface Aggregates {
  readonly byId: ReadonlyMap<RuleId, AggregateDocument>
  /** Days of the longest window; 0: only sums are kept, -1: nothing is. */
  readonly days: number
}

const EVER: WindowDocument = { kind: 'lifetime' }

/** Sums are also kept for segments, whose figures are those of their members (cloud/domain/segment-figures.ts). */
export function compileAggregates({ aggregates = [], segments = [] }: ProgramDocument): Aggregates {
  const kept = aggregates.filter(({ of }) => of !== 'points_earned' && of !== 'last_visit_days')
  return {
    byId: new Map(aggregates.map((aggregate) => [aggregate.id, aggregate])),
    days:
      aggregates.length + segments.length === 0
        ? -1
        : Math.max(0, ...kept.map(({ window }) => (window === undefined ? 0 : windowDays(window)))),
  }
}

/** A figure on a local day; undefined where there is none (no such aggregate, no visit yet). */
export function aggregateOf(
  program: Program,
  state: MemberState,
  id: RuleId,
  day: number,
): number | undefined {
  const aggregate = program.reactions?.aggregates.byId.get(id)
  if (aggregate === undefined) return undefined
  const { of, window = EVER } = aggregate
  const lastVisit = state.more?.lastVisit ?? null
  switch (of) {
    case 'points_earned':
      return earnedIn(state, aggregate.metric ?? POINTS, window, day)
    case 'last_visit_days':
      return lastVisit === null ? undefined : day - lastVisit
    default: {
      const { spend, orders, visits } = figuresIn(state, window, day)
      if (of === 'total_spend') return spend
      if (of === 'order_count') return orders
      if (of === 'visit_count') return visits
      return averageOf(spend, orders)
    }
  }
}

/** Average transaction value, rounded down; 0 without an order. */
export function averageOf(spend: number, orders: number): number {
  return orders <= 0 ? 0 : Math.floor(spend / orders)
}

export interface Figures {
  /** Minor units. */
  readonly spend: number
  readonly orders: number
  readonly visits: number
}

const NO_FIGURES: Figures = { spend: 0, orders: 0, visits: 0 }
const STRIDE = 4

/** Sums over the window that ends with local day `day`, as far back as they are kept. */
export function figuresIn(state: MemberState, window: WindowDocument, day: number): Figures {
  return window.kind === 'lifetime'
    ? figuresEver(state)
    : figuresBetween(state, windowStart(window, day, state.enrolledDay), day)
}

export function figuresEver({ more }: MemberState): Figures {
  return more === null ? NO_FIGURES : { spend: more.spend, orders: more.orders, visits: more.visitCount }
}

/** On the local days from `first` to `last`, both included. */
export function figuresBetween({ more }: MemberState, first: number, last: number): Figures {
  const sums = { spend: 0, orders: 0, visits: 0 }
  const days = more?.visits ?? []
  for (let at = 0; at < days.length; at += STRIDE) {
    const on = days[at] ?? 0
    if (on < first || on > last) continue
    sums.spend += days[at + 1] ?? 0
    sums.orders += days[at + 2] ?? 0
    sums.visits += days[at + 3] ?? 0
  }
  return sums
}

/** A sale or a check-in of a member (E-AGG-1). */
export function noteVisit(program: Program, state: MemberState, fact: Sale | Checkin): void {
  const days = program.reactions?.aggregates.days ?? -1
  if (days < 0) return
  const day = localDay(millisOf(fact.at), fact.offset)
  const spend = fact.kind === 'sale' ? fact.amount : 0
  const orders = fact.kind === 'sale' ? 1 : 0
  const more = moreOf(state)
  more.lastVisit = day
  add(more, spend, orders, 1)
  if (days > 0) keepDay(more, day, days, spend, orders)
}

function add(more: More, spend: number, orders: number, visits: number): void {
  more.spend += spend
  more.orders += orders
  more.visitCount += visits
}

/** What no window can reach any more, by the day of the visit alone, is forgotten. */
function keepDay(more: More, day: number, days: number, spend: number, orders: number): void {
  const { visits } = more
  let first = 0
  while (first < visits.length && (visits[first] ?? 0) <= day - days - DAYS_BACK_MAX) first += STRIDE
  if (first > 0) visits.splice(0, first)
  let at = visits.length
  while (at > 0 && (visits[at - STRIDE] ?? 0) >= day) at -= STRIDE
  if (visits[at] === day) addToDay(visits, at, spend, orders, 1)
  else more.visits = visits.toSpliced(at, 0, day, spend, orders, 1)
}

function addToDay(days: number[], at: number, spend: number, orders: number, visits: number): void {
  days[at + 1] = (days[at + 1] ?? 0) + spend
  days[at + 2] = (days[at + 2] ?? 0) + orders
  days[at + 3] = (days[at + 3] ?? 0) + visits
}

/** What is left of a sale that a return or void is about to change. */
export interface Rest {
  readonly sale: Sale
  readonly amount: number
  /** 0 once nothing is left of it. */
  readonly orders: number
}

const NO_RESTS: readonly Rest[] = []

/** Before a return or void is booked: what is left of the sales it names, of those that were counted (E-AGG-2). */
export function restsBefore(state: MemberState, fact: Return | Void, past: PastFacts): readonly Rest[] {
  if (state.more === null || state.more.lastVisit === null) return NO_RESTS
  const ids: readonly FactId[] =
    fact.kind === 'void' ? [fact.fact] : fact.lines.map(({ sale }) => sale).filter((sale) => sale > 0)
  return [...new Set(ids)].flatMap((id) => {
    const found = past.find(id)
    const counted = (found?.program?.reactions?.aggregates.days ?? -1) >= 0
    return found?.fact.kind === 'sale' && counted ? [restOf(state, found.fact)] : []
  })
}

/** After it was booked: the figures fall by what is gone. Visits stay, for the member was there. */
export function noteGivenBack(state: MemberState, before: readonly Rest[]): void {
  for (const { sale, amount, orders } of before) {
    const left = restOf(state, sale)
    const spend = left.amount - amount
    const order = left.orders - orders
    if (spend === 0 && order === 0) continue
    const more = moreOf(state)
    add(more, spend, order, 0)
    const day = localDay(millisOf(sale.at), sale.offset)
    for (let at = 0; at < more.visits.length; at += STRIDE)
      if (more.visits[at] === day) addToDay(more.visits, at, spend, order, 0)
  }
}

/** By line, cumulated, as points go back (E-RET-2). */
function restOf(state: MemberState, sale: Sale): Rest {
  if (isMarked(state.voided, sale.id)) return { sale, amount: 0, orders: 0 }
  let amount = 0
  let whole = true
  for (const [index, line] of sale.lines.entries()) {
    const returned = returnedQuantity(state, sale.id, index)
    if (returned !== undefined && returned >= line.quantity) continue
    whole = false
    amount +=
      line.amount - (returned === undefined ? 0 : mulDiv(line.amount, returned, line.quantity, 'floor'))
  }
  return { sale, amount, orders: whole ? 0 : 1 }
}

/** Whether a fact is a visit. */
export function isVisit(fact: Fact): fact is Sale | Checkin {
  return fact.kind === 'sale' || fact.kind === 'checkin'
}
