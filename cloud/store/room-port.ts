// What the cloud's store says about the room on its disk (S-8).
import type { Room, Space } from '../storage/disk-room.ts'

/** Nothing was written, for the disk has no room for more; the same may be tried again when it has. */
export class StorageFull extends Error {
  override readonly name = 'StorageFull'

  constructor(options?: ErrorOptions) {
    super('the disk of the cloud node is nearly full', options)
  }
}

/** For whoever called. */
export const STORAGE_FULL =
  'The disk of the cloud node is nearly full: nothing is recorded until there is room, reading works. Try again later.'

export interface RoomLook {
  readonly room: Room
  readonly space: Space
  /** Below it nothing is written. */
  readonly lowBytes: number
}
