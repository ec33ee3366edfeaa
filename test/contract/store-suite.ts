// What every engine behind the store port must do (S-1, S-2). Takes a factory; an engine that deviates says so as a named skip with a reason.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHAIN_GENESIS, chainHash } from '../../protocol/chain.ts'
import { NO_FACT, NO_MEMBER, factIdOf } from '../../protocol/ids.ts'
import type { FactId, Origin, ProgramVersion, RuleId, Seq, StoreId } from '../../protocol/ids.ts'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import type { CloudStore, OriginRow } from '../../cloud/store/port.ts'
import { HASH, groundOf, millis, rowsOf, time } from './store-rows.ts'
import type { StoreFactory } from './store-rows.ts'

export function storeContract(engine: string, factory: StoreFactory): void {
  describe(`store contract: ${engine}`, () => {
    let store: CloudStore
    let tenant: number
    let life: OriginRow

    beforeEach(async () => {
      store = await factory.create()
      ;({ tenant, life } = await groundOf(store))
    })

    afterEach(() => factory.destroy(store))

    const { id, fact, activity, member, enrol } = rowsOf(() => ({ tenant, life }))

    test('S-1 a write that throws leaves nothing; the next one works', async () => {
      await expect(
        store.write(async (tx) => {
          await tx.insertFacts([fact(1)])
          await tx.saveStates([{ member: member(1), tenant, state: HASH, due: null }])
          throw new Error('half way')
        }),
      ).rejects.toThrow('half way')
      expect(await store.read.fact(id(1))).toBeUndefined()
      await store.write(async (tx) => {
        await enrol(tx, 1)
        await tx.saveStates([{ member: member(1), tenant, state: HASH, due: null }])
        await tx.meet([{ store: life.store, member: member(1) }])
      })
      const { rows } = await store.read.changedMembers(life.origin, life.store, 0, 10)
      expect(rows.map(({ change }) => change)).toEqual([1])
    })

    test('S-1 reads do not see an open write; the write sees itself', async () => {
      await store.write(async (tx) => {
        await tx.insertFacts([fact(1)])
        expect(await store.read.fact(id(1))).toBeUndefined()
        expect((await tx.fact(id(1)))?.key).toBe('k1')
      })
      expect((await store.read.fact(id(1)))?.key).toBe('k1')
    })

    test('S-1 writes run one after another, in the order they were asked for', async () => {
      const order: string[] = []
      await Promise.all(
        ['a', 'b', 'c'].map((name) =>
          store.write(async (tx) => {
            order.push(`${name}1`)
            await tx.saveMeta(name, name)
            await Promise.resolve()
            order.push(`${name}2`)
          }),
        ),
      )
      expect(order).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
    })

    test('S-1 what was written is there after opening the data again', async () => {
      await store.write(async (tx) => {
        await tx.insertFacts([fact(1, { member: member(9), claim: 'card:1' })])
        await tx.saveOrigins([{ origin: life.origin, seq: 1 as Seq, head: HASH }])
        await tx.saveMeta('x', 'y')
      })
      store = await factory.reopen(store)
      const found = await store.read.fact(id(1))
      expect(found && { ...found, bytes: [...found.bytes], hash: [...found.hash] }).toEqual({
        ...fact(1, { member: member(9), claim: 'card:1' }),
        bytes: [1],
        hash: [...fact(1).hash],
      })
      expect(await store.read.origin(life.origin)).toMatchObject({
        seq: 1,
        state: 'open',
        ended: null,
        epoch: 1,
      })
      expect(await store.write((tx) => tx.meta('x'))).toBe('y')
    })

    test('S-2 G-1 origins are numbered over all tenants, epochs per edge', async () => {
      const second = await store.write((tx) =>
        tx.insertOrigin({ tenant, store: life.store, edge: life.edge }),
      )
      expect(second).toMatchObject({ epoch: 2, seq: 0, state: 'open' })
      expect([...second.head]).toEqual([...CHAIN_GENESIS])
      expect(second.origin).toBeGreaterThan(life.origin)
      expect(await store.read.origins(tenant)).toHaveLength(2)
    })

    test('I-3 counted facts are found by business key, duplicates are not; a key counts once', async () => {
      await store.write(async (tx) => {
        await tx.insertFacts([fact(1, { key: 'same' }), fact(2, { key: 'same', status: 'duplicate' })])
        const keys = [
          { store: life.store, key: 'same' },
          { store: 99 as StoreId, key: 'same' },
        ]
        expect((await tx.factsByKeys(tenant, keys)).map((row) => row.id)).toEqual([id(1)])
      })
      await expect(store.write((tx) => tx.insertFacts([fact(3, { key: 'same' })]))).rejects.toThrow(Error)
    })

    test('I-5 facts of a member come in canonical order, counted ones only, after a place', async () => {
      const of = member(9)
      await store.write((tx) =>
        tx.insertFacts([
          fact(1, { member: of, at: time(50) }),
          fact(2, { member: of, at: time(-5) }),
          fact(3, { member: of, at: time(50) }),
          fact(4, { member: of, at: time(7), status: 'duplicate' }),
          fact(5),
        ]),
      )
      expect((await store.read.factsOfMember(of)).map((row) => row.id)).toEqual([id(2), id(1), id(3)])
      await store.write(async (tx) => {
        const after = await tx.factsOfMemberAfter(of, { at: time(50), id: id(1) })
        expect(after.map((row) => row.id)).toEqual([id(3)])
        expect(await tx.factsOfMemberAfter(NO_MEMBER, null)).toEqual([])
      })
    })

    test('I-7 facts are found by claim and can change their standing', async () => {
      await store.write(async (tx) => {
        await tx.insertFacts([
          fact(1, { claim: 'card:1', status: 'unclaimed' }),
          fact(2, { claim: 'card:2' }),
        ])
        expect((await tx.factsByClaims(tenant, ['card:1', 'card:3'])).map((row) => row.id)).toEqual([id(1)])
        expect(await tx.factsByClaims(tenant + 1, ['card:1'])).toEqual([])
        const claims = [9, 10, 11, 12, 98, 99, 100, 101, 1000].map((of) => `fact:${of}`)
        await tx.insertFacts(claims.map((claim, at) => fact(10 + at, { claim, status: 'unclaimed' })))
        const followed = async (...pairs: [number, number][]) => {
          const runs = pairs.map(([first, last]) => ({ first: first as FactId, last: last as FactId }))
          return new Set((await tx.factsFollowing(tenant, runs)).map(({ claim }) => claim))
        }
        expect(await followed([10, 11], [101, 101])).toEqual(new Set(['fact:10', 'fact:11', 'fact:101']))
        expect(await followed([12, 100])).toEqual(new Set(['fact:12', 'fact:98', 'fact:99', 'fact:100']))
        expect(await followed([13, 97])).toEqual(new Set())
        expect(await tx.factsFollowing(tenant + 1, [{ first: 9 as FactId, last: 1000 as FactId }])).toEqual(
          [],
        )
        await tx.saveFactStanding([{ id: id(1), status: 'counted', member: member(9) }])
      })
      expect(await store.read.fact(id(1))).toMatchObject({ status: 'counted', member: member(9) })
    })

    test('I-6 checkpoints: the last before a place; those from a place on can be dropped', async () => {
      const of = member(9)
      await store.write(async (tx) => {
        const at = (n: number) => ({ member: of, at: time(n), id: id(n), state: Buffer.from([n]) })
        await tx.insertCheckpoints([at(10), at(20), at(30)])
        expect((await tx.checkpointBefore(of, { at: time(20), id: id(20) }))?.at).toBe(10)
        expect((await tx.checkpointBefore(of, { at: time(20), id: id(21) }))?.at).toBe(20)
        expect(await tx.checkpointBefore(of, { at: time(1), id: id(1) })).toBeUndefined()
        await tx.deleteCheckpointsFrom(of, { at: time(20), id: id(20) })
        expect((await tx.checkpointBefore(of, { at: time(99), id: id(99) }))?.at).toBe(10)
      })
    })

    test('I-8 an identity has holders, the first owns it; members are found by what they own', async () => {
      const card = { kind: 'card', value: '1' } as const
      await store.write(async (tx) => {
        for (const seq of [1, 2, 3]) await enrol(tx, seq)
        await tx.insertIdentities([
          { ...card, tenant, member: member(1), at: time(20) },
          { ...card, tenant, member: member(3), at: time(10) },
          { ...card, tenant, member: member(2), at: time(10) },
          { kind: 'phone', value: '5', tenant, member: member(2), at: time(10) },
        ])
        expect(await tx.identities(tenant, [card, { kind: 'card', value: 'no' }])).toHaveLength(3)
        expect((await tx.identitiesOfMember(member(2))).map((row) => row.kind).sort()).toEqual([
          'card',
          'phone',
        ])
      })
      const found = await store.read.memberByIdentity(tenant, 'card', '1')
      expect(found).toMatchObject({ id: member(2), name: 'M2', state: null })
      expect(found?.identities).toHaveLength(2)
      expect((await store.read.member(member(1)))?.identities).toEqual([])
      expect(await store.read.memberByIdentity(tenant + 1, 'card', '1')).toBeUndefined()
      const page = await store.read.members(tenant, { after: member(2), limit: 10 })
      expect(page.map((row) => row.id)).toEqual([member(3)])
      await store.write((tx) => tx.deleteMembers([member(2)]))
      expect((await store.read.memberByIdentity(tenant, 'card', '1'))?.id).toBe(member(3))
    })

    test('I-9 a deleted member leaves nothing but its facts and the log', async () => {
      await store.write(async (tx) => {
        await enrol(tx, 1)
        await tx.insertFacts([fact(1, { member: member(1) })])
        await tx.insertIdentities([{ kind: 'card', value: '1', tenant, member: member(1), at: time(1) }])
        await tx.saveStates([{ member: member(1), tenant, state: HASH, due: null }])
        await tx.meet([{ store: life.store, member: member(1) }])
        await tx.insertCheckpoints([{ member: member(1), at: time(1), id: id(1), state: HASH }])
        await tx.appendActivities([activity({ member: member(1) })])
        await tx.deleteMembers([member(1)])
        expect(await tx.states([member(1)])).toEqual([])
        expect(await tx.checkpointBefore(member(1), { at: time(9), id: id(9) })).toBeUndefined()
      })
      expect(await store.read.member(member(1))).toBeUndefined()
      expect(await store.read.memberByIdentity(tenant, 'card', '1')).toBeUndefined()
      expect(await store.read.storesThatMet([member(1)])).toEqual([])
      expect(await store.read.fact(id(1))).toBeDefined()
      expect(await store.read.activitiesOfMember(member(1), { after: 0, limit: 9 })).toHaveLength(1)
    })

    test('D-1 changed members: only of stores that met them, by change, each once with its latest state, with the position they cover', async () => {
      await store.write(async (tx) => {
        for (const seq of [1, 2, 3]) await enrol(tx, seq)
        const meeting = (seq: number) => ({ store: life.store, member: member(seq) })
        expect(await tx.meet([meeting(1)])).toEqual([meeting(1)])
        expect(await tx.meet([meeting(1), meeting(2)])).toEqual([meeting(2)])
        await tx.saveStates(
          [1, 2, 3].map((seq) => ({
            member: member(seq),
            tenant,
            state: Buffer.from([seq]),
            due: null,
          })),
        )
        await tx.saveStates([{ member: member(1), tenant, state: Buffer.from([9]), due: null }])
        await tx.saveOrigins([{ origin: life.origin, seq: 7 as Seq, head: HASH }])
      })
      const found = await store.read.changedMembers(life.origin, life.store, 0, 10)
      expect(found.covers).toBe(7)
      expect(found.rows.map((row) => [row.id, row.state?.[0]])).toEqual([
        [member(2), 2],
        [member(1), 9],
      ])
      const [first, second] = found.rows
      expect(
        (await store.read.changedMembers(life.origin, life.store, first?.change ?? 0, 10)).rows,
      ).toHaveLength(1)
      expect(
        (await store.read.changedMembers(life.origin, life.store, second?.change ?? 0, 10)).rows,
      ).toEqual([])
      expect((await store.read.snapshots(life.origin, [member(3)])).rows.map((row) => row.id)).toEqual([
        member(3),
      ])
      expect(await store.read.storesThatMet([member(1), member(3)])).toEqual([
        { store: life.store, member: member(1) },
      ])
    })

    test('D-1 a change number is given once, also when its member is deleted and the store opened again', async () => {
      const state = (seq: number) => ({ member: member(seq), tenant, state: HASH, due: null })
      await store.write(async (tx) => {
        await enrol(tx, 1)
        await enrol(tx, 2)
        await tx.meet([1, 2].map((seq) => ({ store: life.store, member: member(seq) })))
        await tx.saveStates([state(1), state(2)])
        await tx.deleteMembers([member(2)])
      })
      store = await factory.reopen(store)
      await store.write((tx) => tx.saveStates([state(1)]))
      const { rows } = await store.read.changedMembers(life.origin, life.store, 2, 10)
      expect(rows.map(({ change }) => change)).toEqual([3])
    })

    test('Q activities have rising positions and come back whole, per fact, member, tell and notice', async () => {
      const effects: Effect[] = [{ kind: 'earn', rule: 101 as RuleId, index: 0, amount: 3, of: 0 }]
      const rows = await store.write(async (tx) => {
        await tx.insertFacts([fact(1, { member: member(1) })])
        return tx.appendActivities([
          activity({ effects, member: member(1) }),
          activity({ kind: 'correction', revision: 1, member: member(1), tell: true, cause: id(2) }),
          activity({ kind: 'notice', fact: NO_FACT, amount: null, notice: { code: 'fork', text: 'two' } }),
        ])
      })
      const positions = rows.map((row) => row.position)
      expect(positions).toEqual([...positions].sort((x, y) => x - y))
      expect(await store.read.activitiesOfFacts([id(1)])).toEqual(rows.slice(0, 2))
      expect(await store.read.activities(tenant, { after: positions[0] ?? 0, limit: 1 })).toEqual([rows[1]])
      expect(await store.read.activitiesOfMember(member(1), { after: 0, limit: 9 })).toEqual(rows.slice(0, 2))
      expect(await store.read.activitiesToTell(life.store, { after: 0, limit: 9 })).toEqual([rows[1]])
      expect(await store.read.notices(tenant, { after: 0, limit: 9 })).toEqual([rows[2]])
      expect(await store.read.lastPosition()).toBe(positions[2])
      expect(await store.read.activities(tenant + 1, { after: 0, limit: 9 })).toEqual([])
    })

    test("S-11 the log of a member keeps the rows of a fact that is another member's now, each once, in order and by pages", async () => {
      const log = (of: number, after = 0, limit = 9) =>
        store.read.activitiesOfMember(member(of), { after, limit })
      const move = (seq: number, to: number) =>
        store.write((tx) => tx.saveFactStanding([{ id: id(seq), status: 'counted', member: member(to) }]))
      const rows = await store.write(async (tx) => {
        await tx.insertFacts([1, 2, 3].map((seq) => fact(seq, { member: member(seq === 3 ? 2 : 1) })))
        const first = (seq: number, of: number) => activity({ fact: id(seq), member: member(of) })
        return tx.appendActivities([first(2, 1), first(1, 1), first(3, 2)])
      })
      await move(1, 2)
      const [gone, come] = await store.write((tx) =>
        tx.appendActivities(
          [1, 2].map((of) =>
            activity({ kind: 'correction', revision: of, member: member(of), cause: id(1) }),
          ),
        ),
      )
      expect(await log(1)).toEqual([rows[0], rows[1], gone])
      expect(await log(2)).toEqual([rows[2], come])
      expect(await log(1, rows[0]?.position, 1)).toEqual([rows[1]])
      await move(1, 1)
      expect(await log(1)).toEqual([rows[0], rows[1], gone])
      expect(await store.read.activitiesOfMember(NO_MEMBER, { after: 0, limit: 9 })).toEqual([])
    })

    test('Q the chain of an origin holds facts and quarantined ones in order, and only its own', async () => {
      await store.write(async (tx) => {
        const other = await tx.insertOrigin({ tenant, store: life.store, edge: life.edge })
        await tx.insertFacts([fact(1), fact(3), fact(9, { id: factIdOf(other.origin, 1 as Seq) })])
        await tx.insertQuarantine([
          {
            id: id(2),
            tenant,
            store: life.store,
            reason: 'why',
            bytes: HASH,
            hash: chainHash(fact(1).hash, HASH),
            receivedAt: millis(1),
          },
        ])
        expect((await tx.quarantined([id(2), id(3)])).map((row) => row.reason)).toEqual(['why'])
      })
      expect((await store.read.chain(life.origin, 0 as Seq, 10)).map((row) => row.id)).toEqual([
        id(1),
        id(2),
        id(3),
      ])
      expect((await store.read.chain(life.origin, 1 as Seq, 1)).map((row) => row.id)).toEqual([id(2)])
      const counts = await store.read.factCounts(tenant)
      expect(counts.map(({ status, count }) => [status, count])).toEqual(
        expect.arrayContaining([
          ['counted', 3],
          ['quarantined', 1],
        ]),
      )
      expect(await store.read.facts(tenant, { kind: 'sale' }, { after: id(1), limit: 1 })).toMatchObject([
        { id: id(3) },
      ])
      expect(await store.read.quarantine(tenant, { after: 0, limit: 5 })).toMatchObject([{ id: id(2) }])
    })

    test('U-1 holds: one per key, open until settled, or expired and its store heard of since', async () => {
      const base = {
        tenant,
        store: life.store,
        member: member(1),
        perk: 301 as RuleId,
        voucher: null,
        points: 10,
      }
      await store.write(async (tx) => {
        const hold = await tx.insertHold({ ...base, key: 'a', expires: millis(100) })
        const other = await tx.insertHold({ ...base, key: 'b', expires: millis(50) })
        expect(await tx.holdByKey(life.store, 'a')).toEqual(hold)
        expect(hold.settled).toBe(false)
        expect(await tx.openHolds(tenant, member(1), millis(60))).toEqual([hold, other])
        const contact = { origin: life.origin, software: '', program: 0 as ProgramVersion }
        await tx.saveContact({ ...contact, saidSeq: 1 as Seq, contactAt: millis(55) })
        expect(await tx.openHolds(tenant, member(1), millis(60))).toEqual([hold, other])
        await tx.saveContact({ ...contact, saidSeq: 0 as Seq, contactAt: millis(55) })
        expect(await tx.openHolds(tenant, member(1), millis(60))).toEqual([hold])
        await tx.settleHolds([hold.id])
        expect(await tx.openHolds(tenant, member(1), millis(0))).toEqual([other])
        expect((await tx.holds([hold.id, 999])).map((row) => row.settled)).toEqual([true])
        await tx.deleteHolds([other.id, 999])
        expect(await tx.holdByKey(life.store, 'b')).toBeUndefined()
      })
      await expect(
        store.write((tx) => tx.insertHold({ ...base, key: 'a', expires: millis(1) })),
      ).rejects.toThrow(Error)
    })

    test('G-1 codes are used once; programs, contacts, vouchers, stores and edges come back', async () => {
      await store.write(async (tx) => {
        await tx.insertCode({ hash: 'h', tenant, store: life.store, expires: millis(9), usedBy: null })
        expect(await tx.code('h')).toMatchObject({ usedBy: null, expires: 9 })
        await tx.useCode('h', life.edge)
        expect((await tx.code('h'))?.usedBy).toBe(life.edge)
        expect(await tx.code('other')).toBeUndefined()
        const record = { version: 1 as ProgramVersion, effectiveFrom: time(-9), document: '{}' }
        await tx.insertProgram(tenant, record, millis(1))
        expect(await tx.programs(tenant)).toEqual([record])
        const contact = {
          origin: life.origin,
          saidSeq: 4 as Seq,
          contactAt: millis(2),
          software: 's',
          program: 1 as ProgramVersion,
        }
        await tx.saveContact({ ...contact, saidSeq: 1 as Seq })
        await tx.saveContact(contact)
        await tx.saveVouchers([{ tenant, code: 'V', member: member(1) }])
        expect(await tx.memberOfVoucher(tenant, 'V')).toBe(member(1))
      })
      expect(await store.read.contacts(tenant)).toMatchObject([{ saidSeq: 4 }])
      expect(await store.read.memberOfVoucher(tenant, 'X')).toBeUndefined()
      expect(await store.read.stores(tenant)).toMatchObject([{ name: 'Shop', zone: 'UTC' }])
      expect(await store.read.edges(tenant)).toMatchObject([{ publicKey: 'key', enrolledAt: 5 }])
      expect(await store.read.edge(life.edge)).toMatchObject({ store: life.store })
      expect(await store.read.origin(9999 as Origin)).toBeUndefined()
    })
  })
}
