// The transition table of the sync client, cell by cell (N-1). The expectation is a Record over all states and all events, so a new state
// or event does not compile here until someone has said what it does; the first test says the same at run time.
import { describe, expect, test } from 'vitest'
import { EVENT_NAMES, STATE_NAMES, transition } from '../../edge/sync/machine.ts'
import type { EventName, StateName } from '../../edge/sync/states.ts'
import { EVENTS, STATES, text } from './sync-cases.ts'

const CONNECT = 'connecting, cancel_timers, connect, connect 10000'
const STOP = 'stopped, cancel_timers, close 1001'
const LOST = 'waiting, cancel_timers, wait 1000'
const GIVE_UP = 'waiting, cancel_timers, close 1001, wait 1000'
const REFUSE = 'waiting, cancel_timers, close 4400, wait 30000'
const FENCE = 'fenced, cancel_timers, close 4409'

const EXPECTED: Record<StateName, Record<EventName, string>> = {
  idle: {
    start: CONNECT,
    stop: STOP,
    committed: 'idle',
    opened: 'idle',
    closed: 'idle',
    failed: 'idle',
    malformed: 'idle',
    challenge: 'idle',
    welcome: 'idle',
    ack: 'idle',
    gap: 'idle',
    fork: 'idle',
    word: 'idle',
    sent: 'idle',
    connect_late: 'idle',
    silence_late: 'idle',
    ack_late: 'idle',
    steady_reached: 'idle',
    retry_due: 'idle',
  },
  connecting: {
    start: 'connecting',
    stop: STOP,
    committed: 'connecting',
    opened: 'greeting',
    closed: LOST,
    failed: GIVE_UP,
    malformed: REFUSE,
    challenge: REFUSE,
    welcome: REFUSE,
    ack: REFUSE,
    gap: REFUSE,
    fork: REFUSE,
    word: REFUSE,
    sent: 'connecting',
    connect_late: GIVE_UP,
    silence_late: 'connecting',
    ack_late: 'connecting',
    steady_reached: 'connecting',
    retry_due: 'connecting',
  },
  greeting: {
    start: 'greeting',
    stop: STOP,
    committed: 'greeting',
    opened: 'greeting',
    closed: LOST,
    failed: GIVE_UP,
    malformed: REFUSE,
    challenge: 'introduced, hello',
    welcome: REFUSE,
    ack: REFUSE,
    gap: REFUSE,
    fork: REFUSE,
    word: REFUSE,
    sent: 'greeting',
    connect_late: GIVE_UP,
    silence_late: 'greeting',
    ack_late: 'greeting',
    steady_reached: 'greeting',
    retry_due: 'greeting',
  },
  introduced: {
    start: 'introduced',
    stop: STOP,
    committed: 'introduced',
    opened: 'introduced',
    closed: LOST,
    failed: GIVE_UP,
    malformed: REFUSE,
    challenge: REFUSE,
    welcome: 'streaming, cancel connect, silence 20000, steady 10000, store 3, batch 4',
    ack: REFUSE,
    gap: REFUSE,
    fork: FENCE,
    word: 'introduced',
    sent: 'introduced',
    connect_late: GIVE_UP,
    silence_late: 'introduced',
    ack_late: 'introduced',
    steady_reached: 'introduced',
    retry_due: 'introduced',
  },
  streaming: {
    start: 'streaming',
    stop: STOP,
    // One batch is out and the new one is short: it waits for the ack.
    committed: 'streaming',
    opened: 'streaming',
    closed: LOST,
    failed: GIVE_UP,
    malformed: REFUSE,
    challenge: REFUSE,
    welcome: REFUSE,
    ack: 'streaming, silence 20000, store 5, cancel ack',
    gap: 'streaming, silence 20000, store 1, cancel ack, batch 2',
    fork: FENCE,
    word: 'streaming, silence 20000',
    sent: 'streaming',
    connect_late: 'streaming',
    silence_late: GIVE_UP,
    ack_late: GIVE_UP,
    steady_reached: 'streaming',
    retry_due: 'streaming',
  },
  waiting: {
    start: 'waiting',
    stop: STOP,
    committed: 'waiting',
    opened: 'waiting',
    closed: 'waiting',
    failed: 'waiting',
    malformed: 'waiting',
    challenge: 'waiting',
    welcome: 'waiting',
    ack: 'waiting',
    gap: 'waiting',
    fork: 'waiting',
    word: 'waiting',
    sent: 'waiting',
    connect_late: 'waiting',
    silence_late: 'waiting',
    ack_late: 'waiting',
    steady_reached: 'waiting',
    retry_due: CONNECT,
  },
  fenced: {
    start: 'fenced',
    stop: STOP,
    committed: 'fenced',
    opened: 'fenced',
    closed: 'fenced',
    failed: 'fenced',
    malformed: 'fenced',
    challenge: 'fenced',
    welcome: 'fenced',
    ack: 'fenced',
    gap: 'fenced',
    fork: 'fenced',
    word: 'fenced',
    sent: 'fenced',
    connect_late: 'fenced',
    silence_late: 'fenced',
    ack_late: 'fenced',
    steady_reached: 'fenced',
    retry_due: 'fenced',
  },
  stopped: {
    start: CONNECT,
    stop: 'stopped',
    committed: 'stopped',
    opened: 'stopped',
    closed: 'stopped',
    failed: 'stopped',
    malformed: 'stopped',
    challenge: 'stopped',
    welcome: 'stopped',
    ack: 'stopped',
    gap: 'stopped',
    fork: 'stopped',
    word: 'stopped',
    sent: 'stopped',
    connect_late: 'stopped',
    silence_late: 'stopped',
    ack_late: 'stopped',
    steady_reached: 'stopped',
    retry_due: 'stopped',
  },
}

describe('N-1: the transition table is total', () => {
  test('every state and every event of the machine has an expectation here, and no other', () => {
    expect(Object.keys(EXPECTED).toSorted()).toEqual(STATE_NAMES.toSorted())
    for (const state of STATE_NAMES)
      expect(Object.keys(EXPECTED[state]).toSorted(), state).toEqual(EVENT_NAMES.toSorted())
  })
  for (const state of Object.keys(EXPECTED) as StateName[]) {
    for (const event of Object.keys(EXPECTED[state]) as EventName[]) {
      test(`${state} + ${event}`, () => {
        const before = structuredClone(STATES[state])
        expect(text(transition(STATES[state], EVENTS[event]))).toBe(EXPECTED[state][event])
        expect(STATES[state], 'the state that came in is not touched').toEqual(before)
      })
    }
  }
})
