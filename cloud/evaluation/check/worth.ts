// What is worth nothing, and what is worth too much: bonuses without points to look at, bonuses that round to 0, and points that give back as money
// all that was paid to earn them.
import { mulDiv } from '../../../protocol/numbers.ts'
import { ACTIVITY_TYPES } from '../document/earning.ts'
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import { windowOf, windowsMeet } from './dates.ts'
import type { DocumentWarning } from './issue.ts'
import type { Known } from './known.ts'
import { perksOfBonus } from './known.ts'
import { isActive, placed } from './places.ts'
import type { Item } from './places.ts'
import { rankOf } from './reachability.ts'
import type { Reach } from './reachability.ts'

export function* worthWarnings(
  document: ProgramDocument,
  known: Known,
  reach: Reach,
): Generator<DocumentWarning> {
  for (const { path, item } of placed(document, 'bonuses'))
    if (isActive(item)) yield* ofBonus(path, item, known, reach)
  for (const { path, item } of placed(document, 'redeem_perks'))
    if (isActive(item)) yield* ofMoney(path, item, document)
}

function* ofBonus(
  path: string,
  bonus: Item<'bonuses'>,
  known: Known,
  reach: Reach,
): Generator<DocumentWarning> {
  const given = perksOfBonus(bonus, known).filter(
    (perk) => isActive(perk) && rankOf(known, perk.required_tier) <= reach.rank,
  )
  const meeting = given.filter(
    (perk) => windowsMeet(windowOf(perk), windowOf(bonus)) && storesMeet(perk.stores, bonus.stores),
  )
  if (meeting.length === 0)
    yield {
      path: bonus.perks === undefined ? path : `${path}/perks`,
      code: 'bonus_without_perk',
      message:
        given.length === 0
          ? 'no perk it looks at is ever given on a sale, so it gives nothing; name one that is'
          : 'the perks it looks at are given on other days or in other stores, so it gives nothing; mend its dates, its stores or its perks',
    }
  else if (bonus.award.kind === 'multiplier') {
    const most = meeting.reduce((sum, perk) => sum + mostAtOnce(perk), 0)
    if (Number.isFinite(most) && mulDiv(most, bonus.award.percent, 100, 'floor') === 0)
      yield {
        path: `${path}/award/percent`,
        code: 'bonus_always_zero',
        message: `${bonus.award.percent} percent of at most ${most} rounds down to 0; ask for more percent, or use "fixed"`,
      }
  }
}

/** The most a perk can give at once: an activity gives it for many pieces. */
function mostAtOnce({ type, award, caps = {} }: Item<'earn_perks'>): number {
  const once = award.kind === 'fixed' && !ACTIVITY_TYPES.includes(type)
  return Math.min(once ? award.points : Infinity, ...Object.values(caps))
}

export function storesMeet(a: Item<'earn_perks'>['stores'], b: Item<'earn_perks'>['stores']): boolean {
  if (a === undefined || b === undefined) return true
  const ours = new Set(a)
  return b.some((store) => ours.has(store))
}

/** Whoever earns `points` for `unit` and gets `unit` or more for them pays nothing in the end. */
function* ofMoney(
  path: string,
  perk: Item<'redeem_perks'>,
  document: ProgramDocument,
): Generator<DocumentWarning> {
  const { money, metric = POINTS } = perk
  if (money === undefined) return
  const earning = document.earn_perks.find(
    (one) =>
      isActive(one) &&
      one.type === 'STANDARD' &&
      (one.metric ?? POINTS) === metric &&
      one.award.kind === 'per_currency_unit' &&
      // Below 10 digits each: these products are exact enough to compare.
      one.award.points * money.money >= one.award.unit * money.points,
  )
  if (earning !== undefined)
    yield {
      path: `${path}/money`,
      code: 'money_gives_back_all',
      message: `perk ${earning.id} gives points that are worth as much as was paid for them, or more; are points and money exchanged?`,
    }
}
