// HQ's word about a conflict, as a fact of the cloud's own origin (CON-2, CON-4). The fact names the conflict and carries what was decided, so a replay
// decides the same; the answer is made from the fact, so a repeated key gets it byte for byte.
import { decodeStoredFact, encodeFact } from '../../protocol/codec.ts'
import type { ConflictDecision, ConflictKind } from '../../protocol/conflicts.ts'
import type { Fact, Resolution } from '../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER, idFromText, idText, originOf } from '../../protocol/ids.ts'
import type { FactId } from '../../protocol/ids.ts'
import { accept, assert, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { ConflictRow, TenantId, Writes } from '../store/port.ts'
import { acceptedOf, bytesOfRecord } from './accepted-record.ts'
import type { Ingest } from './ingest/ingest.ts'
import { HQ_TERMINAL, ownHeader } from './ingest/own-facts.ts'
import type { OwnFacts, OwnPlace } from './ingest/own-facts.ts'
import type { ProgramShelf } from './programs.ts'

export interface ResolutionRequest {
  readonly decision: Exclude<ConflictDecision, 'withdrawn'>
  /** Of `corrected`: the fact of HQ that puts it right. */
  readonly fact?: string
  /** Of `approved`: how the fact counts, where not as it came. */
  readonly record?: unknown
  readonly reason: string
  readonly by: string
}

export interface Resolved {
  readonly row: ConflictRow
  readonly fact: Resolution
  readonly replayed: boolean
}

export class Resolutions {
  readonly #ingest: Ingest
  readonly #shelf: ProgramShelf

  constructor(ingest: Ingest, shelf: ProgramShelf) {
    this.#ingest = ingest
    this.#shelf = shelf
  }

  async resolve(
    tenant: TenantId,
    key: string,
    id: number,
    request: ResolutionRequest,
  ): Promise<Result<Resolved>> {
    const program = (await this.#shelf.of(tenant)).latest
    return this.#ingest.record(tenant, async (tx, own): Promise<Result<Resolved>> => {
      const row = await tx.conflict(id)
      if (row?.tenant !== tenant) return refuse('conflict_not_found', `There is no conflict ${id}`)
      const { own: before, taken } = await own.find(key)
      if (taken) return refuse('key_reused', 'This key belongs to another request', 'Idempotency-Key')
      if (before !== undefined) return repeated(tx, row, decodeStoredFact(before.bytes), request)
      if (row.decision !== null)
        return refuse(
          'conflict_closed',
          `This conflict was ${row.decision} by fact ${idText(row.resolvedBy)}`,
        )
      const made = await this.#make(tx, own, { row, key, program }, request)
      if (!made.ok) return made
      await own.append(made.value)
      return accept({ row, fact: made.value, replayed: false })
    })
  }

  async #make(
    tx: Writes,
    own: OwnFacts,
    { row, key, program }: { row: ConflictRow; key: string; program: Resolution['program'] },
    request: ResolutionRequest,
  ): Promise<Result<Resolution>> {
    const place = await own.place()
    const built = (fact: FactId, record: string | null): Resolution =>
      resolutionOf(row, { ...place, key, program }, request, fact, record)
    if (!fits(row.kind, request.decision))
      return refuse('input_invalid', `A conflict of kind ${row.kind} is not ${request.decision}`, '/decision')
    if (request.fact !== undefined && request.decision !== 'corrected')
      return refuse('input_invalid', 'Only a correction names a fact', '/fact')
    if (request.record !== undefined && request.decision !== 'approved')
      return refuse('input_invalid', 'Only an approval has a record', '/record')
    switch (request.decision) {
      case 'accepted':
      case 'rejected':
        return accept(built(NO_FACT, null))
      case 'corrected': {
        const fact = await correctionOf(tx, row.tenant, request.fact)
        return fact.ok ? accept(built(fact.value, null)) : fact
      }
      case 'approved': {
        const bytes = await this.#readmit(tx, own, row, request.record)
        return bytes.ok ? accept(built(NO_FACT, textOf(bytes.value))) : bytes
      }
    }
  }

  /** Puts a fact that was set aside among the arrivals of this commit; gives the bytes it counts with. */
  async #readmit(tx: Writes, own: OwnFacts, row: ConflictRow, record: unknown): Promise<Result<Uint8Array>> {
    const [aside] = await tx.quarantined([row.fact])
    assert(aside !== undefined, 'what was set aside is kept')
    const origin = await tx.origin(originOf(row.fact))
    assert(origin !== undefined, 'a fact has its origin')
    const store = (await tx.stores(row.tenant)).find((one) => one.id === origin.store) ?? null
    const accepted = await acceptedOf(tx, aside, { row: origin, store }, record)
    if (!accepted.ok) return accepted
    await own.readmit({ id: aside.id, hash: aside.hash, ...accepted.value })
    return accept(accepted.value.bytes)
  }
}

