// The sync client over several events: how facts flow, how long it waits, what it makes of gaps and forks.
import { describe, expect, test } from 'vitest'
import { INITIAL, REWINDS_MAX, transition } from '../../edge/sync/machine.ts'
import type { Event, State, Step } from '../../edge/sync/states.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { BACKOFF_MS_MAX, BATCHES_IN_FLIGHT_MAX, BATCH_FACTS_MAX } from '../../protocol/limits.ts'
import { EVENTS, STATES, seq, text } from './sync-cases.ts'

const REFUSE = 'waiting, cancel_timers, close 4400, wait 30000'
const FENCE = 'fenced, cancel_timers, close 4409'

/** Feeds events one after the other; the steps after each. */
function run(from: State, ...events: Event[]): Step[] {
  const steps: Step[] = []
  let state = from
  for (const event of events) {
    const step = transition(state, event)
    steps.push(step)
    state = step.state
  }
  return steps
}
const last = (steps: Step[]): Step => steps.at(-1) as Step
const committed = (head: number): Event => ({ name: 'committed', head: seq(head) })
const sent = (from: number, to: number): Event => ({ name: 'sent', from: seq(from), last: seq(to) })
const ack = (value: number, matches = true): Event => ({ name: 'ack', seq: seq(value), matches })
const gap = (expected: number): Event => ({ name: 'gap', expected: seq(expected) })
const welcome = (value: number, matches = true): Event => ({
  name: 'welcome',
  seq: seq(value),
  matches,
  cloudEpoch: 1,
})
const upTo = (head: number): State => ({ name: 'introduced', head: seq(head), attempt: 0 })

describe('N-2: batches and the cursor', () => {
  test('what is in the ledger is sent in full batches, at most BATCHES_IN_FLIGHT_MAX unacknowledged', () => {
    const full = BATCH_FACTS_MAX
    const events: Event[] = [welcome(0)]
    for (let batch = 0; batch < BATCHES_IN_FLIGHT_MAX; batch++)
      events.push(sent(batch * full + 1, (batch + 1) * full))
    const steps = run(upTo(100 * full), ...events)
    const batches = steps.flatMap(({ commands }) => commands).filter((command) => command.do === 'send_batch')
    expect(batches.map(({ from }) => from)).toEqual(
      Array.from({ length: BATCHES_IN_FLIGHT_MAX }, (_, batch) => batch * full + 1),
    )
    expect(text(transition(last(steps).state, ack(full)))).toBe(
      `streaming, silence 20000, store ${full}, ack 10000, batch ${BATCHES_IN_FLIGHT_MAX * full + 1}`,
    )
  })
  test('a short batch goes at once when nothing is out, and waits for the ack when something is', () => {
    const idle = last(run(upTo(0), welcome(0)))
    expect(text(transition(idle.state, committed(2)))).toBe('streaming, batch 1')
    const out = run(idle.state, committed(2), sent(1, 2), committed(3), committed(9))
    expect(out.map(text).slice(1)).toEqual(['streaming, ack 10000', 'streaming', 'streaming'])
    expect(text(transition(last(out).state, ack(2)))).toBe(
      'streaming, silence 20000, store 2, cancel ack, batch 3',
    )
  })
  test('while a batch is being read no second one is asked for', () => {
    const steps = run(upTo(2), welcome(0), committed(5_000))
    expect(steps.map(text)[1]).toBe('streaming')
  })
  test('an ack of part of what is out keeps the ack timer running', () => {
    const full = BATCH_FACTS_MAX
    const out = run(upTo(2 * full), welcome(0), sent(1, full), sent(full + 1, 2 * full))
    expect(text(transition(last(out).state, ack(full)))).toBe(
      `streaming, silence 20000, store ${full}, ack 10000`,
    )
  })
  test('the same ack again is a sign of life and no progress', () => {
    const out = run(upTo(2), welcome(0), sent(1, 2), ack(2), ack(2))
    expect(text(last(out))).toBe('streaming, silence 20000')
  })
  test('an ack ahead of what this connection sent counts: the cloud has it, with our hash', () => {
    const out = run(upTo(9), welcome(0), sent(1, 4), ack(9))
    expect(text(last(out))).toBe('streaming, silence 20000, store 9, cancel ack')
  })
})

