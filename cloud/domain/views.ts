// Rows as the JSON the cloud answers with: pure functions, values in, values out; names come from the program in force at the fact's time, so that an
// old award keeps the title it was given under. The shapes stand in view-shapes.ts.
import { decodeStoredFact } from '../../protocol/codec.ts'
import { authorityOf } from '../../protocol/facts.ts'
import type { Fact, Redemption, VoucherUse } from '../../protocol/facts.ts'
import { idText, originOf, seqOf } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { availableOf, outstandingOf } from '../../protocol/leases.ts'
import type { SpendingBooks } from '../../protocol/leases.ts'
import { QUANTITY_UNIT } from '../../protocol/numbers.ts'
import { unreachable } from '../../protocol/result.ts'
import { hybridTime, localDay, millisOf } from '../../protocol/time.ts'
import type { HybridTime, ZoneOffset } from '../../protocol/time.ts'
import type { Program } from '../evaluation/compile.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import { effectId, movesPoints } from '../evaluation/effects.ts'
import { statusWord } from '../evaluation/spending/entitlement-statuses.ts'
import type { Effect } from '../evaluation/effects.ts'
import type { Programs } from '../evaluation/programs.ts'
import { statusAt } from '../evaluation/spending/spending.ts'
import { titlesOf } from '../evaluation/explanation/titles.ts'
import { decodeState, newState, spendable } from '../evaluation/state.ts'
import type { Entitlement, MemberState } from '../evaluation/state.ts'
import { stateAt } from '../evaluation/time/time.ts'
import type { LeaseRow } from '../store/lease-port.ts'
import type { ActivityRow, FactRow, MemberListRow, QuarantineRow } from '../store/port.ts'
import { booksOf } from './leases/member-books.ts'
import type { Claims } from './leases/member-books.ts'
import { accountViews, tierProgressView } from './account-views.ts'
import { memberExtrasView } from './member-extras.ts'
import type {
  EffectView,
  EntitlementView,
  FactData,
  FactSummary,
  FactView,
  LeaseView,
  MemberView,
  NoticeView,
  QuarantineView,
} from './view-shapes.ts'

export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

export function hybridText(at: HybridTime): string {
  return timeText(millisOf(at))
}

