// Generated histories: what members do in several stores, as deeds that shrink well, and the facts they become. A deed that looks back (a
// return, a void, a settlement, a voucher use) picks any earlier deed, so that it may also meet another member's, one that comes later by
// the clock, or one of the wrong kind: the fold has to live with all of that.
import fc from 'fast-check'
import { voucherCode } from '../../cloud/evaluation/spending.ts'
import type { Fact, FactKind } from '../../protocol/facts.ts'
import type { FactId, MemberId, Origin, RuleId, Seq } from '../../protocol/ids.ts'
import { NO_FACT, NO_MEMBER, factIdOf } from '../../protocol/ids.ts'
import { MINUTE_MS, hybridTime, zoneOffset } from '../../protocol/time.ts'
import { CATEGORIES, DAYS, FIRST_DAY_MS, REDEEM_PERKS, SECRET, SKUS, TIER_IDS } from './generators-program.ts'

export const MEMBERS = 3
/** Stores and their zones; each has an origin of its own. The last two are a day apart on the wall clock. */
const ZONES = ['Europe/London', 'America/New_York', 'Pacific/Auckland', 'Pacific/Honolulu'] as const
const COSTS = { 301: 30, 302: 10, 303: 0 } as Readonly<Record<number, number>>
const REASON = ''

type DeedKind = FactKind | 'settlement' | 'entry_voucher_use'

interface DeedLine {
  readonly sku: number
  readonly category: number
  readonly quantity: number
  readonly amount: number
}

export interface Deed {
  readonly kind: DeedKind
  readonly member: number
  readonly store: number
  /** Since the first day. */
  readonly minute: number
  /** What it looks back at, or which perk: any number. */
  readonly pick: number
  readonly points: number
  /** Points the receipt promised; below 0: the receipt was provisional. */
  readonly promised: number
  readonly lines: readonly DeedLine[]
}

const WEIGHTS: Readonly<Record<DeedKind, number>> = {
  sale: 9,
  return: 5,
  void: 1,
  checkin: 2,
  enrolment: 1,
  grant: 2,
  redemption: 4,
  settlement: 3,
  voucher_use: 3,
  entry_voucher_use: 1,
  adjustment: 1,
}

const line = fc.record({
  sku: fc.nat({ max: SKUS.length - 1 }),
  category: fc.nat({ max: CATEGORIES.length }),
  quantity: fc.constantFrom(1000, 1000, 1000, 2000, 3000, 500, 750, 0),
  // Halves and edges of the units that programs count in, as often as anything.
  amount: fc.oneof(
    fc.constantFrom(0, 1, 50, 99, 100, 150, 250, 333, 350, 500, 999, 1000),
    fc.integer({ min: 0, max: 5000 }),
  ),
})

