// What is due comes to pass without a visit: members for whom time alone changes something get a `moment` fact when that time has come (DUE-1). A look is
// bounded, and a moment is recorded once per member and instant: if the instant is still the next one after its moment, the member is left alone
// until its next fact and HQ is told, so that a mistake in a rule can never fill the log.
import { setImmediate as turn } from 'node:timers/promises'
import { DUE_COMMIT_MAX, DUE_SWEEP_MAX, DUE_SWEEP_MS, PAGE_SIZE_MAX } from '../../protocol/limits.ts'
import { NO_FACT } from '../../protocol/ids.ts'
import type { StoreId } from '../../protocol/ids.ts'
import { hybridTime, zoneOffset } from '../../protocol/time.ts'
import type { Clock, Millis, ZoneOffset } from '../../protocol/time.ts'
import type { Programs } from '../evaluation/programs.ts'
import { decodeState } from '../evaluation/state.ts'
import type { CloudStore, DueRow, TenantId, Writes } from '../store/port.ts'
import { nextDue } from '../evaluation/time/time.ts'
import { dueOf } from './due.ts'
import type { NextDue } from './due.ts'
import type { Ingest } from './ingest/ingest.ts'
import { HQ_STORE, ownHeader } from './ingest/own-facts.ts'
import type { OwnFacts } from './ingest/own-facts.ts'
import { noticeOf } from './ingest/standing.ts'
import type { ProgramShelf } from './programs.ts'

export interface MomentParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly shelf: ProgramShelf
  readonly clock: Clock
  /** Calls once after `ms`; the returned function cancels. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly onFault: (cause: unknown) => void
  readonly due?: NextDue
}

export class Moments {
  readonly #parts: MomentParts
  readonly #due: NextDue
  #working: Promise<void> = Promise.resolve()
  #stopped = false
  #cancel: () => void = () => undefined

  constructor(parts: MomentParts) {
    this.#parts = parts
    this.#due = parts.due ?? nextDue
  }

  /** Looks now and every DUE_SWEEP_MS. */
  start(): void {
    this.#working = this.sweep()
      .then(() => undefined)
      .catch(this.#parts.onFault)
      .finally(() => {
        if (!this.#stopped) this.#cancel = this.#parts.after(DUE_SWEEP_MS, () => this.start())
      })
  }

  /** Resolves when the look that goes on has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#working
  }

  /** One look: at most DUE_SWEEP_MAX members, each at most once. Resolves to the number of moments. */
  async sweep(): Promise<number> {
    const { store, clock } = this.#parts
    for (const tenant of await store.read.tenants()) await this.#reckonAgain(tenant)
    const now = clock.now() as Millis
    let moments = 0
    let after: DueRow | null = null
    for (let seen = 0; seen < DUE_SWEEP_MAX && !this.#stopped; seen += DUE_COMMIT_MAX) {
      const rows: readonly DueRow[] = await store.read.dueMembers(now, after, DUE_COMMIT_MAX)
      const byTenant = Map.groupBy(rows, ({ tenant }) => tenant)
      for (const [tenant, due] of byTenant) moments += await this.#record(tenant, due)
      after = rows.at(-1) ?? null
      if (rows.length < DUE_COMMIT_MAX) break
      await turn()
    }
    return moments
  }

  async #record(tenant: TenantId, rows: readonly DueRow[]): Promise<number> {
    const { ingest, shelf, store } = this.#parts
    const programs = await shelf.of(tenant)
    const zones = new Map((await store.read.stores(tenant)).map(({ id, zone }) => [id, zone] as const))
    return ingest.record(tenant, async (tx, own) => {
      let moments = 0
      const states = await tx.states(rows.map(({ member }) => member))
      const dueNow = new Map(states.map(({ member, due }) => [member, due]))
      for (const row of rows)
        if (dueNow.get(row.member) === row.due)
          moments += (await this.#recordOne(tx, own, row, programs, zones)) ? 1 : 0
      return moments
    })
  }

  async #recordOne(
    tx: Writes,
    own: OwnFacts,
    { tenant, member, due, store }: DueRow,
    programs: Programs,
    zones: ReadonlyMap<StoreId, string>,
  ): Promise<boolean> {
    const key = `moment-${member}-${due}`
    const place = await own.place()
    if (!(await own.isNew(key))) {
      await tx.saveDue(member, null)
      const text = `what was due for member ${member} at ${new Date(due).toISOString()} is still due after its moment`
      const notice = { at: place.at, store: HQ_STORE, id: NO_FACT }
      await tx.appendActivities([noticeOf(tenant, notice, 'moment_stuck', text)])
      return false
    }
    const offset = offsetIn(store === null ? undefined : zones.get(store), this.#parts.clock.now())
    const header = { ...place, key, program: programs.latest, member, offset }
    await own.append({ ...ownHeader('moment', header), due })
    return true
  }

  /** Another program in force may make other things due: then all members' next instants are reckoned again, once. */
  async #reckonAgain(tenant: TenantId): Promise<void> {
    const { store, shelf, clock } = this.#parts
    const programs = await shelf.of(tenant)
    const now = clock.now()
    const version = String(programs.inForce(hybridTime(now))?.record.version ?? 0)
    const name = `due_program_${tenant}`
    if ((await store.write((tx) => tx.meta(name))) === version) return
    for (let after = 0; !this.#stopped;) {
      const page = await store.read.folded(tenant, { after, limit: PAGE_SIZE_MAX })
      const ids = page.map(({ member }) => member)
      const homes = new Map(page.map((row) => [row.member, row.store] as const))
      await store.write(async (tx) => {
        const zones = new Map((await tx.stores(tenant)).map(({ id, zone }) => [id, zone] as const))
        for (const { member, state, due } of await tx.states(ids)) {
          const decoded = decodeState(state)
          const offset = offsetIn(zones.get(homes.get(member) ?? HQ_STORE), now)
          const next = decoded === undefined ? null : dueOf(this.#due, programs, decoded, offset, now)
          if (next !== due) await tx.saveDue(member, next)
        }
      })
      const last = ids.at(-1)
      if (last === undefined || ids.length < PAGE_SIZE_MAX) {
        await store.write((tx) => tx.saveMeta(name, version))
        return
      }
      after = last
      await turn()
    }
  }
}

/** The wall clock of the store of the enrolment decides which day it is for the member. */
function offsetIn(zone: string | undefined, ms: number): ZoneOffset {
  return zone === undefined ? (0 as ZoneOffset) : zoneOffset(zone, ms)
}