export function idOrNull(id: FactId | MemberId): string | null {
  return id > 0 ? idText(id) : null
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

const titles = new WeakMap<Program, ReadonlyMap<number, string>>()

/** What a rule is called in a program; null when the program does not know it. */
export function titleOf(program: Program | null, rule: number): string | null {
  if (program === null || rule === 0) return null
  let known = titles.get(program)
  if (known === undefined) {
    known = new Map(titlesOf(program.document))
    titles.set(program, known)
  }
  return known.get(rule) ?? null
}

export function tierView(program: Program | null, tier: number): { id: number; name: string } | null {
  return tier === 0 ? null : { id: tier, name: titleOf(program, tier) ?? `Tier ${tier}` }
}

export function stateOf(row: Pick<MemberListRow, 'state'>): MemberState {
  return (row.state === null ? undefined : decodeState(row.state)) ?? newState()
}

/** As of now: what time has brought since the last fact is shown before it is booked. `offset` tells the local day. */
export function memberView(
  row: MemberListRow,
  programs: Programs,
  nowMs: number,
  offset: ZoneOffset,
  claims: Claims,
): MemberView {
  const stored = stateOf(row)
  const program = programs.program(hybridTime(nowMs))
  const state = stateAt(program, stored, row.id, nowMs, offset)
  const day = localDay(nowMs, offset)
  const next = program?.tiers.find(({ point_floor = 0 }) => point_floor > state.lifetime)
  return {
    id: idText(row.id),
    name: row.name,
    identities: row.identities.map(({ kind, value }) => ({ kind, value })),
    store: row.store,
    merged_into: row.mergedInto === null ? null : idText(row.mergedInto),
    enrolled_at: hybridText(row.enrolledAt),
    tier: tierView(program, state.tier),
    next_tier:
      next === undefined
        ? null
        : {
            id: next.id,
            name: next.name,
            point_floor: next.point_floor ?? 0,
            missing: (next.point_floor ?? 0) - state.lifetime,
          },
    balance: spendable(state),
    ...booksView(booksOf(program, state, claims, POINTS)),
    fold: state.balance,
    goodwill: state.goodwill,
    lifetime: state.lifetime,
    spent: state.spent,
    accounts: accountViews(program, state, day),
    tier_progress: tierProgressView(program, state, day),
    vouchers: state.entitlements.map((one) => entitlementView(one, program, nowMs)),
    ...memberExtrasView(program, state, { ms: nowMs, offset, store: row.store }),
    facts: state.facts,
    last_fact_at: stored.facts === 0 ? null : hybridText(stored.at),
  }
}

function booksView(books: SpendingBooks): Pick<MemberView, 'available' | 'leased' | 'held' | 'at_risk'> {
  const { outstanding, held, risk } = books
  return { available: availableOf(books), leased: outstanding, held, at_risk: risk }
}

export function entitlementView(one: Entitlement, program: Program | null, nowMs: number): EntitlementView {
  const { external_code: code = null, external_url: url = null } =
    program?.redeemPerks.get(one.perk)?.document.voucher ?? {}
  return {
    code: one.code,
    perk: one.perk,
    title: titleOf(program, one.perk) ?? `Perk ${one.perk}`,
    status: statusWord(statusAt(one, nowMs)),
    uses_left: one.uses,
    issued_by: idText(one.fact),
    used_by: idOrNull(one.usedBy),
    usable_from: one.from === 0 ? null : timeText(one.from),
    expires_at: one.expires === 0 ? null : timeText(one.expires - 1),
    external_code: code,
    external_url: url,
  }
}

/** What a fact comes to now: the newest of its log rows says it. */
function standing(rows: readonly ActivityRow[]): { points: number; goodwill: number } {
  let newest: ActivityRow | undefined
  for (const row of rows) if (newest === undefined || row.revision >= newest.revision) newest = row
  return { points: newest?.points ?? 0, goodwill: newest?.goodwill ?? 0 }
}

/** `rows`: the fact's log rows. */
export function factSummary(row: FactRow, rows: readonly ActivityRow[]): FactSummary {
  return summaryOf(row, decodeStoredFact(row.bytes), rows)
}

function summaryOf(row: FactRow, fact: Fact, rows: readonly ActivityRow[]): FactSummary {
  return {
    id: idText(row.id),
    origin: originOf(row.id),
    seq: seqOf(row.id),
    kind: row.kind,
    store: row.store,
    terminal: fact.terminal,
    key: row.key,
    member: idOrNull(row.member),
    at: hybridText(row.at),
    received_at: timeText(row.receivedAt),
    status: row.status,
    amount: 'amount' in fact ? fact.amount : null,
    ...standing(rows),
  }
}

export function factView(row: FactRow, rows: readonly ActivityRow[], programs: Programs): FactView {
  const fact = decodeStoredFact(row.bytes)
  return {
    ...summaryOf(row, fact, rows),
    hash: hexOf(row.hash),
    claimed_at: fact.claimed === null ? null : timeText(fact.claimed),
    offset_minutes: fact.offset,
    program: fact.program,
    promised: fact.promised,
    confirmed: fact.confirmed,
    claim: fact.claim === null ? null : { kind: fact.claim.kind, value: fact.claim.value },
    data: factData(fact),
    effects: rows.flatMap((activity) => effectViews(activity, programs)),
  }
}

/** A lease as HQ sees it. */
export function leaseView(row: LeaseRow): LeaseView {
  const {
    lease,
    store,
    origin,
    subject,
    member,
    item,
    code,
    granted,
    spent,
    returned,
    cap,
    recall,
    answered,
  } = row
  return {
    lease,
    store,
    origin,
    subject,
    member: idOrNull(member),
    item,
    code,
    granted,
    spent,
    returned,
    written_off: row.writtenOff,
    left: outstandingOf(row),
    cap,
    expires_at: timeText(row.expires),
    recalled: recall > answered,
  }
}

/** What a fact says beyond its header. */
export function factData(fact: Fact): FactData {
  switch (fact.kind) {
    case 'sale':
      return {
        lines: fact.lines.map(({ sku, category, quantity, amount }, line) => ({
          line,
          sku,
          category,
          quantity: quantity / QUANTITY_UNIT,
          amount,
        })),
        tenders: fact.tenders.map(({ type, amount }) => ({ type, amount })),
      }
    case 'return':
      return {
        lines: fact.lines.map(({ sale, line, sku, quantity, amount }) => ({
          line,
          sku,
          sale: idOrNull(sale),
          quantity: quantity / QUANTITY_UNIT,
          amount,
        })),
      }
    case 'void':
      return { fact: idText(fact.fact), reason: fact.reason }
    case 'checkin':
      return {}
    case 'enrolment':
      return {
        name: fact.name,
        identities: fact.identities.map(({ kind, value }) => ({ kind, value })),
      }
    case 'grant':
      return { metric: fact.metric, points: fact.points, reason: fact.reason }
    case 'redemption':
      return {
        stage: fact.stage,
        redemption: idOrNull(fact.of),
        perk: fact.perk,
        points: fact.points,
        ...authorityData(fact),
      }
    case 'voucher_use':
      return { code: fact.code, ...authorityData(fact) }
    case 'adjustment':
      return { metric: fact.metric, points: fact.points, reason: fact.reason, by: fact.by }
    case 'profile':
      return {
        home_store: fact.home_store,
        birthday: fact.birthday,
        attributes: fact.attributes.map(({ name, value }) => ({ name, value })),
        membership: fact.membership,
        membership_start: fact.membership_start,
      }
    case 'activity':
      return { perk: fact.perk, quantity: fact.quantity, amount: fact.amount }
    case 'award':
      return { perk: fact.perk, reason: fact.reason, from: fact.from, until: fact.until }
    case 'entitlement':
      return { code: fact.code, action: fact.action, until: fact.until, reason: fact.reason }
    case 'challenge':
      return { challenge: fact.challenge, action: fact.action }
    case 'response':
      return {
        challenge: fact.challenge,
        verdict: fact.verdict,
        response: idOrNull(fact.of),
        number: fact.number,
        number_in_period: fact.number_in_period,
        seed: fact.seed,
      }
    case 'referral':
      return { stage: fact.stage, referral: idOrNull(fact.of), source: fact.source }
    case 'segment':
      return { segment: fact.segment, action: fact.action }
    case 'release':
      return { fact: idText(fact.fact) }
    case 'moment':
      return { due: timeText(fact.due) }
    case 'merge':
      return { merged: idText(fact.merged as number as FactId) }
    case 'retro_claim':
      return { sale: idText(fact.sale) }
    case 'resolution': {
      const { conflict, subject, decision, reason, by } = fact
      return { conflict, subject, decision, fact: idOrNull(fact.fact), reason, by }
    }
    case 'lease':
      return {
        stage: fact.stage,
        origin: fact.origin,
        leases: fact.lines.map(({ lease, subject, member, item, code, amount, cap, expires }) => ({
          lease,
          subject,
          member: idOrNull(member),
          item,
          code,
          amount,
          cap,
          expires_at: timeText(expires),
        })),
      }
    default:
      return unreachable(fact)
  }
}

/** Under what a store spent (P-LEASE-2). */
function authorityData({ store, hold, rights, risk }: Redemption | VoucherUse): FactData {
  return {
    authority: store === 0 ? 'cloud' : authorityOf({ hold, risk }),
    ...(rights.length === 0 ? {} : { rights: rights.map(({ lease, amount }) => ({ lease, amount })) }),
    ...(risk === null ? {} : { at_risk: risk }),
  }
}

/** The effects one revision of a fact adds, each with its id (E-FOLD-4). */
export function effectViews(activity: ActivityRow, programs: Programs): EffectView[] {
  const program = programs.program(activity.at)
  return activity.effects.map((effect) => ({
    id: effectId(activity.fact, effect, activity.revision),
    fact: idText(activity.fact),
    revision: activity.revision,
    cause: idOrNull(activity.cause),
    kind: effect.kind,
    rule: effect.rule === 0 ? null : effect.rule,
    title: titleOf(program, effect.rule),
    index: effect.index,
    amount: effect.amount,
    of: effect.of === 0 ? null : String(effect.of),
    at: hybridText(activity.at),
    position: activity.position,
  }))
}

export function noticeView(activity: ActivityRow): NoticeView {
  return {
    position: activity.position,
    time: hybridText(activity.at),
    code: activity.notice?.code ?? '',
    text: activity.notice?.text ?? '',
    store: activity.store,
    fact: idOrNull(activity.cause),
  }
}

export function quarantineView(row: QuarantineRow): QuarantineView {
  return {
    id: idText(row.id),
    origin: originOf(row.id),
    seq: seqOf(row.id),
    store: row.store,
    reason: row.reason,
    received_at: timeText(row.receivedAt),
    size_bytes: row.bytes.length,
    hash: hexOf(row.hash),
  }
}

/** Points a revision adds, and goodwill, apart. */
export function pointsAdded(effects: readonly Effect[]): { points: number; goodwill: number } {
  let points = 0
  let goodwill = 0
  for (const { kind, index, amount } of effects) {
    if (kind === 'goodwill') goodwill += amount
    else if (movesPoints({ kind, index })) points += amount
  }
  return { points, goodwill }
}
