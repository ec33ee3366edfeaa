// The published programs of each tenant: written once, compiled once, handed to whoever folds. Versions are immutable and effective-dated; only the
// first may reach into the past (E-DOC-2), so a fold never changes under facts that were folded already.
import type { ProgramVersion } from '../../protocol/ids.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import { TIME_MIN, hybridTime, localDay } from '../../protocol/time.ts'
import type { Clock, HybridTime, Millis } from '../../protocol/time.ts'
import { checkDocument } from '../evaluation/check/check.ts'
import type { DocumentIssue, DocumentWarning } from '../evaluation/check/issue.ts'
import { warningsOf } from '../evaluation/check/warnings.ts'
import { Programs } from '../evaluation/programs.ts'
import type { ProgramRecord } from '../evaluation/programs.ts'
import type { CloudStore, TenantId, Writes } from '../store/port.ts'
import type { ProgramDocument } from '../evaluation/document/program.ts'
import { followProgram } from './configuration/follow.ts'

export type PublishOutcome =
  | { readonly ok: true; readonly record: ProgramRecord; readonly warnings: readonly DocumentWarning[] }
  | { readonly ok: false; readonly refusal: Refusal; readonly issues: readonly DocumentIssue[] }

export interface CheckOutcome {
  readonly issues: readonly DocumentIssue[]
  readonly warnings: readonly DocumentWarning[]
}

/** The zone in which a day begins last: what is over there is over in every store. */
const LAST_OFFSET = -12 * 60

type Listener = (tenant: TenantId, record: ProgramRecord) => void

export class ProgramShelf {
  readonly #store: CloudStore
  readonly #clock: Clock
  readonly #loaded = new Map<TenantId, Promise<Programs>>()
  readonly #listeners: Listener[] = []

  constructor(store: CloudStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** All versions of a tenant; the same object for the life of the process, growing as versions are published. */
  of(tenant: TenantId): Promise<Programs> {
    let programs = this.#loaded.get(tenant)
    if (programs === undefined) {
      programs = this.#store.read.programs(tenant).then((records) => new Programs(records))
      this.#loaded.set(tenant, programs)
      programs.catch(() => this.#loaded.delete(tenant))
    }
    return programs
  }

  onPublished(listener: Listener): void {
    this.#listeners.push(listener)
  }

  /** What publishing would say, with the same arguments; writes nothing. */
  async check(tenant: TenantId, document: unknown, effectiveFrom: Millis | null): Promise<CheckOutcome> {
    const checked = checkDocument(document)
    if (!checked.ok) return { issues: checked.issues, warnings: [] }
    const first = (await this.of(tenant)).records.length === 0
    const from = effectiveFrom ?? (first ? null : this.#clock.now())
    return { issues: [], warnings: warningsOf(checked.document, firstDay(from)) }
  }

  /** Publishes the next version. `effectiveFrom` null: from now on; for the first version: from the beginning of time. */
  async publish(tenant: TenantId, document: unknown, effectiveFrom: Millis | null): Promise<PublishOutcome> {
    const checked = checkDocument(document)
    if (!checked.ok) {
      const [first] = checked.issues
      const detail = `${checked.issues.length} issue(s); the first: ${first?.path ?? ''} ${first?.message ?? ''}`
      return {
        ok: false,
        refusal: { code: 'program_invalid', detail, param: first?.path ?? '' },
        issues: checked.issues,
      }
    }
    const outcome = await this.#store.write(async (tx): Promise<PublishOutcome> => {
      const known = await tx.programs(tenant)
      const now = this.#clock.now()
      if (known.length > 0 && effectiveFrom !== null && effectiveFrom < now) {
        const detail = `effective_from lies ${Math.ceil((now - effectiveFrom) / 1000)} s in the past; leave it out to start now`
        return {
          ok: false,
          refusal: { code: 'program_backdated', detail, param: 'effective_from' },
          issues: [],
        }
      }
      const from = effectiveFrom ?? (known.length === 0 ? null : (now as Millis))
      const record = await this.#insert(
        tx,
        tenant,
        checked.document,
        from === null ? TIME_MIN : hybridTime(from),
      )
      return { ok: true, record, warnings: warningsOf(checked.document, firstDay(from)) }
    })
    if (outcome.ok) await this.#announce(tenant, outcome.record)
    return outcome
  }

  /**
   * Publishes what `work` makes of the version published last, in one transaction with what `work` has to write beside it (CFG-3). It takes effect now, or with
   * that version where that is still to come. Null: nothing is published yet.
   */
  async revise<T>(
    tenant: TenantId,
    work: (tx: Writes, document: ProgramDocument | null) => Promise<Result<Revision<T>>>,
  ): Promise<Result<T>> {
    const outcome = await this.#store.write(async (tx): Promise<Result<readonly [ProgramRecord, T]>> => {
      const last = (await tx.programs(tenant)).toSorted((a, b) => a.version - b.version).at(-1)
      // It was checked when it was published.
      const revised = await work(
        tx,
        last === undefined ? null : (JSON.parse(last.document) as ProgramDocument),
      )
      if (!revised.ok) return revised
      const checked = checkDocument(revised.value.document)
      if (!checked.ok)
        return refuse('input_invalid', checked.issues[0]?.message ?? 'The program does not allow that')
      const from = hybridTime(this.#clock.now())
      const effective = last === undefined ? TIME_MIN : from > last.effectiveFrom ? from : last.effectiveFrom
      const value = await revised.value.beside()
      return accept([await this.#insert(tx, tenant, checked.document, effective), value])
    })
    if (!outcome.ok) return outcome
    const [record, value] = outcome.value
    await this.#announce(tenant, record)
    return accept(value)
  }

  async #insert(
    tx: Writes,
    tenant: TenantId,
    document: ProgramDocument,
    effectiveFrom: HybridTime,
  ): Promise<ProgramRecord> {
    const known = await tx.programs(tenant)
    const version = (Math.max(0, ...known.map((record) => record.version)) + 1) as ProgramVersion
    const record: ProgramRecord = { version, effectiveFrom, document: JSON.stringify(document) }
    const now = this.#clock.now() as Millis
    await tx.insertProgram(tenant, record, now)
    await followProgram(tx, tenant, document, { now, by: `program ${version}` })
    return record
  }

  async #announce(tenant: TenantId, record: ProgramRecord): Promise<void> {
    const programs = await this.of(tenant)
    if (!programs.records.some(({ version }) => version === record.version)) programs.add(record)
    for (const listener of this.#listeners) listener(tenant, record)
  }
}

/** The next document, and what is written in its transaction before documents follow it. */
export interface Revision<T> {
  readonly document: ProgramDocument
  readonly beside: () => Promise<T>
}

/** The day it is everywhere when a version takes effect; null where it reaches back to the beginning. */
function firstDay(fromMs: number | null): number | null {
  return fromMs === null ? null : localDay(fromMs, LAST_OFFSET)
}
