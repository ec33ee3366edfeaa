// What the store is told about its disk (L-13, L-15): read-only before it is full, writable again when there is room, in the status and once on the feed.
import type { FlushTest } from '../ledger/flush-test.ts'
import type { Status } from './answers.ts'
import type { Books } from './books.ts'
import { tell } from './cloud-word.ts'
import type { Recorder } from './recorder.ts'

const MIB = 1024 * 1024

export class StorageKeeper {
  readonly #books: Books
  readonly #recorder: Recorder
  readonly #flush: FlushTest | null
  #told: 'ample' | 'low' = 'ample'

  constructor(books: Books, recorder: Recorder, flush: FlushTest | null) {
    this.#books = books
    this.#recorder = recorder
    this.#flush = flush
  }

  /** Every CLOCK_LOOK_MS. */
  look(): void {
    const { ledger } = this.#books
    if (ledger.room === undefined || ledger.broken) return
    const room = ledger.room.look()
    if (room === 'low') this.#giveRoom()
    if (room === this.#told) return
    this.#told = room
    const free = `${Math.floor(ledger.room.space.free / MIB)} MiB are free`
    this.tell(
      room === 'low'
        ? `The disk of the store node is nearly full, ${free}: nothing is recorded until there is room`
        : `The disk of the store node has room again, ${free}: sales are recorded`,
    )
  }

  tell(text: string): void {
    this.#recorder.standingChanged(() =>
      tell(this.#books, { kind: 'notice', fact: null, member: null, points: 0, text }),
    )
  }

  status(): Status['storage'] {
    const { ledger } = this.#books
    const { room } = ledger
    return {
      state: ledger.broken ? 'failed' : room?.room === 'low' ? 'read_only' : 'writable',
      free_bytes: room?.space.free ?? null,
      low_bytes: room?.lowBytes ?? null,
      flush_ms: this.#flush?.ms ?? null,
      flush: this.#flush?.verdict ?? null,
    }
  }

  #giveRoom(): void {
    try {
      this.#books.ledger.giveRoom()
    } catch (cause) {
      this.#books.ledger.failed(cause)
    }
  }
}
