// The oracle itself, on cases small enough to be worked out by hand. It is only worth comparing with if it is right where anybody can see it.
// Store 1 keeps UTC unless a case says otherwise.
import { describe, expect, test } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Fact } from '../../protocol/facts.ts'
import { addMonths, inYear, lastAnniversary } from './plain/calendar.ts'
import { judge } from './plain/judge.ts'
import type { Member } from './plain/member.ts'
import { effectTexts } from './plain/view.ts'

const MEMBER = 9 * 2 ** 33 + 1
const EMPTY = {
  name: 'By hand',
  lateness: 'rewrite',
  goodwill_points_max: 0,
  grant_points_max: 1000,
  voucher_secret: 'a secret for cases',
  tiers: [],
  earn_perks: [{ id: 101, title: 'One each', type: 'STANDARD', award: perUnit(100) }],
  bonuses: [],
  redeem_perks: [],
}

function perUnit(unit: number, points = 1): object {
  return { kind: 'per_currency_unit', points, unit, rounding: 'floor' }
}

let seq = 0
function fact(kind: string, at: string, fields: object = {}): Fact {
  seq += 1
  const ms = Date.parse(at.length === 10 ? `${at}T12:00:00Z` : `${at}Z`)
  return {
    kind,
    id: 2 ** 33 + seq,
    at: (ms - Date.parse('2020-01-01T00:00:00Z')) * 4096 + seq,
    offset: 0,
    store: 1,
    member: MEMBER,
    promised: 0,
    confirmed: false,
    ...fields,
  } as unknown as Fact
}

const enrolment = (at: string): Fact => fact('enrolment', at, { id: MEMBER, member: 0 })
const moment = (at: string): Fact => fact('moment', at)
function sale(at: string, amount: number, fields: object = {}): Fact {
  const lines = [{ sku: 'tea', category: null, quantity: 1000, amount }]
  return fact('sale', at, { amount, lines, tenders: [{ type: 'cash', amount }], ...fields })
}

function judged(program: object, ...facts: Fact[]): Member {
  const document = { ...EMPTY, ...program } as unknown as ProgramDocument
  return judge(MEMBER, [{ from: 0, document }], facts)
}

const effectsOfLast = (member: Member): string[] => {
  const last = member.facts.at(-1)
  return effectTexts(member.journal.filter((one) => one.fact === last?.id))
}

describe('calendar', () => {
  test('a month later is that month, though it be shorter', () => {
    expect(addMonths('2024-01-31', 1)).toBe('2024-02-29')
    expect(addMonths('2023-01-31', 1)).toBe('2023-02-28')
    expect(addMonths('2024-03-31', 12)).toBe('2025-03-31')
  })
  test('the leap day is 28 February in other years', () => {
    expect(inYear('02-29', 2024)).toBe('2024-02-29')
    expect(inYear('02-29', 2025)).toBe('2025-02-28')
    expect(lastAnniversary('2024-02-29', '2025-03-01')).toBe('2025-02-28')
    expect(lastAnniversary('2024-03-01', '2025-02-28')).toBe('2024-03-01')
  })
})

