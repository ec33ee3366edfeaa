// The sync client over several events: how facts flow, how long it waits, what it makes of gaps and forks.
import { describe, expect, test } from 'vitest'
import { INITIAL, REWINDS_MAX, transition } from '../../edge/sync/machine.ts'
import type { Event, EventOf, State, Step } from '../../edge/sync/states.ts'
import type { Origin } from '../../protocol/ids.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import {
  BACKOFF_MS_MAX,
  BATCHES_IN_FLIGHT_MAX,
  BATCH_FACTS_MAX,
  CREDIT_WAIT_MS_MAX,
  OBSTACLE_WAIT_MS_MIN,
  PACED_BATCH_FACTS_MAX,
  PACE_MS,
  RETRY_AFTER_MS_MAX,
  UPGRADES_FAILED_MAX,
  UPGRADE_RETRY_MS,
} from '../../protocol/limits.ts'
import { CREDIT, EVENTS, STATES, seq, text } from './sync-cases.ts'

const REFUSE = 'waiting, cancel_timers, close 4400, wait 30000'
const BEGIN = 'waiting, begin rewind, cancel_timers, close 4409, wait 1000'

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
const sent = (from: number, to: number, bytes = 100, calling = false): Event => ({
  name: 'sent',
  from: seq(from),
  last: seq(to),
  bytes,
  calling,
})
const ack = (value: number, matches = true, credit = CREDIT): Event => ({
  name: 'ack',
  seq: seq(value),
  matches,
  credit,
})
const gap = (expected: number): Event => ({ name: 'gap', expected: seq(expected) })
const welcome = (value: number, matches = true, credit = CREDIT, returnMs = 0): Event => ({
  name: 'welcome',
  seq: seq(value),
  matches,
  cloudEpoch: 1,
  credit,
  returnMs,
})
const upTo = (head: number): State => ({
  name: 'introduced',
  head: seq(head),
  attempt: 0,
  road: INITIAL.road,
})

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

