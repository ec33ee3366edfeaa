// A disk with no room, or hardly any, by a file that takes it.
import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'

const PIECE = Buffer.alloc(64 * 1024)

/** To the last byte that the file system gives; goes on where the file is there already. */
export function fillDisk(filler: string): void {
  const file = openSync(filler, 'a')
  try {
    for (let piece = PIECE; piece.length > 0;) {
      try {
        writeSync(file, piece)
      } catch {
        piece = piece.subarray(0, piece.length >> 1)
      }
    }
  } finally {
    closeSync(file)
  }
}

/** The disk is full but for so many bytes. */
export function leaveRoom(filler: string, room: number): void {
  fillDisk(filler)
  truncateSync(filler, Math.max(0, statSync(filler).size - room))
}