export const deeds = (most: number): fc.Arbitrary<Deed[]> =>
  fc.array(
    fc.record({
      kind: fc.oneof(
        ...(Object.entries(WEIGHTS) as [DeedKind, number][]).map(([kind, weight]) => ({
          weight,
          arbitrary: fc.constant(kind),
        })),
      ),
      member: fc.nat({ max: MEMBERS - 1 }),
      store: fc.nat({ max: ZONES.length - 1 }),
      // On the half hour half of the time, because that is where slots and days begin and end.
      minute: fc.oneof(
        fc.integer({ min: 0, max: DAYS * 48 - 1 }).map((halfHour) => halfHour * 30),
        fc.integer({ min: 0, max: DAYS * 1440 - 1 }),
      ),
      pick: fc.nat({ max: 1000 }),
      points: fc.integer({ min: -40, max: 60 }),
      promised: fc.constantFrom(0, 0, 0, 3, 10, 40, -10),
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 0, maxLength: most, size: 'max' },
  )

export function memberId(member: number): MemberId {
  return factIdOf(9 as Origin, (member + 1) as Seq) as number as MemberId
}

/** Whose fold a fact belongs to. */
export function memberOf(fact: Fact): MemberId {
  return fact.kind === 'enrolment' ? (fact.id as number as MemberId) : fact.member
}

export function byMember(facts: readonly Fact[]): Map<MemberId, Fact[]> {
  const groups = new Map<MemberId, Fact[]>()
  for (const fact of facts) {
    const member = memberOf(fact)
    groups.set(member, [...(groups.get(member) ?? []), fact])
  }
  return groups
}

/** The facts of deeds. A second enrolment of a member, and a settlement of nothing, make none. */
export function factsOfDeeds(list: readonly Deed[]): Fact[] {
  const facts: Fact[] = []
  const seqs = ZONES.map(() => 0)
  for (const deed of list) {
    const fact = factOfDeed(deed, facts, seqs)
    if (fact !== undefined) facts.push(fact)
  }
  return facts
}

function factOfDeed(deed: Deed, facts: readonly Fact[], seqs: number[]): Fact | undefined {
  const kind =
    deed.kind === 'settlement' ? 'redemption' : deed.kind === 'entry_voucher_use' ? 'voucher_use' : deed.kind
  const own = fieldsOf(deed, facts)
  if (own === undefined) return undefined
  const { store, minute } = deed
  const ms = FIRST_DAY_MS + minute * MINUTE_MS
  const member = memberId(deed.member)
  const seq = kind === 'enrolment' ? 0 : (seqs[store] ?? 0) + 1
  if (seq > 0) seqs[store] = seq
  return {
    kind,
    id: kind === 'enrolment' ? (member as number as FactId) : factIdOf((store + 1) as Origin, seq as Seq),
    at: hybridTime(ms, seq),
    claimed: null,
    offset: zoneOffset(ZONES[store] ?? 'UTC', ms),
    store: store + 1,
    terminal: 't1',
    key: `${store}-${kind}-${seq}-${member}`,
    program: 1,
    member: kind === 'enrolment' ? NO_MEMBER : member,
    claim: null,
    promised: Math.abs(deed.promised),
    confirmed: deed.promised > 0,
    ...own,
  } as unknown as Fact
}

/** What a deed's fact has beyond the header; undefined where there is nothing to make a fact of. */
function fieldsOf(deed: Deed, facts: readonly Fact[]): object | undefined {
  const { pick, points } = deed
  const perk = REDEEM_PERKS[pick % REDEEM_PERKS.length] ?? 0
  switch (deed.kind) {
    case 'sale': {
      const lines = deed.lines.map(({ sku, category, ...rest }) => ({
        sku: SKUS[sku] ?? '',
        category: CATEGORIES[category] ?? null,
        ...rest,
      }))
      return { amount: lines.reduce((sum, { amount }) => sum + amount, 0), lines, tenders: [] }
    }
    case 'return': {
      const sale = pickOf(facts, 'sale', pick)
      const lines = deed.lines.map(({ quantity, sku }, index) => ({
        sale: pick % 11 === 0 ? NO_FACT : (sale?.id ?? factIdOf(7 as Origin, 7 as Seq)),
        line: (pick + index) % 5,
        sku: SKUS[sku] ?? '',
        quantity,
        amount: 0,
      }))
      return { amount: 0, lines }
    }
    case 'void':
      return {
        fact: facts[pick % Math.max(1, facts.length)]?.id ?? factIdOf(7 as Origin, 7 as Seq),
        reason: REASON,
      }
    case 'enrolment':
      return facts.some(({ id }) => id === (memberId(deed.member) as number))
        ? undefined
        : { name: null, identities: [{ kind: 'card', value: String(deed.member) }] }
    case 'grant':
      return { points: Math.abs(points), reason: REASON }
    case 'adjustment':
      return { points, reason: REASON, by: 'HQ' }
    case 'redemption':
      return {
        stage: pick % 2 === 0 ? 'reserved' : 'captured',
        of: NO_FACT,
        perk,
        points: COSTS[perk],
        hold: 0,
      }
    case 'settlement': {
      const first = pickOf(facts, 'redemption', pick)
      if (first?.kind !== 'redemption') return undefined
      const stage = points < 0 ? 'cancelled' : 'captured'
      return {
        member: first.member,
        stage,
        of: first.of === NO_FACT ? first.id : first.of,
        perk: first.perk,
        points: first.points,
        hold: 0,
      }
    }
    case 'voucher_use': {
      const first = pickOf(facts, 'redemption', pick)
      const source = first?.kind === 'redemption' ? (first.of === NO_FACT ? first.id : first.of) : 1
      const of = first?.kind === 'redemption' ? first.perk : perk
      return {
        ...(first === undefined ? {} : { member: first.member }),
        code: codeOf(source, of, 0),
        hold: 0,
      }
    }
    case 'entry_voucher_use':
      return { code: codeOf(memberId(deed.member), 301, TIER_IDS[pick % 3] ?? 1), hold: 0 }
    case 'checkin':
      return {}
  }
}

function codeOf(source: number, perk: number, index: number): string {
  return voucherCode(SECRET, source, perk as RuleId, index)
}

function pickOf(facts: readonly Fact[], kind: FactKind, pick: number): Fact | undefined {
  const found = facts.filter((fact) => fact.kind === kind)
  return found[pick % Math.max(1, found.length)]
}