describe('N-12: tills that call have the loop for themselves between two batches of a backlog', () => {
  const full = PACED_BATCH_FACTS_MAX
  const called = (from: number, to: number): Event => sent(from, to, 100, true)
  const paused = run(upTo(9 * full), welcome(0), called(1, full))

  test('the next batch waits until the pause is over, whatever is acknowledged or recorded meanwhile', () => {
    expect(text(last(paused))).toBe(`streaming, ack 10000, pause ${PACE_MS}`)
    const steps = run(last(paused).state, ack(full), committed(20 * full), EVENTS.pause_over)
    expect(steps.map(text)).toEqual([
      `streaming, silence 20000, store ${full}, cancel ack`,
      'streaming',
      `streaming, batch ${full + 1}`,
    ])
  })
  test('the pause waits for no ack: at most BATCHES_IN_FLIGHT_MAX are out here too', () => {
    let { state } = last(paused)
    let batches = 1
    for (; batches < 2 * BATCHES_IN_FLIGHT_MAX; batches++) {
      const step = transition({ ...state, head: seq(100 * full) }, EVENTS.pause_over)
      if (text(step) === 'streaming') break
      expect(text(step)).toBe(`streaming, batch ${batches * full + 1}`)
      state = transition(step.state, called(batches * full + 1, (batches + 1) * full)).state
    }
    expect(batches).toBe(BATCHES_IN_FLIGHT_MAX)
  })
  test('where nobody calls, and where nothing is left to send, there is no pause', () => {
    const quiet = run(upTo(9 * full), welcome(0), sent(1, 5 * full - 1))
    expect(text(last(quiet))).toBe('streaming, ack 10000')
    expect(text(transition(last(quiet).state, ack(5 * full - 1)))).toContain(`batch ${5 * full}`)
    const all = run(upTo(full), welcome(0), called(1, full))
    expect(text(last(all))).toBe('streaming, ack 10000')
  })
  test('a gap is followed when the pause is over', () => {
    const steps = run(last(paused).state, gap(3), EVENTS.pause_over)
    expect(steps.map(text)).toEqual(['streaming, silence 20000, store 2, cancel ack', 'streaming, batch 3'])
  })
  test('a gap that came before the batch was on its way pauses all the same', () => {
    const steps = run(upTo(9 * full), welcome(2), gap(2), called(3, full), EVENTS.pause_over)
    expect(steps.slice(2).map(text)).toEqual([`streaming, pause ${PACE_MS}`, 'streaming, batch 2'])
  })
  test('a pause ends with its connection: the next one begins without', () => {
    const lost = last(run(last(paused).state, EVENTS.closed))
    expect(text(lost)).toContain('cancel_timers')
    const back = transition({ ...STATES.introduced, head: seq(9 * full) }, welcome(0))
    expect(text(back)).toContain('batch 1')
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
  for (const reason of ['malformed', 'unauthorised', 'too_many', 'replaced'] as const) {
    test(`closed as ${reason}: the longest wait at once`, () => {
      const step = transition(
        { ...STATES.streaming, attempt: 0 },
        { name: 'closed', code: CLOSE_CODES[reason] },
      )
      expect(text(step)).toBe(`waiting, cancel_timers, wait ${BACKOFF_MS_MAX}`)
    })
  }
  for (const reason of ['version_old', 'version_new'] as const) {
    test(`P-VER-1 closed as ${reason}: named until a welcome, and the longest wait at once`, () => {
      const step = transition(
        { ...STATES.introduced, attempt: 0 },
        { name: 'closed', code: CLOSE_CODES[reason] },
      )
      expect(step.state.road.obstacle).toBe(reason)
      expect(step.commands.at(-1)).toEqual({
        do: 'wait',
        msMin: OBSTACLE_WAIT_MS_MIN,
        msMax: BACKOFF_MS_MAX,
      })
      const { state } = transition({ ...STATES.introduced, road: step.state.road }, welcome(5))
      expect(state.road.obstacle).toBeNull()
    })
  }
  test('P-ENV-2 a frame out of its place, here or there: the waits of any loss', () => {
    const before = { ...STATES.streaming, attempt: 0 }
    const there = transition(before, { name: 'closed', code: CLOSE_CODES.misplaced })
    expect(text(there)).toBe('waiting, cancel_timers, wait 250')
    const here = transition(before, EVENTS.misplaced)
    expect(text(here)).toBe(`waiting, cancel_timers, close ${CLOSE_CODES.misplaced}, wait 250`)
  })
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
  test('a gap that expects a fact this ledger never had ends the life', () => {
    expect(text(transition(STATES.streaming, gap(7)))).toBe(BEGIN)
  })
  test('P-LIFE-4 a welcome at a position this ledger does not have: rewind; the next life has nothing yet', () => {
    const step = transition(STATES.introduced, welcome(9, false))
    expect(text(step)).toBe(BEGIN)
    expect(step.state.head).toBe(0)
  })
  test('P-LIFE-4 a welcome or an ack with another hash at our position: fork', () => {
    const fork = BEGIN.replace('rewind', 'fork')
    expect(text(transition(STATES.introduced, welcome(3, false)))).toBe(fork)
    expect(text(transition(STATES.streaming, ack(5, false)))).toBe(fork)
  })
  test('the close code without its word: the longest wait, then the cloud says it again', () => {
    const step = transition(STATES.streaming, { name: 'closed', code: CLOSE_CODES.fenced })
    expect(text(step)).toBe(`waiting, cancel_timers, wait ${BACKOFF_MS_MAX}`)
  })
})

describe('P-LIFE-6: copies and retired devices', () => {
  const ended = (
    reason: EventOf<'ended'>['reason'],
    edge = 0,
    next: EventOf<'ended'>['next'] = null,
  ): Event => ({
    name: 'ended',
    reason,
    next,
    edge,
    attestation: null,
  })
  test('a copy without a life to begin applies and asks again soon; then it waits for HQ with the longest wait', () => {
    expect(text(transition(STATES.introduced, ended('copy')))).toBe(
      'held, apply 0, cancel_timers, close 4409, wait 1000',
    )
    expect(text(transition(STATES.introduced, ended('pending', 12)))).toBe(
      'held, apply 12, cancel_timers, close 4409, wait 1000',
    )
    expect(text(transition(STATES.introduced, ended('pending')))).toBe(
      `held, cancel_timers, close 4409, wait ${BACKOFF_MS_MAX}`,
    )
  })
  test('an approved copy gets a life of its own; a retired device has no way back', () => {
    const own = ended('copy', 0, { origin: 8 as Origin, epoch: 4 })
    expect(text(transition(STATES.introduced, own))).toBe(
      'waiting, begin copy 4, cancel_timers, close 4409, wait 1000',
    )
    expect(text(transition(STATES.streaming, ended('retired')))).toBe('fenced, cancel_timers, close 4409')
  })
})

describe('N-10: credit', () => {
  const LITTLE = { facts: 3, bytes: 1000 }

  test('no more facts are out than the cloud takes; an ack moves the window on', () => {
    const steps = run(upTo(10), welcome(0, true, LITTLE))
    expect(last(steps).commands).toContainEqual({ do: 'send_batch', from: 1, most: LITTLE })
    const out = run(last(steps).state, sent(1, 3), ack(3, true, LITTLE))
    expect(out[0]?.commands.some((command) => command.do === 'send_batch')).toBe(false)
    expect(out[1]?.commands).toContainEqual({ do: 'send_batch', from: 4, most: LITTLE })
  })
  test('no more bytes; one fact that is larger than the credit goes alone', () => {
    const wide = { facts: 10_000, bytes: 1000 }
    const steps = run(upTo(5000), welcome(0, true, wide), sent(1, 500, 900))
    expect(last(steps).commands).toContainEqual({
      do: 'send_batch',
      from: 501,
      most: { facts: 9500, bytes: 100 },
    })
    const full = run(upTo(5000), welcome(0, true, wide), sent(1, 500, 5000))
    expect(last(full).commands.some((command) => command.do === 'send_batch')).toBe(false)
  })
  test('the next line has its own credit: what was out on the last one takes none of it, and does not count as sent', () => {
    const lost = [welcome(0, true, LITTLE), sent(1, 3), ack(2, true, LITTLE), sent(4, 5), EVENTS.closed]
    const back = [EVENTS.retry_due, EVENTS.opened, EVENTS.challenge, welcome(2, true, LITTLE)]
    expect(last(run(upTo(10), ...lost, ...back)).commands).toContainEqual({
      do: 'send_batch',
      from: 3,
      most: LITTLE,
    })
  })
  test('without credit it waits, and gives up after CREDIT_WAIT_MS_MAX; an ack with credit lets it go on', () => {
    const none = { facts: 0, bytes: 0 }
    const waits = last(run(upTo(10), welcome(0, true, none)))
    expect(text(waits)).toContain(`credit ${CREDIT_WAIT_MS_MAX}`)
    expect(text(transition(waits.state, { name: 'credit_late' }))).toMatch(/^waiting,.* close 1001/)
    const still = run(waits.state, ack(0, true, none), committed(11), { name: 'word' })
    expect(still.map(text).join(', ')).not.toContain('credit')
    expect(text(transition(last(still).state, ack(0, true, CREDIT)))).toBe(
      'streaming, silence 20000, cancel credit, batch 1',
    )
  })
})

describe('N-8: WebSockets, and requests where there are none', () => {
  const connecting: State = { name: 'connecting', head: seq(0), attempt: 0, road: INITIAL.road }
  const refusal = (over: object = {}): Event => ({
    name: 'refused',
    code: 1006,
    obstacle: null,
    retryAfterMs: null,
    reached: true,
    ...over,
  })
  const again = (state: State, event: Event): State => last(run(state, event, { name: 'retry_due' })).state
  const failing = (event: Event, times: number): State => {
    let state: State = connecting
    for (let time = 0; time < times; time++) state = again(state, event)
    return state
  }

  test('after UPGRADES_FAILED_MAX that never opened requests are tried, then both in turn', () => {
    expect(failing(refusal(), UPGRADES_FAILED_MAX - 1).road.via).toBe('socket')
    const post = failing(refusal(), UPGRADES_FAILED_MAX)
    expect(post.road.via).toBe('post')
    const socket = again(post, refusal())
    expect(socket.road.via).toBe('socket')
    expect(again(socket, refusal()).road.via).toBe('post')
  })
  test('one that opens and is forgotten, or cut in the greeting, counts too', () => {
    for (const event of [{ name: 'connect_late' }, { name: 'closed', code: 1006 }] as Event[]) {
      let state: State = connecting
      for (let time = 0; time < UPGRADES_FAILED_MAX; time++)
        state = last(run(state, { name: 'opened' }, event, { name: 'retry_due' })).state
      expect(state.road.via, event.name).toBe('post')
    }
  })
  test('no network, and the cloud’s own refusals, say nothing against WebSockets', () => {
    for (const event of [
      refusal({ reached: false }),
      refusal({ code: CLOSE_CODES.unauthorised }),
      refusal({ retryAfterMs: 5000 }),
    ])
      expect(failing(event, 3 * UPGRADES_FAILED_MAX).road).toMatchObject({ via: 'socket', failed: 0 })
  })
  test('a link over requests is left for a WebSocket after UPGRADE_RETRY_MS, which gets one try', () => {
    const post = failing(refusal(), UPGRADES_FAILED_MAX)
    const up = last(run(post, { name: 'opened' }, EVENTS.challenge, welcome(0)))
    expect(text(up)).toContain(`upgrade ${UPGRADE_RETRY_MS}`)
    const lost = last(run(up.state, { name: 'closed', code: 1006 }, { name: 'retry_due' }))
    expect(lost.state.road.via).toBe('post')
    const tried = last(run(up.state, { name: 'upgrade_due' }, { name: 'retry_due' }))
    expect(tried.state.road.via).toBe('socket')
    expect(again(tried.state, refusal()).road.via).toBe('post')
    const good = last(run(tried.state, { name: 'opened' }, EVENTS.challenge, welcome(0)))
    expect(good.state.road).toMatchObject({ via: 'socket', failed: 0 })
  })
  test('N-9 R19 what stands in between is kept until a welcome, and waited for OBSTACLE_WAIT_MS_MIN at least', () => {
    const met = transition(connecting, refusal({ obstacle: 'login' }))
    expect(met.state.road.obstacle).toBe('login')
    expect(met.commands.at(-1)).toMatchObject({ do: 'wait', msMin: OBSTACLE_WAIT_MS_MIN })
    const through = last(
      run(met.state, { name: 'retry_due' }, { name: 'opened' }, EVENTS.challenge, welcome(0)),
    )
    expect(through.state.road.obstacle).toBeNull()
  })
  test('N-11 the cloud says when: not before it, within twice that, and never longer than RETRY_AFTER_MS_MAX', () => {
    const told = (retryAfterMs: number) => transition(connecting, refusal({ retryAfterMs })).commands.at(-1)
    expect(told(7000)).toEqual({ do: 'wait', msMin: 7000, msMax: 14_000 })
    expect(told(10 ** 9)).toMatchObject({ msMin: RETRY_AFTER_MS_MAX })
  })
  test('N-11 R15 the first attempt after a loss is spread over what the welcome said', () => {
    const lost = (...more: Event[]): unknown =>
      last(run(upTo(0), welcome(0, true, CREDIT, 25_000), ...more)).commands.at(-1)
    expect(lost({ name: 'closed', code: 1006 })).toEqual({ do: 'wait', msMin: 0, msMax: 25_000 })
    expect(
      lost({ name: 'closed', code: 1006 }, { name: 'retry_due' }, refusal({ reached: false })),
    ).toMatchObject({
      msMax: 500,
    })
  })
})
