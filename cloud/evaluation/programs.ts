// All versions of a tenant's program, and which one is in force when (E-FOLD-3). Versions only ever get added, but after a restored cloud.
import type { ProgramVersion } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'
import { checkDocument } from './check/check.ts'
import { compile } from './compile.ts'
import type { Program } from './compile.ts'

export interface ProgramRecord {
  readonly version: ProgramVersion
  readonly effectiveFrom: HybridTime
  /** JSON text as published. */
  readonly document: string
}

interface Entry {
  readonly record: ProgramRecord
  readonly program: Program
}

export class Programs {
  /** By (effectiveFrom, version), rising. */
  readonly #entries: Entry[] = []

  constructor(records: Iterable<ProgramRecord> = []) {
    for (const record of records) this.add(record)
  }

  /** Adds a checked version; adding one twice changes nothing. */
  add(record: ProgramRecord): void {
    if (this.#entries.some((entry) => entry.record.version === record.version)) return
    const checked = checkDocument(JSON.parse(record.document))
    assert(checked.ok, `program version ${record.version} was checked when it was published`)
    this.#entries.push({ record, program: compile(checked.document) })
    this.#entries.sort(
      (a, b) => a.record.effectiveFrom - b.record.effectiveFrom || a.record.version - b.record.version,
    )
  }

  /** Forgets later versions: a cloud that was restored from a backup may publish others under their numbers. */
  forgetAfter(version: number): void {
    const kept = this.#entries.filter(({ record }) => record.version <= version)
    this.#entries.splice(0, this.#entries.length, ...kept)
  }

  get latest(): ProgramVersion {
    return Math.max(0, ...this.#entries.map(({ record }) => record.version)) as ProgramVersion
  }

  inForce(at: HybridTime): Entry | undefined {
    const entries = this.#entries
    for (let index = entries.length - 1; index >= 0; index--) {
      const entry = entries[index]
      if (entry !== undefined && entry.record.effectiveFrom <= at) return entry
    }
    return undefined
  }

  program(at: HybridTime): Program | null {
    return this.inForce(at)?.program ?? null
  }

  /** Null: there is no such version. */
  ofVersion(version: ProgramVersion): Program | null {
    return this.#entries.find(({ record }) => record.version === version)?.program ?? null
  }

  get records(): readonly ProgramRecord[] {
    return this.#entries.map(({ record }) => record)
  }
}