/** What was set aside is approved or rejected; anything else stands or was put right. */
function fits(kind: ConflictKind, decision: ResolutionRequest['decision']): boolean {
  const aboutFact = decision === 'approved' || decision === 'rejected'
  return aboutFact === (kind === 'quarantined')
}

/** A fact of HQ's own: an adjustment, a merge, a void, whatever puts it right. */
async function correctionOf(tx: Writes, tenant: TenantId, text: string | undefined): Promise<Result<FactId>> {
  const id = text === undefined ? undefined : idFromText<FactId>(text)
  const row = id === undefined ? undefined : await tx.fact(id)
  const own = row?.tenant === tenant && decodeStoredFact(row.bytes).terminal === HQ_TERMINAL
  return row !== undefined && own && row.kind !== 'resolution'
    ? accept(row.id)
    : refuse(
        'fact_not_found',
        'Name the fact of HQ that puts it right: an adjustment, a merge, a void, …',
        '/fact',
      )
}

export function resolutionOf(
  { kind, subject, member }: ConflictRow,
  header: OwnPlace & Pick<Resolution, 'key' | 'program'>,
  { decision, reason, by }: Pick<ResolutionRequest, 'decision' | 'reason' | 'by'>,
  fact: FactId,
  record: string | null,
): Resolution {
  return {
    ...ownHeader('resolution', { ...header, member }),
    conflict: kind,
    subject,
    decision,
    fact,
    record,
    reason,
    by,
  }
}

/** The same request, built again at the place of what was recorded, is what was recorded (K-3). */
async function repeated(
  tx: Writes,
  row: ConflictRow,
  before: Fact,
  request: ResolutionRequest,
): Promise<Result<Resolved>> {
  const reused = refuse('key_reused', 'This key belongs to another request; use a new key for a new one')
  if (before.kind !== 'resolution') return reused
  const fact = request.fact === undefined ? NO_FACT : (idFromText<FactId>(request.fact) ?? NO_FACT)
  const record = request.decision === 'approved' ? await recordOf(tx, row, request.record) : null
  const { id, at, key, program, member } = before
  const built = resolutionOf({ ...row, member }, { id, at, key, program }, request, fact, record)
  const same = Buffer.from(encodeFact(built)).equals(encodeFact(before))
  return same ? accept({ row, fact: before, replayed: true }) : reused
}

/** What an approval would carry; null where it could not be. */
async function recordOf(tx: Writes, row: ConflictRow, record: unknown): Promise<string | null> {
  if (record === undefined) return textOf((await tx.quarantined([row.fact]))[0]?.bytes ?? new Uint8Array())
  const bytes = bytesOfRecord(record)
  return bytes.ok ? textOf(bytes.value) : null
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

export function memberOrNone(row: ConflictRow): string | null {
  return row.member === NO_MEMBER ? null : idText(row.member as number as FactId)
}
