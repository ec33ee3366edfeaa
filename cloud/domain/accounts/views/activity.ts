// How much was earned and redeemed in some days of the business's calendar, by all customers or by one. Added up day by day, between which others are
// served.
import { setImmediate } from 'node:timers/promises'
import { DAY_MS, localDay, millisOfWallClock, zoneOffset } from '../../../../protocol/time.ts'
import { NO_ACTIVITY } from '../../../store/account-port.ts'
import type { Activity } from '../../../store/account-port.ts'
import type { Reads, TenantId } from '../../../store/port.ts'

/** Days since 1970, the last one included. */
export interface Days {
  readonly first: number
  readonly last: number
}

/** The wall clock of a business is that of its first location. */
export async function zoneOfBusiness(read: Pick<Reads, 'stores'>, tenant: TenantId): Promise<string> {
  return (await read.stores(tenant))[0]?.zone ?? 'UTC'
}

export function dayIn(zone: string, ms: number): number {
  return localDay(ms, zoneOffset(zone, ms))
}

export async function activityIn(
  read: Pick<Reads, 'activityBetween' | 'stores'>,
  tenant: TenantId,
  connection: number | null,
  { first, last }: Days,
): Promise<Activity> {
  const zone = await zoneOfBusiness(read, tenant)
  const start = (day: number): number => millisOfWallClock(day * DAY_MS, zone)
  // What one customer did is little.
  if (connection !== null) return read.activityBetween(tenant, connection, start(first), start(last + 1))
  let sum = NO_ACTIVITY
  for (let day = first; day <= last; day++) {
    sum = added(sum, await read.activityBetween(tenant, null, start(day), start(day + 1)))
    await setImmediate()
  }
  return sum
}

function added(one: Activity, other: Activity): Activity {
  const both = (name: 'earned' | 'redeemed'): Activity['earned'] => ({
    count: one[name].count + other[name].count,
    points: one[name].points + other[name].points,
  })
  return { earned: both('earned'), redeemed: both('redeemed'), joined: one.joined + other.joined }
}
