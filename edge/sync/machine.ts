// The sync client as a pure state machine (N-1): transition(state, event) -> {state, commands}. It knows no socket, no clock, no chance
// and no ledger; what it must know of them comes in with the event, what it wants done goes out as data. The table below is total by its
// type: a state or an event without its cell does not compile. `stay` in a cell means: nothing to do, and that was thought about.
//
// Every loop back to the network, and what bounds it (N-3):
//   connect -> closed -> wait -> connect          a full-jitter wait up to min(BACKOFF_MS_MAX, BACKOFF_BASE_MS * 2^attempt); the attempts
//                                                 are forgotten only after a link that held for STEADY_MS, so a link that flaps waits longer;
//                                                 the first one after a loss is spread over what the welcome said
//   connect -> refused for a reason that stays    (malformed, unauthorised, version_old/_new, too_many, replaced) the longest wait at once
//   connect -> refused by what stands between     at least OBSTACLE_WAIT_MS_MIN (N-9)
//   connect -> told to come later                 at least what the cloud says, at most RETRY_AFTER_MS_MAX of it
//   WebSockets that never carry a frame -> POST   after UPGRADES_FAILED_MAX, and back to a WebSocket when POST is refused too or after UPGRADE_RETRY_MS
//   connect -> nothing happens                    `connect` timer: CONNECT_WAIT_MS_MAX from the attempt to the welcome
//   streaming -> nothing is heard                 `silence` timer: SILENCE_MS_MAX since the last frame
//   streaming -> no credit                        `credit` timer: CREDIT_WAIT_MS_MAX without leave to send
//   send -> no ack -> send again                  never on one connection; `ack` timer: ACK_WAIT_MS_MAX since the last progress, then reconnect
//   send -> ack -> send                           at most BATCHES_IN_FLIGHT_MAX batches and the cloud's credit are out
//   send -> pause -> send                         while tills call: a smaller batch, then PACE_MS without one (N-12); the other bounds hold beside it
//   send -> gap -> send from `expected`           once per `expected`, at most REWINDS_MAX without progress, then reconnect
//   ended -> begin_life -> connect                a life that is over ends the connection and waits like any loss; each begins a life of a higher epoch
//   held                                          asks again after BACKOFF_MS_MAX at most, until HQ decides
//   past -> tail -> past                          one page is asked for at a time; each reads on, or the connection ends (driver)
//   fenced                                        no way back to the network at all
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { Seq } from '../../protocol/ids.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import {
  ACK_WAIT_MS_MAX,
  BATCHES_IN_FLIGHT_MAX,
  BATCH_FACTS_MAX,
  CONNECT_WAIT_MS_MAX,
  CREDIT_WAIT_MS_MAX,
  PACE_MS,
  SILENCE_MS_MAX,
  UPGRADE_RETRY_MS,
} from '../../protocol/limits.ts'
import { standBack } from './standing-back.ts'
import type { Why } from './standing-back.ts'
import type {
  Always,
  Command,
  Event,
  EventName,
  EventOf,
  State,
  StateName,
  StateOf,
  Step,
  Streaming,
} from './states.ts'

/** A link that held this long was good: the next loss starts with the short waits again. */
export const STEADY_MS = 10_000
/** Gaps with different positions and no progress in between. An honest cloud needs one. */
export const REWINDS_MAX = 3

type Table = {
  readonly [S in StateName]: {
    readonly [E in EventName]: (state: StateOf<S>, event: EventOf<E>) => Step
  }
}

/** No close frame came (RFC 6455). */
const ABNORMAL = 1006

export const INITIAL: State = {
  name: 'idle',
  head: 0 as Seq,
  attempt: 0,
  road: { via: 'socket', failed: 0, obstacle: null, returnMs: 0 },
}

const stay = (state: State): Step => ({ state, commands: [] })
const learn = (state: State, event: EventOf<'committed'>): Step => stay({ ...state, head: event.head })

function connect({ head, attempt, road }: Always): Step {
  return {
    state: { name: 'connecting', head, attempt, road },
    commands: [
      { do: 'cancel_timers' },
      { do: 'connect', via: road.via },
      { do: 'start_timer', timer: 'connect', ms: CONNECT_WAIT_MS_MAX },
    ],
  }
}

/** To `waiting`. `close` is null where the socket is gone already. */
function reconnect(state: Always, close: number | null, why: Why = {}): Step {
  const { head } = state
  const { attempt, road, msMin, msMax } = standBack(state, why)
  return {
    state: { name: 'waiting', head, attempt, road },
    commands: [
      { do: 'cancel_timers' },
      ...(close === null ? [] : [{ do: 'close', code: close } as const]),
      { do: 'wait', msMin, msMax },
    ],
  }
}

