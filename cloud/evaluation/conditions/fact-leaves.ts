// Leaves of condition trees that ask about the fact: its kind, store, time, lines and payments (E-COND-2). What asks about the member is in
// member-leaves.ts.
import type { Basket } from '../../../protocol/facts.ts'
import { dayOfMonth, monthOfYear, yearOfDay } from '../time/calendar.ts'
import type { AskedFact, Leaf, Situation } from './condition.ts'
import type { NumberName } from '../document/conditions.ts'
import type { Asked, LeafDocument } from './leaves.ts'
import { comparedLeaf } from './leaves.ts'
import { birthdayIn } from '../profile.ts'
import { amountOf, paidWith } from '../earning/tenders.ts'

export type FactLeafDocument =
  Asked<'kind'> | Asked<'referral'> | Asked<'store'> | Asked<'number'> | Asked<'basket'> | Asked<'payment'>

export function isAboutFact(leaf: LeafDocument): leaf is FactLeafDocument {
  return (
    'kind' in leaf ||
    'referral' in leaf ||
    'store' in leaf ||
    'number' in leaf ||
    'basket' in leaf ||
    'payment' in leaf
  )
}

export function compileFactLeaf(leaf: FactLeafDocument): Leaf {
  if ('kind' in leaf) return kindLeaf(leaf)
  if ('referral' in leaf) return referralLeaf(leaf)
  if ('store' in leaf) return storeLeaf(leaf)
  if ('number' in leaf) return numberLeaf(leaf)
  return 'basket' in leaf ? basketLeaf(leaf) : paymentLeaf(leaf)
}

function kindLeaf({ kind }: Asked<'kind'>): Leaf {
  return {
    name: 'kind',
    holds: ({ fact }) => kind.includes(fact.kind),
    tell: ({ fact }) => [fact.kind, kind.join(' or '), null],
  }
}

function referralLeaf({ referral }: Asked<'referral'>): Leaf {
  const stageOf = (fact: AskedFact): string | undefined =>
    fact.kind === 'referral' && 'stage' in fact ? fact.stage : undefined
  return {
    name: 'referral',
    holds: ({ fact }) => referral.some((stage) => stage === stageOf(fact)),
    tell: ({ fact }) => [stageOf(fact) ?? fact.kind, `a referral ${referral.join(' or ')}`, null],
  }
}

function storeLeaf({ store }: Asked<'store'>): Leaf {
  return {
    name: 'store',
    holds: ({ fact }) => store.some((id) => id === fact.store),
    tell: ({ fact }) => [String(fact.store), store.join(' or '), 'in one of these stores'],
  }
}

function numberLeaf({ number, is, value }: Asked<'number'>): Leaf {
  return comparedLeaf(number, (at) => numberOf(at, number), is, value)
}

const DAY_MINUTES = 1440

/** Undefined where the fact, or what is known of the member, has no such number. */
function numberOf({ fact, state, day, minute }: Situation, name: NumberName): number | undefined {
  switch (name) {
    case 'amount':
      return goodsOf(fact)?.amount
    case 'items':
      return itemsOf(fact)
    case 'lines':
      return goodsOf(fact)?.lines.length
    case 'minute':
      return minute % DAY_MINUTES
    case 'weekday':
      return Math.floor(minute / DAY_MINUTES) + 1
    case 'day_of_month':
      return dayOfMonth(day)
    case 'month':
      return monthOfYear(day)
    case 'age':
      return ageOn(state.more?.profile.birthday ?? '', day)
    default: {
      return state.enrolledDay === null ? undefined : day - state.enrolledDay
    }
  }
}

/** What was paid for, or is about to be; undefined of a fact without a basket. */
function basketOf(fact: AskedFact): Basket | undefined {
  if (fact.kind === 'sale') return fact
  return ('basket' in fact ? fact.basket : null) ?? undefined
}

interface Goods {
  readonly amount: number
  readonly lines: readonly { readonly quantity: number }[]
}

/** Of sales, returns and baskets. */
function goodsOf(fact: AskedFact): Goods | undefined {
  if (fact.kind === 'sale' || fact.kind === 'return') return fact
  const basket = basketOf(fact)
  return basket === undefined ? undefined : { amount: amountOf(basket), lines: basket.lines }
}

/** Whole pieces. */
function itemsOf(fact: AskedFact): number | undefined {
  const goods = goodsOf(fact)
  if (goods === undefined) return undefined
  let quantity = 0
  for (const line of goods.lines) quantity += line.quantity
  return Math.floor(quantity / 1000)
}

function ageOn(birthday: string, day: number): number | undefined {
  if (birthday === '') return undefined
  const year = yearOfDay(day)
  const years = year - Number(birthday.slice(0, 4))
  return birthdayIn(birthday, year) <= day ? years : years - 1
}

function basketLeaf({ basket }: Asked<'basket'>): Leaf {
  const { skus, categories, amount = 0, quantity = 0 } = basket
  const wanted = { skus: new Set(skus), categories: new Set(categories) }
  const every = skus === undefined && categories === undefined
  const found = ({ lines }: Basket): { lines: number; amount: number; quantity: number } => {
    const sums = { lines: 0, amount: 0, quantity: 0 }
    for (const line of lines) {
      const { sku, category } = line
      const matches = every || wanted.skus.has(sku) || (category !== null && wanted.categories.has(category))
      if (!matches) continue
      sums.lines += 1
      sums.amount += line.amount
      sums.quantity += line.quantity
    }
    return sums
  }
  const names = every ? 'anything' : [...wanted.categories, ...wanted.skus].slice(0, 10).join(', ')
  const required = [
    ...(amount > 0 ? [`${amount} in minor units`] : []),
    ...(quantity > 0 ? [`${quantity / 1000} pieces`] : []),
  ]
  return {
    name: 'basket',
    holds: ({ fact }) => {
      const asked = basketOf(fact)
      if (asked === undefined) return false
      const sums = found(asked)
      return sums.lines > 0 && sums.amount >= amount && sums.quantity >= quantity
    },
    tell: ({ fact }) => {
      const asked = basketOf(fact)
      if (asked === undefined) return [`a ${fact.kind} without a basket`, 'a basket', null]
      const sums = found(asked)
      return [
        `${sums.amount} in minor units, ${sums.quantity / 1000} pieces of: ${names}`,
        `${required.length === 0 ? 'one line' : required.join(', ')} of: ${names}`,
        `buy more of: ${names}`,
      ]
    },
  }
}

function paymentLeaf({ payment: { types, amount = 1 } }: Asked<'payment'>): Leaf {
  const named = new Set(types)
  return {
    name: 'payment',
    holds: ({ fact }) => {
      const basket = basketOf(fact)
      return basket !== undefined && paidWith(basket, named) >= amount
    },
    tell: ({ fact }) => {
      const basket = basketOf(fact)
      return [
        basket === undefined ? `a ${fact.kind} without a basket` : String(paidWith(basket, named)),
        `${amount} paid by ${types.join(' or ')}`,
        basket === undefined ? null : `pay by ${types.join(' or ')}`,
      ]
    },
  }
}
