// The published programs of each tenant: written once, compiled once, handed to whoever folds. Versions are immutable and effective-dated; only the
// first may reach into the past (E-DOC-2), so a fold never changes under facts that were folded already.
import type { ProgramVersion } from '../../protocol/ids.ts'
import type { Refusal } from '../../protocol/result.ts'
import { TIME_MIN, hybridTime, localDay } from '../../protocol/time.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import { checkDocument } from '../evaluation/check/check.ts'
import type { DocumentIssue, DocumentWarning } from '../evaluation/check/issue.ts'
import { warningsOf } from '../evaluation/check/warnings.ts'
import { Programs } from '../evaluation/programs.ts'
import type { ProgramRecord } from '../evaluation/programs.ts'
import type { CloudStore, TenantId } from '../store/port.ts'

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
    const programs = await this.of(tenant)
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
      const record: ProgramRecord = {
        version: (Math.max(0, ...known.map(({ version }) => version)) + 1) as ProgramVersion,
        effectiveFrom:
          effectiveFrom === null && known.length === 0 ? TIME_MIN : hybridTime(effectiveFrom ?? now),
        document: JSON.stringify(checked.document),
      }
      await tx.insertProgram(tenant, record, now as Millis)
      const from = effectiveFrom ?? (known.length === 0 ? null : now)
      return { ok: true, record, warnings: warningsOf(checked.document, firstDay(from)) }
    })
    if (outcome.ok) {
      programs.add(outcome.record)
      for (const listener of this.#listeners) listener(tenant, outcome.record)
    }
    return outcome
  }
}

/** The day it is everywhere when a version takes effect; null where it reaches back to the beginning. */
function firstDay(fromMs: number | null): number | null {
  return fromMs === null ? null : localDay(fromMs, LAST_OFFSET)
}