const lost = (state: State, { code }: EventOf<'closed'>): Step =>
  reconnect(state, null, { code, held: isUp(state), unopened: isGreeting(state) && code === ABNORMAL })
/** The cloud's own refusal says nothing against WebSockets, and neither does a network that is not there. */
const refused = (state: State, event: EventOf<'refused'>): Step => {
  const { code, obstacle, retryAfterMs, reached } = event
  const byCloud = retryAfterMs !== null || code !== ABNORMAL
  return reconnect(state, null, { code, obstacle, retryAfterMs, unopened: reached && !byCloud })
}
const giveUp = (state: State): Step => reconnect(state, CLOSE_CODES.stopping, { held: isUp(state) })
/** It may have opened, but nothing came through: a WebSocket that a middlebox lets open and then forgets. */
const neverCame = (state: State): Step => reconnect(state, CLOSE_CODES.stopping, { unopened: true })
const refuseFrame = (state: State): Step =>
  reconnect(state, CLOSE_CODES.malformed, { code: CLOSE_CODES.malformed })
/** Something in between repeats, loses or changes frames; on the next connection they count anew. */
const leaveLine = (state: State): Step => reconnect(state, CLOSE_CODES.misplaced, { held: true })
const isUp = ({ name }: State): boolean => name === 'streaming'
const isGreeting = ({ name }: State): boolean => name === 'greeting' || name === 'introduced'

const NOTHING_YET = 0 as Seq

/** The open life is over (P-LIFE-4): the next begins, and a new connection says so. */
function endLife(before: Always, reason: LifeEnd, next: Life | null = null): Step {
  const { state, commands } = reconnect({ ...before, head: NOTHING_YET }, CLOSE_CODES.fenced)
  return { state, commands: [{ do: 'begin_life', reason, next }, ...commands] }
}

function hear(before: Always, { reason, next, edge, attestation }: EventOf<'ended'>): Step {
  const { head, attempt, road } = before
  if (reason === 'retired')
    return {
      state: { name: 'fenced', head, attempt, road },
      commands: [{ do: 'cancel_timers' }, { do: 'close', code: CLOSE_CODES.fenced }],
    }
  if (reason !== 'pending' && (reason !== 'copy' || next !== null)) return endLife(before, reason, next)
  // A copy that has no life to begin asks to be a device of its own; until HQ's word it asks now and then.
  const waits = reason === 'pending' && edge === 0
  const back = reconnect(before, CLOSE_CODES.fenced, waits ? { code: CLOSE_CODES.fenced } : {})
  return {
    state: { ...back.state, name: 'held' },
    commands: waits ? back.commands : [{ do: 'apply', edge, attestation }, ...back.commands],
  }
}

/** The ledger has begun another life while the connection spoke for the one before. */
const leaveLife = (before: Always): Step => reconnect({ ...before, head: NOTHING_YET }, CLOSE_CODES.stopping)
const forget = (state: State): Step => stay({ ...state, head: NOTHING_YET })

function stop({ head, attempt, road }: Always): Step {
  return {
    state: { name: 'stopped', head, attempt, road },
    commands: [{ do: 'cancel_timers' }, { do: 'close', code: CLOSE_CODES.stopping }],
  }
}

function restart(state: State, event: EventOf<'start'>): Step {
  return connect({ ...state, head: event.head })
}

function greet({ head, attempt, road }: Always): Step {
  return stay({ name: 'greeting', head, attempt, road })
}

function introduce({ head, attempt, road }: Always, event: EventOf<'challenge'>): Step {
  return {
    state: { name: 'introduced', head, attempt, road },
    commands: [{ do: 'send_hello', nonce: event.nonce }],
  }
}

function welcome({ head, attempt, road }: Always, event: EventOf<'welcome'>): Step {
  const { seq, matches, cloudEpoch, credit, returnMs } = event
  if (!matches) return endLife({ head, attempt, road }, seq > head ? 'rewind' : 'fork')
  return flow(
    {
      name: 'streaming',
      head,
      attempt,
      // Over POST the failures stay counted: the next WebSocket gets one try.
      road: { ...road, failed: road.via === 'post' ? road.failed : 0, obstacle: null, returnMs },
      cloudEpoch,
      acked: seq,
      sent: seq,
      inFlight: [],
      credit,
      reading: false,
      starved: false,
      pausing: false,
      rewoundTo: null,
      rewinds: 0,
    },
    [
      { do: 'cancel_timer', timer: 'connect' },
      ...(road.via === 'post'
        ? [{ do: 'start_timer', timer: 'upgrade', ms: UPGRADE_RETRY_MS } as const]
        : []),
      { do: 'start_timer', timer: 'silence', ms: SILENCE_MS_MAX },
      { do: 'start_timer', timer: 'steady', ms: STEADY_MS },
      { do: 'store_ack', seq, cloudEpoch },
    ],
  )
}

