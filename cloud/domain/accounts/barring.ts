// Businesses whose cancelled members may not earn or redeem (BAR-1). A member is cancelled whom another system told to be INACTIVE; most are not, so
// what the business wants is looked up only then. Lists ask about all businesses at once, so that answer is kept for a moment.
import { refuse } from '../../../protocol/result.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Clock } from '../../../protocol/time.ts'
import type { Row } from '../../collections/collection.ts'
import { bodyOf } from '../../collections/documents.ts'
import { EVERYTHING, eq } from '../../collections/query.ts'
import { CONFIGURATION } from '../../collections/tables/configuration.ts'
import type { AccountRow } from '../../collections/tables/accounts.ts'
import type { Reads } from '../../store/port.ts'

const KEPT_MS = 500
const PAGE = 500

/** Null: this customer may. */
export async function barred(
  read: Pick<Reads, 'rows'>,
  { tenant, membership }: Pick<AccountRow<'connections'>, 'tenant' | 'membership'>,
  deed: 'earn' | 'redeem',
): Promise<Refusal | null> {
  if (membership !== 'INACTIVE') return null
  const where = eq('id', tenant)
  const [business] = await read.rows(CONFIGURATION.businesses, { tenants: [tenant], where, limit: 1 })
  return business !== undefined && bodyOf(business)[`cancelled_may_${deed}`] === false
    ? refuse('condition_unmet', `Members who were cancelled do not ${deed} here`, 'user').refusal
    : null
}

export class Barring {
  readonly #read: Pick<Reads, 'rows'>
  readonly #clock: Clock
  #kept: { readonly until: number; readonly businesses: ReadonlySet<number> } | undefined

  constructor(read: Pick<Reads, 'rows'>, clock: Clock) {
    this.#read = read
    this.#clock = clock
  }

  /** Those that bar cancelled members from either. */
  async businesses(): Promise<ReadonlySet<number>> {
    const now = this.#clock.now()
    // A clock that was set back must not keep an old answer for long.
    if (this.#kept !== undefined && now < this.#kept.until && now >= this.#kept.until - KEPT_MS)
      return this.#kept.businesses
    const businesses = new Set<number>()
    for (let after = 0, full = true; full;) {
      const where = after === 0 ? EVERYTHING : ({ at: ['id'], is: 'gt', value: after } as const)
      const page = await this.#read.rows(CONFIGURATION.businesses, { tenants: 'every', where, limit: PAGE })
      for (const row of page) if (bars(row)) businesses.add(Number(row.id))
      after = Number(page.at(-1)?.id ?? 0)
      full = page.length === PAGE
    }
    this.#kept = { until: now + KEPT_MS, businesses }
    return businesses
  }
}

function bars(business: Row): boolean {
  const { cancelled_may_earn: earn, cancelled_may_redeem: redeem } = bodyOf(business)
  return earn === false || redeem === false
}
