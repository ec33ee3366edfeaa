// What is to be done about leases without anybody coming (U-6, U-8), a page of LEASES_SWEEP_MAX at a time: those that end soon are looked at to be renewed, all of
// them once when another program is in force, and what is long over is written off. A round goes on where the last page ended, so that however many
// leases of stores out of reach lie in between, every other one gets its turn.
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { MemberId, ProgramVersion } from '../../../protocol/ids.ts'
import { LEASES_OVER_MS, LEASES_SWEEP_MAX } from '../../../protocol/limits.ts'
import { hybridTime } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { Programs } from '../../evaluation/programs.ts'
import type { LeaseReads, LeaseRow } from '../../store/lease-port.ts'
import type { TenantId } from '../../store/port.ts'
import type { Reach } from './excess.ts'

type Read = Pick<LeaseReads, 'leasesEnding' | 'leasesOverdue'>
type Cursor = Pick<LeaseRow, 'expires' | 'lease'>

/** Of one tenant: what was looked at last. */
interface Standing {
  readonly version: ProgramVersion
  readonly renewed: Cursor | null
  /** The round that another program in force began; null: it is done. */
  readonly walked: Cursor | null
}

export interface Due {
  readonly members: ReadonlySet<MemberId>
  /** Some of a perk's budget. */
  readonly budgets: boolean
  /** Nothing is leased any more: these are asked back. */
  readonly void: readonly LeaseRow[]
  readonly overdue: readonly LeaseRow[]
}

const BEGINNING: Cursor = { expires: 0 as Millis, lease: 0 }
const EVER = Number.MAX_SAFE_INTEGER as Millis

export class LeaseRounds {
  readonly #standings = new Map<TenantId, Standing>()

  /** `room`: how many members may be looked at. Undefined where no program is in force. */
  async next(
    read: Read,
    tenant: TenantId,
    programs: Programs,
    now: Millis,
    reach: Reach,
    room: number,
  ): Promise<Due | undefined> {
    const found = programs.inForce(hybridTime(now))
    if (found === undefined) return undefined
    const { version } = found.record
    const { leaseMs, writeOffMs, sharePercent } = found.program.offline
    const known = this.#standings.get(tenant)
    const before = known ?? { version, renewed: null, walked: null }
    const from = before.version === version ? before.walked : BEGINNING
    const limit = Math.max(0, Math.min(room, LEASES_SWEEP_MAX))
    const lasting = { expires: now, lease: Number.MAX_SAFE_INTEGER }
    const until = (now + leaseMs / 2) as Millis
    const ending = await read.leasesEnding(tenant, later(before.renewed, lasting), until, limit)
    const walked = from === null ? [] : await read.leasesEnding(tenant, from, EVER, limit - ending.length)
    this.#standings.set(tenant, {
      version,
      renewed: limit > 0 && ending.length < limit ? null : (ending.at(-1) ?? before.renewed),
      walked: limit > ending.length && walked.length < limit - ending.length ? null : (walked.at(-1) ?? from),
    })
    const inReach = [...ending, ...walked].filter(({ store, origin }) => reach.get(store) === origin)
    return {
      members: new Set(inReach.map(({ member }) => member).filter((member) => member !== NO_MEMBER)),
      budgets: before.version !== version || inReach.some(({ member }) => member === NO_MEMBER),
      void: sharePercent > 0 ? [] : inReach.filter(({ recall, answered }) => recall === answered),
      overdue: await read.leasesOverdue(
        tenant,
        (now - writeOffMs) as Millis,
        (now - LEASES_OVER_MS) as Millis,
        LEASES_SWEEP_MAX,
      ),
    }
  }
}

function later(cursor: Cursor | null, other: Cursor): Cursor {
  return cursor !== null && cursor.expires > other.expires ? cursor : other
}
