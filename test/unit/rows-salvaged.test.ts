// What a store takes over from a file in which rows beside its facts, or a fact's own row, are not what was written (L-16, L-22, L-23): nothing that balances and rights
// are decided by is lost or made up.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LEDGER_FILE } from '../../edge/ledger/database.ts'
import { openOrRecover } from '../../edge/ledger/recovery.ts'
import type { Recovered } from '../../edge/ledger/recovery.ts'
import { Till } from '../../edge/till/till.ts'
import { RESERVATION_MS_MAX } from '../../protocol/limits.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { flip, flipInRow, xor } from '../support/flipped-rows.ts'
import { ownDirectory } from '../support/own-directory.ts'
import { storeWithRows } from '../support/store-with-rows.ts'
import type { StoreWithRows } from '../support/store-with-rows.ts'
import { HandLink, NOW, requestHash, sale } from '../support/till-under-test.ts'
import { VirtualSystem } from '../support/virtual-system.ts'

const FACTS = 9
const DAY = Math.floor(NOW / 86_400_000)

let store: StoreWithRows
let directory: string
let recovered: Recovered | undefined

beforeAll(async () => void (store = await storeWithRows()))
afterAll(() => store.made.remove())
beforeEach(() => {
  directory = ownDirectory('salvaged')
  cpSync(store.made.directory, directory, { recursive: true })
})
afterEach(() => {
  recovered?.ledger.close()
  rmSync(directory, { recursive: true, force: true })
})

function after(damage: (file: string) => void): Recovered['ledger'] {
  damage(join(directory, LEDGER_FILE))
  recovered = openOrRecover(directory, NOW)
  expect(recovered.recovery).toMatchObject({ facts: FACTS, claimed: FACTS })
  expect(recovered.ledger.verify().faults).toEqual([])
  return recovered.ledger
}

const ann = (): MemberId => Number(store.ann) as MemberId
const bob = (): MemberId => Number(store.bob) as MemberId

describe('L-16 L-22 L-23', () => {
  test.each<[string, (file: string) => void]>([
    ['changed', (file) => flip(file, `UPDATE leases SET ${xor('spent', 64)}`)],
    ['lost in one tree', (file) => flipInRow(file, 'leases_second', 'DELETE FROM leases')],
  ])(
    'of a lease whose row is %s nothing is spent twice, and nothing before the cloud’s word',
    (_, damage) => {
      const ledger = after(damage)
      expect(ledger.leases.one(1)).toMatchObject({ granted: 0, spent: 100 })
      expect(ledger.leases.cursor).toBe(0)
      ledger.transact(() => ledger.leases.take(store.term))
      expect(ledger.leases.of(ann(), 'points', 0)).toMatchObject([
        { lease: 1, granted: 200, spent: 100, cap: 200 },
      ])
    },
  )

  test('a lease that is whole stays as it is', () => {
    const ledger = after((file) => flip(file, `UPDATE members SET ${xor('covers', 1)}`))
    expect(ledger.leases.of(ann(), 'points', 0)).toMatchObject([{ lease: 1, granted: 200, spent: 100 }])
    // Ann's redemption is a use at risk too: no lease was of it.
    expect(ledger.leases.risked(bob(), DAY)).toMatchObject({
      memberPoints: 100,
      outageUses: 2,
      dayPoints: 100,
    })
    expect(ledger.sequels.reservations()).toHaveLength(1)
  })

  test.each<[string, (file: string) => void]>([
    ['a risk', (file) => flipInRow(file, 'risks_second', `UPDATE risks SET ${xor('points', 64)}`)],
    ['a lost risk', (file) => flipInRow(file, 'risks_second', 'DELETE FROM risks')],
  ])('%s is read out of the facts', (_, damage) => {
    const ledger = after(damage)
    expect(ledger.leases.risked(bob(), DAY)).toEqual({
      memberPoints: 100,
      outagePoints: 100,
      outageUses: 2,
      dayPoints: 100,
    })
  })

  test('what came back and what is reserved is read out of the facts', () => {
    const ledger = after((file) => {
      flipInRow(file, 'mentions_second', `UPDATE mentions SET ${xor('fact', 64)}`)
      flipInRow(file, 'reservations_second', `UPDATE reservations SET ${xor('due', 1024)}`)
    })
    expect(ledger.sequels.mentionsOf(store.sold)).toHaveLength(1)
    expect(ledger.sequels.reservations()).toMatchObject([{ due: NOW + RESERVATION_MS_MAX }])
  })

  test.each<[string, string]>([
    ['whose it is', xor('member', 3)],
    ['its answer', `answer = CAST(replace(answer, '"balance":6', '"balance":7') AS BLOB)`],
    ['its request', 'request_hash = zeroblob(32)'],
    ['its status', xor('status', 1)],
    ['its key', `key = 'other'`],
    ['the fact before it', 'previous = 0'],
  ])(
    'of a fact whose row is not what was written, in %s, what the chain proves counts',
    async (_, change) => {
      const ledger = after((file) => flip(file, `UPDATE facts SET ${change} WHERE key = 'first'`))
      const fact = ledger.ofId(store.sold)
      expect([fact?.member, fact?.answer.length]).toEqual([ann(), 0])
      const system = new VirtualSystem(NOW + 1_000)
      const till = new Till({
        ledger,
        system,
        software: 'test/1',
        onFault: (cause) => expect.unreachable(String(cause)),
      })
      till.connect(new HandLink())
      const answer = till.receipt(store.sold)
      const told = JSON.parse(answer.ok ? Buffer.from(answer.value).toString() : '{}') as object
      expect(told).toMatchObject({ kind: 'sale', points: 10, receipt: { id: String(store.sold), seq: 3 } })
      const call = { terminal: 't1', key: 'first', requestHash: requestHash('again') }
      const again = till.write('sale', call, sale(1000, store.ann) as never)
      await system.settle()
      const replayed = await again
      expect(replayed.ok && [replayed.value.replayed, Buffer.from(replayed.value.body).toString()]).toEqual([
        true,
        JSON.stringify(told),
      ])
    },
  )

  test('a standing that is not what was written says nothing of what may be missing', () => {
    flip(join(directory, LEDGER_FILE), `UPDATE standing SET ${xor('synced', 1)}`)
    recovered = openOrRecover(directory, NOW)
    expect(recovered.recovery).toMatchObject({ facts: FACTS, claimed: null })
  })
})
