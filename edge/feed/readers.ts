// Everyone who watches the feed, over any transport. A reader is either catching up, page by page from the log as fast as it takes them, or
// live, and then gets every frame as the very bytes all others get that want it so: a frame is made once per form (edition.ts), however many read.
// A live reader that holds back more than FEED_BACKLOG_BYTES_MAX is cut with the code that means "resume" (F-3): uWebSockets.js would skip
// messages silently instead, and a reader that once missed a position would never know.
import { FEED_BACKLOG_BYTES_MAX, FEED_SUBSCRIBERS_MAX } from '../../protocol/limits.ts'
import { Edition, encode } from './edition.ts'
import type { Message, Transport } from './edition.ts'
import type { FeedFilter } from './feed-filter.ts'
import type { FeedFrame, FeedLog } from './feed-log.ts'

/** A page is not started while this much of the one before is unsent: catching up never counts as holding back. */
const CATCH_UP_BACKLOG_BYTES = FEED_BACKLOG_BYTES_MAX / 4

/** Why a reader is let go; the transport turns it into its own close. */
export type Farewell = 'resume' | 'stopping' | 'unauthorised'

export interface ReaderSink {
  readonly transport: Transport
  /** Bytes handed over that the network has not taken. */
  backlog(): number
  send(message: Uint8Array): void
  close(why: Farewell): void
}

export interface Place {
  readonly epoch: number | undefined
  readonly after: number | undefined
}

/** Who reads, from where, and what of it. */
export interface ReaderOptions extends Place {
  /** Name of the terminal whose token opened it. */
  readonly terminal: string
  readonly filter: FeedFilter | undefined
  /** Whether the token that opened it is still good. */
  readonly allowed: () => boolean
}

export interface Reader {
  /** Name of the terminal whose token opened it. */
  readonly terminal: string
  readonly sink: ReaderSink
  readonly filter: FeedFilter | undefined
  readonly allowed: () => boolean
  /** Last position handed over. */
  after: number
  live: boolean
}

export class Readers {
  readonly #feed: FeedLog
  readonly #readers = new Set<Reader>()
  readonly #unsubscribe: () => void
  /** Cut since the start for holding back. */
  cut = 0

  constructor(feed: FeedLog) {
    this.#feed = feed
    this.#unsubscribe = feed.subscribe((frame) => this.#publish(frame))
  }

  get count(): number {
    return this.#readers.size
  }

  get full(): boolean {
    return this.#readers.size >= FEED_SUBSCRIBERS_MAX
  }

  /** F-2: welcome, what came after the place, then what comes. The caller has looked at `full`. */
  attach(sink: ReaderSink, options: ReaderOptions): Reader {
    const { terminal, filter, allowed, epoch: given, after: last } = options
    const { recovered, after, position } = this.#feed.resume(given, last)
    const { epoch } = this.#feed
    const reader: Reader = { terminal, sink, filter, allowed, after, live: false }
    this.#readers.add(reader)
    const text = JSON.stringify({ type: 'welcome', epoch, position, recovered })
    sink.send(encode(sink.transport, { event: 'welcome', id: `${epoch}:${after}`, text }))
    this.#catchUp(reader)
    return reader
  }

  detach(reader: Reader): void {
    this.#readers.delete(reader)
  }

  /** The transport has sent some of what it held. */
  drained(reader: Reader): void {
    if (!reader.live && this.#readers.has(reader)) this.#catchUp(reader)
  }

  /** F-8, H-9: who may not watch any more is let go; a word to everyone who is live, with the position, so that a filtered reader knows how far it has seen. */
  beat(): void {
    const { epoch, position } = this.#feed
    const text = JSON.stringify({ type: 'beat', epoch, position })
    const message: Message = { event: 'beat', id: `${epoch}:${position}`, text }
    const encoded: Partial<Record<Transport, Uint8Array>> = {}
    for (const reader of this.#readers) {
      const { live, sink } = reader
      if (!reader.allowed()) {
        this.#close(reader, 'unauthorised')
        continue
      }
      // A line that holds something back is alive or will be cut; a beat would only add to it.
      if (live && sink.backlog() === 0)
        sink.send((encoded[sink.transport] ??= encode(sink.transport, message)))
    }
  }

  /** Lets the readers of a terminal go whose token is no longer valid. */
  revoke(terminal: string): void {
    for (const reader of this.#readers) if (reader.terminal === terminal) this.#close(reader, 'unauthorised')
  }

  /** H-4: no more frames; every reader is told that we stop. */
  stop(): void {
    this.#unsubscribe()
    for (const reader of this.#readers) this.#close(reader, 'stopping')
  }

  #close(reader: Reader, why: Farewell): void {
    this.#readers.delete(reader)
    reader.sink.close(why)
  }

  #catchUp(reader: Reader): void {
    const { sink } = reader
    while (sink.backlog() <= CATCH_UP_BACKLOG_BYTES) {
      const frame = this.#feed.frameAfter(reader.after)
      if (frame === undefined) {
        reader.live = true
        return
      }
      if (frame.from !== reader.after + 1) {
        // The history was shortened past a reader that took too long: it must come back and be told so.
        this.#close(reader, 'resume')
        return
      }
      const message = new Edition(frame).of(sink.transport, reader.filter)
      if (message !== undefined) sink.send(message)
      reader.after = frame.to
    }
  }

  #publish(frame: FeedFrame): void {
    const edition = new Edition(frame)
    for (const reader of this.#readers) {
      // Who is catching up finds it in the log.
      if (!reader.live || frame.to <= reader.after) continue
      const { sink } = reader
      if (frame.from !== reader.after + 1 || sink.backlog() > FEED_BACKLOG_BYTES_MAX) {
        this.cut += 1
        this.#close(reader, 'resume')
        continue
      }
      reader.after = frame.to
      const message = edition.of(sink.transport, reader.filter)
      if (message !== undefined) sink.send(message)
    }
  }
}