describe('metrics', () => {
  const rolling = { points: { expiry: { kind: 'rolling', after: { days: 2 } } } }

  test('points of 1 March that last two days are there until 3 March ends', () => {
    const kept = judged(rolling, sale('2024-03-01', 500), moment('2024-03-03T23:59'))
    expect(kept.balance(0)).toBe(5)
    const gone = judged(rolling, sale('2024-03-01', 500), moment('2024-03-04T00:00'))
    expect(gone.balance(0)).toBe(0)
    expect(gone.lifetime(0)).toBe(5)
    expect(effectsOfLast(gone)).toEqual(['expire 0 of 0: -5'])
  })

  test('the end of the day is that of the store that sold', () => {
    const auckland = { offset: 780 }
    const sold = sale('2024-02-29T20:00', 500, auckland)
    expect(judged(rolling, sold, moment('2024-03-03T10:59')).balance(0)).toBe(5)
    expect(judged(rolling, sold, moment('2024-03-03T11:00')).balance(0)).toBe(0)
  })

  test('the last day of a month, for points that last a month', () => {
    const monthly = { points: { expiry: { kind: 'rolling', after: { months: 1 } } } }
    const member = judged(monthly, sale('2024-01-31', 500))
    expect(member.lots.get(0)).toEqual([{ expires: Date.parse('2024-03-01T00:00:00Z'), amount: 5 }])
  })

  test('a fixed day that is today counts, the next one a year later', () => {
    const fixed = { points: { expiry: { kind: 'fixed', days: ['03-31'] } } }
    const expiries = (at: string): number => judged(fixed, sale(at, 100)).lots.get(0)?.[0]?.expires ?? 0
    expect(expiries('2024-03-31')).toBe(Date.parse('2024-04-01T00:00:00Z'))
    expect(expiries('2024-04-01')).toBe(Date.parse('2025-04-01T00:00:00Z'))
  })

  test('a sliding expiry moves all lots with every earning', () => {
    const sliding = { points: { expiry: { kind: 'sliding', after: { days: 10 } } } }
    const member = judged(sliding, sale('2024-03-01', 100), sale('2024-03-09', 200))
    expect(member.lots.get(0)).toEqual([{ expires: Date.parse('2024-03-20T00:00:00Z'), amount: 3 }])
  })

  test('pending points come on the day, or at once when released, and returns take them first', () => {
    const pending = { points: { pending_days: 2 } }
    const sold = sale('2024-03-01', 500)
    const waiting = judged(pending, sold, moment('2024-03-02T23:59'))
    expect([waiting.balance(0), waiting.pendingOf(0), waiting.lifetime(0)]).toEqual([0, 5, 5])
    expect(judged(pending, sold, moment('2024-03-03T00:00')).balance(0)).toBe(5)
    expect(judged(pending, sold, fact('release', '2024-03-01T13:00', { fact: sold.id })).balance(0)).toBe(5)
    const back = fact('void', '2024-03-01T13:00', { fact: sold.id })
    const voided = judged(pending, sold, back)
    expect([voided.balance(0), voided.pendingOf(0), voided.lifetime(0)]).toEqual([0, 0, 0])
  })

  test('a warning comes once, when its day begins', () => {
    const warned = { points: { expiry: { kind: 'rolling', after: { days: 9 } }, warn_days: 2 } }
    const sold = sale('2024-03-01', 500)
    const before = judged(warned, sold, moment('2024-03-08T23:59'))
    expect(effectsOfLast(before)).toEqual([])
    const then = judged(warned, sold, moment('2024-03-09T00:00'))
    expect(effectsOfLast(then)).toEqual(['expiry_warning 0: 5'])
    const after = judged(warned, sold, moment('2024-03-09T00:00'), moment('2024-03-10'))
    expect(effectsOfLast(after)).toEqual([])
  })
})

describe('tiers', () => {
  const tiers = [
    { id: 1, name: 'Bronze', point_floor: 0 },
    {
      id: 2,
      name: 'Silver',
      reach: { match: 'all', of: [{ metric: 0, at_least: 10, window: { kind: 'calendar_year' } }] },
    },
  ]
  const yearly = { lasts: { kind: 'calendar_year' }, downgrade: 'one_step' }

  test('a tier is kept until the year ends, whatever is given back, and then asked for again', () => {
    const sold = sale('2024-05-01', 1000)
    const program = { tiers, tier_period: yearly }
    const back = fact('void', '2024-06-01', { fact: sold.id })
    expect(judged(program, sold, back, moment('2024-12-31T23:59')).tier).toBe(2)
    expect(judged(program, sold, back, moment('2025-01-01T00:00')).tier).toBe(1)
    const kept = judged(program, sold, moment('2025-01-01T00:00'))
    expect([kept.tier, kept.tierEnd?.ms]).toEqual([2, Date.parse('2026-01-01T00:00:00Z')])
    expect(judged(program, sold, moment('2026-01-01T00:00')).tier).toBe(1)
  })

  test('without a period a tier lasts as long as its thresholds hold', () => {
    const sold = sale('2024-05-01', 1000)
    expect(judged({ tiers }, sold, moment('2024-12-31T23:59')).tier).toBe(2)
    expect(judged({ tiers }, sold, moment('2025-01-01T00:00')).tier).toBe(1)
    expect(judged({ tiers }, sold, fact('void', '2024-06-01', { fact: sold.id })).tier).toBe(1)
  })

  test('entry points may lift a member further', () => {
    const steps = [
      { id: 1, name: 'Bronze', point_floor: 0 },
      { id: 2, name: 'Silver', point_floor: 10, entry_points: 5 },
      { id: 3, name: 'Gold', point_floor: 15, entry_points: 7 },
    ]
    const member = judged({ tiers: steps }, sale('2024-05-01', 1000))
    expect([member.tier, member.lifetime(0)]).toEqual([3, 22])
  })
})

