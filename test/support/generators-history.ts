// Generated histories: the facts that deeds (generators/deeds.ts) make, in the order of the deeds, with ids, times and offsets as the stores' ledgers
// would give them, and codes of entitlements as the program would have made them.
import { voucherCode } from '../../cloud/evaluation/spending/entitlements.ts'
import type { EntitlementAction, Fact, FactKind } from '../../protocol/facts.ts'
import { ENTITLEMENT_ACTIONS, SEGMENT_ACTIONS } from '../../protocol/facts.ts'
import type { FactId, MemberId, Origin, RuleId, Seq } from '../../protocol/ids.ts'
import { NO_FACT, NO_MEMBER, factIdOf } from '../../protocol/ids.ts'
import { MINUTE_MS, hybridTime, millisOf, zoneOffset } from '../../protocol/time.ts'
import type { Deed, DeedKind } from './generators/deeds.ts'
import { ZONES } from './generators/deeds.ts'
import {
  ACTIVITY_PERKS,
  CARDS,
  CATEGORIES,
  CHALLENGES,
  FIRST_DAY_MS,
  GRANTED_PERKS,
  REDEEM_PERKS,
  RESPONSE_CHALLENGES,
  RULES,
  SECRET,
  SEGMENTS,
  SKUS,
  TIER_IDS,
  dateOf,
} from './generators/parts.ts'

const COSTS = { 301: 30, 302: 10, 303: 0, 304: 3 } as Readonly<Record<number, number>>
/** Metrics that staff and HQ give and take: mostly points. */
const GRANTED = [0, 0, 501]
const REASON = ''
/** The stores' origins follow each other; a cloud has the first for itself. */
const FIRST_ORIGIN = 2
const NOWHERE = factIdOf(7 as Origin, 7 as Seq)

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

const KIND_OF: Partial<Record<DeedKind, FactKind>> = { settlement: 'redemption', verdict: 'response' }

function factOfDeed(deed: Deed, facts: readonly Fact[], seqs: number[]): Fact | undefined {
  const kind = KIND_OF[deed.kind] ?? deed.kind
  const found = fieldsOf(deed, facts)
  if (found === undefined) return undefined
  const { about, ...own } = found
  const { store } = deed
  const zone = ZONES[store] ?? 'UTC'
  const utc = FIRST_DAY_MS + deed.minute * MINUTE_MS
  const wanted = deed.wall ? utc - zoneOffset(zone, utc) * MINUTE_MS : utc
  // Most of the time after what it looks back at, and right after it as often as not.
  const ms = about === undefined || deed.pick % 4 === 0 ? wanted : soonAfter(about, wanted, deed.minute)
  const member = memberId(deed.member)
  const seq = kind === 'enrolment' ? 0 : (seqs[store] ?? 0) + 1
  if (seq > 0) seqs[store] = seq
  return {
    kind,
    id:
      kind === 'enrolment'
        ? (member as number as FactId)
        : factIdOf((store + FIRST_ORIGIN) as Origin, seq as Seq),
    at: hybridTime(ms, seq),
    claimed: null,
    offset: zoneOffset(zone, ms),
    store: store + 1,
    terminal: 't1',
    key: `${store}-${kind}-${seq}-${member}`,
    program: 1,
    member: kind === 'enrolment' ? NO_MEMBER : member,
    claim: null,
    promised: Math.abs(deed.promised),
    confirmed: deed.promised > 0,
    suspect: false,
    ...own,
  } as unknown as Fact
}

function soonAfter(about: Fact, wanted: number, minute: number): number {
  const before = millisOf(about.at)
  return wanted > before && minute % 2 === 0 ? wanted : before + (minute % 3) * 1440 * MINUTE_MS
}

/** What a fact has beyond the header, and the fact it looks back at. */
interface Fields {
  readonly [field: string]: unknown
  readonly about?: Fact | undefined
}

const at = <T>(list: readonly T[], pick: number): T => list[pick % list.length] as T