const HEARD: Command = { do: 'start_timer', timer: 'silence', ms: SILENCE_MS_MAX }

/**
 * Asks for the next batch if one may go (N-2). While batches are out a short one waits for the ack ahead of it and grows: signing and
 * storing a batch costs the same for one fact as for five hundred.
 */
function flow(state: Streaming, commands: readonly Command[] = []): Step {
  const { head, acked, credit, inFlight, reading, starved, pausing } = state
  const unsent = head - state.sent
  const idle = inFlight.length === 0
  const room = inFlight.length < BATCHES_IN_FLIGHT_MAX
  if (reading || pausing || unsent <= 0 || !room || (!idle && unsent < BATCH_FACTS_MAX))
    return { state, commands }
  const bytesOut = inFlight.reduce((sum, { bytes }) => sum + bytes, 0)
  const most = { facts: acked + credit.facts - state.sent, bytes: credit.bytes - bytesOut }
  // A fact may be larger than the credit in bytes: alone it goes.
  const allowed = most.facts > 0 && (most.bytes > 0 || idle)
  if (!allowed && (starved || !idle)) return { state, commands }
  if (!allowed)
    return {
      state: { ...state, starved: true },
      commands: [...commands, { do: 'start_timer', timer: 'credit', ms: CREDIT_WAIT_MS_MAX }],
    }
  const fed: readonly Command[] = starved ? [{ do: 'cancel_timer', timer: 'credit' }] : []
  return {
    state: { ...state, reading: true, starved: false },
    commands: [...commands, ...fed, { do: 'send_batch', from: (state.sent + 1) as Seq, most }],
  }
}

function sent(before: Streaming, { from, last, bytes, calling }: EventOf<'sent'>): Step {
  const pausing = calling && before.head > last
  const state = { ...before, reading: false, pausing }
  const pause: readonly Command[] = pausing ? [{ do: 'start_timer', timer: 'pause', ms: PACE_MS }] : []
  // A gap came in between: that batch will be answered with the gap again.
  if (from !== state.sent + 1) return flow(state, pause)
  const first = state.inFlight.length === 0
  return flow({ ...state, sent: last, inFlight: [...state.inFlight, { last, bytes }] }, [
    ...(first ? [{ do: 'start_timer', timer: 'ack', ms: ACK_WAIT_MS_MAX } as const] : []),
    ...pause,
  ])
}

function acknowledge(state: Streaming, event: EventOf<'ack'>): Step {
  const { seq, matches, credit } = event
  if (!matches) return endLife(state, seq > state.head ? 'rewind' : 'fork')
  // The same word twice may bring credit; it is no progress, and the ack timer runs on.
  if (seq <= state.acked) return flow({ ...state, credit }, [HEARD])
  const inFlight = state.inFlight.filter(({ last }) => last > seq)
  return flow(
    {
      ...state,
      acked: seq,
      sent: Math.max(state.sent, seq) as Seq,
      inFlight,
      credit,
      rewoundTo: null,
      rewinds: 0,
    },
    [
      HEARD,
      { do: 'store_ack', seq, cloudEpoch: state.cloudEpoch },
      inFlight.length === 0
        ? { do: 'cancel_timer', timer: 'ack' }
        : { do: 'start_timer', timer: 'ack', ms: ACK_WAIT_MS_MAX },
    ],
  )
}

/** N-4: goes on from `expected`. The batches that were already out are answered with the same gap; only the first one counts. */
function rewind(state: Streaming, event: EventOf<'gap'>): Step {
  const { expected } = event
  if (expected < 1) return refuseFrame(state)
  if (expected > state.head + 1) return endLife(state, 'rewind')
  if (expected === state.rewoundTo) return { state, commands: [HEARD] }
  if (state.rewinds >= REWINDS_MAX) return refuseFrame(state)
  const acked = (expected - 1) as Seq
  return flow(
    {
      ...state,
      acked,
      sent: acked,
      inFlight: [],
      rewoundTo: expected,
      rewinds: state.rewinds + 1,
    },
    [
      HEARD,
      { do: 'store_ack', seq: acked, cloudEpoch: state.cloudEpoch },
      { do: 'cancel_timer', timer: 'ack' },
    ],
  )
}

