// Which tills are in use, as managers are told (F-11), with a clock the test holds.
import { expect, test } from 'vitest'
import { Attendance } from '../../edge/http/attendance.ts'
import { TERMINAL_LOOK_MS, TERMINAL_SILENT_MS } from '../../protocol/limits.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'
import { VirtualSystem } from '../support/virtual-system.ts'
import { realSystem } from '../../edge/system.ts'

test('F-11: in use from its first call, silent once it did not call for long, in use again', async () => {
  const system = new VirtualSystem(0)
  let heard: string[] = []
  const told: string[] = []
  const attendance = new Attendance({
    system,
    takeHeard: () => heard.splice(0),
    tell: (terminal, text) => told.push(`${terminal}: ${text}`),
  })
  attendance.start()
  const looks = (count: number): Promise<void> => system.advance(count * TERMINAL_LOOK_MS)
  heard = ['t1', 't2']
  await looks(1)
  expect(told.splice(0)).toEqual(['t1: Terminal t1 is in use', 't2: Terminal t2 is in use'])
  heard = ['t1']
  await looks(1)
  expect(told.splice(0)).toEqual([])
  await looks(TERMINAL_SILENT_MS / TERMINAL_LOOK_MS - 1)
  expect(told.splice(0)).toEqual(['t2: Terminal t2 has not called for 10 minutes'])
  await looks(1)
  expect(told.splice(0)).toEqual(['t1: Terminal t1 has not called for 10 minutes'])
  await looks(20)
  expect(told.splice(0)).toEqual([])
  heard = ['t2']
  await looks(1)
  expect(told.splice(0)).toEqual(['t2: Terminal t2 is in use'])
  attendance.stop()
  heard = ['t1']
  await looks(5)
  expect(told).toEqual([])
})

test('F-11: a till of a real node is told of once, a manager is not', async () => {
  const system = { ...realSystem, after: (ms: number, call: () => void) => realSystem.after(ms / 200, call) }
  const edge = await EdgeUnderTest.start({ system })
  try {
    await edge.post('/v1/sales', ONE_SALE)
    await edge.get('/v1/today', { role: 'manager' })
    const told = (): unknown[] =>
      edge.node.till.feed
        .read(0, 100)
        .flatMap(({ kind, terminal, text }) => (kind === 'terminal' ? [[terminal, text]] : []))
    await until('the till is told of', () => told().length > 0)
    await edge.post('/v1/sales', ONE_SALE)
    expect(told()).toEqual([['terminal', 'Terminal terminal is in use']])
  } finally {
    await edge.stop()
  }
})
