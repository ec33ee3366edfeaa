// Which stores have met which members (D-1). What was met in this process is remembered, so that a busy store's members are not written down
// with every sale.
import type { MemberId, StoreId } from '../../../protocol/ids.ts'
import type { Writes } from '../../store/port.ts'
import type { Touch } from './standing.ts'

/** Members remembered as met, per store. */
export const MEETINGS_KNOWN_MAX = 20_000

export class Meetings {
  readonly #met = new Map<StoreId, Set<MemberId>>()

  /** A store has met the members its facts belong to. */
  async meet(tx: Writes, touched: ReadonlyMap<MemberId, Touch>): Promise<void> {
    const rows: { store: StoreId; member: MemberId }[] = []
    for (const [member, { added }] of touched) {
      let last: StoreId | 0 = 0
      for (const { fact } of added) {
        if (fact.store === 0 || fact.store === last) continue
        last = fact.store
        const met = this.#met.get(fact.store) ?? new Set()
        if (met.has(member)) continue
        if (met.size >= MEETINGS_KNOWN_MAX) met.clear()
        this.#met.set(fact.store, met.add(member))
        rows.push({ store: fact.store, member })
      }
    }
    await tx.meet(rows)
  }

  /** What was remembered was not saved. */
  forget(): void {
    this.#met.clear()
  }
}
