// Hot: a request's body as its pieces come in. The usual body comes in one piece and is not copied at all: it is read inside the callback
// that brought it. Others are copied into room that doubles, so that a body of a million one-byte pieces costs what its bytes cost.
import { BODY_BYTES_MAX } from '../../protocol/limits.ts'

const ROOM_BYTES_MIN = 16 * 1024

export class Body {
  readonly #announced: number
  #room: Buffer | undefined
  #size = 0
  #whole: Buffer | undefined

  /** `announced` by Content-Length, 0 where it is not known. */
  constructor(announced: number) {
    this.#announced = announced
  }

  /** False when the body has become too large (H-3). The piece is only valid during the call. */
  add(piece: ArrayBuffer, last: boolean, most = BODY_BYTES_MAX): boolean {
    const size = this.#size + piece.byteLength
    if (size > most) return false
    if (last && this.#size === 0) {
      this.#whole = Buffer.from(piece)
      return true
    }
    let room = this.#room
    if (room === undefined || room.length < size) {
      const grown = Buffer.allocUnsafe(
        Math.max(size, 2 * (room?.length ?? 0), Math.min(this.#announced, ROOM_BYTES_MIN)),
      )
      room?.copy(grown, 0, 0, this.#size)
      this.#room = room = grown
    }
    room.set(new Uint8Array(piece), this.#size)
    this.#size = size
    if (last) this.#whole = room.subarray(0, size)
    return true
  }

  /** All of it, after the last piece; valid as long as that piece is. */
  get bytes(): Buffer {
    return this.#whole ?? Buffer.alloc(0)
  }
}
