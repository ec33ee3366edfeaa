// What gave or took points, newest first: of a customer, or of the whole business. Found by the transactions that are kept for tenants with a dialect, so
// that no page folds or sorts anything (OP-12).
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import type { ActivityRow, Reads, TenantId } from '../../store/port.ts'
import type { FactSummary } from '../view-shapes.ts'
import { factSummary } from '../views.ts'

export interface HistoryWanted {
  /** Null: of everybody. */
  readonly member: MemberId | null
  readonly limit: number
  readonly offset: number
}

export interface History {
  readonly facts: readonly FactSummary[]
  readonly more: boolean
}

export class Histories {
  readonly #read: Reads

  constructor(read: Reads) {
    this.#read = read
  }

  async of(tenant: TenantId, { member, limit, offset }: HistoryWanted): Promise<History> {
    const found = await this.#read.transactedFacts(tenant, member, { limit: limit + 1, offset })
    const facts = found.slice(0, limit)
    return { facts: await this.#summaries(facts), more: found.length > limit }
  }

  async #summaries(facts: readonly FactId[]): Promise<FactSummary[]> {
    const activities = await this.#read.activitiesOfFacts(facts)
    const byFact: ReadonlyMap<number, readonly ActivityRow[]> = Map.groupBy(activities, ({ fact }) => fact)
    const rows = await Promise.all(facts.map((fact) => this.#read.fact(fact)))
    return rows.flatMap((row) => (row === undefined ? [] : [factSummary(row, byFact.get(row.id) ?? [])]))
  }
}
