// What a caller hears of something that was thrown: that the disk has no room, which he may wait for, or that something broke, of which the log has more.
import { refuse } from '../../protocol/result.ts'
import type { Refusal } from '../../protocol/result.ts'
import { STORAGE_FULL, StorageFull } from '../store/room-port.ts'

export function faultFor(
  cause: unknown,
  requestId?: string,
): { readonly ok: false; readonly refusal: Refusal } {
  if (cause instanceof StorageFull) return refuse('storage_full', STORAGE_FULL)
  return refuse(
    'fault',
    requestId === undefined
      ? 'Something broke on our side'
      : `Something broke on our side; the log has more under request ${requestId}`,
  )
}
