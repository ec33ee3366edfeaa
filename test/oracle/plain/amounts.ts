// Amounts of metrics: lots and when they expire, what is pending, deficits (E-MET, E-RET-5).
import type { ExpiryDocument } from '../../../cloud/evaluation/document/metrics.ts'
import type { When } from './calendar.ts'
import { addDays, addSpan, endOf, inYear, startOf, yearOf } from './calendar.ts'
import type { Lot, Member } from './member.ts'
import { metricOf } from './member.ts'

export const NEVER = Number.POSITIVE_INFINITY

/** An amount that a rule gives: pending where the metric says so. */
export function earn(
  member: Member,
  when: When,
  kind: 'earn' | 'bonus' | 'reward' | 'tier_points' | 'grant',
  rule: number,
  metric: number,
  amount: number,
  own = true,
): void {
  if (amount === 0) return
  note(member, when, kind, rule, metric, amount, 0, when.date, own)
  const { expiry, pending_days: days = 0 } = metricOf(member.document, metric)
  const expires = expiryOf(expiry, when)
  slide(member, when, metric)
  if (days === 0 || kind === 'grant') put(member, metric, amount, expires)
  else {
    const due = startOf(addDays(when.date, days), when.offset)
    member.pending.push({ fact: when.fact.id, metric, amount, due, expires, day: when.date })
  }
}

export function spend(
  member: Member,
  when: When,
  rule: number,
  metric: number,
  amount: number,
  of: number,
): Lot[] {
  const burned = take(member, metric, amount)
  if (amount > 0) {
    note(member, when, 'spend', rule, metric, -amount, of)
    slide(member, when, metric)
  }
  return burned
}

export function adjust(member: Member, when: When, metric: number, amount: number): void {
  if (amount === 0) return
  note(member, when, 'adjust', 0, metric, amount)
  if (amount < 0) take(member, metric, -amount)
  else {
    slide(member, when, metric)
    put(member, metric, amount, expiryOf(metricOf(member.document, metric).expiry, when))
  }
}

/** Takes back what a fact gave: what of it is still pending first (E-MET-8). */
export function reverse(
  member: Member,
  when: When,
  rule: number,
  metric: number,
  amount: number,
  from: { readonly fact: number; readonly day: string },
): void {
  if (amount === 0) return
  note(member, when, 'reverse', rule, metric, -amount, from.fact, from.day)
  let rest = amount
  for (const one of member.pending) {
    if (from.fact === 0 || one.fact !== from.fact || one.metric !== metric) continue
    const part = Math.min(one.amount, rest)
    one.amount -= part
    rest -= part
  }
  member.pending = member.pending.filter((one) => one.amount > 0)
  take(member, metric, rest)
}

export function release(member: Member, when: When, chosen: (fact: number, due: number) => boolean): void {
  for (const one of member.pending.filter(({ fact, due }) => chosen(fact, due))) {
    member.pending.splice(member.pending.indexOf(one), 1)
    put(member, one.metric, one.amount, one.expires)
    note(member, when, 'release', one.metric, one.metric, one.amount)
  }
}

export function expire(member: Member, when: When, metric: number, lot: Lot): void {
  const lots = lotsOf(member, metric)
  lots.splice(lots.indexOf(lot), 1)
  note(member, when, 'expire', metric, metric, -lot.amount, lot.expires)
}

/** What came into lots that are over already leaves with them, in the same fact. */
export function expirePassed(member: Member, when: When): void {
  for (const [metric, lots] of member.lots)
    for (const lot of lots.filter(({ expires }) => expires <= when.ms)) expire(member, when, metric, lot)
}

export function note(
  member: Member,
  when: When,
  kind: string,
  rule: number,
  index: number,
  amount: number,
  of = 0,
  day = when.date,
  own = true,
): void {
  member.journal.push({ fact: when.fact.id, kind, rule, index, amount, of, day, own })
}

export function lotsOf(member: Member, metric: number): Lot[] {
  const lots = member.lots.get(metric) ?? []
  member.lots.set(metric, lots)
  return lots
}

/** Into the lot of its expiry; a deficit is filled first. */
export function put(member: Member, metric: number, amount: number, expires: number): void {
  const deficit = member.deficits.get(metric) ?? 0
  const filled = Math.min(deficit, amount)
  member.deficits.set(metric, deficit - filled)
  if (amount === filled) return
  const lots = lotsOf(member, metric)
  const same = lots.find((lot) => lot.expires === expires)
  if (same !== undefined) same.amount += amount - filled
  else lots.push({ expires, amount: amount - filled })
  lots.sort((a, b) => (a.expires < b.expires ? -1 : 1))
}

/** From the lots that expire soonest; what they do not cover is a deficit. Tells what came from which lot. */
export function take(member: Member, metric: number, amount: number): Lot[] {
  const burned: Lot[] = []
  let rest = amount
  for (const lot of lotsOf(member, metric)) {
    const part = Math.min(lot.amount, rest)
    if (part === 0) continue
    lot.amount -= part
    rest -= part
    burned.push({ expires: lot.expires, amount: part })
  }
  member.lots.set(
    metric,
    lotsOf(member, metric).filter((lot) => lot.amount > 0),
  )
  member.deficits.set(metric, (member.deficits.get(metric) ?? 0) + rest)
  return burned
}

export function expiryOf(expiry: ExpiryDocument | undefined, { date, offset }: When): number {
  if (expiry === undefined) return NEVER
  if (expiry.kind === 'rolling' || expiry.kind === 'sliding')
    return endOf(addSpan(date, expiry.after), offset)
  const earliest = expiry.after === undefined ? date : addSpan(date, expiry.after)
  const year = yearOf(earliest)
  const days = [year, year + 1].flatMap((one) => expiry.days.map((day) => inYear(day, one)))
  const first = days.filter((day) => day >= earliest).toSorted()[0]
  return first === undefined ? NEVER : endOf(first, offset)
}

/** E-MET-5. */
function slide(member: Member, when: When, metric: number): void {
  const { expiry } = metricOf(member.document, metric)
  if (expiry?.kind !== 'sliding') return
  const amount = lotsOf(member, metric).reduce((sum, lot) => sum + lot.amount, 0)
  member.lots.set(metric, amount === 0 ? [] : [{ expires: expiryOf(expiry, when), amount }])
}