describe('caps, groups and cards', () => {
  const fixed = (id: number, points: number, own: object = {}): object => ({
    id,
    title: String(id),
    type: 'STANDARD',
    award: { kind: 'fixed', points },
    group: 'g',
    ...own,
  })
  const on = (stacking: string, perks: object[], caps?: object): string[] => {
    const groups = [{ name: 'g', stacking, ...(caps === undefined ? {} : { caps }) }]
    return effectsOfLast(judged({ earn_perks: perks, groups }, sale('2024-05-01', 1000)))
  }

  test('best gives the most, the first of two alike; first gives the first that applies', () => {
    const perks = [fixed(101, 3), fixed(102, 8), fixed(103, 8)]
    expect(on('best', perks)).toEqual(['earn 102 of 0: 8'])
    expect(on('first', perks)).toEqual(['earn 101 of 0: 3'])
    expect(on('first', [fixed(100, 9, { status: 'INACTIVE' }), ...perks])).toEqual(['earn 101 of 0: 3'])
    expect(on('best', [fixed(101, 3), fixed(102, 8, { caps: { per_sale: 2 } })])).toEqual([
      'earn 101 of 0: 3',
    ])
  })

  test("a group's cap is used up in the document's order", () => {
    const perks = [fixed(101, 3), fixed(102, 8), fixed(103, 8)]
    expect(on('all', perks, { per_sale: 5 })).toEqual(['earn 101 of 0: 3', 'earn 102 of 0: 2'])
  })

  test('a cap of a day starts anew the next day, one of a member never', () => {
    const capped = (caps: object): Member =>
      judged(
        { earn_perks: [fixed(101, 4, { caps, group: undefined })] },
        sale('2024-05-01T10:00', 100),
        sale('2024-05-01T11:00', 100),
        sale('2024-05-02T10:00', 100),
      )
    expect(capped({ per_day: 6 }).balance(0)).toBe(10)
    expect(capped({ per_member: 6 }).balance(0)).toBe(6)
    expect(capped({ per_sale: 1 }).balance(0)).toBe(3)
  })

  test('a card is filled as often as its stamps reach', () => {
    const program = {
      metrics: [{ id: 501, name: 'Stamps' }],
      earn_perks: [fixed(101, 7, { metric: 501, group: undefined })],
      redeem_perks: [{ id: 301, title: 'Coffee', points: 0, voucher: { valid_days: 1 } }],
      stamp_cards: [{ id: 601, title: 'Card', metric: 501, required: 3, reward: 301 }],
    }
    const member = judged(program, sale('2024-05-01', 100))
    expect([member.balance(501), member.lifetime(501), member.spent(501)]).toEqual([1, 7, 6])
    expect(member.entitlements.map(({ perk, status }) => `${perk} ${status}`)).toEqual([
      '301 unused',
      '301 unused',
    ])
    expect(new Set(member.entitlements.map(({ code }) => code)).size).toBe(2)
    const expired = judged(program, sale('2024-05-01', 100), moment('2024-05-03T00:00'))
    expect(expired.entitlements.map(({ status }) => status)).toEqual(['expired', 'expired'])
  })
})

