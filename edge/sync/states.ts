// The vocabulary of the sync machine: where the link can be, what can happen to it, what it can want done. Plain data, so that a step can be
// written down and compared. What each event means in each state is the table in machine.ts.
import type { EndedReason } from '../../protocol/frames/ended.ts'
import type { Seq } from '../../protocol/ids.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import type { Obstacle } from './obstacles.ts'

/** How the cloud is reached: a WebSocket, or HTTP requests that carry the same frames where a proxy lets no WebSocket through. */
export type Via = 'socket' | 'post'

export interface Road {
  readonly via: Via
  /** WebSockets that never came to carry a frame, one after the other. */
  readonly failed: number
  /** What the last attempt met instead of the cloud. */
  readonly obstacle: Obstacle | null
  /** Over how long the first attempt after a loss is spread, by the cloud's last word. */
  readonly returnMs: number
}

export interface Always {
  /** Last seq in the ledger. */
  readonly head: Seq
  /** Connections lost or refused since the last steady one. */
  readonly attempt: number
  readonly road: Road
}

/** What the cloud takes beyond the acknowledged seq. */
export interface Credit {
  readonly facts: number
  readonly bytes: number
}

/** A batch that is out. */
export interface Sent {
  readonly last: Seq
  readonly bytes: number
}

export interface Streaming extends Always {
  readonly name: 'streaming'
  readonly cloudEpoch: number
  /** The cloud's word: durable there up to here. */
  readonly acked: Seq
  /** Last seq handed to this connection. */
  readonly sent: Seq
  /** Batches that are out, oldest first. */
  readonly inFlight: readonly Sent[]
  readonly credit: Credit
  /** A batch was asked of the driver and `sent` has not come back. */
  readonly reading: boolean
  /** There is something to send and no leave to; the credit timer runs. */
  readonly starved: boolean
  /** Tills have the loop for themselves until the pause timer fires (N-12). */
  readonly pausing: boolean
  /** The position of the last gap that was followed; batches that were out by then repeat it. */
  readonly rewoundTo: Seq | null
  /** Gaps followed since the last progress. */
  readonly rewinds: number
}

export interface Refused {
  readonly code: number
  readonly obstacle: Obstacle | null
  readonly retryAfterMs: number | null
  /** Something answered, be it only by hanging up; not so where there is no network at all. */
  readonly reached: boolean
}

export type State =
  /** Made, not started. */
  | (Always & { readonly name: 'idle' })
  /** A socket is being opened. */
  | (Always & { readonly name: 'connecting' })
  /** Open; the cloud speaks first, with its challenge (P-ENV-2). */
  | (Always & { readonly name: 'greeting' })
  /** The hello is out, the welcome is not in. */
  | (Always & { readonly name: 'introduced' })
  | Streaming
  /** No connection; the retry timer runs. */
  | (Always & { readonly name: 'waiting' })
  /** HQ has not decided about this device; the retry timer runs (P-LIFE-6). */
  | (Always & { readonly name: 'held' })
  /** HQ retired this device. The store is served, nothing is sent (N-4). */
  | (Always & { readonly name: 'fenced' })
  | (Always & { readonly name: 'stopped' })

export type StateName = State['name']
export type TimerName = 'connect' | 'silence' | 'ack' | 'credit' | 'pause' | 'steady' | 'upgrade' | 'retry'

