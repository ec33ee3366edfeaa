// Amounts of metrics (E-MET): what is earned, taken back, spent and given back, in lots that expire and amounts that are still pending. Callers push
// the effect of what they do (its `index` is the metric); this moves the amounts. A metric without expiry, pending or history is plain,
// and costs no more than adding. What falls due by time is in lots-due.ts.
import type { FactHeader } from '../../../protocol/facts.ts'
import type { FactId } from '../../../protocol/ids.ts'
import { DAY_MS, localDay, millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import type { WindowDocument } from '../document/conditions.ts'
import { POINTS } from '../document/metrics.ts'
import type { MetricDocument } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { EffectBuffer } from '../effects.ts'
import { EXPIRE } from '../effects.ts'
import { expiresOf } from './expiry.ts'
import type { Account } from '../more.ts'
import type { MemberState } from '../state.ts'
import { NEVER, addPoints, moreOf, spendable, takePoints } from '../state.ts'
import { DAYS_BACK_MAX } from '../time/calendar.ts'
import { startOfDay, windowDays, windowStart } from '../time/windows.ts'

/** A metric as the program in force has it. */
export interface Metric {
  readonly id: number
  readonly document: MetricDocument
  /** Neither expires, nor is pending, nor is kept by day. */
  readonly plain: boolean
  readonly pendingDays: number
  /** What staff may give at once. */
  readonly grantMax: number
  /** Local days that are kept of what was earned (E-MET-9); 0: none. */
  readonly keptDays: number
  /** So long before its expiry a lot is warned of; 0: it is not. */
  readonly warnMs: number
  /** The last day asked about, on which wall clock, and when what is earned on it expires: facts come day by day. */
  readonly memory: { day: number; offset: number; expires: number }
}

/** The fact that moves an amount; its local day is the day of earning. */
export type Occasion = Pick<FactHeader, 'id' | 'at' | 'offset'>

export function compileMetrics(document: ProgramDocument): ReadonlyMap<number, Metric> {
  const asked = windowsAsked(document)
  const metricOf = (id: number, metric: MetricDocument, grantMax: number): Metric => {
    const keptDays = Math.max(metric.history_days ?? 0, asked.get(id) ?? 0)
    const pendingDays = metric.pending_days ?? 0
    const plain = metric.expiry === undefined && pendingDays === 0 && keptDays === 0
    const warnMs = (metric.warn_days ?? 0) * DAY_MS
    const memory = { day: NaN, offset: 0, expires: NEVER }
    return { id, document: metric, plain, pendingDays, grantMax, keptDays, warnMs, memory }
  }
  const { points = {}, metrics = [], grant_points_max: most } = document
  return new Map([
    [POINTS, metricOf(POINTS, points, most)],
    ...metrics.map(
      (metric) => [metric.id as number, metricOf(metric.id, metric, metric.grant_max ?? most)] as const,
    ),
  ])
}

/** Days of the longest window any part of the program asks for, by metric. */
function windowsAsked(document: ProgramDocument): ReadonlyMap<number, number> {
  const asked = new Map<number, number>()
  const ask = (metric: number, window: WindowDocument): void => {
    asked.set(metric, Math.max(asked.get(metric) ?? 0, windowDays(window)))
  }
  // Thresholds of tiers and leaves of conditions say both; they lie at any depth.
  const look = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    if ('metric' in part && 'window' in part && typeof part.metric === 'number')
      ask(part.metric, part.window as WindowDocument)
    for (const child of Object.values(part)) look(child)
  }
  look(document)
  for (const aggregate of document.aggregates ?? []) {
    if (aggregate.of === 'points_earned' && aggregate.window !== undefined)
      ask(aggregate.metric ?? POINTS, aggregate.window)
  }
  return asked
}

const NO_ACCOUNT: Account = Object.freeze({ balance: 0, lifetime: 0, spent: 0, lots: [] })

/** To read from; a metric that was never touched has nothing. */
export function accountOf(state: MemberState, metric: number): Readonly<Account> {
  if (metric === POINTS) return state
  return state.more?.accounts.find((account) => account.metric === metric) ?? NO_ACCOUNT
}

/** What a member can spend of a metric, goodwill counted (E-SPEND-8); below 0 it is a deficit. */
export function spendableIn(state: MemberState, metric: number): number {
  return metric === POINTS ? spendable(state) : accountOf(state, metric).balance
}

/** To write to. */
function touched(state: MemberState, metric: number): Account {
  if (metric === POINTS) return state
  const more = moreOf(state)
  const known = more.accounts.find((account) => account.metric === metric)
  if (known !== undefined) return known
  const made = { metric, balance: 0, lifetime: 0, spent: 0, lots: [] }
  more.accounts = [...more.accounts, made]
  return made
}