describe('N-3: waits', () => {
  test('the bound of the wait doubles from loss to loss and stops at BACKOFF_MS_MAX', () => {
    let state: State = { ...STATES.connecting, attempt: 0 }
    const waits: number[] = []
    for (let loss = 0; loss < 10; loss++) {
      const step = transition(state, EVENTS.closed)
      for (const command of step.commands) if (command.do === 'wait') waits.push(command.msMax)
      state = transition(step.state, EVENTS.retry_due).state
    }
    expect(waits).toEqual([
      250,
      500,
      1000,
      2000,
      4000,
      8000,
      16000,
      BACKOFF_MS_MAX,
      BACKOFF_MS_MAX,
      BACKOFF_MS_MAX,
    ])
  })
  test('a welcome alone does not shorten the waits, a link that held does', () => {
    const flapping = last(run({ ...STATES.introduced, attempt: 6 }, welcome(5), EVENTS.closed))
    expect(text(flapping)).toBe('waiting, cancel_timers, wait 16000')
    const held = last(
      run({ ...STATES.introduced, attempt: 6 }, welcome(5), EVENTS.steady_reached, EVENTS.closed),
    )
    expect(text(held)).toBe('waiting, cancel_timers, wait 250')
  })
  for (const reason of ['malformed', 'unauthorised', 'version_unknown', 'too_many', 'replaced'] as const) {
    test(`closed as ${reason}: the longest wait at once`, () => {
      const step = transition(
        { ...STATES.streaming, attempt: 0 },
        { name: 'closed', code: CLOSE_CODES[reason] },
      )
      expect(text(step)).toBe(`waiting, cancel_timers, wait ${BACKOFF_MS_MAX}`)
    })
  }
  test('the first state starts with the shortest wait', () => {
    expect(text(last(run(INITIAL, EVENTS.start, EVENTS.closed)))).toBe('waiting, cancel_timers, wait 250')
  })
})

describe('N-4: gap, fork, rewind', () => {
  test('a gap is followed once; the repeats of the batches that were out are not', () => {
    const out = run(STATES.streaming, gap(2), sent(2, 5), gap(2), gap(2))
    expect(out.map(text)).toEqual([
      'streaming, silence 20000, store 1, cancel ack, batch 2',
      'streaming, ack 10000',
      'streaming, silence 20000',
      'streaming, silence 20000',
    ])
  })
  test('a batch that was being read when the gap came does not count as sent', () => {
    const reading = last(run(upTo(5), welcome(3)))
    const out = run(reading.state, gap(2), sent(4, 5))
    expect(out.map(text)[1]).toBe('streaming, batch 2')
  })
  test('gaps without progress end the connection', () => {
    const out = run(STATES.streaming, gap(2), sent(2, 5), gap(3), sent(3, 5), gap(2), sent(2, 5), gap(3))
    expect(REWINDS_MAX).toBe(3)
    expect(text(last(out))).toBe(REFUSE)
  })
  test('progress forgives earlier gaps', () => {
    const out = run(
      STATES.streaming,
      gap(2),
      sent(2, 5),
      gap(3),
      sent(3, 5),
      ack(5),
      committed(9),
      sent(6, 9),
      gap(6),
    )
    expect(last(out).state).toMatchObject({ name: 'streaming', rewinds: 1, rewoundTo: 6 })
  })
  test('a gap right behind the last fact leaves nothing to send', () => {
    expect(text(transition(STATES.streaming, gap(6)))).toBe('streaming, silence 20000, store 5, cancel ack')
  })
  test('a gap that expects a fact this ledger never had fences', () => {
    const step = transition(STATES.streaming, gap(7))
    expect(text(step)).toBe(FENCE)
    expect(step.state).toMatchObject({ reason: 'rewind' })
  })
  test('a welcome at a position this ledger does not have: rewind', () => {
    expect(transition(STATES.introduced, welcome(9, false)).state).toMatchObject({
      name: 'fenced',
      reason: 'rewind',
    })
  })
  test('a welcome or an ack with another hash at our position: fork', () => {
    expect(transition(STATES.introduced, welcome(3, false)).state).toMatchObject({
      name: 'fenced',
      reason: 'fork',
    })
    expect(transition(STATES.streaming, ack(5, false)).state).toMatchObject({
      name: 'fenced',
      reason: 'fork',
    })
  })
  test('the close code of a fence fences, also when the frame was lost', () => {
    const step = transition(STATES.streaming, { name: 'closed', code: CLOSE_CODES.fenced })
    expect(step.state.name).toBe('fenced')
  })
})
