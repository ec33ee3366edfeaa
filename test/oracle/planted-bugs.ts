// Bugs to plant, each of which the comparison must notice: documents read in a wrong way, as an evaluation with the bug would read them, and facts that
// other parts would have given it wrongly.
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Fact, Return } from '../../protocol/facts.ts'
import type { Quantity } from '../../protocol/numbers.ts'
import type { Planted } from './comparison.ts'

interface Plain {
  [field: string]: unknown
}
type Change = (rule: Plain) => Plain

/** Every object of a list with some fields replaced; a field set to undefined is taken away. */
const each = (list: keyof ProgramDocument, change: Change): Planted => ({
  document: (document) => ({
    ...document,
    [list]: ((document[list] ?? []) as Plain[]).map((rule) => ({ ...rule, ...change(rule) })),
  }),
})

const award = (kind: string, change: Change): Change => {
  return ({ award: given }) => {
    const found = given as Plain
    return found.kind === kind ? { award: { ...found, ...change(found) } } : {}
  }
}
const perUnit = (change: Change): Planted => each('earn_perks', award('per_currency_unit', change))

/** Every metric, points among them. */
const metrics = (change: Change): Planted => ({
  document: (document) => ({
    ...document,
    ...(document.points === undefined ? {} : { points: { ...document.points, ...change(document.points) } }),
    ...(document.metrics === undefined
      ? {}
      : {
          metrics: document.metrics.map((metric) => ({ ...metric, ...change(metric as unknown as Plain) })),
        }),
  }),
})

const longer = (span: Plain, by = 1): Plain =>
  'days' in span ? { days: Number(span.days) + by } : { months: Number(span.months) + by }

/** The first field of a rule that is there, one more. */
const oneMore =
  (...fields: string[]): Change =>
  (rule) => {
    const field = fields.find((name) => typeof rule[name] === 'number')
    return field === undefined ? {} : { [field]: Number(rule[field]) + 1 }
  }

const inCaps = (change: Change): Change => {
  return ({ caps }) => (caps === undefined ? {} : { caps: { ...(caps as Plain), ...change(caps as Plain) } })
}

const previousDay = (date: string): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)

