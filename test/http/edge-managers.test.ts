// Who may watch by name and passcode (H-9, H-10), over real sockets.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  FEED_BEAT_MS,
  LOGINS_WAITING_MAX,
  PASSCODE_CHARS_MAX,
  PASSCODE_CHARS_MIN,
  PASSCODE_LOCK_MS,
  PASSCODE_WRONG_MAX,
  SESSION_MS_MAX,
} from '../../protocol/limits.ts'
import { expectProblem } from '../support/edge-api.ts'
import { EdgeUnderTest, until } from '../support/edge-under-test.ts'
import type { Answer } from '../support/edge-under-test.ts'
import { realSystem } from '../../edge/system.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

const PASSCODE = 'tea-at-4-o-clock'

let edge: EdgeUnderTest
/** How far the node's clock is moved on. */
let ahead: number
const system = { ...realSystem, clock: { now: () => Date.now() + ahead } }

beforeEach(async () => {
  ahead = 0
  edge = await EdgeUnderTest.start({ system })
  const made = await edge.ask('POST', '/v1/managers', {
    role: 'admin',
    body: { name: 'ann', passcode: PASSCODE },
  })
  expect(made.status).toBe(201)
})
afterEach(() => edge.stop())

const logIn = (passcode: string, name = 'ann'): Promise<Answer> =>
  edge.ask('POST', '/v1/sessions', { role: 'nobody', key: '', body: { name, passcode } })

describe('H-9: a manager logs in without the internet', () => {
  test('H-9: the token watches, and does nothing else; it survives a restart', async () => {
    const opened = await logIn(PASSCODE)
    expect(opened.status).toBe(201)
    const token = opened.string('token')
    expect((await edge.get('/v1/today', { token })).status).toBe(200)
    expectProblem(await edge.ask('POST', '/v1/sales', { token, body: {} }), 'role_insufficient')
    expect(opened.headers.get('set-cookie')).toBeNull()
    await edge.restart({ system })
    expect((await edge.get('/v1/status', { token })).status).toBe(200)
  })

  test('H-9: a session ends with its time, with logging out, and with its passcode', async () => {
    const first = (await logIn(PASSCODE)).string('token')
    ahead = SESSION_MS_MAX
    expectProblem(await edge.get('/v1/status', { token: first }), 'token_unknown')
    const second = (await logIn(PASSCODE)).string('token')
    expect((await edge.ask('DELETE', '/v1/sessions', { token: second })).status).toBe(204)
    expectProblem(await edge.get('/v1/status', { token: second }), 'token_unknown')
    const third = (await logIn(PASSCODE)).string('token')
    const watcher = new WebSocket(`${edge.url.replace('http', 'ws')}/v1/feed?token=${third}`)
    let closed = 0
    watcher.on('close', (code) => (closed = code))
    await new Promise((resolve) => void watcher.once('open', resolve))
    expect((await edge.ask('DELETE', '/v1/managers/ann', { role: 'admin' })).status).toBe(204)
    await until('the feed is closed', () => closed === 4401)
    expectProblem(await edge.get('/v1/status', { token: third }), 'token_unknown')
  })

  test('H-9: a feed ends within FEED_BEAT_MS of the session that opened it, over a socket and as events', async () => {
    const time = new VirtualTime(Date.now())
    await edge.restart({ system: { ...system, after: (ms, call) => time.after(ms, call) } })
    const token = (await logIn(PASSCODE)).string('token')
    const watcher = new WebSocket(`${edge.url.replace('http', 'ws')}/v1/feed?token=${token}`)
    let closed = 0
    watcher.on('close', (code) => (closed = code))
    await new Promise((resolve) => void watcher.once('open', resolve))
    const events = await fetch(`${edge.url}/v1/feed?token=${token}`, {
      headers: { accept: 'text/event-stream' },
    })
    const lost = events.text().catch(() => 'lost')
    await time.run(FEED_BEAT_MS)
    expect(closed).toBe(0)
    ahead = SESSION_MS_MAX
    await time.run(FEED_BEAT_MS)
    await until('the feed is closed', () => closed === 4401)
    expect(await lost).toBe('lost')
  })

  test('H-9: only an admin sets passcodes; short ones and names of terminals are refused', async () => {
    const body = { name: 'bob', passcode: PASSCODE }
    expectProblem(await edge.ask('POST', '/v1/managers', { role: 'manager', body }), 'role_insufficient')
    const set = (chars: number): Promise<Answer> =>
      edge.ask('POST', '/v1/managers', { role: 'admin', body: { name: 'bob', passcode: '1'.repeat(chars) } })
    for (const chars of [PASSCODE_CHARS_MIN - 1, PASSCODE_CHARS_MAX + 1])
      expectProblem(await set(chars), 'input_invalid')
    for (const chars of [PASSCODE_CHARS_MIN, PASSCODE_CHARS_MAX]) expect((await set(chars)).status).toBe(201)
    await edge.ask('DELETE', '/v1/managers/bob', { role: 'admin' })
    const taken = { name: 'manager', passcode: PASSCODE }
    expectProblem(await edge.ask('POST', '/v1/managers', { role: 'admin', body: taken }), 'terminal_taken')
    expect((await edge.get('/v1/managers', { role: 'admin' })).json).toEqual({ managers: [{ name: 'ann' }] })
    expectProblem(await edge.ask('DELETE', '/v1/managers/zoe', { role: 'admin' }), 'manager_not_found')
  })
})

describe('H-10: guessing', () => {
  test('H-10: after PASSCODE_WRONG_MAX a name is locked, also for the right passcode and over a restart', async () => {
    for (let n = 0; n < PASSCODE_WRONG_MAX; n += 1)
      expectProblem(await logIn('wrong-guess'), 'passcode_wrong')
    const locked = await logIn(PASSCODE)
    expectProblem(locked, 'passcode_locked')
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    await edge.restart({ system })
    expectProblem(await logIn(PASSCODE), 'passcode_locked')
    ahead = PASSCODE_LOCK_MS + 1
    for (let n = 0; n < PASSCODE_WRONG_MAX; n += 1)
      expectProblem(await logIn('wrong-guess'), 'passcode_wrong')
    ahead += PASSCODE_LOCK_MS + 1
    expectProblem(await logIn(PASSCODE), 'passcode_locked')
    ahead += PASSCODE_LOCK_MS
    expect((await logIn(PASSCODE)).status).toBe(201)
  })

  test('H-10: a name that nobody has gets the same words, and locks nobody', async () => {
    const nobody = await logIn('wrong-guess', 'nobody')
    expect([nobody.code, nobody.value('detail')]).toEqual([
      'passcode_wrong',
      (await logIn('wrong-guess')).value('detail'),
    ])
  })

  test('H-10: only LOGINS_WAITING_MAX wait', async () => {
    const answers = await Promise.all(
      Array.from({ length: LOGINS_WAITING_MAX * 3 }, () => logIn('wrong-guess', 'nobody')),
    )
    const codes = new Set(answers.map(({ code }) => code))
    expect(codes).toEqual(new Set(['passcode_wrong', 'too_many_requests']))
  })
})
