// Folds a tenant's real ledger twice, under the program as it is and under a draft, and compares. Reads one snapshot, a page of members at a time,
// and writes nothing: the node beside it does not notice but for the reading.
import { setImmediate } from 'node:timers/promises'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact, Moment } from '../../protocol/facts.ts'
import { ORIGIN_MAX, factIdOf, idText } from '../../protocol/ids.ts'
import type { MemberId, Origin, ProgramVersion, Seq, StoreId } from '../../protocol/ids.ts'
import { PAGE_SIZE_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { TIME_MIN, hybridTime, localDay, millisOf } from '../../protocol/time.ts'
import type { HybridTime, Millis, ZoneOffset } from '../../protocol/time.ts'
import { standingOf } from '../domain/ingest/standing.ts'
import type { Effect } from '../evaluation/effects.ts'
import { NOTHING_EARLIER, foldFacts } from '../evaluation/fold.ts'
import { Programs } from '../evaluation/programs.ts'
import type { ProgramRecord } from '../evaluation/programs.ts'
import type { ProgramDocument } from '../evaluation/document/program.ts'
import { titlesOf } from '../evaluation/explanation/titles.ts'
import { newState } from '../evaluation/state.ts'
import { membersOf, orphansOf } from '../domain/member-pages.ts'
import type { Reads, TenantId } from '../store/port.ts'
import { Comparison } from './comparison.ts'
import type { Outcome } from './comparison.ts'
import type { WhatIfResult } from './result.ts'

export interface WhatIfRequest {
  readonly tenant: TenantId
  /** JSON text of a checked document; null: the program as it is, for looking at another time only. */
  readonly document: string | null
  /** From when on the draft counts (ms); null: as if it had always counted. */
  readonly from: number | null
  /** The moment both sides are looked at (ms): what is due until then has happened, what happened later has not. */
  readonly until: number
  /** The present (ms), at which the ledger stands that a changed clock alone is compared with. */
  readonly now: number
}

export interface WhatIfWatch {
  /** Facts done and facts there are; told after every page. */
  progress(done: number, total: number): void
  cancelled(): boolean
}

export class WhatIfCancelled extends Error {}

export async function replayWhatIf(
  read: Reads,
  request: WhatIfRequest,
  watch: WhatIfWatch,
): Promise<WhatIfResult> {
  const started = performance.now()
  const records = await read.programs(request.tenant)
  const now = new Programs(records)
  const draft = new Programs(draftRecords(records, request))
  const counts = await read.factCounts(request.tenant)
  const total = counts.reduce((sum, { status, count }) => (status === 'counted' ? sum + count : sum), 0)
  const comparison = new Comparison()
  let facts = 0
  for await (const members of pagesOf(read, request.tenant)) {
    for (const member of members) {
      const own = await factsOf(read, member)
      facts += own.length
      const folded = (programs: Programs, side: Comparison['now'], ms: number): Outcome =>
        outcomeOf(programs, [...asOf(own, ms, request.now), momentAt(ms, member)], side)
      const then = request.document === null ? request.now : request.until
      comparison.take(
        idText(member),
        folded(now, comparison.now, then),
        folded(draft, comparison.draft, request.until),
      )
    }
    watch.progress(facts, Math.max(facts, total))
    // Lets a message to stop come in.
    await setImmediate()
    if (watch.cancelled()) throw new WhatIfCancelled('cancelled')
  }
  const documents = [...records, ...draftRecords(records, request)].map(({ document }) => document)
  const titles = new Map(documents.flatMap((text) => [...titlesOf(JSON.parse(text) as ProgramDocument)]))
  return comparison.result(facts, Math.round(performance.now() - started) / 1000, titles)
}

/** Everybody, enrolled here or not. */
async function* pagesOf(read: Reads, tenant: TenantId): AsyncGenerator<readonly MemberId[]> {
  let page: MemberId[] = []
  for (const walk of [membersOf(read, tenant), orphansOf(read, tenant)])
    for await (const row of walk) {
      page.push(row.id)
      if (page.length < PAGE_SIZE_MAX) continue
      yield page
      page = []
    }
  yield page
}

/** Versions that would have taken effect after the draft are left out: the question is what the draft does. */
function draftRecords(records: readonly ProgramRecord[], { document, from }: WhatIfRequest): ProgramRecord[] {
  if (document === null) return [...records]
  const effectiveFrom: HybridTime = from === null ? TIME_MIN : hybridTime(from)
  const version = (Math.max(0, ...records.map((record) => record.version)) + 1) as ProgramVersion
  const before = from === null ? [] : records.filter((record) => record.effectiveFrom < effectiveFrom)
  return [...before, { version, effectiveFrom, document }]
}

/** Without the receipts' promises: they were made under the program as it was, and would show up as goodwill of the draft. */
async function factsOf(read: Reads, member: MemberId): Promise<Fact[]> {
  const rows = await read.factsOfMember(member)
  return rows.map((row) => ({ ...standingOf(decodeStoredFact(row.bytes), row, member), confirmed: false }))
}

/** Of the present or later all facts, also those of a clock that is ahead. */
function asOf(facts: readonly Fact[], ms: number, now: number): readonly Fact[] {
  return ms >= now ? facts : facts.filter(({ at }) => millisOf(at) <= ms)
}

function outcomeOf(programs: Programs, facts: readonly Fact[], side: Comparison['now']): Outcome {
  const state = newState()
  const vouchers = side.vouchers.member()
  foldFacts(programs, state, facts, NOTHING_EARLIER, (fact: Fact, effects: readonly Effect[]) => {
    const day = localDay(millisOf(fact.at), fact.offset)
    side.take(day, effects)
    vouchers.take(day, effects, state.entitlements, programs.program(fact.at))
  })
  const last = facts.at(-1)
  const tiers = last === undefined ? undefined : programs.program(last.at)?.tiers
  return { balance: state.balance, tier: tiers?.find(({ id }) => id === state.tier)?.name ?? null }
}

/** Brings the time to `ms`; of an origin nobody has. */
function momentAt(ms: number, member: MemberId): Moment {
  return {
    kind: 'moment',
    id: factIdOf(ORIGIN_MAX as Origin, 1 as Seq),
    at: hybridTime(ms),
    claimed: null,
    offset: 0 as ZoneOffset,
    store: 0 as StoreId,
    terminal: 'what-if',
    key: 'what-if',
    program: 0 as ProgramVersion,
    member,
    claim: null,
    promised: 0 as Points,
    confirmed: false,
    suspect: false,
    due: ms as Millis,
  }
}