/** What a deed's fact has beyond the header; undefined where there is nothing to make a fact of. */
function fieldsOf(deed: Deed, facts: readonly Fact[]): Fields | undefined {
  const { pick, points } = deed
  switch (deed.kind) {
    case 'sale':
      return saleFields(deed)
    case 'return': {
      const sale = pickOf(facts, 'sale', pick)
      const lines = deed.lines.map(({ quantity, sku }, index) => ({
        sale: pick % 11 === 0 ? NO_FACT : (sale?.id ?? NOWHERE),
        line: (pick + index) % 5,
        sku: SKUS[sku] ?? '',
        quantity,
        amount: 0,
      }))
      return { amount: 0, lines, ...ofMember(sale), about: sale }
    }
    case 'void': {
      const about = facts[pick % Math.max(1, facts.length)]
      return { fact: about?.id ?? NOWHERE, reason: REASON, ...ofMember(about), about }
    }
    case 'enrolment':
      return facts.some(({ id }) => id === (memberId(deed.member) as number))
        ? undefined
        : { name: null, identities: [{ kind: 'card', value: String(deed.member) }] }
    case 'grant':
      return { metric: at(GRANTED, pick), points: Math.abs(points), reason: REASON }
    case 'adjustment':
      return { metric: at(GRANTED, pick), points, reason: REASON, by: 'HQ' }
    case 'redemption': {
      const perk = at(REDEEM_PERKS, pick)
      const stage = pick % 2 === 0 ? 'reserved' : 'captured'
      return { stage, of: NO_FACT, perk, points: COSTS[perk], hold: 0, rights: [], risk: null }
    }
    case 'settlement': {
      const first = pickOf(facts, 'redemption', pick)
      if (first?.kind !== 'redemption') return undefined
      const { perk, points: cost } = first
      // Now and then of a reservation that never comes (E-MEM-4).
      const known = first.of === NO_FACT ? first.id : first.of
      const of = pick % 6 === 0 ? NOWHERE : known
      return {
        about: first,
        member: first.member,
        stage: points < 0 ? 'cancelled' : 'captured',
        of,
        perk,
        points: cost,
        hold: 0,
        rights: [],
        risk: null,
      }
    }
    case 'checkin':
      return {}
    case 'merge':
      return { merged: NOWHERE }
    default:
      return newFieldsOf(deed, deed.kind, facts)
  }
}

/** Most of the time of the same member as the fact it is about, or nothing would come of it. */
function ofMember(fact: Fact | undefined): object {
  return fact === undefined || fact.id % 5 === 0 ? {} : { member: memberOf(fact) }
}

function saleFields({ lines: drafts, tender, pick }: Deed): Fields {
  const lines = drafts.map(({ sku, category, ...rest }) => ({
    sku: SKUS[sku] ?? '',
    category: CATEGORIES[category] ?? null,
    ...rest,
  }))
  const amount = lines.reduce((sum, one) => sum + one.amount, 0)
  const part = pick % 3 === 0 ? Math.floor(amount / 2) : amount
  const tenders = [
    { type: tender, amount: part },
    ...(part < amount ? [{ type: 'cash', amount: amount - part }] : []),
  ]
  return { amount, lines, tenders: pick % 7 === 0 ? [] : tenders }
}

type LaterKind = Exclude<
  DeedKind,
  | 'sale'
  | 'return'
  | 'void'
  | 'checkin'
  | 'enrolment'
  | 'grant'
  | 'redemption'
  | 'settlement'
  | 'adjustment'
  | 'merge'
>

