// Facts of members with all their effects, as a commit leaves them. What came in this commit and was folded once is not asked of the store again.
import { decodeStoredFact } from '../../../../protocol/codec.ts'
import { NO_MEMBER } from '../../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../../protocol/ids.ts'
import { effectsSum } from '../../../evaluation/fold.ts'
import type { Programs } from '../../../evaluation/programs.ts'
import type { ActivityRow, FactRow, Writes } from '../../../store/port.ts'
import type { ArrivedFact } from '../../ingest/accept.ts'
import type { FactView } from './transaction-lines.ts'

export interface OwnedView extends FactView {
  readonly member: MemberId
  /** It has no rows yet. */
  readonly fresh: boolean
}

export class FactViews {
  readonly #tx: Writes
  readonly #programs: Programs
  readonly #known = new Map<FactId, OwnedView>()

  constructor(tx: Writes, programs: Programs) {
    this.#tx = tx
    this.#programs = programs
  }

  /** Takes in what a commit brought; gives the ids of all facts whose effects or owners it changed. */
  note(activities: readonly ActivityRow[], arrivals: readonly ArrivedFact[]): FactId[] {
    const facts = new Map(arrivals.map(({ id, fact }) => [id, fact]))
    const rows = new Map<FactId, ActivityRow[]>()
    for (const row of activities) {
      if (row.fact === 0) continue
      const list = rows.get(row.fact)
      if (list === undefined) rows.set(row.fact, [row])
      else list.push(row)
    }
    for (const [id, [first, ...more]] of rows) {
      const fact = facts.get(id)
      if (first === undefined || more.length > 0 || fact === undefined || first.revision > 0) continue
      if (first.member === NO_MEMBER) continue
      const { effects, member } = first
      this.#known.set(id, { fact, effects, program: this.#programs.program(fact.at), member, fresh: true })
    }
    return [...rows.keys()]
  }

  /** Those of these facts that count for somebody. */
  async of(ids: readonly FactId[]): Promise<OwnedView[]> {
    const missing = ids.filter((id) => !this.#known.has(id))
    await this.take(await this.#tx.factsByIds(missing))
    return ids.flatMap((id) => this.#known.get(id) ?? [])
  }

  async take(rows: readonly FactRow[]): Promise<void> {
    const counted = rows.filter(
      ({ id, status, member }) => status === 'counted' && member > 0 && !this.#known.has(id),
    )
    if (counted.length === 0) return
    const activities = Map.groupBy(
      await this.#tx.activitiesOfFacts(counted.map(({ id }) => id)),
      ({ fact }) => fact,
    )
    for (const { id, member, bytes, at } of counted) {
      const own = (activities.get(id) ?? []).filter((row) => row.member === member)
      this.#known.set(id, {
        fact: decodeStoredFact(bytes),
        effects: effectsSum(own.map(({ effects }) => effects)),
        program: this.#programs.program(at),
        member,
        fresh: false,
      })
    }
  }
}