describe('members', () => {
  const birthday = { id: 114, title: 'Birthday', type: 'BIRTHDAY', award: { kind: 'fixed', points: 50 } }
  const profile = (at: string): Fact => fact('profile', at, { ...NOTHING_SAID, birthday: '2000-02-29' })
  const NOTHING_SAID = {
    home_store: null,
    birthday: null,
    attributes: [],
    membership: null,
    membership_start: null,
  }

  test('a birthday on the leap day is kept on 28 February, once', () => {
    const known = [enrolment('2024-05-01'), profile('2024-05-01T13:00')]
    const program = { earn_perks: [birthday] }
    expect(judged(program, ...known, moment('2025-02-27T23:59')).balance(0)).toBe(0)
    expect(judged(program, ...known, moment('2025-02-28T00:00'), moment('2025-03-01')).balance(0)).toBe(50)
    expect(judged(program, ...known, moment('2027-06-01')).balance(0)).toBe(50)
  })

  test('a challenge is completed by what its perks give, and rewards once', () => {
    const visit = { id: 115, title: 'Visit', type: 'VISITOR', award: { kind: 'per_item', points: 2 } }
    const challenge = {
      id: 701,
      title: 'Visit thrice',
      join: 'opt_in',
      requirements: [{ id: 7010, title: 'Visits', perk: 115, quantity: 3 }],
      reward: { metric: 0, amount: 100 },
    }
    const program = { earn_perks: [visit], challenges: [challenge] }
    const join = fact('challenge', '2024-05-01', { challenge: 701, action: 'join' })
    const visits = (at: string, quantity: number): Fact =>
      fact('activity', at, { perk: 115, quantity, amount: null })
    expect(judged(program, visits('2024-05-02', 3)).balance(0)).toBe(6)
    expect(judged(program, join, visits('2024-05-02', 4), visits('2024-05-03', 4)).balance(0)).toBe(116)
    const back = judged(
      program,
      join,
      visits('2024-05-02', 2),
      visits('2024-05-03', -1),
      visits('2024-05-04', 1),
    )
    expect([back.balance(0), back.progress.get(7010)]).toEqual([4, 2])
  })

  test('a prize by probability is decided by the seed and the number', () => {
    // SHA-256 of "seed:1" begins with 81e4ba3b: 2,179,250,747, of which 250,747 are left of whole millions.
    const lottery = (per_million: number): object => ({
      response_challenges: [
        {
          id: 801,
          title: 'Photo',
          type: 'photo',
          prize: { calculation: 'probability', per_million, reward: { metric: 0, amount: 9 } },
        },
      ],
    })
    const response = fact('response', '2024-05-01', {
      challenge: 801,
      verdict: 'submitted',
      of: 0,
      number: 1,
      number_in_period: 1,
      seed: 'seed',
    })
    expect(judged(lottery(PRIZE_TURNS), response).balance(0)).toBe(0)
    expect(judged(lottery(PRIZE_TURNS + 1), response).balance(0)).toBe(9)
  })

  test('a rolling segment is left when its days are over; an override wins', () => {
    const program = {
      segments: [{ id: 901, name: 'Buyers', expiry: { kind: 'ROLLING', after: { days: 1 } } }],
      rules: [
        {
          id: 981,
          title: 'Buys',
          match: { type: 'TYPE', kinds: ['sale'] },
          effect: { kind: 'segment', segment: 901, action: 'add' },
        },
      ],
    }
    const sold = sale('2024-05-01', 100)
    expect(effectsOfLast(judged(program, sold))).toContain('segment_entered 901: 1')
    expect(judged(program, sold, moment('2024-05-02T23:59')).segmentsTold.has(901)).toBe(true)
    expect(effectsOfLast(judged(program, sold, moment('2024-05-03T00:00')))).toEqual(['segment_left 901: 1'])
    const out = fact('segment', '2024-05-01T13:00', { segment: 901, action: 'exclude' })
    expect(judged(program, sold, out).segmentsTold.has(901)).toBe(false)
  })
})

const PRIZE_TURNS = 250_747