function newFieldsOf(deed: Deed, kind: LaterKind, facts: readonly Fact[]): Fields {
  const { pick, points } = deed
  switch (kind) {
    case 'voucher_use':
      return { ...codeAndMember(deed, facts), hold: 0, rights: [], risk: null }
    case 'entitlement': {
      const action: EntitlementAction = at(ENTITLEMENT_ACTIONS, Math.abs(points))
      const dated = (action === 'redate' || action === 'reinstate') && pick % 2 === 0
      const until = dated ? dateOf(Math.floor(deed.minute / 1440) + (pick % 9)) : null
      return { ...codeAndMember(deed, facts), action, until, reason: REASON }
    }
    case 'profile':
      return profileFields(deed)
    case 'activity': {
      const quantity = points % 5 === 0 ? 1 : points % 5
      const amount = pick % 3 === 0 ? null : (deed.lines[0]?.amount ?? 0)
      return { perk: at([...ACTIVITY_PERKS, 111], pick), quantity, amount }
    }
    case 'award':
      return {
        perk: at([301, ...GRANTED_PERKS], pick),
        from: null,
        until: pick % 4 === 0 ? dateOf(Math.floor(deed.minute / 1440) + (pick % 5)) : null,
        reason: REASON,
      }
    case 'challenge':
      return { challenge: at(CHALLENGES, pick), action: points < -10 ? 'leave' : 'join' }
    case 'response':
      return {
        challenge: at(RESPONSE_CHALLENGES, pick % 3 === 0 ? 1 : 0),
        verdict: 'submitted',
        of: NO_FACT,
        ...responseNumbers(deed),
      }
    case 'verdict': {
      const about = pickOf(facts, 'response', pick)
      const challenge = about?.kind === 'response' ? about.challenge : at(RESPONSE_CHALLENGES, pick)
      const verdict = at(['approved', 'approved', 'rejected', 'drawn'], Math.abs(points))
      return { ...ofMember(about), challenge, verdict, of: about?.id ?? NOWHERE, ...responseNumbers(deed) }
    }
    case 'referral': {
      const stage = at(['received', 'received', 'completed', 'sent', 'void'], pick)
      return {
        stage,
        of: stage === 'sent' ? NO_FACT : factIdOf(8 as Origin, (1 + (pick % 2)) as Seq),
        source: 'link',
      }
    }
    case 'segment':
      return { segment: at(SEGMENTS, pick), action: at(SEGMENT_ACTIONS, Math.abs(points)) }
    case 'release': {
      const about = facts[pick % Math.max(1, facts.length)]
      return { fact: about?.id ?? NOWHERE, ...ofMember(about), about }
    }
    case 'moment':
      return { due: 0, store: 0, promised: 0, confirmed: false, suspect: false }
    case 'retro_claim':
      return { sale: NOWHERE }
  }
}

function responseNumbers({ pick, points, lines }: Deed): object {
  return {
    number: 1 + (pick % 12),
    number_in_period: 1 + (Math.abs(points) % 4),
    seed: `seed ${lines[0]?.amount ?? 0}`,
  }
}

function profileFields({ pick, points, minute, store }: Deed): Fields {
  const attributes = [
    [],
    [{ name: 'kind', value: 'vip' }],
    [{ name: 'kind', value: 'staff' }],
    [{ name: 'kind', value: null }],
  ]
  // Birthdays soon, and on days that only some years have.
  const soon = dateOf(Math.floor(minute / 1440) + (pick % 5)).slice(4)
  const birthday = pick % 4 === 0 ? null : pick % 4 === 1 ? '2000-02-29' : `2000${soon}`
  return {
    home_store: pick % 2 === 0 ? store + 1 : null,
    birthday,
    attributes: at(attributes, pick),
    membership: at([null, null, 'active', 'inactive'], Math.abs(points)),
    membership_start: pick % 5 === 0 ? dateOf(Math.max(0, Math.floor(minute / 1440) - 2)) : null,
  }
}

/** A code that some fact before may have made, and the member it would belong to. */
function codeAndMember({ member, pick, points }: Deed, facts: readonly Fact[]): Fields {
  const own = { member: memberId(member) }
  if (pick % 4 === 0) {
    const [tier, perk] = [at(TIER_IDS, Math.abs(points)), at([301, 305], pick / 4)]
    return { ...own, code: codeOf(memberId(member), perk, tier) }
  }
  const kinds: readonly FactKind[] =
    pick % 4 === 3 ? ['sale', 'checkin', 'activity'] : ['redemption', 'award']
  const sources = facts.filter(({ kind }) => kinds.includes(kind))
  const source = sources[pick % Math.max(1, sources.length)]
  if (source === undefined) return { ...own, code: codeOf(NOWHERE, 301, 0) }
  if (source.kind === 'award')
    return { member: memberOf(source), code: codeOf(source.id, source.perk, 0), about: source }
  if (source.kind === 'redemption') {
    const first = source.of === NO_FACT ? source.id : source.of
    return { member: source.member, code: codeOf(first, source.perk, 0), about: source }
  }
  const index = at([...CARDS, ...CHALLENGES, ...RULES], Math.abs(points))
  const perk = at([307, 305, 308, 301], pick)
  return { member: memberOf(source), code: codeOf(source.id, perk, index), about: source }
}

function codeOf(source: number, perk: number, index: number): string {
  return voucherCode(SECRET, source, perk as RuleId, index)
}

function pickOf(facts: readonly Fact[], kind: FactKind, pick: number): Fact | undefined {
  const found = facts.filter((fact) => fact.kind === kind)
  return found[pick % Math.max(1, found.length)]
}
