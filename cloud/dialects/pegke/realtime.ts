// Pegke's store activity at HQ (PG-1): the live feed of the merchant's stores, over a WebSocket that a key or an access token opens.
import type { Principal } from '../../platform/principal.ts'
import type { Result } from '../../../protocol/result.ts'
import { merchantOf } from './merchant.ts'

export const REALTIME_PATH = '/pegke/realtime'

/** Whose stores are watched. `served`: the businesses that are listed in Pegke. */
export async function realtimeTenant(
  principal: Principal,
  served: () => Promise<readonly number[]>,
): Promise<Result<number>> {
  return merchantOf(principal, await served())
}
