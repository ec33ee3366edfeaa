// A small program for tests of the machinery around evaluation: numbers one can follow in the head.
import type { RuleId } from '../../protocol/ids.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'

export const PER_POUND = 101 as RuleId
export const BAGS = 102 as RuleId
export const WELCOME = 103 as RuleId
export const COFFEE = 301 as RuleId
export const GIFT = 302 as RuleId

/** One point a pound; 10 per bag; 50 for enrolling; Bronze 0, Silver 500 (gift voucher), Gold 2000; coffee for 100, at most 2 a day. */
export const SMALL_PROGRAM: ProgramDocument = {
  name: 'Small',
  currency: 'GBP',
  currency_digits: 2,
  lateness: 'honour',
  goodwill_points_max: 1000,
  grant_points_max: 500,
  voucher_secret: 'a secret for tests only',
  tiers: [
    { id: 1 as RuleId, name: 'Bronze', point_floor: 0 },
    { id: 2 as RuleId, name: 'Silver', point_floor: 500, entry_perk: GIFT },
    { id: 3 as RuleId, name: 'Gold', point_floor: 2000 },
  ],
  earn_perks: [
    {
      id: PER_POUND,
      title: '1 point per pound',
      type: 'STANDARD',
      award: { kind: 'per_currency_unit', points: 1, unit: 100, rounding: 'floor' },
    },
    {
      id: BAGS,
      title: '10 points per bag',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 10 },
      categories: ['BAG'],
    },
    { id: WELCOME, title: 'Welcome', type: 'REGISTRATION', award: { kind: 'fixed', points: 50 } },
  ],
  bonuses: [
    {
      id: 201 as RuleId,
      title: 'Every third sale of a month',
      type: 'FREQUENCY',
      award: { kind: 'fixed', points: 25 },
      required_to_earn: 3,
      frequency: 'MONTHLY',
    },
  ],
  redeem_perks: [
    {
      id: COFFEE,
      title: 'Coffee',
      points: 100,
      limit: { count: 2, interval: 'DAY', interval_count: 1 },
      voucher: { valid_days: 30 },
    },
    { id: GIFT, title: 'Gift', points: 0, voucher: {} },
  ],
}
