// Turning a tenant's projection on: from then on every commit keeps its rows, and the members there are get theirs in bounded transactions, between
// which the tenant's commits go on (PROJ-7). What was begun is gone on with at the next start.
import type { MemberId } from '../../../protocol/ids.ts'
import type { Clock, Millis } from '../../../protocol/time.ts'
import { decodeState, newState } from '../../evaluation/state.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { CloudStore, TenantId, Writes } from '../../store/port.ts'
import type { ProgramShelf } from '../programs.ts'
import { Projector } from './projection/projector.ts'
import { tellStaff } from './staff-mail.ts'

export class Projections {
  readonly #store: CloudStore
  readonly #shelf: ProgramShelf
  readonly #projector: Projector
  readonly #clock: Clock

  constructor(store: CloudStore, shelf: ProgramShelf, clock: Clock) {
    this.#store = store
    this.#shelf = shelf
    this.#projector = new Projector(clock)
    this.#clock = clock
  }

  /** Inside the transaction that gives the tenant its first dialect; `fill` must follow. Its administrators are told that it is live. */
  async begin(tx: Writes, tenant: TenantId): Promise<void> {
    const { state } = await tx.projection(tenant)
    if (state !== 'off') return
    await tx.saveProjection(tenant, { state: 'filling', upTo: 0 as MemberId })
    const now = this.#clock.now() as Millis
    await tellStaff(tx, tenant, { type: 'BUSINESS_LIVE_ALERT', fact: null, location: 0, now })
  }

  /** Resolves when all members have their rows; nothing to do for a tenant that was not begun. */
  async fill(tenant: TenantId): Promise<void> {
    const programs = await this.#shelf.of(tenant)
    for (;;) {
      const more = await this.#store.write(async (tx) => {
        const { state, upTo } = await tx.projection(tenant)
        if (state !== 'filling') return false
        const stateOf = (member: MemberId): Promise<MemberState> => savedState(tx, member)
        const next = await this.#projector.fill(tx, tenant, upTo, { programs, stateOf })
        await tx.saveProjection(
          tenant,
          next === null ? { state: 'on', upTo } : { state: 'filling', upTo: next },
        )
        return next !== null
      })
      if (!more) return
    }
  }

  /** What an earlier life of the process began. */
  async resume(): Promise<void> {
    for (const { id } of await this.#store.read.tenantList({ after: 0, limit: TENANTS_MAX }))
      await this.fill(id)
  }
}

/** Tenants of one node that a start looks through. */
const TENANTS_MAX = 100_000

export async function savedState(tx: Writes, member: MemberId): Promise<MemberState> {
  const [row] = await tx.states([member])
  return (row && decodeState(row.state)) ?? newState()
}
