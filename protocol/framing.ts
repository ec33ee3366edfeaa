// Sealed frames in the body of a request or an answer, for networks that let no WebSocket through (P-SYNC-8): each behind its length in four bytes.
// What does not come out even was cut off on the way, and nothing of it counts.
import { FRAME_BYTES_MAX } from './limits.ts'

export const FRAMES_TYPE = 'application/x-tillstream-frames'
/** Says which line a request belongs to; made by the cloud, unguessable. */
export const LINE_HEADER = 'x-sync-line'
/** The code a line was closed with, where it was. */
export const CLOSED_HEADER = 'x-sync-closed'

const LENGTH_BYTES = 4

export function framesBody(frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32BE(frame.length)
      return [length, frame]
    }),
  )
}

/** Undefined where the body is no whole number of frames, or one of them is larger than a frame may be. */
export function framesOf(body: Uint8Array): Uint8Array[] | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const frames: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + LENGTH_BYTES > bytes.length) return undefined
    const length = bytes.readUInt32BE(at)
    const end = at + LENGTH_BYTES + length
    if (length > FRAME_BYTES_MAX || end > bytes.length) return undefined
    frames.push(bytes.subarray(at + LENGTH_BYTES, end))
    at = end
  }
  return frames
}
