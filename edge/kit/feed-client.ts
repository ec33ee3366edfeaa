// Watches a store's feed, or HQ's, over any number of lost connections (KW). It holds a place and gives every activity after it once, in order; where the store no
// longer has what comes next it says `missed` first. Runs in browsers and in Node: it needs `WebSocket` and timers, nothing else.
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { FeedMessage } from '../../protocol/feed-frames.ts'
import { unpack } from '../../protocol/packed-feed.ts'
import type { Activity } from '../till/answers.ts'
import { backoff } from './jitter.ts'
import { RECONNECT_MS_BASE, RECONNECT_MS_MAX, SILENCE_MS_MAX } from './limits.ts'

export interface FeedPlace {
  readonly epoch: number
  /** Position of the last activity that was given. */
  readonly after: number
}

/** `refused`: the token is not, or no longer, valid; nothing is tried again. */
export type FeedState = 'connecting' | 'live' | 'waiting' | 'refused' | 'closed'

/** `A`: the activities of the feed that is watched: a store's, or HQ's with those of all stores. */
export interface FeedClientOptions<A extends { readonly position: number } = Activity> {
  /** `http://HOST:PORT` of the store node; a page leaves its own origin in. */
  readonly url: string
  /** A token of role `manager`; null where the browser's session says who watches. */
  readonly token: string | null
  /** Where to go on; null: the latest activities, then what comes. */
  readonly place?: FeedPlace | null
  readonly kinds?: readonly string[]
  readonly terminal?: string
  /** A line that says nothing for this long is given up. */
  readonly silenceMs?: number
  /** How a socket is opened; left out: as the runtime does. Programs in Node that trust a CA of their own pass `trustingSockets` (KW-5). */
  readonly connect?: (url: string, protocols: string[]) => WebSocket
  /** Each activity once, in order; those that came in one frame together. */
  readonly onActivities: (activities: readonly A[], place: FeedPlace) => void
  /** The store does not have what follows the place any more: what is given next starts later. */
  readonly onMissed?: () => void
  readonly onState?: (state: FeedState) => void
}

/** Of a store the first; HQ's feed and older nodes have the second. */
const PROTOCOLS = ['tillstream.packed', 'tillstream.json'] as const

type Run<A> = Pick<Extract<FeedMessage<A>, { type: 'activities' }>, 'epoch' | 'to' | 'activities'>

export class FeedClient<A extends { readonly position: number } = Activity> {
  readonly #options: FeedClientOptions<A>
  #place: FeedPlace | null
  #socket: WebSocket | null = null
  #attempt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #state: FeedState = 'closed'

  constructor(options: FeedClientOptions<A>) {
    this.#options = options
    this.#place = options.place ?? null
    this.open()
  }

  /** Where it stands; null before the first word of the store. */
  get place(): FeedPlace | null {
    return this.#place
  }

  get state(): FeedState {
    return this.#state
  }

  /** Goes on from its place after `close`; nothing while it is open. */
  open(): void {
    if (this.#socket !== null) return
    clearTimeout(this.#retry)
    this.#become('connecting')
    const { connect = (url, protocols) => new WebSocket(url, protocols) } = this.#options
    const socket = connect(this.#address(), [...PROTOCOLS])
    this.#socket = socket
    const mine = (call: () => void): void => {
      if (this.#socket === socket) call()
    }
    socket.addEventListener('message', ({ data }) => mine(() => this.#take(String(data))))
    socket.addEventListener('close', ({ code }) => mine(() => this.#lost(code)))
    // Of a line that never opened, Node's own socket says nothing else.
    socket.addEventListener('error', () => mine(() => this.#lost(CLOSE_CODES.stopping)))
    this.#listen()
  }

  /** Keeps the place: `open` goes on from it. */
  close(): void {
    const socket = this.#socket
    this.#socket = null
    clearTimeout(this.#retry)
    clearTimeout(this.#silence)
    socket?.close()
    this.#become('closed')
  }

  #address(): string {
    const { url, token, kinds, terminal } = this.#options
    const query = new URLSearchParams()
    if (token !== null) query.set('token', token)
    if (kinds !== undefined) query.set('kinds', kinds.join(','))
    if (terminal !== undefined) query.set('terminal', terminal)
    if (this.#place !== null) {
      query.set('epoch', `${this.#place.epoch}`)
      query.set('after', `${this.#place.after}`)
    }
    return `${url.replace(/^http/, 'ws')}/v1/feed?${query.toString()}`
  }

  #take(text: string): void {
    this.#listen()
    const message = JSON.parse(text) as FeedMessage<A>
    switch (message.type) {
      case 'welcome':
        return this.#welcomed(message)
      case 'activities':
        return this.#given(message)
      case 'packed':
        // Only a feed of such activities packs them.
        return this.#given({ ...message, activities: unpack(message) as unknown as A[] })
      case 'beat':
        if (message.epoch === this.#place?.epoch && message.position > this.#place.after)
          this.#place = { epoch: message.epoch, after: message.position }
        return
      default:
        // A newer store may say more than this client knows.
        return
    }
  }

  #welcomed({ epoch, recovered }: Extract<FeedMessage<A>, { type: 'welcome' }>): void {
    this.#attempt = 0
    if (!recovered) {
      if (this.#place !== null) this.#options.onMissed?.()
      this.#place = { epoch, after: 0 }
    }
    this.#become('live')
  }

  /** What was given before (a frame that comes twice) is passed over. */
  #given({ epoch, to, activities }: Run<A>): void {
    const after = this.#place?.epoch === epoch ? this.#place.after : 0
    if (to <= after) return
    const fresh = activities.filter(({ position }) => position > after)
    const place = { epoch, after: to }
    this.#place = place
    if (fresh.length > 0) this.#options.onActivities(fresh, place)
  }

  #lost(code: number): void {
    this.#socket = null
    clearTimeout(this.#silence)
    if (code === CLOSE_CODES.unauthorised) return this.#become('refused')
    this.#become('waiting')
    // Full jitter, so that the readers of a store do not come back as one when its node restarts.
    const wait = backoff(RECONNECT_MS_BASE, RECONNECT_MS_MAX, this.#attempt++)
    this.#retry = setTimeout(() => this.open(), wait)
  }

  /** KW-4. */
  #listen(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      const socket = this.#socket
      this.#lost(CLOSE_CODES.stopping)
      socket?.close()
    }, this.#options.silenceMs ?? SILENCE_MS_MAX)
  }

  #become(state: FeedState): void {
    if (state === this.#state) return
    this.#state = state
    this.#options.onState?.(state)
  }
}
