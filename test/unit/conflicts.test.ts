// HQ's queue of conflicts over a real store: what opens one, what ends it, and what a store is told.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConflictRow } from '../../cloud/store/port.ts'
import { raiseConflict, settleConflict } from '../../cloud/domain/conflicts.ts'
import { ownHeader } from '../../cloud/domain/ingest/own-facts.ts'
import { HqFacts } from '../../cloud/domain/hq-facts.ts'
import { Resolutions } from '../../cloud/domain/resolutions.ts'
import { CONFLICT_KINDS } from '../../protocol/conflicts.ts'
import { decodeStoredFact, encodeFact } from '../../protocol/codec.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Seq } from '../../protocol/ids.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import { cloudOfTwo } from '../support/cloud-of-two.ts'
import type { CloudOfTwo } from '../support/cloud-of-two.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE } from '../support/programs.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
const MINUTE = 60_000

let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter
let send: CloudOfTwo['send']
let stop: CloudOfTwo['stop']

beforeEach(async () => void ({ cloud, a, b, send, stop } = await cloudOfTwo(T0 + 60 * MINUTE)))
afterEach(() => stop())

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

describe('the word of HQ', () => {
  const resolutions = () => new Resolutions(cloud.ingest, cloud.shelf)
  const by = { reason: 'looked at it', by: 'grace' }
  const first = async (): Promise<ConflictRow> => {
    const [row] = await queue()
    if (row === undefined) throw new Error('the queue is empty')
    return row
  }
  const code = (done: Awaited<ReturnType<Resolutions['resolve']>>) => (done.ok ? 'done' : done.refusal.code)

  test('CON-2 accepted by a fact, once; the same key again is the same answer, another request is refused', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    a.redeem({ at: T0 + MINUTE, member }, COFFEE, 100, 0)
    await send(a)
    const { id } = await first()
    const request = { decision: 'accepted', ...by } as const
    const done = await resolutions().resolve(cloud.tenant, 'r-1', id, request)
    expect(done).toMatchObject({ ok: true, value: { replayed: false } })
    expect(await queue()).toEqual([])
    expect(await queue(false)).toMatchObject([{ decision: 'accepted' }])
    expect(await resolutions().resolve(cloud.tenant, 'r-1', id, request)).toMatchObject({
      ok: true,
      value: { replayed: true },
    })
    expect(code(await resolutions().resolve(cloud.tenant, 'r-1', id, { ...request, by: 'eve' }))).toBe(
      'key_reused',
    )
    expect(code(await resolutions().resolve(cloud.tenant, 'r-2', id, request))).toBe('conflict_closed')
    expect(code(await resolutions().resolve(cloud.tenant, 'r-3', 999, request))).toBe('conflict_not_found')
    await cloud.outcomes()
  })

  test('CON-2 whatever kind it is of, HQ lets it stand by a fact that names it; what was set aside is approved or rejected instead', async () => {
    const name = { tenant: cloud.tenant, store: a.store, subject: '7', at: hybridTime(T0), text: 'x' }
    await cloud.store.write(async (tx) => {
      for (const kind of CONFLICT_KINDS) await raiseConflict(tx, { ...name, kind })
    })
    const opened = await queue()
    expect(opened.map(({ kind }) => kind).toSorted()).toEqual([...CONFLICT_KINDS].toSorted())
    for (const { id, kind } of opened) {
      const done = await resolutions().resolve(cloud.tenant, `end-${id}`, id, {
        decision: 'accepted',
        ...by,
      })
      if (kind === 'quarantined') expect(code(done)).toBe('input_invalid')
      else
        expect(done, kind).toMatchObject({
          ok: true,
          value: { fact: { kind: 'resolution', conflict: kind, subject: '7' } },
        })
    }
    expect(await kinds()).toEqual([['quarantined', null]])
    expect(await told(a.store)).toHaveLength(2 * CONFLICT_KINDS.length - 1)
  })

  test('CON-2 a merge ends the conflict of two who were enrolled with one identity', async () => {
    const one = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const two = b.enrol({ at: T0 + MINUTE }, [{ kind: 'card', value: '1' }])
    await send(a)
    await send(b)
    await cloud.ingest.record(cloud.tenant, async (_, own) => {
      const place = await own.place()
      const header = { ...place, key: 'm-1', program: 1 as never, member: one }
      await own.append({ ...ownHeader('merge', header), merged: two })
    })
    expect(await queue(false)).toMatchObject([{ kind: 'identity_twice', decision: 'corrected' }])
    expect(await queue()).toEqual([])
  })

  test('I-13 CON-2 who was enrolled by a store that is lost: HQ says by a merge who it is', async () => {
    const lost = factIdOf(b.origin, 7 as Seq) as number as MemberId
    const sale = a.sale({ at: T0 + MINUTE, member: lost }, [{ sku: 'x', amount: 500 }])
    const member = a.enrol({ at: T0 + 2 * MINUTE }, [{ kind: 'card', value: '1' }])
    await send(a)
    expect(await queue()).toMatchObject([{ kind: 'orphan_member', subject: String(lost), fact: sale }])
    const hq = new HqFacts(cloud.store, cloud.ingest, cloud.shelf, { now: () => T0 + 60 * MINUTE })
    const merge = (merged: MemberId) =>
      hq.record(cloud.tenant, `m-${merged}`, {
        member,
        at: null,
        request: { kind: 'merge', merged: String(merged) },
      })
    const never = factIdOf(b.origin, 8 as Seq) as number as MemberId
    expect(await merge(never)).toMatchObject({ ok: false, refusal: { code: 'member_not_found' } })
    expect(await merge(lost)).toMatchObject({ ok: true })
    expect(await cloud.store.read.fact(sale)).toMatchObject({ member, status: 'counted' })
    expect(await queue(false)).toMatchObject([{ kind: 'orphan_member', decision: 'corrected' }])
    await cloud.outcomes()
  })

  test('I-9 S02 what gives back a sale of another business is about nothing', async () => {
    const other = await cloud.store.write(async (tx) => {
      const tenant = cloud.tenant + 1
      const { id: store } = await tx.insertStore(tenant, 'Theirs', 'UTC')
      const device = { tenant, store, publicKey: 'theirs', enrolledAt: T0 as Millis }
      const { id: edge } = await tx.insertEdge(device)
      return (await tx.insertOrigin({ tenant, store, edge })).origin
    })
    const theirs = Object.assign(await cloud.addStore(), { origin: other })
    const place = await cloud.store.read.origin(other)
    Object.assign(theirs, { store: place?.store })
    const member = theirs.enrol({ at: T0 }, [{ kind: 'card', value: '9' }])
    const sale = theirs.sale({ at: T0 + MINUTE, member }, [{ sku: 'x', amount: 500 }])
    await cloud.ingest.submit(other, theirs.batch())
    expect(await cloud.store.read.fact(sale)).toMatchObject({ member, tenant: cloud.tenant + 1 })
    const back = a.giveBack({ at: T0 + 2 * MINUTE }, [{ sale, line: 0, pieces: 1, amount: 500 }])
    await send(a)
    expect(await cloud.store.read.fact(back)).toMatchObject({ member: 0, status: 'unclaimed' })
    expect(await kinds()).toEqual([['orphan_return', null]])
  })

  test('CON-2 corrected names a fact of HQ, and nothing else', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const spent = a.redeem({ at: T0 + MINUTE, member }, COFFEE, 100, 0)
    await send(a)
    const { id } = await first()
    const fact = (named?: string) =>
      ({ decision: 'corrected', ...by, ...(named === undefined ? {} : { fact: named }) }) as const
    for (const named of [undefined, String(spent), 'x', '99'])
      expect(code(await resolutions().resolve(cloud.tenant, 'c-1', id, fact(named)))).toBe('fact_not_found')
    expect(code(await resolutions().resolve(cloud.tenant, 'c-1', id, { decision: 'approved', ...by }))).toBe(
      'input_invalid',
    )
    const adjusted = await cloud.ingest.record(cloud.tenant, async (_, own) => {
      const place = await own.place()
      const header = { ...place, key: 'adj', program: 1 as never, member, promised: 40 as never }
      await own.append({
        ...ownHeader('adjustment', header),
        metric: 0,
        points: 40 as never,
        reason: 'x',
        by: 'grace',
      })
      return place.id
    })
    expect(code(await resolutions().resolve(cloud.tenant, 'c-1', id, fact(String(adjusted))))).toBe('done')
    await cloud.outcomes()
  })

  describe('CON-4 what was set aside', () => {
    /** An enrolment, then a sale that says another zone offset than its store's, then another sale. */
    async function aside() {
      const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
      const honest = a.sale({ at: T0 + MINUTE, member, promised: 0 }, [{ sku: 'x', amount: 500 }])
      const template = a.facts.pop()
      a.bytes.pop()
      a.hashes.pop()
      if (template?.kind !== 'sale') throw new Error('a sale')
      const wrong = { ...template, offset: 60 as typeof template.offset }
      a.writeBytes(encodeFact(wrong), wrong)
      a.sale({ at: T0 + 2 * MINUTE, member }, [{ sku: 'x', amount: 700 }])
      await send(a)
      return { member, honest, template, wrong, conflict: await first() }
    }
    const chain = async () =>
      (await cloud.store.read.chain(a.origin, 0 as Seq, 10)).map(({ id, hash }) => [
        id,
        Buffer.from(hash).toString('hex'),
      ])

    test('approved as it came, it counts under its own identity at its own place; the chain stays', async () => {
      const { member, honest, conflict, wrong } = await aside()
      const before = await chain()
      const points = async () => (await cloud.state(member)).balance
      const had = await points()
      const done = await resolutions().resolve(cloud.tenant, 'q-1', conflict.id, {
        decision: 'approved',
        ...by,
      })
      expect(code(done)).toBe('done')
      expect(await points()).toBe(had + 5)
      const row = await cloud.store.read.fact(honest)
      expect(row).toMatchObject({ id: honest, at: wrong.at, status: 'counted', member })
      expect(Buffer.from(row?.bytes ?? []).equals(Buffer.from(encodeFact(wrong)))).toBe(true)
      expect(await chain()).toEqual(before)
      expect(await cloud.store.read.factCounts(cloud.tenant)).toContainEqual({
        status: 'quarantined',
        kind: '',
        count: 0,
      })
      expect(await cloud.head(a.origin)).toBe(3)
      expect(
        code(await resolutions().resolve(cloud.tenant, 'q-1', conflict.id, { decision: 'approved', ...by })),
      ).toBe('done')
      expect(await points()).toBe(had + 5)
      await cloud.outcomes()
    })

    test('approved as a record that HQ wrote down, in whatever order its fields stand', async () => {
      const { honest, template, conflict } = await aside()
      const record = Object.fromEntries(Object.entries({ ...template, terminal: 'counter' }).toReversed())
      const request = { decision: 'approved', record, ...by } as const
      expect(code(await resolutions().resolve(cloud.tenant, 'q-2', conflict.id, request))).toBe('done')
      const row = await cloud.store.read.fact(honest)
      expect(decodeStoredFact(row?.bytes ?? new Uint8Array())).toMatchObject({
        terminal: 'counter',
        offset: 0,
      })
      await cloud.outcomes()
    })

    test('a record that would be set aside again is refused, and the conflict stays open', async () => {
      const { template, conflict } = await aside()
      const bad: unknown[] = [
        { ...template, id: template.id + 1 },
        { ...template, store: 99 },
        { ...template, amount: 1 },
        { ...template, magic: 1 },
        { kind: 'adjustment' },
        { kind: 'nothing' },
      ]
      for (const record of bad)
        expect(
          code(
            await resolutions().resolve(cloud.tenant, 'q-3', conflict.id, {
              decision: 'approved',
              record,
              ...by,
            }),
          ),
        ).toBe('record_unsound')
      expect(await queue()).toHaveLength(1)
      expect(
        code(await resolutions().resolve(cloud.tenant, 'q-3', conflict.id, { decision: 'accepted', ...by })),
      ).toBe('input_invalid')
    })

    test('rejected, it stays aside, and the queue is empty', async () => {
      const { honest, conflict } = await aside()
      expect(
        code(await resolutions().resolve(cloud.tenant, 'q-4', conflict.id, { decision: 'rejected', ...by })),
      ).toBe('done')
      expect(await cloud.store.read.fact(honest)).toBeUndefined()
      expect(await queue(false)).toMatchObject([{ decision: 'rejected' }])
    })
  })
})
