// What every engine behind the store port must do for who owns what and for what is counted: merges, claims, what is due, budgets and responses.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConflictKind } from '../../protocol/conflicts.ts'
import { NO_FACT } from '../../protocol/ids.ts'
import type { ProgramVersion, RuleId, Seq, StoreId } from '../../protocol/ids.ts'
import type { CloudStore, OriginRow } from '../../cloud/store/port.ts'
import { HASH, groundOf, millis, rowsOf, time } from './store-rows.ts'
import type { StoreFactory } from './store-rows.ts'

export function storeOwnersContract(engine: string, factory: StoreFactory): void {
  describe(`store contract, owners and counts: ${engine}`, () => {
    let store: CloudStore
    let tenant: number
    let life: OriginRow

    beforeEach(async () => {
      store = await factory.create()
      ;({ tenant, life } = await groundOf(store))
    })

    afterEach(() => factory.destroy(store))

    const { id, fact, member, enrol } = rowsOf(() => ({ tenant, life }))

    test('I-3 Q-3 facts are found by key in any store, and by the fact they are about, duplicates left out', async () => {
      await store.write(async (tx) => {
        const about = id(1)
        await tx.insertFacts([
          fact(1, { key: 'k' }),
          fact(2, { key: 'k', store: 0 as StoreId }),
          fact(3, { key: 'k', store: 9 as StoreId, status: 'duplicate' }),
          fact(4, { about, kind: 'retro_claim', at: time(900) }),
          fact(5, { about, kind: 'retro_claim', at: time(20) }),
          fact(6, { about, kind: 'retro_claim', at: time(1), status: 'duplicate' }),
          fact(7, { about, kind: 'redemption' }),
        ])
        expect((await tx.factsWithKey(tenant, 'k')).map((row) => row.id)).toEqual([id(2), id(1)])
        expect(await tx.factsWithKey(tenant + 1, 'k')).toEqual([])
        const found = await tx.factsAbout([about, id(9)], 'retro_claim')
        expect(found.map((row) => row.id)).toEqual([id(5), id(4)])
        expect(found[0]?.about).toBe(about)
        expect(await tx.factsAbout([NO_FACT], 'sale')).toEqual([])
      })
    })

    test('E-MERGE-2 a merged member points to its survivor, which owns its identities and is met by its stores', async () => {
      const card = { kind: 'card', value: '1' } as const
      const phone = { kind: 'phone', value: '2' } as const
      await store.write(async (tx) => {
        for (const seq of [1, 2, 3]) await enrol(tx, seq)
        await tx.insertIdentities([
          { ...card, tenant, member: member(1), at: time(1) },
          { ...card, tenant, member: member(3), at: time(3) },
          { ...phone, tenant, member: member(2), at: time(2) },
        ])
        await tx.meet([{ store: life.store, member: member(1) }])
        await tx.saveAliases([{ member: member(1), root: member(2) }])
        await tx.meetAlso(member(1), member(2))
        expect(await tx.aliases([member(1), member(2)])).toEqual([{ member: member(1), root: member(2) }])
      })
      expect((await store.read.memberByIdentity(tenant, 'card', '1'))?.id).toBe(member(2))
      expect((await store.read.member(member(2)))?.identities).toEqual(expect.arrayContaining([card, phone]))
      expect(await store.read.member(member(1))).toMatchObject({ mergedInto: member(2), identities: [] })
      expect(await store.read.member(member(3))).toMatchObject({ mergedInto: null, identities: [] })
      expect((await store.read.members(tenant, { after: 0, limit: 9 })).map((row) => row.id)).toEqual([
        member(2),
        member(3),
      ])
      expect(await store.read.storesThatMet([member(2)])).toEqual([{ store: life.store, member: member(2) }])
      await store.write((tx) => tx.saveAliases([{ member: member(1), root: member(1) }]))
      expect((await store.read.memberByIdentity(tenant, 'card', '1'))?.id).toBe(member(1))
      expect((await store.read.member(member(1)))?.mergedInto).toBeNull()
    })

    test('E-MERGE-1 links are found from either side, once each', async () => {
      const link = (seq: number, survivor: number, merged: number) => ({
        id: id(seq),
        tenant,
        at: time(seq),
        survivor: member(survivor),
        merged: member(merged),
      })
      await store.write(async (tx) => {
        for (const row of [link(11, 1, 2), link(12, 2, 3), link(13, 8, 9)])
          expect(await tx.saveLink(row)).toBeUndefined()
        const found = await tx.links([member(2), member(1)])
        expect(found.toSorted((a, b) => a.id - b.id)).toEqual([link(11, 1, 2), link(12, 2, 3)])
        expect(await tx.saveLink(link(12, 2, 4))).toEqual(link(12, 2, 3))
        expect(await tx.deleteLink(id(11))).toEqual(link(11, 1, 2))
        expect(await tx.deleteLink(id(11))).toBeUndefined()
        expect(await tx.links([member(1)])).toEqual([])
      })
    })

    test('DUE-1 members are due in the order of their instants, page by page, until they are due no more', async () => {
      const state = (seq: number, due: number | null) => ({
        member: member(seq),
        tenant,
        state: HASH,
        due: due === null ? null : millis(due),
      })
      await store.write(async (tx) => {
        await enrol(tx, 1)
        await tx.saveStates([state(1, 50), state(2, 20), state(3, null), state(4, 50), state(5, 900)])
        expect((await tx.states([member(2)]))[0]?.due).toBe(20)
      })
      const first = await store.read.dueMembers(millis(100), null, 2)
      expect(first).toEqual([
        { tenant, member: member(2), due: 20, store: null },
        { tenant, member: member(1), due: 50, store: life.store },
      ])
      const next = await store.read.dueMembers(millis(100), first[1] ?? null, 2)
      expect(next.map((row) => row.member)).toEqual([member(4)])
      await store.write((tx) => tx.saveDue(member(4), null))
      expect(await store.read.dueMembers(millis(100), first[1] ?? null, 2)).toEqual([])
    })

    test('I-9 who has facts or a state without an enrolment is found, page by page, and nobody who was merged', async () => {
      const state = (seq: number, of = tenant) => ({
        member: member(seq),
        tenant: of,
        state: HASH,
        due: null,
      })
      await store.write(async (tx) => {
        for (const seq of [1, 5]) await enrol(tx, seq)
        await tx.insertFacts([fact(1, { member: member(1) }), fact(2, { member: member(2) })])
        await tx.insertFacts([fact(3, { member: member(6), status: 'duplicate' })])
        await tx.saveStates([1, 2, 3, 4, 5].map((seq) => state(seq)))
        await tx.saveStates([state(7, tenant + 1)])
        await tx.saveAliases([{ member: member(3), root: member(1) }])
      })
      const all = { after: 0, limit: 9 }
      expect(await store.read.folded(tenant, all)).toEqual(
        [1, 2, 3, 4, 5].map((seq) => ({
          member: member(seq),
          store: seq === 1 || seq === 5 ? life.store : null,
        })),
      )
      expect(await store.read.folded(tenant, { after: member(2), limit: 1 })).toEqual([
        { member: member(3), store: null },
      ])
      expect((await store.read.orphans(tenant, all)).map((row) => row.member)).toEqual([member(2), member(4)])
      const [last] = await store.read.orphans(tenant, { after: member(2), limit: 9 })
      expect(last).toEqual({ member: member(4), state: HASH })
      expect(await store.read.orphans(tenant, { after: 0, limit: 1 })).toHaveLength(1)
      // of whom HQ was told.
      const told = (seq: number, kind: ConflictKind = 'orphan_member', of = tenant) => ({
        tenant: of,
        store: life.store,
        kind,
        subject: String(member(seq)),
        member: member(seq),
        fact: NO_FACT,
        at: time(1),
        text: '',
      })
      const conflicts = [...[5, 4, 3, 2].map((seq) => told(seq)), told(1, 'risk_used')]
      await store.write((tx) => tx.openConflicts([...conflicts, told(7, 'orphan_member', tenant + 1)]))
      const rows = [2, 3, 4, 5].map((seq) => ({ member: member(seq), state: seq % 2 === 0 ? HASH : null }))
      expect(await store.read.orphansTold(tenant, '', 9)).toEqual(rows)
      expect(await store.read.orphansTold(tenant, '', 1)).toEqual(rows.slice(0, 1))
      expect(await store.read.orphansTold(tenant, String(member(2)), 2)).toEqual(rows.slice(1, 3))
    })

    test('U-3 a redemption counts once for its perk and store; open holds are counted by store', async () => {
      const perk = 301 as RuleId
      const redemption = (seq: number, counts: boolean, at = life.store) => ({
        id: id(seq),
        tenant,
        perk,
        store: at,
        counts,
      })
      const other = 77 as StoreId
      await store.write(async (tx) => {
        await tx.saveRedemptions([redemption(1, true), redemption(1, true), redemption(2, true, other)])
        expect(await tx.usesOfPerk(tenant, perk)).toEqual([
          { store: life.store, count: 1 },
          { store: other, count: 1 },
        ])
        await tx.saveRedemptions([redemption(1, true, other), redemption(2, false), redemption(3, false)])
        const uses = await tx.usesOfPerk(tenant, perk)
        expect(uses.filter(({ count }) => count !== 0)).toEqual([{ store: other, count: 1 }])
        expect(await tx.usesOfPerk(tenant, 999 as RuleId)).toEqual([])
        const hold = { tenant, store: life.store, member: member(1), perk, voucher: null, points: 1 }
        const open = await tx.insertHold({ ...hold, key: 'a', expires: millis(100) })
        await tx.insertHold({ ...hold, key: 'b', member: member(2), expires: millis(100) })
        await tx.insertHold({ ...hold, key: 'c', expires: millis(10) })
        await tx.insertHold({ ...hold, key: 'd', voucher: 'V', expires: millis(100) })
        // U-2: over, but its fact may still be in the ledger of its store.
        expect(await tx.heldOfPerk(tenant, perk, millis(50))).toEqual([{ store: life.store, count: 3 }])
        expect(await tx.openHolds(tenant, member(1), millis(50))).toHaveLength(3)
        await tx.saveContact({
          origin: life.origin,
          saidSeq: 0 as Seq,
          contactAt: millis(20),
          software: '',
          program: 0 as ProgramVersion,
        })
        expect(await tx.openHolds(tenant, member(1), millis(50))).toHaveLength(2)
        expect(await tx.heldOfPerk(tenant, perk, millis(50))).toEqual([{ store: life.store, count: 2 }])
        await tx.settleHolds([open.id])
        expect(await tx.heldOfPerk(tenant, perk, millis(50))).toEqual([{ store: life.store, count: 1 }])
      })
    })

    test('Q-8 responses are numbered per challenge and per period', async () => {
      const challenge = 401 as RuleId
      const response = (number: number, period: string, numberInPeriod: number) => ({
        tenant,
        challenge,
        number,
        period,
        numberInPeriod,
        fact: id(number),
      })
      await store.write(async (tx) => {
        expect(await tx.lastResponse(tenant, challenge, 'day 1')).toEqual({ number: 0, numberInPeriod: 0 })
        for (const row of [response(1, 'day 1', 1), response(2, 'day 2', 1), response(3, 'day 1', 2)])
          await tx.insertResponse(row)
        expect(await tx.lastResponse(tenant, challenge, 'day 1')).toEqual({ number: 3, numberInPeriod: 2 })
        expect(await tx.lastResponse(tenant, 402 as RuleId, 'day 1')).toEqual({
          number: 0,
          numberInPeriod: 0,
        })
        expect(await tx.responses(tenant, challenge, { after: 1, limit: 1 })).toEqual([
          response(2, 'day 2', 1),
        ])
      })
      await expect(store.write((tx) => tx.insertResponse(response(3, 'day 9', 9)))).rejects.toThrow(Error)
    })
  })
}
