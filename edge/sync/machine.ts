// The sync client as a pure state machine (N-1): transition(state, event) -> {state, commands}. It knows no socket, no clock, no chance
// and no ledger; what it must know of them comes in with the event, what it wants done goes out as data. The table below is total by its
// type: a state or an event without its cell does not compile. `stay` in a cell means: nothing to do, and that was thought about.
//
// Every loop back to the network, and what bounds it (N-3):
//   connect -> closed -> wait -> connect          a full-jitter wait up to min(BACKOFF_MS_MAX, BACKOFF_BASE_MS * 2^attempt); the attempts
//                                                 are forgotten only after a link that held for STEADY_MS, so a link that flaps waits longer
//   connect -> refused for a reason that stays    (malformed, unauthorised, version_unknown, too_many, replaced) the longest wait at once
//   connect -> nothing happens                    `connect` timer: CONNECT_WAIT_MS_MAX from the attempt to the welcome
//   streaming -> nothing is heard                 `silence` timer: SILENCE_MS_MAX since the last frame
//   send -> no ack -> send again                  never on one connection; `ack` timer: ACK_WAIT_MS_MAX since the last progress, then reconnect
//   send -> ack -> send                           at most BATCHES_IN_FLIGHT_MAX batches are out, each ack lets one more go
//   send -> gap -> send from `expected`           once per `expected`, at most REWINDS_MAX without progress, then reconnect
//   fenced                                        no way back to the network at all
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { Seq } from '../../protocol/ids.ts'
import {
  ACK_WAIT_MS_MAX,
  BACKOFF_BASE_MS,
  BACKOFF_MS_MAX,
  BATCHES_IN_FLIGHT_MAX,
  BATCH_FACTS_MAX,
  CONNECT_WAIT_MS_MAX,
  SILENCE_MS_MAX,
} from '../../protocol/limits.ts'
import type {
  Always,
  Command,
  Event,
  EventName,
  EventOf,
  FenceReason,
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

export const INITIAL: State = { name: 'idle', head: 0 as Seq, attempt: 0 }

const stay = (state: State): Step => ({ state, commands: [] })
const learn = (state: State, event: EventOf<'committed'>): Step => stay({ ...state, head: event.head })

/** Reasons that the next attempt will meet again: stand back as far as we ever do. */
const LASTING_CODES: readonly number[] = [
  CLOSE_CODES.malformed,
  CLOSE_CODES.unauthorised,
  CLOSE_CODES.version_unknown,
  CLOSE_CODES.too_many,
  CLOSE_CODES.replaced,
]
const ATTEMPTS_COUNTED = Math.ceil(Math.log2(BACKOFF_MS_MAX / BACKOFF_BASE_MS))

function connect({ head, attempt }: Always): Step {
  return {
    state: { name: 'connecting', head, attempt },
    commands: [
      { do: 'cancel_timers' },
      { do: 'connect' },
      { do: 'start_timer', timer: 'connect', ms: CONNECT_WAIT_MS_MAX },
    ],
  }
}

/** To `waiting`. `close` is null where the socket is gone already. */
function reconnect({ head, attempt }: Always, close: number | null, lasting = false): Step {
  const counted = lasting ? ATTEMPTS_COUNTED : Math.min(attempt, ATTEMPTS_COUNTED)
  return {
    state: { name: 'waiting', head, attempt: Math.min(counted + 1, ATTEMPTS_COUNTED) },
    commands: [
      { do: 'cancel_timers' },
      ...(close === null ? [] : [{ do: 'close', code: close } as const]),
      { do: 'wait', msMax: Math.min(BACKOFF_MS_MAX, BACKOFF_BASE_MS * 2 ** counted) },
    ],
  }
}

const lost = (state: State, event: EventOf<'closed'>): Step =>
  event.code === CLOSE_CODES.fenced
    ? fence(state, 'fork')
    : reconnect(state, null, LASTING_CODES.includes(event.code))
const giveUp = (state: State): Step => reconnect(state, CLOSE_CODES.stopping)
const refuseFrame = (state: State): Step => reconnect(state, CLOSE_CODES.malformed, true)

function fence({ head, attempt }: Always, reason: FenceReason): Step {
  return {
    state: { name: 'fenced', head, attempt, reason },
    commands: [{ do: 'cancel_timers' }, { do: 'close', code: CLOSE_CODES.fenced }],
  }
}
const fenceAs = (state: State, event: EventOf<'fork'>): Step => fence(state, event.reason)

function stop({ head, attempt }: Always): Step {
  return {
    state: { name: 'stopped', head, attempt },
    commands: [{ do: 'cancel_timers' }, { do: 'close', code: CLOSE_CODES.stopping }],
  }
}

function restart(state: State, event: EventOf<'start'>): Step {
  return connect({ head: event.head, attempt: state.attempt })
}

function greet({ head, attempt }: Always): Step {
  return stay({ name: 'greeting', head, attempt })
}

function introduce({ head, attempt }: Always, event: EventOf<'challenge'>): Step {
  return {
    state: { name: 'introduced', head, attempt },
    commands: [{ do: 'send_hello', nonce: event.nonce }],
  }
}

function welcome({ head, attempt }: Always, event: EventOf<'welcome'>): Step {
  const { seq, matches, cloudEpoch } = event
  if (!matches) return fence({ head, attempt }, seq > head ? 'rewind' : 'fork')
  return flow(
    {
      name: 'streaming',
      head,
      attempt,
      cloudEpoch,
      acked: seq,
      sent: seq,
      inFlight: [],
      reading: false,
      rewoundTo: null,
      rewinds: 0,
    },
    [
      { do: 'cancel_timer', timer: 'connect' },
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
  const unsent = state.head - state.sent
  const full = unsent >= BATCH_FACTS_MAX
  const room = state.inFlight.length < BATCHES_IN_FLIGHT_MAX
  if (state.reading || unsent <= 0 || !room || (state.inFlight.length > 0 && !full))
    return { state, commands }
  return {
    state: { ...state, reading: true },
    commands: [...commands, { do: 'send_batch', from: (state.sent + 1) as Seq }],
  }
}

function sent(state: Streaming, { from, last }: EventOf<'sent'>): Step {
  // A gap came in between: that batch will be answered with the gap again.
  if (from !== state.sent + 1) return flow({ ...state, reading: false })
  const first = state.inFlight.length === 0
  return flow(
    { ...state, reading: false, sent: last, inFlight: [...state.inFlight, last] },
    first ? [{ do: 'start_timer', timer: 'ack', ms: ACK_WAIT_MS_MAX }] : [],
  )
}

function acknowledge(state: Streaming, event: EventOf<'ack'>): Step {
  const { seq, matches } = event
  if (!matches) return fence(state, seq > state.head ? 'rewind' : 'fork')
  // The same word twice is a sign of life and no progress: the ack timer runs on.
  if (seq <= state.acked) return { state, commands: [HEARD] }
  const inFlight = state.inFlight.filter((last) => last > seq)
  return flow(
    {
      ...state,
      acked: seq,
      sent: Math.max(state.sent, seq) as Seq,
      inFlight,
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
  if (expected > state.head + 1) return fence(state, 'rewind')
  if (expected === state.rewoundTo) return { state, commands: [HEARD] }
  if (state.rewinds >= REWINDS_MAX) return reconnect(state, CLOSE_CODES.malformed, true)
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
  failed: stay,
  malformed: stay,
  challenge: stay,
  welcome: stay,
  ack: stay,
  gap: stay,
  fork: stay,
  word: stay,
  sent: stay,
  connect_late: stay,
  silence_late: stay,
  ack_late: stay,
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
    failed: giveUp,
    malformed: refuseFrame,
    challenge: refuseFrame,
    welcome: refuseFrame,
    ack: refuseFrame,
    gap: refuseFrame,
    fork: refuseFrame,
    word: refuseFrame,
    sent: stay,
    connect_late: giveUp,
    silence_late: stay,
    ack_late: stay,
    steady_reached: stay,
    retry_due: stay,
  },
  greeting: {
    start: stay,
    stop,
    committed: learn,
    opened: stay,
    closed: lost,
    failed: giveUp,
    malformed: refuseFrame,
    challenge: introduce,
    welcome: refuseFrame,
    ack: refuseFrame,
    gap: refuseFrame,
    fork: refuseFrame,
    word: refuseFrame,
    sent: stay,
    connect_late: giveUp,
    silence_late: stay,
    ack_late: stay,
    steady_reached: stay,
    retry_due: stay,
  },
  introduced: {
    start: stay,
    stop,
    committed: learn,
    opened: stay,
    closed: lost,
    failed: giveUp,
    malformed: refuseFrame,
    challenge: refuseFrame,
    welcome,
    ack: refuseFrame,
    gap: refuseFrame,
    fork: fenceAs,
    // A notice may say why the hello is not welcome.
    word: stay,
    sent: stay,
    connect_late: giveUp,
    silence_late: stay,
    ack_late: stay,
    steady_reached: stay,
    retry_due: stay,
  },
  streaming: {
    start: stay,
    stop,
    committed: (state, event) => flow({ ...state, head: event.head }),
    opened: stay,
    closed: lost,
    failed: giveUp,
    malformed: refuseFrame,
    challenge: refuseFrame,
    welcome: refuseFrame,
    ack: acknowledge,
    gap: rewind,
    fork: fenceAs,
    word: (state) => ({ state, commands: [HEARD] }),
    sent,
    connect_late: stay,
    silence_late: giveUp,
    ack_late: giveUp,
    steady_reached: (state) => stay({ ...state, attempt: 0 }),
    retry_due: stay,
  },
  waiting: { ...DISCONNECTED, start: stay, stop, retry_due: connect },
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