export const WRONG_READINGS: Readonly<Record<string, Planted>> = {
  'floor read as ceil': perUnit(({ rounding }) => ({ rounding: rounding === 'floor' ? 'ceil' : rounding })),
  'half even read as half up': perUnit(({ rounding }) => ({
    rounding: rounding === 'half_even' ? 'half_up' : rounding,
  })),
  'half up read as floor': perUnit(({ rounding }) => ({
    rounding: rounding === 'half_up' ? 'floor' : rounding,
  })),
  'a unit one too large': perUnit(({ unit }) => ({ unit: Number(unit) + 1 })),
  'once per day forgotten': each('earn_perks', () => ({ once_per_day: undefined })),
  'a minimum amount that must be passed, not reached': each('earn_perks', oneMore('minimum_amount')),
  'categories ignored': each('earn_perks', ({ skus }) =>
    skus === undefined ? {} : { categories: undefined },
  ),
  'shops ignored': each('earn_perks', () => ({ stores: undefined })),
  'the end day excluded': each('bonuses', ({ type, start, end }) =>
    type === 'DATE_RANGE' && String(start) < String(end) ? { end: previousDay(String(end)) } : {},
  ),
  'the required tier ignored': each('earn_perks', () => ({ required_tier: undefined })),
  'a tier one point too high': each('tiers', (tier) =>
    tier.point_floor === 0 ? {} : oneMore('point_floor')(tier),
  ),
  'one sale more required': each('bonuses', oneMore('required_to_earn')),
  'what was given back counts all the same': each('bonuses', ({ type }) =>
    type === 'FREQUENCY' ? { count_returned: true } : {},
  ),
  'bonuses on sales alone': each('bonuses', ({ perks }) => {
    if (!Array.isArray(perks)) return {}
    const ofSales = perks.filter((id) => Number(id) < 111)
    // A bonus of no perk at all would be no document.
    return { perks: ofSales.length > 0 ? ofSales : [101] }
  }),
  'a multiplier of one per cent more': each('bonuses', award('multiplier', oneMore('percent'))),
  'the perks of a bonus ignored': each('bonuses', ({ id }) =>
    id === 206 || id === 207 ? {} : { perks: undefined },
  ),
  'grants without a limit': { document: (document) => ({ ...document, grant_points_max: 1_000_000 }) },
  'expiry a day off': metrics(({ expiry }) => {
    const found = expiry as Plain | undefined
    return found?.kind === 'rolling' ? { expiry: { ...found, after: longer(found.after as Plain) } } : {}
  }),
  'sliding read as rolling': metrics(({ expiry }) => {
    const found = expiry as Plain | undefined
    return found?.kind === 'sliding' ? { expiry: { ...found, kind: 'rolling' } } : {}
  }),
  'pending ignored': metrics(() => ({ pending_days: 0 })),
  'a warning a day too early': metrics(oneMore('warn_days')),
  'caps forgotten': each('earn_perks', () => ({ caps: undefined })),
  'a cap of a day read as one of a member': each(
    'earn_perks',
    inCaps(({ per_day: day, per_member: member }) =>
      day === undefined ? {} : { per_day: undefined, per_member: member ?? day },
    ),
  ),
  'the best of a group is its first': each('groups', ({ stacking }) => ({
    stacking: stacking === 'best' ? 'first' : stacking,
  })),
  'a group of which only one is given gives all': each('groups', () => ({ stacking: 'all' })),
  'a tier kept a day too long': {
    document: (document) => {
      const lasts = document.tier_period?.lasts
      return lasts?.kind === 'span'
        ? {
            ...document,
            tier_period: { ...document.tier_period, lasts: { ...lasts, after: longer(lasts.after) } },
          }
        : document
    },
  },
  'falling to whatever is due, not one step': {
    document: (document) =>
      document.tier_period === undefined
        ? document
        : { ...document, tier_period: { ...document.tier_period, downgrade: 'recompute' } },
  },
  'the entry of a tier kept after a return': each('tiers', () => ({ entry_clawback: undefined })),
  'entry points forgotten': each('tiers', ({ entry_perk }) => ({
    entry_points: undefined,
    ...(entry_perk === undefined ? { entry_clawback: undefined } : {}),
  })),
  'a stamp too many': each('stamp_cards', oneMore('required')),
  'a requirement of one more': each('challenges', ({ requirements }) => ({
    requirements: (requirements as Plain[]).map((one) => ({ ...one, ...oneMore('quantity')(one) })),
  })),
  'conditions of challenges ignored': each('challenges', () => ({ when: undefined, attributes: undefined })),
  'responses every day': each('response_challenges', () => ({ interval_days: undefined })),
  'a segment that is never left': each('segments', () => ({ expiry: { kind: 'PERSISTENT' } })),
  'occurrences ignored': each('rules', () => ({ occurrences: undefined })),
  'conditions of perks ignored': each('earn_perks', () => ({ when: undefined })),
  'a limit of one more': each('redeem_perks', ({ limit }) =>
    limit === undefined ? {} : { limit: { ...(limit as Plain), ...oneMore('count')(limit as Plain) } },
  ),
  'the hours of a redeem perk ignored': each('redeem_perks', () => ({ schedule: undefined })),
  'the basket of a redemption ignored': each('redeem_perks', ({ id }) =>
    id === 311 ? { when: undefined } : {},
  ),
  'points as money worth more': each('redeem_perks', ({ money }) =>
    money === undefined ? {} : { money: { ...(money as Plain), ...oneMore('money')(money as Plain) } },
  ),
  'what should be redeemed by itself is not': each('redeem_perks', () => ({ method: undefined })),
  'an entitlement a day too long': each('redeem_perks', ({ voucher }) =>
    voucher === undefined
      ? {}
      : { voucher: { ...(voucher as Plain), ...oneMore('valid_days')(voucher as Plain) } },
  ),
  'more entitlements than one member may hold': each('redeem_perks', ({ voucher }) =>
    voucher === undefined ? {} : { voucher: { ...(voucher as Plain), per_member: undefined } },
  ),
}

/** Bugs of other parts: the facts the evaluation would be given. */
export const WRONG_FACTS: Readonly<Record<string, (facts: readonly Fact[]) => Fact[]>> = {
  'a retry counted as a second sale': (facts) =>
    facts.flatMap((fact, index) =>
      fact.kind === 'sale' && index % 5 === 0
        ? [fact, { ...fact, id: (fact.id + 1_000_000) as Fact['id'] }]
        : [fact],
    ),
  'a fact lost': (facts) => facts.filter((_, index) => index !== 3),
  'the time of arrival taken for the time of the sale': (facts) =>
    facts.map((fact, index) => ({ ...fact, at: ((facts[0]?.at ?? 0) + index) as Fact['at'] })),
  'the clock of another zone': (facts) => facts.map((fact) => ({ ...fact, offset: 0 as Fact['offset'] })),
}

/** Bugs of whoever plans the return that clawback is asked about. */
export const WRONG_PLANS: Readonly<Record<string, NonNullable<Planted['plan']>>> = {
  'clawback asked of one piece less': (plan) => ({
    ...plan,
    lines: plan.lines.map((line) => ({ ...line, quantity: Math.max(0, line.quantity - 1000) as Quantity })),
  }),
  'clawback asked of the first line alone': (plan) => ({ ...plan, lines: plan.lines.slice(0, 1) }),
  'clawback without the time that has passed': (plan) => ({
    ...plan,
    at: (plan.at - 3 * 86_400_000 * 4096) as Return['at'],
  }),
}
