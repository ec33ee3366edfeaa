// One reader of the live feed and its place in the log (Q-4 F-2). It knows no socket: whatever carries it says how many bytes wait and when a
// frame has left. While it catches up the carrier's pace sets the pace; while it is live the commits do, and falling behind ends it.
import { CLOSE_CODES } from '../../../protocol/close-codes.ts'
import type { CloseReason } from '../../../protocol/close-codes.ts'
import { FEED_BACKLOG_BYTES_MAX, FEED_PAGE_MAX, FEED_RECENT } from '../../../protocol/limits.ts'
import type { ActivityView } from '../../domain/view-shapes.ts'
import type { Reads, TenantId } from '../../store/port.ts'
import type { FeedFrame, LiveFeed } from './live-feed.ts'

/** Where a reader was: undefined for one that comes for the first time. */
export interface FeedPlace {
  readonly epoch: number | undefined
  readonly after: number | undefined
}

/** How far a live reader has seen. */
export interface FeedBeat {
  readonly position: number
  readonly text: string
}

/** What carries a reader: a WebSocket or a stream of server-sent events. */
export interface FeedPeer {
  welcome(text: string): void
  /** Resolves when the frame has been handed to the network, or the peer has gone. */
  send(frame: FeedFrame): Promise<void>
  backlogBytes(): number
  /** Shows that the line lives; with a frame that says how far the reader has seen, where it has seen all there is. */
  heartbeat(beat: FeedBeat | null): void
  close(code: number, reason: string): void
}

export class FeedReader {
  readonly tenant: TenantId
  readonly #read: Reads
  readonly #feed: LiveFeed
  readonly #peer: FeedPeer
  /** Whether whoever opened it would be let in now. */
  readonly #admitted: () => Promise<boolean>
  #position = 0
  #open = true
  #catchingUp = false

  constructor(
    read: Reads,
    feed: LiveFeed,
    tenant: TenantId,
    peer: FeedPeer,
    admitted: () => Promise<boolean>,
  ) {
    this.#read = read
    this.#feed = feed
    this.tenant = tenant
    this.#peer = peer
    this.#admitted = admitted
  }

  /** Everything up to here was sent. */
  get position(): number {
    return this.#position
  }

  start(place: FeedPlace): void {
    void this.#guard(async () => {
      const head = await this.#read.lastPosition()
      const { epoch } = this.#feed
      const recovered = place.after !== undefined && place.after <= head && (place.epoch ?? epoch) === epoch
      this.#position = recovered ? (place.after ?? 0) : Math.max(0, head - FEED_RECENT)
      this.#peer.welcome(JSON.stringify({ type: 'welcome', epoch, position: head, recovered }))
      this.catchUp()
    })
  }

  /** Reads on from the store until the live end is reached. */
  catchUp(): void {
    if (this.#catchingUp) return
    this.#catchingUp = true
    void this.#guard(async () => {
      do await this.#page()
      while (this.#open && !this.#feed.goLive(this))
      this.#catchingUp = false
    })
  }

  async #page(): Promise<void> {
    const head = await this.#read.lastPosition()
    const page = { after: this.#position, limit: FEED_PAGE_MAX }
    const rows = await this.#read.activities(this.tenant, page)
    const frame = this.#feed.frameOf(await this.#feed.views(this.tenant, rows))
    if (frame !== undefined && this.#open) await this.#peer.send(frame)
    const seen = rows.at(-1)?.position ?? this.#position
    // A full page may have more behind it; after any other the tenant has nothing up to the head.
    this.#position = rows.length < FEED_PAGE_MAX ? Math.max(seen, head) : seen
  }

  /** A commit's activities, for a live reader: `frame` is all of `views`, encoded once for every reader that needs them all. */
  take(views: readonly ActivityView[], frame: FeedFrame | undefined, last: number): void {
    if (!this.#open || last <= this.#position) return
    if (this.#peer.backlogBytes() > FEED_BACKLOG_BYTES_MAX) {
      this.close('resume', 'too slow: reconnect and resume by position')
      return
    }
    const fresh =
      frame === undefined || frame.from > this.#position
        ? frame
        : this.#feed.frameOf(views.filter(({ position }) => position > this.#position))
    this.#position = last
    if (fresh !== undefined) void this.#guard(() => this.#peer.send(fresh))
  }

  heartbeat(): void {
    if (!this.#open) return
    const position = this.#position
    const text = JSON.stringify({ type: 'beat', epoch: this.#feed.epoch, position })
    this.#peer.heartbeat(this.#catchingUp ? null : { position, text })
  }

  async lookAtToken(): Promise<void> {
    await this.#guard(async () => {
      if (!(await this.#admitted())) this.close('unauthorised', 'this token opens the feed no longer')
    })
  }

  close(reason: CloseReason, text: string): void {
    if (!this.#open) return
    this.gone()
    this.#peer.close(CLOSE_CODES[reason], text)
  }

  /** The peer has closed. */
  gone(): void {
    this.#open = false
    this.#feed.leave(this)
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      if (!this.#open) return
      this.#feed.fault(cause)
      this.close('resume', 'something broke on our side: reconnect and resume by position')
    }
  }
}