/** What a rule gave (earn, bonus, reward, tier points): pending where the metric says so (E-MET-8). */
export function earnIn(
  program: Program | null,
  state: MemberState,
  metric: number,
  amount: number,
  fact: Occasion,
): void {
  if (amount > 0) give(program, state, metric, amount, fact, true)
}

/** What staff granted: earned, but never pending. */
export function grantIn(
  program: Program | null,
  state: MemberState,
  metric: number,
  amount: number,
  fact: Occasion,
): void {
  if (amount > 0) give(program, state, metric, amount, fact, false)
}

function give(
  program: Program | null,
  state: MemberState,
  metric: number,
  amount: number,
  fact: Occasion,
  pends: boolean,
): void {
  const account = touched(state, metric)
  account.lifetime += amount
  const rules = program?.metrics.get(metric)
  if (rules === undefined || rules.plain) {
    addPoints(account, amount, NEVER)
    return
  }
  const day = localDay(millisOf(fact.at), fact.offset)
  if (rules.keptDays > 0) keepDay(state, rules, day, amount)
  const expires = expiresIn(rules, day, fact.offset)
  slide(rules, account, expires)
  if (!pends || rules.pendingDays === 0) addPoints(account, amount, expires)
  else suspend(state, metric, startOfDay(day + rules.pendingDays, fact.offset), amount, fact.id, expires, day)
}

/** HQ's adjustment upwards: counts for neither lifetime nor any window, but expires as what is earned does. */
export function addIn(
  program: Program | null,
  state: MemberState,
  metric: number,
  amount: number,
  fact: Occasion,
): void {
  const account = touched(state, metric)
  const rules = program?.metrics.get(metric)
  const expires =
    rules === undefined || rules.plain
      ? NEVER
      : expiresIn(rules, localDay(millisOf(fact.at), fact.offset), fact.offset)
  if (rules !== undefined) slide(rules, account, expires)
  addPoints(account, amount, expires)
}

/** HQ's adjustment downwards. */
export function loseIn(state: MemberState, metric: number, amount: number): void {
  takePoints(touched(state, metric), amount)
}

function expiresIn({ document, memory }: Metric, day: number, offset: number): number {
  if (memory.day !== day || memory.offset !== offset) {
    memory.day = day
    memory.offset = offset
    memory.expires = expiresOf(document.expiry, day, offset)
  }
  return memory.expires
}

/** E-MET-5: all lots of a sliding metric move with every earning and spending. */
function slide({ document }: Metric, account: Account, expires: number): void {
  if (document.expiry?.kind === 'sliding')
    account.lots = account.balance > 0 ? [expires, account.balance] : []
}

/** Numbers of a pending amount lie side by side: metric, ready, amount, fact, expires, day. */
export const PENDING_STRIDE = 6

function suspend(
  state: MemberState,
  metric: number,
  ready: number,
  amount: number,
  fact: FactId,
  expires: number,
  day: number,
): void {
  const more = moreOf(state)
  const { pending } = more
  for (let at = 0; at < pending.length; at += PENDING_STRIDE) {
    if (pending[at] === metric && pending[at + 3] === fact && pending[at + 1] === ready) {
      pending[at + 2] = (pending[at + 2] ?? 0) + amount
      return
    }
  }
  more.pending = pending.concat([metric, ready, amount, fact, expires, day])
}

/** Amount of a metric that cannot be spent yet. */
export function pendingIn(state: MemberState, metric: number): number {
  const pending = state.more?.pending ?? []
  let sum = 0
  for (let at = 0; at < pending.length; at += PENDING_STRIDE)
    if (pending[at] === metric) sum += pending[at + 2] ?? 0
  return sum
}

/** A pending amount can be spent from now on; it counted as earned when it was. */
export function release(state: MemberState, metric: number, amount: number, expires: number): void {
  addPoints(touched(state, metric), amount, expires)
}

/**
 * Takes back what `fact` earned on local day `earnedDay`: what of it is still pending first, then from the balance, then as a deficit (E-MET-8). For
 * what no fact is named for (0) nothing was pending.
 */
export function takeBackIn(
  program: Program | null,
  state: MemberState,
  metric: number,
  amount: number,
  fact: FactId | 0,
  earnedDay: number,
): void {
  if (amount === 0) return
  const account = touched(state, metric)
  account.lifetime -= amount
  const pends = fact !== 0 && state.more !== null && state.more.pending.length > 0
  const rest = pends ? takePending(state, metric, amount, fact) : amount
  lowerDay(program, state, metric, earnedDay, amount, fact === 0)
  if (rest > 0) takePoints(account, rest)
}

