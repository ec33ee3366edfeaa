// One frame of the feed in every form that its readers ask for (F-7, F-9, F-12), each made once however many readers want it, and only if one does.
import { FEED_PACKED_MIN } from '../../protocol/limits.ts'
import { pack } from '../../protocol/packed-feed.ts'
import { encodePlain } from '../../protocol/plain-cbor.ts'
import { unreachable } from '../../protocol/result.ts'
import type { Activity } from '../till/answers.ts'
import { fits } from './feed-filter.ts'
import type { FeedFilter } from './feed-filter.ts'
import type { FeedFrame } from './feed-log.ts'

/** `cbor`, `packed`: a WebSocket whose frames are CBOR (F-9), or JSON by columns (F-12). */
export type Transport = 'socket' | 'cbor' | 'packed' | 'sse'

export interface Message {
  readonly event: 'welcome' | 'activities' | 'beat'
  /** Position a reader is at after it. */
  readonly id: string
  /** JSON. */
  readonly text: string
}

export function encode(transport: Transport, { event, id, text }: Message): Uint8Array {
  switch (transport) {
    case 'socket':
    case 'packed':
      return Buffer.from(text)
    case 'cbor':
      return encodePlain(JSON.parse(text))
    case 'sse':
      return Buffer.from(`id: ${id}\nevent: ${event}\ndata: ${text}\n\n`)
    default:
      return unreachable(transport)
  }
}

export class Edition {
  readonly #frame: FeedFrame
  readonly #made = new Map<string, Uint8Array | undefined>()
  #activities: readonly Activity[] | undefined

  constructor(frame: FeedFrame) {
    this.#frame = frame
  }

  /** Undefined where nothing in it is what the filter asks for. */
  of(transport: Transport, filter: FeedFilter | undefined): Uint8Array | undefined {
    const name = filter === undefined ? transport : `${transport} ${filter.name}`
    const made = this.#made.get(name)
    if (made !== undefined || this.#made.has(name)) return made
    const text = this.#text(transport, filter)
    const { epoch, to } = this.#frame
    const message =
      text === undefined ? undefined : encode(transport, { event: 'activities', id: `${epoch}:${to}`, text })
    this.#made.set(name, message)
    return message
  }

  #text(transport: Transport, filter: FeedFilter | undefined): string | undefined {
    const { epoch, from, to, text } = this.#frame
    if (filter === undefined && (transport !== 'packed' || to - from + 1 < FEED_PACKED_MIN)) return text
    // A frame of the log is JSON of activities.
    this.#activities ??= (JSON.parse(text) as { activities: Activity[] }).activities
    const activities =
      filter === undefined ? this.#activities : this.#activities.filter((one) => fits(one, filter))
    if (activities.length === 0) return undefined
    const head = { epoch, from, to }
    const packed =
      transport === 'packed' && activities.length >= FEED_PACKED_MIN ? pack(head, activities) : undefined
    if (packed === undefined && filter === undefined) return text
    return JSON.stringify(packed ?? { type: 'activities', ...head, activities })
  }
}