/** States without a socket: what a socket or its timers said late is nobody's any more. */
const DISCONNECTED = {
  committed: learn,
  opened: stay,
  closed: stay,
  refused: stay,
  failed: stay,
  misplaced: stay,
  malformed: stay,
  challenge: stay,
  welcome: stay,
  ack: stay,
  gap: stay,
  ended: stay,
  new_life: forget,
  word: stay,
  sent: stay,
  connect_late: stay,
  silence_late: stay,
  ack_late: stay,
  credit_late: stay,
  pause_over: stay,
  upgrade_due: stay,
  steady_reached: stay,
} as const

const TABLE: Table = {
  idle: { ...DISCONNECTED, start: restart, stop, retry_due: stay },
  connecting: {
    start: stay,
    stop,
    committed: learn,
    opened: greet,
    closed: lost,
    refused,
    failed: giveUp,
    misplaced: refuseFrame,
    malformed: refuseFrame,
    challenge: refuseFrame,
    welcome: refuseFrame,
    ack: refuseFrame,
    gap: refuseFrame,
    ended: refuseFrame,
    new_life: leaveLife,
    word: refuseFrame,
    sent: stay,
    connect_late: neverCame,
    silence_late: stay,
    ack_late: stay,
    credit_late: stay,
    pause_over: stay,
    upgrade_due: stay,
    steady_reached: stay,
    retry_due: stay,
  },
  greeting: {
    start: stay,
    stop,
    committed: learn,
    opened: stay,
    closed: lost,
    refused: stay,
    failed: giveUp,
    misplaced: refuseFrame,
    malformed: refuseFrame,
    challenge: introduce,
    welcome: refuseFrame,
    ack: refuseFrame,
    gap: refuseFrame,
    ended: refuseFrame,
    new_life: leaveLife,
    word: refuseFrame,
    sent: stay,
    connect_late: neverCame,
    silence_late: stay,
    ack_late: stay,
    credit_late: stay,
    pause_over: stay,
    upgrade_due: stay,
    steady_reached: stay,
    retry_due: stay,
  },
  introduced: {
    start: stay,
    stop,
    committed: learn,
    opened: stay,
    closed: lost,
    refused: stay,
    failed: giveUp,
    misplaced: refuseFrame,
    malformed: refuseFrame,
    challenge: refuseFrame,
    welcome,
    ack: refuseFrame,
    gap: refuseFrame,
    ended: hear,
    new_life: leaveLife,
    // A notice may say why the hello is not welcome.
    word: stay,
    sent: stay,
    connect_late: neverCame,
    silence_late: stay,
    ack_late: stay,
    credit_late: stay,
    pause_over: stay,
    upgrade_due: stay,
    steady_reached: stay,
    retry_due: stay,
  },
  streaming: {
    start: stay,
    stop,
    committed: (state, event) => flow({ ...state, head: event.head }),
    opened: stay,
    closed: lost,
    refused: stay,
    failed: giveUp,
    misplaced: leaveLine,
    malformed: refuseFrame,
    challenge: refuseFrame,
    welcome: refuseFrame,
    ack: acknowledge,
    gap: rewind,
    ended: hear,
    new_life: leaveLife,
    word: (state) => ({ state, commands: [HEARD] }),
    sent,
    connect_late: stay,
    silence_late: giveUp,
    ack_late: giveUp,
    credit_late: giveUp,
    pause_over: (state) => flow({ ...state, pausing: false }),
    upgrade_due: (state) => reconnect(state, CLOSE_CODES.stopping, { upgrade: true }),
    steady_reached: (state) => stay({ ...state, attempt: 0 }),
    retry_due: stay,
  },
  waiting: { ...DISCONNECTED, start: stay, stop, retry_due: connect },
  held: { ...DISCONNECTED, start: stay, stop, retry_due: connect },
  fenced: { ...DISCONNECTED, start: stay, stop, retry_due: stay },
  stopped: { ...DISCONNECTED, start: restart, stop: stay, retry_due: stay },
}

export const STATE_NAMES = Object.keys(TABLE) as StateName[]
export const EVENT_NAMES = Object.keys(TABLE.idle) as EventName[]

export function transition(state: State, event: Event): Step {
  // The cell of (state.name, event.name) takes exactly this state and this event; TypeScript cannot correlate the two lookups.
  const cell = TABLE[state.name][event.name] as (state: State, event: Event) => Step
  return cell(state, event)
}