export type Event =
  | { readonly name: 'start'; readonly head: Seq }
  | { readonly name: 'stop' }
  /** New facts are in the ledger, up to `head`. */
  | { readonly name: 'committed'; readonly head: Seq }
  | { readonly name: 'opened' }
  /** The socket that was open is gone, whoever closed it. */
  | { readonly name: 'closed'; readonly code: number }
  /** It never opened: by the cloud's word (a code, a wait) or because of what stands in between. */
  | ({ readonly name: 'refused' } & Refused)
  /** What a frame brought could not be taken on our side (disk full): have it sent again later. */
  | { readonly name: 'failed' }
  /** A frame that was not signed for its place on this connection (P-ENV-2). */
  | { readonly name: 'misplaced' }
  /** A frame that is none of the protocol's, or none of this place in it (N-5). */
  | { readonly name: 'malformed' }
  | { readonly name: 'challenge'; readonly nonce: Uint8Array }
  /** `matches`: our ledger has that seq, with that hash. */
  | {
      readonly name: 'welcome'
      readonly seq: Seq
      readonly matches: boolean
      readonly cloudEpoch: number
      readonly credit: Credit
      readonly returnMs: number
    }
  | { readonly name: 'ack'; readonly seq: Seq; readonly matches: boolean; readonly credit: Credit }
  | { readonly name: 'gap'; readonly expected: Seq }
  /** The cloud's word that this life is over. `next` is the one to begin; `edge` the device an applicant is from now on, or 0. */
  | {
      readonly name: 'ended'
      readonly reason: EndedReason
      readonly next: Life | null
      readonly edge: number
      readonly attestation: string | null
    }
  /** The ledger has begun another life by itself. */
  | { readonly name: 'new_life' }
  /** Any other frame of the cloud: it is alive, and the driver has taken what was in it. */
  | { readonly name: 'word' }
  /** The batch that was asked for is on its way: the facts `from` to `last`, of so many bytes; `calling`: tills are at work (N-12). */
  | {
      readonly name: 'sent'
      readonly from: Seq
      readonly last: Seq
      readonly bytes: number
      readonly calling: boolean
    }
  | { readonly name: 'connect_late' }
  | { readonly name: 'silence_late' }
  | { readonly name: 'ack_late' }
  | { readonly name: 'credit_late' }
  | { readonly name: 'pause_over' }
  | { readonly name: 'upgrade_due' }
  | { readonly name: 'steady_reached' }
  | { readonly name: 'retry_due' }

export type EventName = Event['name']
export type StateOf<S extends StateName> = Extract<State, { name: S }>
export type EventOf<E extends EventName> = Extract<Event, { name: E }>

/** What the driver says to the machine when a timer fires. */
export const TIMER_EVENTS: Readonly<Record<TimerName, Event>> = {
  connect: { name: 'connect_late' },
  silence: { name: 'silence_late' },
  ack: { name: 'ack_late' },
  credit: { name: 'credit_late' },
  pause: { name: 'pause_over' },
  upgrade: { name: 'upgrade_due' },
  steady: { name: 'steady_reached' },
  retry: { name: 'retry_due' },
}

export type Command =
  | { readonly do: 'connect'; readonly via: Via }
  /** Close and forget the socket: nothing of it comes in any more. */
  | { readonly do: 'close'; readonly code: number }
  | { readonly do: 'send_hello'; readonly nonce: Uint8Array }
  /** Send what the ledger has from here, at most this and at most a batch but one fact at least, and answer with `sent`. */
  | { readonly do: 'send_batch'; readonly from: Seq; readonly most: Credit }
  /** End the open life and begin the next: the one named, or a spare (P-LIFE-4). */
  | { readonly do: 'begin_life'; readonly reason: LifeEnd; readonly next: Life | null }
  /** The device applies to HQ; 0: under the number it has. */
  | { readonly do: 'apply'; readonly edge: number; readonly attestation: string | null }
  | { readonly do: 'store_ack'; readonly seq: Seq; readonly cloudEpoch: number }
  /** Starts the timer, or starts it over. */
  | { readonly do: 'start_timer'; readonly timer: Exclude<TimerName, 'retry'>; readonly ms: number }
  /** Starts `retry` at a random moment between the two: chance is the driver's. */
  | { readonly do: 'wait'; readonly msMin: number; readonly msMax: number }
  | { readonly do: 'cancel_timer'; readonly timer: TimerName }
  | { readonly do: 'cancel_timers' }

export interface Step {
  readonly state: State
  readonly commands: readonly Command[]
}
