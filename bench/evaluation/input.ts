// What every side of the evaluation bench is given: a generated program and generated sales. The same numbers make the same input on every machine.
import { dayOfDate } from '../../cloud/evaluation/check/dates.ts'
import type { BonusDocument, EarnPerkDocument } from '../../cloud/evaluation/document/earning.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Sale } from '../../protocol/facts.ts'
import type { FactId, MemberId, ProgramVersion, RuleId, StoreId } from '../../protocol/ids.ts'
import type { Money, Points, Quantity } from '../../protocol/numbers.ts'
import { DAY_MS, hybridTime } from '../../protocol/time.ts'
import type { ZoneOffset } from '../../protocol/time.ts'

/** Two perks look at each category, whatever the number of perks: this is what indexing them is worth. */
const PERKS_PER_CATEGORY = 2
const SKUS = 1000
const T0 = Date.UTC(2026, 0, 5, 9)
const DAYS = 30

/** Stateless peers do not remember members: they are told what the state would say. */
export const LIFETIME = 0

/** 50 perks: all with a category, every tenth with two; a fifth with dates (half of them over), a tenth with a tier, two once a day. */
function perkOf(index: number, categories: number): EarnPerkDocument {
  const kind = index % 10
  const points = 1 + (index % 3)
  const second = kind === 8 ? [`C${(index + 7) % categories}`] : []
  return {
    id: (100 + index) as RuleId,
    title: `Perk ${index}`,
    type: 'STANDARD',
    award:
      kind === 9
        ? { kind: 'per_item', points }
        : { kind: 'per_currency_unit', points, unit: 100, rounding: kind === 4 ? 'half_up' : 'floor' },
    categories: [`C${index % categories}`, ...second],
    minimum_amount: 100 * (1 + (index % 5)),
    ...(kind === 0 ? { start: '2026-01-01', end: '2026-12-31' } : {}),
    ...(kind === 5 ? { start: '2025-01-01', end: '2026-01-20' } : {}),
    ...(kind === 3 ? { required_tier: (2 + (index % 3)) as RuleId } : {}),
    ...(index === 7 || index === 32 ? { once_per_day: true } : {}),
  }
}

/** Two happy hours, of which one on chosen perks, a week of double points, and every tenth sale of a month. */
function bonuses(): BonusDocument[] {
  const schedule = (from: string, to: string) => [
    { days: ['MON' as const, 'WED' as const, 'FRI' as const], from, to },
  ]
  const half = { kind: 'multiplier' as const, percent: 50 }
  return [
    { type: 'TIME', id: 9001 as RuleId, title: 'Lunch', award: half, schedule: schedule('11:00', '14:00') },
    {
      type: 'TIME',
      id: 9002 as RuleId,
      title: 'Evening',
      award: half,
      schedule: schedule('17:00', '20:00'),
      perks: [100, 101, 102, 103, 104] as RuleId[],
    },
    {
      type: 'DATE_RANGE',
      id: 9003 as RuleId,
      title: 'Opening week',
      award: { kind: 'multiplier', percent: 100 },
      start: '2026-01-05',
      end: '2026-01-11',
    },
    {
      type: 'FREQUENCY',
      id: 9004 as RuleId,
      title: 'Tenth of a month',
      award: { kind: 'fixed', points: 50 },
      required_to_earn: 10,
      frequency: 'MONTHLY',
    },
  ]
}

export function categoriesFor(perks: number): number {
  return perks / PERKS_PER_CATEGORY
}

export function documentOf(perks: number): ProgramDocument {
  return fromJson({
    name: 'Bench',
    currency: 'GBP',
    currency_digits: 2,
    lateness: 'honour',
    goodwill_points_max: 0,
    grant_points_max: 0,
    voucher_secret: 'a secret for benches only',
    tiers: [0, 1_000, 5_000, 20_000].map((point_floor, index) => ({
      id: (index + 1) as RuleId,
      name: `Tier ${index}`,
      point_floor,
    })),
    earn_perks: Array.from({ length: perks }, (_, index) => perkOf(index, categoriesFor(perks))),
    bonuses: bonuses(),
    redeem_perks: [
      {
        id: 8001 as RuleId,
        title: 'A coffee',
        points: 500,
        limit: { count: 2, interval: 'MONTH', interval_count: 1 },
        voucher: { valid_days: 30 },
      },
    ],
  })
}

/** Programs and a till's sales come out of JSON text; V8 makes one object of all equal short strings it parses. */
function fromJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

/** Sales of five lines in the order of their times, spread over 30 days; members come in no order. */
export function salesOf(count: number, members: number, categories: number): Sale[] {
  let state = 42
  const random = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % bound
  }
  const names = (prefix: string, length: number) => Array.from({ length }, (_, index) => `${prefix}${index}`)
  const [skus, categoryNames] = [names('S', SKUS), names('C', categories)]
  const apartMs = Math.floor((DAYS * DAY_MS) / count)
  return Array.from({ length: count }, (_, index): Sale => {
    const lines = Array.from({ length: 5 }, () => ({
      sku: skus[random(SKUS)] ?? '',
      category: categoryNames[random(categories)] ?? '',
      quantity: 1000 as Quantity,
      amount: (100 + random(5000)) as Money,
    }))
    return fromJson<Sale>({
      kind: 'sale',
      id: (2 ** 33 + index + 1) as FactId,
      at: hybridTime(T0 + index * apartMs),
      claimed: null,
      offset: 0 as ZoneOffset,
      store: 1 as StoreId,
      terminal: 't',
      key: `k${index}`,
      program: 1 as ProgramVersion,
      member: (1 + random(members)) as MemberId,
      claim: null,
      promised: 0 as Points,
      confirmed: false,
      suspect: false,
      amount: lines.reduce((sum, line) => sum + line.amount, 0) as Money,
      lines,
      tenders: [],
    })
  })
}

/** What a peer needs of a perk, read from the document once. */
export interface PlainPerk {
  readonly categories: readonly string[]
  readonly award: EarnPerkDocument['award']
  readonly minimum: number
  readonly startDay: number
  readonly endDay: number
  readonly tierFloor: number
}

export function plainPerks(document: ProgramDocument): PlainPerk[] {
  return document.earn_perks.map((perk) => ({
    categories: perk.categories ?? [],
    award: perk.award,
    minimum: perk.minimum_amount ?? 0,
    startDay: (perk.start === undefined ? undefined : dayOfDate(perk.start)) ?? -Infinity,
    endDay: (perk.end === undefined ? undefined : dayOfDate(perk.end)) ?? Infinity,
    tierFloor: document.tiers.find(({ id }) => id === perk.required_tier)?.point_floor ?? 0,
  }))
}
