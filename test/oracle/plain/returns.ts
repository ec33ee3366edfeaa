// Giving back: which points belong to which line, and what a return or a void takes of them (E-RET).
import type { Return, Sale, Void } from '../../../protocol/facts.ts'
import { reverse } from './amounts.ts'
import { matches } from './basket.ts'
import { qualifies, uncount } from './bonuses.ts'
import { isTooOld } from './calendar.ts'
import type { When } from './calendar.ts'
import { giveUseBack } from './entitlements.ts'
import type { Entry, Member } from './member.ts'
import { partOf, shared } from './shares.ts'
import { giveRedemptionBack } from './spending.ts'

/** What a fact gave of itself, one entry per rule. */
const givenBy = (member: Member, fact: number): Entry[] =>
  member.journal.filter(
    (one) => one.fact === fact && one.own && ['earn', 'bonus', 'grant'].includes(one.kind),
  )

export function giveBack(member: Member, when: When, fact: Return): void {
  for (const id of new Set(fact.lines.map(({ sale }) => sale))) {
    const sale = member.known(id)
    if (sale?.kind !== 'sale' || member.voided.has(id) || isTooOld(sale, when)) continue
    const before = sale.lines.map((_, line) => member.returned.get(`${id} ${line}`))
    for (const { sale: of, line, quantity } of fact.lines) {
      const sold = sale.lines[line]?.quantity
      if (of !== id || sold === undefined) continue
      const already = member.returned.get(`${id} ${line}`) ?? 0
      member.returned.set(`${id} ${line}`, Math.min(sold, already + quantity))
    }
    const wasWhole = sale.lines.every(({ quantity }, line) => (before[line] ?? -1) >= quantity)
    if (!wasWhole && isWhole(member, sale)) uncount(member, id)
    for (const entry of givenBy(member, id)) {
      const parts = byLine(member, sale, entry)
      const taken = sale.lines.reduce((sum, { quantity: sold }, line) => {
        const part = parts[line] ?? 0
        return (
          sum + partOf(part, member.returned.get(`${id} ${line}`), sold) - partOf(part, before[line], sold)
        )
      }, 0)
      reverse(member, when, entry.rule, entry.index, taken, entry)
    }
  }
}

export function takeAllBack(member: Member, when: When, { fact: id }: Void): void {
  const about = member.known(id)
  if (about === undefined || isTooOld(about, when)) return
  if (about.kind === 'redemption')
    return giveRedemptionBack(member, when, about.of === 0 ? about.id : about.of)
  if (member.voided.has(id)) return
  if (about.kind === 'voucher_use') return giveUseBack(member, when, about)
  if (!['sale', 'checkin', 'grant', 'activity'].includes(about.kind)) return
  member.voided.add(id)
  if (about.kind !== 'sale' || !isWhole(member, about)) uncount(member, id)
  for (const entry of givenBy(member, id)) {
    const taken = member.journal
      .filter((one) => one.kind === 'reverse' && one.of === id && one.rule === entry.rule)
      .reduce((sum, { amount }) => sum - amount, 0)
    reverse(member, when, entry.rule, entry.index, entry.amount - taken, entry)
  }
}

/** All of it was given back. */
function isWhole(member: Member, { id, lines }: Sale): boolean {
  return lines.every(({ quantity }, line) => (member.returned.get(`${id} ${line}`) ?? -1) >= quantity)
}

/** What each line of a sale brought under a rule. */
function byLine(member: Member, sale: Sale, { kind, rule, amount }: Entry): number[] {
  const document = member.documentAt(sale)
  const amounts = sale.lines.map((line) => line.amount)
  const perk = kind === 'earn' ? document?.earn_perks.find(({ id }) => id === rule) : undefined
  if (perk !== undefined) {
    const matching = sale.lines.flatMap((line, index) => (matches(perk, line) ? [index] : []))
    const weights = matching.map((index) =>
      perk.award.kind === 'per_item' ? (sale.lines[index]?.quantity ?? 0) : (amounts[index] ?? 0),
    )
    const parts = shared(amount, weights)
    return sale.lines.map((_, index) => parts[matching.indexOf(index)] ?? 0)
  }
  const bonus = document?.bonuses.find(({ id }) => id === rule)
  if (bonus?.award.kind !== 'multiplier') return shared(amount, amounts)
  const weights = sale.lines.map(() => 0)
  for (const base of givenBy(member, sale.id)) {
    if (
      base.kind !== 'earn' ||
      !qualifies(bonus, { rule: base.rule, metric: base.index }, document?.earn_perks ?? [])
    )
      continue
    for (const [index, part] of byLine(member, sale, base).entries())
      weights[index] = (weights[index] ?? 0) + part
  }
  return shared(amount, weights)
}
