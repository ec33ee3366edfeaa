// Hot: how often rules were used in their windows (days, weeks, months). Four of them are fields of the member's state itself, because a list would be
// two more misses one after the other and would be made anew as windows open and are forgotten; members with more have four more in an object, and so on.
// The order of the windows is the order in which they were opened. Budget: bench/evaluation.ts.
import { DAYS_BACK_MAX } from './time/calendar.ts'

export interface Counts {
  /** 0: there is no window, and none after it. */
  rule0: number
  window0: number
  count0: number
  rule1: number
  window1: number
  count1: number
  rule2: number
  window2: number
  count2: number
  rule3: number
  window3: number
  count3: number
  /** Null: there are no more than four. */
  furtherCounts: Counts | null
}

/** How often the rule was used in the window. */
export function countIn(counts: Counts, rule: number, window: number): number {
  if (counts.rule0 === rule && counts.window0 === window) return counts.count0
  if (counts.rule1 === rule && counts.window1 === window) return counts.count1
  if (counts.rule2 === rule && counts.window2 === window) return counts.count2
  if (counts.rule3 === rule && counts.window3 === window) return counts.count3
  const { furtherCounts } = counts
  return furtherCounts === null ? 0 : countIn(furtherCounts, rule, window)
}

export function setCount(counts: Counts, rule: number, window: number, count: number): void {
  if (changeCount(counts, rule, window, count)) return
  forget(counts, rule, window)
  openWindow(counts, rule, window, count)
}

/** Says whether there is such a window. */
function changeCount(counts: Counts, rule: number, window: number, count: number): boolean {
  if (counts.rule0 === rule && counts.window0 === window) counts.count0 = count
  else if (counts.rule1 === rule && counts.window1 === window) counts.count1 = count
  else if (counts.rule2 === rule && counts.window2 === window) counts.count2 = count
  else if (counts.rule3 === rule && counts.window3 === window) counts.count3 = count
  else {
    const { furtherCounts } = counts
    return furtherCounts !== null && changeCount(furtherCounts, rule, window, count)
  }
  return true
}

/**
 * When a window opens, those of its rule further away than a local day can step are forgotten; among them those of another kind, from an earlier
 * program version. From the last on, so that what moves up was looked at already.
 */
function forget(counts: Counts, rule: number, window: number): void {
  const { furtherCounts } = counts
  if (furtherCounts !== null) {
    forget(furtherCounts, rule, window)
    if (furtherCounts.rule0 === 0) counts.furtherCounts = null
  }
  if (counts.rule3 === rule && isFar(counts.window3, window)) drop3(counts)
  if (counts.rule2 === rule && isFar(counts.window2, window)) drop2(counts)
  if (counts.rule1 === rule && isFar(counts.window1, window)) drop1(counts)
  if (counts.rule0 === rule && isFar(counts.window0, window)) drop0(counts)
}

function isFar(window: number, from: number): boolean {
  return window > from + DAYS_BACK_MAX || window < from - DAYS_BACK_MAX
}

function openWindow(counts: Counts, rule: number, window: number, count: number): void {
  if (counts.rule0 === 0) put0(counts, rule, window, count)
  else if (counts.rule1 === 0) put1(counts, rule, window, count)
  else if (counts.rule2 === 0) put2(counts, rule, window, count)
  else if (counts.rule3 === 0) put3(counts, rule, window, count)
  else openWindow((counts.furtherCounts ??= countsOfList([])), rule, window, count)
}

function put0(counts: Counts, rule: number, window: number, count: number): void {
  counts.rule0 = rule
  counts.window0 = window
  counts.count0 = count
}

function put1(counts: Counts, rule: number, window: number, count: number): void {
  counts.rule1 = rule
  counts.window1 = window
  counts.count1 = count
}

function put2(counts: Counts, rule: number, window: number, count: number): void {
  counts.rule2 = rule
  counts.window2 = window
  counts.count2 = count
}

function put3(counts: Counts, rule: number, window: number, count: number): void {
  counts.rule3 = rule
  counts.window3 = window
  counts.count3 = count
}

function drop0(counts: Counts): void {
  put0(counts, counts.rule1, counts.window1, counts.count1)
  drop1(counts)
}

function drop1(counts: Counts): void {
  put1(counts, counts.rule2, counts.window2, counts.count2)
  drop2(counts)
}

function drop2(counts: Counts): void {
  put2(counts, counts.rule3, counts.window3, counts.count3)
  drop3(counts)
}

function drop3(counts: Counts): void {
  const { furtherCounts } = counts
  if (furtherCounts === null) {
    put3(counts, 0, 0, 0)
    return
  }
  put3(counts, furtherCounts.rule0, furtherCounts.window0, furtherCounts.count0)
  drop0(furtherCounts)
  if (furtherCounts.rule0 === 0) counts.furtherCounts = null
}

/** All of them as a list, stride 3: rule, window, count. */
export function listOfCounts(counts: Counts): number[] {
  const { rule0, window0, count0, rule1, window1, count1, furtherCounts } = counts
  const { rule2, window2, count2, rule3, window3, count3 } = counts
  if (rule0 === 0) return []
  if (rule1 === 0) return [rule0, window0, count0]
  if (rule2 === 0) return [rule0, window0, count0, rule1, window1, count1]
  const three = [rule0, window0, count0, rule1, window1, count1, rule2, window2, count2]
  if (rule3 > 0) three.push(rule3, window3, count3)
  return furtherCounts === null ? three : [...three, ...listOfCounts(furtherCounts)]
}

/** Counts of their own. */
export function countsOfList(list: readonly number[]): Counts {
  return {
    rule0: list[0] ?? 0,
    window0: list[1] ?? 0,
    count0: list[2] ?? 0,
    rule1: list[3] ?? 0,
    window1: list[4] ?? 0,
    count1: list[5] ?? 0,
    rule2: list[6] ?? 0,
    window2: list[7] ?? 0,
    count2: list[8] ?? 0,
    rule3: list[9] ?? 0,
    window3: list[10] ?? 0,
    count3: list[11] ?? 0,
    furtherCounts: list.length > 12 ? countsOfList(list.slice(12)) : null,
  }
}
