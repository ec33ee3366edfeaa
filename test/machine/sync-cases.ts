// One state and one event of each name for the tests of the sync machine, and steps as text that can be compared at a glance.
import type { Command, Event, EventName, State, StateName, Step } from '../../edge/sync/states.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'

export const seq = (value: number): Seq => value as Seq
const at = {
  head: seq(5),
  attempt: 2,
  road: { via: 'socket', failed: 0, obstacle: null, returnMs: 0 },
} as const
export const CREDIT = { facts: 100_000, bytes: 100_000_000 }

/** One state of each name: five facts in the ledger, two lost connections behind it, one batch (4 and 5) out. */
export const STATES: { [S in StateName]: Extract<State, { name: S }> } = {
  idle: { name: 'idle', ...at },
  connecting: { name: 'connecting', ...at },
  greeting: { name: 'greeting', ...at },
  introduced: { name: 'introduced', ...at },
  streaming: {
    name: 'streaming',
    ...at,
    cloudEpoch: 1,
    acked: seq(3),
    sent: seq(5),
    inFlight: [{ last: seq(5), bytes: 100 }],
    credit: CREDIT,
    reading: false,
    starved: false,
    pausing: false,
    rewoundTo: null,
    rewinds: 0,
  },
  waiting: { name: 'waiting', ...at },
  held: { name: 'held', ...at },
  fenced: { name: 'fenced', ...at },
  stopped: { name: 'stopped', ...at },
}

export const EVENTS: { [E in EventName]: Extract<Event, { name: E }> } = {
  start: { name: 'start', head: seq(5) },
  stop: { name: 'stop' },
  committed: { name: 'committed', head: seq(6) },
  opened: { name: 'opened' },
  closed: { name: 'closed', code: 1006 },
  refused: { name: 'refused', code: 1006, obstacle: null, retryAfterMs: null, reached: true },
  failed: { name: 'failed' },
  misplaced: { name: 'misplaced' },
  malformed: { name: 'malformed' },
  challenge: { name: 'challenge', nonce: new Uint8Array(16) },
  welcome: { name: 'welcome', seq: seq(3), matches: true, cloudEpoch: 1, credit: CREDIT, returnMs: 0 },
  ack: { name: 'ack', seq: seq(5), matches: true, credit: CREDIT },
  gap: { name: 'gap', expected: seq(2) },
  ended: {
    name: 'ended',
    reason: 'rewind',
    next: { origin: 8 as Origin, epoch: 2 },
    edge: 0,
    attestation: null,
  },
  new_life: { name: 'new_life' },
  word: { name: 'word' },
  sent: { name: 'sent', from: seq(6), last: seq(6), bytes: 50, calling: false },
  connect_late: { name: 'connect_late' },
  silence_late: { name: 'silence_late' },
  ack_late: { name: 'ack_late' },
  credit_late: { name: 'credit_late' },
  pause_over: { name: 'pause_over' },
  upgrade_due: { name: 'upgrade_due' },
  steady_reached: { name: 'steady_reached' },
  retry_due: { name: 'retry_due' },
}

function commandText(command: Command): string {
  switch (command.do) {
    case 'connect':
      return command.via === 'socket' ? 'connect' : 'connect by post'
    case 'cancel_timers':
      return command.do
    case 'close':
      return `close ${command.code}`
    case 'send_hello':
      return 'hello'
    case 'send_batch':
      return `batch ${command.from}`
    case 'begin_life':
      return `begin ${command.reason}${command.next === null ? '' : ` ${command.next.epoch}`}`
    case 'apply':
      return `apply ${command.edge}`
    case 'store_ack':
      return `store ${command.seq}`
    case 'start_timer':
      return `${command.timer} ${command.ms}`
    case 'wait':
      return command.msMin === 0 ? `wait ${command.msMax}` : `wait ${command.msMin} to ${command.msMax}`
    case 'cancel_timer':
      return `cancel ${command.timer}`
  }
}

export const text = ({ state, commands }: Step): string =>
  [state.name, ...commands.map(commandText)].join(', ')
