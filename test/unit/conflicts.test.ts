// HQ's queue of conflicts over a real store: what opens one, what ends it, and what a store is told.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConflictRow } from '../../cloud/store/port.ts'
import { raiseConflict, settleConflict } from '../../cloud/domain/conflicts.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { FactId, Seq } from '../../protocol/ids.ts'
import { hybridTime } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
const MINUTE = 60_000

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, { now: () => T0 + 60 * MINUTE })
  await cloud.found(SMALL_PROGRAM)
  a = await cloud.addStore()
  b = await cloud.addStore()
})
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

const send = (writer: OriginWriter, from = 1, to = writer.seq) =>
  cloud.ingest.submit(writer.origin, writer.batch(from, to))
const queue = (open = true): Promise<ConflictRow[]> =>
  cloud.store.read.conflicts(cloud.tenant, open, { after: 0, limit: 50 })
const kinds = async (open = true) => (await queue(open)).map(({ kind, decision }) => [kind, decision])
const told = async (store: number) =>
  (await cloud.store.read.activitiesToTell(store as never, { after: 0, limit: 50 })).flatMap(
    ({ kind, notice }) => (kind === 'conflict' ? [notice?.code] : []),
  )

describe('the queue', () => {
  const name = (subject: string) =>
    ({
      tenant: cloud.tenant,
      store: a.store,
      kind: 'risk_used',
      subject,
      at: hybridTime(T0),
      text: 'x',
    }) as const

  test('CON-1 raised twice is raised once; withdrawn and raised again it is open again', async () => {
    const rows = await cloud.store.write(async (tx) => [
      ...(await raiseConflict(tx, name('1'))),
      ...(await raiseConflict(tx, name('1'))),
      ...(await raiseConflict(tx, name('2'))),
    ])
    expect(rows.map(({ kind }) => kind)).toEqual(['conflict', 'conflict'])
    const end = { decision: 'withdrawn', by: 9 as FactId, at: hybridTime(T0) } as const
    expect(await cloud.store.write((tx) => settleConflict(tx, name('1'), end))).toHaveLength(1)
    expect((await queue()).map(({ subject }) => subject)).toEqual(['2'])
    await cloud.store.write((tx) => raiseConflict(tx, name('1')))
    expect((await queue()).map(({ subject }) => subject)).toEqual(['1', '2'])
  })

  test('CON-2 it ends once, by one fact', async () => {
    await cloud.store.write((tx) => raiseConflict(tx, name('1')))
    const end = (by: number) => ({ decision: 'accepted', by: by as FactId, at: hybridTime(T0) }) as const
    expect(await cloud.store.write((tx) => settleConflict(tx, name('1'), end(7)))).toHaveLength(1)
    expect(await cloud.store.write((tx) => settleConflict(tx, name('1'), end(8)))).toEqual([])
    expect(await cloud.store.write((tx) => settleConflict(tx, name('none'), end(8)))).toEqual([])
    expect(await queue(false)).toMatchObject([{ decision: 'accepted', resolvedBy: 7 }])
    expect(await cloud.store.write((tx) => raiseConflict(tx, name('1')))).toEqual([])
  })
})

describe('what raises one', () => {
  test('CON-3 I-8 one identity at two stores: in the queue, and told to the store', async () => {
    a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    b.enrol({ at: T0 + MINUTE }, [{ kind: 'card', value: '1' }])
    await send(a)
    await send(b)
    expect(await kinds()).toEqual([['identity_twice', null]])
    expect(await told(b.store)).toEqual(['identity_twice'])
    expect(await told(a.store)).toEqual([])
  })

  test('CON-3 E-SPEND-3 what nobody allowed', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const fact = a.redeem({ at: T0 + MINUTE, member }, COFFEE, 100, 0)
    await send(a)
    expect(await queue()).toMatchObject([
      { kind: 'spent_without_authority', subject: String(fact), member, fact, store: a.store },
    ])
  })

  test('CON-3 a return of a sale that nobody knows, until the sale comes', async () => {
    const sale = a.sale({ at: T0 }, [{ sku: 'x', amount: 100 }])
    b.giveBack({ at: T0 + MINUTE }, [{ sale, line: 0, pieces: 1, amount: 100 }])
    const nobodys = factIdOf(a.origin, 99 as Seq)
    b.giveBack({ at: T0 + MINUTE }, [{ sale: nobodys, line: 0, pieces: 1, amount: 100 }])
    await send(b)
    expect(await kinds()).toEqual([
      ['orphan_return', null],
      ['orphan_return', null],
    ])
    await send(a)
    expect((await queue()).map(({ subject }) => subject)).toEqual([String(nobodys)])
    expect((await queue(false))[0]).toMatchObject({ decision: 'withdrawn', resolvedBy: sale })
    expect(await told(b.store)).toEqual(['orphan_return', 'orphan_return', 'orphan_return'])
  })

  test('CON-3 I-4 R27 a fact that is none: the ones behind go on, the queue has one more', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const template = a.facts[0]
    if (template === undefined) throw new Error('enrolled')
    a.writeBytes(Buffer.from('poison'), template)
    a.grant({ at: T0 + MINUTE, member, promised: 5 }, 5)
    expect(await send(a)).toMatchObject({ type: 'ack', seq: 3 })
    expect(await queue()).toMatchObject([
      { kind: 'quarantined', subject: String(factIdOf(a.origin, 2 as Seq)) },
    ])
  })

  test('CON-3 P-SYNC-4 another history', async () => {
    a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    await send(a)
    const clone = Object.assign(await cloud.addStore(), { origin: a.origin, store: a.store })
    clone.enrol({ at: T0 + 1 }, [{ kind: 'card', value: '2' }])
    await cloud.ingest.submit(a.origin, clone.batch())
    expect(await kinds()).toEqual([['fork', null]])
  })
})
