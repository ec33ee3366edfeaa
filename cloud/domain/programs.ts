// The published programs of each tenant: written once, compiled once, handed to whoever folds. Versions are immutable and effective-dated; only the
// first may reach into the past (E-DOC-2), so a fold never changes under facts that were folded already.
import type { ProgramVersion } from '../../protocol/ids.ts'
import type { Refusal } from '../../protocol/result.ts'
import { TIME_MIN, hybridTime } from '../../protocol/time.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import { checkDocument } from '../evaluation/check.ts'
import type { DocumentIssue } from '../evaluation/check.ts'
import { Programs } from '../evaluation/programs.ts'
import type { ProgramRecord } from '../evaluation/programs.ts'
import type { CloudStore, TenantId } from '../store/port.ts'

export type PublishOutcome =
  | { readonly ok: true; readonly record: ProgramRecord }
  | { readonly ok: false; readonly refusal: Refusal; readonly issues: readonly DocumentIssue[] }

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
      return { ok: true, record }
    })
    if (outcome.ok) {
      programs.add(outcome.record)
      for (const listener of this.#listeners) listener(tenant, outcome.record)
    }
    return outcome
  }
}