/** Takes from the pending amounts of a fact; returns what they did not cover. */
function takePending(state: MemberState, metric: number, amount: number, fact: FactId): number {
  const more = moreOf(state)
  const { pending } = more
  let rest = amount
  for (let at = 0; at < pending.length && rest > 0; at += PENDING_STRIDE) {
    if (pending[at] !== metric || pending[at + 3] !== fact) continue
    const part = Math.min(pending[at + 2] ?? 0, rest)
    pending[at + 2] = (pending[at + 2] ?? 0) - part
    rest -= part
  }
  if (rest < amount)
    more.pending = pending.filter((_, place) => (pending[place - (place % PENDING_STRIDE) + 2] ?? 0) > 0)
  return rest
}

/** Spends; returns the lots it came from (stride 2: expires, amount), which `restoreIn` gives back. */
export function spendIn(
  program: Program | null,
  state: MemberState,
  metric: number,
  amount: number,
  fact: Occasion,
): number[] {
  if (amount === 0) return []
  const account = touched(state, metric)
  const burned = takePoints(account, amount)
  account.spent += amount
  const rules = program?.metrics.get(metric)
  if (rules !== undefined && !rules.plain) {
    const day = localDay(millisOf(fact.at), fact.offset)
    slide(rules, account, expiresIn(rules, day, fact.offset))
  }
  return burned
}

/** Gives a spending back into the lots it came from; those whose time has passed expire at once (E-MET-6). */
export function restoreIn(
  state: MemberState,
  metric: number,
  amount: number,
  burned: readonly number[],
  ms: number,
  effects: EffectBuffer,
): void {
  const account = touched(state, metric)
  let fromLots = 0
  for (let at = 1; at < burned.length; at += 2) fromLots += burned[at] ?? 0
  // What no lot had covered was a deficit: it is filled first, so that the lots come back whole.
  if (amount > fromLots) addPoints(account, amount - fromLots, NEVER)
  for (let at = 0; at < burned.length; at += 2) addPoints(account, burned[at + 1] ?? 0, burned[at] ?? 0)
  account.spent -= amount
  expireLots(state, metric, ms, effects)
}

/** Lots of the metric whose time has come by `ms` leave the balance (E-MET-6). */
export function expireLots(state: MemberState, metric: number, ms: number, effects: EffectBuffer): void {
  const account = touched(state, metric)
  const { lots } = account
  let gone = 0
  for (; gone < lots.length && (lots[gone] ?? 0) <= ms; gone += 2) {
    const rest = lots[gone + 1] ?? 0
    account.balance -= rest
    effects.merge(EXPIRE, metric, metric, -rest, lots[gone] ?? 0)
  }
  if (gone > 0) account.lots = lots.slice(gone)
}

/** E-MET-9. Stride 3: metric, day, amount; by day. What no window can reach any more, by the day of earning alone, is forgotten. */
function keepDay(state: MemberState, { id, keptDays }: Metric, day: number, amount: number): void {
  const more = moreOf(state)
  const { days } = more
  let place = days.length
  for (; place > 0 && (days[place - 2] ?? 0) >= day; place -= 3) {
    if (days[place - 2] !== day || days[place - 3] !== id) continue
    days[place - 1] = (days[place - 1] ?? 0) + amount
    return
  }
  const oldest = day - keptDays - DAYS_BACK_MAX
  const kept = days.toSpliced(place, 0, id, day, amount)
  // Days of other metrics may lie before: what is kept of one must not depend on what a fact gave of another.
  const forgotten = (at: number): boolean => kept[at] === id && (kept[at + 1] ?? 0) <= oldest
  let first = 0
  while ((kept[first + 1] ?? day) <= oldest && !forgotten(first)) first += 3
  more.days = forgotten(first) ? kept.filter((_, at) => !forgotten(at - (at % 3))) : kept
}

function lowerDay(
  program: Program | null,
  state: MemberState,
  metric: number,
  day: number,
  amount: number,
  opens: boolean,
): void {
  const days = state.more?.days ?? []
  for (let at = days.length - 3; at >= 0; at -= 3) {
    if (days[at] !== metric || days[at + 1] !== day) continue
    days[at + 2] = (days[at + 2] ?? 0) - amount
    return
  }
  const rules = program?.metrics.get(metric)
  if (opens && rules !== undefined && rules.keptDays > 0) keepDay(state, rules, day, -amount)
}

/** Earned in the window that ends with local day `day`, less what was taken back of it (E-MET-9). */
export function earnedIn(state: MemberState, metric: number, window: WindowDocument, day: number): number {
  if (window.kind === 'lifetime') return accountOf(state, metric).lifetime
  return earnedBetween(state, metric, windowStart(window, day, state.enrolledDay), day)
}

/** Earned on the local days from `first` to `last`, both included. */
export function earnedBetween(state: MemberState, metric: number, first: number, last: number): number {
  const days = state.more?.days ?? []
  let sum = 0
  for (let at = days.length - 3; at >= 0 && (days[at + 1] ?? 0) >= first; at -= 3)
    if (days[at] === metric && (days[at + 1] ?? 0) <= last) sum += days[at + 2] ?? 0
  return sum
}
