// A whole node with and without moments, over data in which something has fallen due.
import { expect, test } from 'vitest'
import { startCloud } from '../../cloud/node.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const PAGE = { after: 0, limit: 10 }
const LATER = Date.UTC(2026, 6, 1)

test('DUE-1 DUE-4 a node books what has fallen due, unless its moments are off', async () => {
  const directory = freshDirectory()
  try {
    const core = (now: number): CloudCore => new CloudCore(directory.path, { now: () => now })
    const before = core(T0)
    await before.found({ ...SMALL_PROGRAM, points: { expiry: { kind: 'rolling', after: { days: 10 } } } })
    const store = await before.addStore()
    const ada = store.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    await before.ingest.submit(store.origin, store.batch(1))
    expect((await before.state(ada)).balance).toBe(50)
    await before.store.close()

    /** Asks a running node until a moment is booked, at most `asksMax` times; says how often. */
    const asked = async (moments: boolean, asksMax: number): Promise<number> => {
      const node = await startCloud({
        directory: directory.path,
        port: 0,
        host: '127.0.0.1',
        logLevel: 'silent',
        clock: { now: () => LATER },
        moments,
      })
      let asks = 0
      try {
        for (; asks < asksMax; asks++) {
          await fetch(`http://127.0.0.1:${node.port}/readyz`)
          const booked = await node.store.read.facts(before.tenant, { kind: 'moment' }, PAGE)
          if (booked.length > 0) break
        }
      } finally {
        await node.stop()
      }
      return asks
    }
    // Copies would differ in nothing: what is due stays due while nobody books it.
    const OFTEN = 200
    expect(await asked(false, OFTEN)).toBe(OFTEN)
    expect(await asked(true, 100 * OFTEN)).toBeLessThan(OFTEN)
    const after = core(LATER)
    expect((await after.state(ada)).balance).toBe(0)
    await after.store.close()
  } finally {
    directory.remove()
  }
})
