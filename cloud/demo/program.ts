// The sample program: every feature of evaluation v1 once, with numbers that do something both for the demo's baskets today and for real
// sales of 2010 and 2011. HQ would write the same JSON. A test checks it with the evaluation's own check.

/** The first version may reach back (E-DOC-2): before the first sale of the real data. */
export const PROGRAM_EFFECTIVE_FROM = '2009-01-01T00:00:00.000Z'

export const PERKS = {
  welcomeDrink: 301,
  fiveOff: 302,
  giftCard: 303,
  tasting: 304,
  wholeCake: 305,
} as const

export const sampleProgram = {
  name: 'Tillstream Club',
  currency: 'GBP',
  currency_digits: 2,
  lateness: 'honour',
  goodwill_points_max: 500,
  grant_points_max: 1_000,
  // A demo's secret, for everyone to read: a real program has one of its own.
  voucher_secret: 'demo-only-voucher-secret-0001',
  tiers: [
    { id: 1, name: 'Bronze', point_floor: 0 },
    { id: 2, name: 'Silver', point_floor: 500, entry_perk: PERKS.welcomeDrink },
    { id: 3, name: 'Gold', point_floor: 2_500, entry_perk: PERKS.fiveOff },
  ],
  earn_perks: [
    {
      id: 101,
      title: '1 point per pound',
      type: 'STANDARD',
      award: { kind: 'per_currency_unit', points: 1, unit: 100, rounding: 'half_up' },
    },
    {
      id: 102,
      title: '2 points for every bag',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 2 },
      categories: ['BAGS'],
    },
    {
      id: 103,
      title: '5 points for a white hanging heart or an oat latte',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 5 },
      skus: ['85123A', 'OAT-LATTE'],
    },
    {
      id: 104,
      title: '25 points for teatime of 20 pounds, once a day',
      type: 'STANDARD',
      award: { kind: 'fixed', points: 25 },
      categories: ['TEATIME'],
      minimum_amount: 2_000,
      once_per_day: true,
    },
    {
      id: 105,
      title: 'Gold: 1 point more per 2 pounds',
      type: 'STANDARD',
      award: { kind: 'per_currency_unit', points: 1, unit: 200, rounding: 'floor' },
      required_tier: 3,
    },
    {
      id: 106,
      title: '5 points for checking in, once a day',
      type: 'CHECKIN',
      award: { kind: 'fixed', points: 5 },
      once_per_day: true,
    },
    {
      id: 108,
      title: 'Opening month in the first store: 10 points a purchase',
      type: 'STANDARD',
      award: { kind: 'fixed', points: 10 },
      stores: [1],
      start: '2010-12-01',
      end: '2010-12-31',
    },
    {
      id: 109,
      title: 'Candle week (drawn up, not yet begun)',
      type: 'STANDARD',
      status: 'INACTIVE',
      award: { kind: 'per_currency_unit', points: 3, unit: 100, rounding: 'ceil' },
      categories: ['CANDLES'],
    },
    { id: 107, title: '50 points for joining', type: 'REGISTRATION', award: { kind: 'fixed', points: 50 } },
  ],
  bonuses: [
    {
      id: 201,
      title: 'Happy hours: half as much again',
      type: 'TIME',
      award: { kind: 'multiplier', percent: 50 },
      schedule: [
        { days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], from: '14:00', to: '16:00' },
        { days: ['SAT', 'SUN'], from: '18:00', to: '02:00' },
      ],
    },
    {
      id: 202,
      title: 'Christmas 2010: double points',
      type: 'DATE_RANGE',
      award: { kind: 'multiplier', percent: 100 },
      start: '2010-12-13',
      end: '2010-12-24',
      perks: [101],
    },
    {
      id: 203,
      title: 'Our years together: 3 points a visit',
      type: 'DATE_RANGE',
      award: { kind: 'fixed', points: 3 },
      start: '2011-06-01',
      end: '2039-12-31',
    },
    {
      id: 204,
      title: 'Third visit in a week',
      type: 'FREQUENCY',
      award: { kind: 'fixed', points: 30 },
      required_to_earn: 3,
      frequency: 'WEEKLY',
    },
    {
      id: 205,
      title: 'Fifth visit in a month',
      type: 'FREQUENCY',
      award: { kind: 'multiplier', percent: 100 },
      required_to_earn: 5,
      frequency: 'MONTHLY',
      perks: [101, 102],
    },
    {
      id: 206,
      title: 'Every tenth visit since 2011',
      type: 'FREQUENCY',
      award: { kind: 'fixed', points: 100 },
      required_to_earn: 10,
      frequency: 'FROM_DATE',
      from_date: '2011-01-01',
    },
  ],
  redeem_perks: [
    { id: PERKS.welcomeDrink, title: 'A drink on the house', points: 60, voucher: { valid_days: 30 } },
    {
      id: PERKS.fiveOff,
      title: '5 pounds off',
      points: 150,
      limit: { count: 2, interval: 'DAY', interval_count: 1 },
      voucher: { valid_days: 90, value: 500 },
    },
    {
      id: PERKS.giftCard,
      title: 'A gift card of 20 pounds',
      points: 500,
      required_tier: 2,
      limit: { count: 3, interval: 'MONTH', interval_count: 2 },
      voucher: {},
    },
    {
      id: PERKS.tasting,
      title: 'The tasting evening',
      points: 100,
      start: '2010-12-01',
      end: '2039-12-31',
      limit: { count: 1, interval: 'ALL_TIME' },
    },
    {
      id: PERKS.wholeCake,
      title: 'A whole cake, once a year',
      points: 300,
      limit: { count: 1, interval: 'YEAR', interval_count: 1 },
      voucher: { valid_days: 14 },
    },
  ],
  /** A store whose line is cut goes on redeeming inside what was leased to it. */
  offline: { share_percent: 100, redemption_max: 500, total_max: 1_000, stores_max: 1 },
} as const
