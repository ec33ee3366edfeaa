// Who a fact belongs to when members become one and guests' sales are claimed, what the stores hear of it, and how much of a perk's budget is used.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, MemberId, StoreId } from '../../protocol/ids.ts'
import { ownHeader } from '../../cloud/domain/ingest/own-facts.ts'
import { decodeState } from '../../cloud/evaluation/state.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { HqWriter } from '../support/hq-writer.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
/** Three coffees for all members together, two in a store; no limit for one member. */
const BUDGETED: ProgramDocument = {
  ...SMALL_PROGRAM,
  redeem_perks: SMALL_PROGRAM.redeem_perks.map((perk) =>
    perk.id === COFFEE
      ? { id: perk.id, title: perk.title, points: 0, budget: { total: 3, per_store: 2 } }
      : perk,
  ),
}

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter
let hq: HqWriter

async function start(document: ProgramDocument): Promise<void> {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, { now: () => T0 + 1000 * MINUTE })
  await cloud.found(document)
  a = await cloud.addStore()
  b = await cloud.addStore()
  hq = await HqWriter.add(cloud)
}

beforeEach(() => start(SMALL_PROGRAM))
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

/** Sends what the cloud does not have yet. */
async function send(...writers: readonly OriginWriter[]): Promise<void> {
  for (const writer of writers) {
    const from = (await cloud.head(writer.origin)) + 1
    if (from <= writer.seq)
      expect(await cloud.ingest.submit(writer.origin, writer.batch(from))).toMatchObject({ type: 'ack' })
  }
}

const enrol = (writer: OriginWriter, card: string, minute = 0): MemberId =>
  writer.enrol({ at: T0 + minute * MINUTE, key: `enrol-${card}` }, [{ kind: 'card', value: card }])
const said = (minute: number, member: MemberId, key = `hq-${hq.seq}`) => ({
  at: T0 + minute * MINUTE,
  key,
  member,
})
const balance = async (member: MemberId): Promise<number> => (await cloud.state(member)).balance
const ownerOf = async (fact: FactId): Promise<unknown> => (await cloud.store.read.fact(fact))?.member
const reaches = async (member: MemberId): Promise<unknown> =>
  (await cloud.store.read.member(member))?.mergedInto

/** What a store is sent, by member: the cards it owns and its balance. */
async function toldTo(store: OriginWriter): Promise<Map<MemberId, unknown>> {
  const { rows } = await cloud.store.read.changedMembers(store.origin, store.store, 0, 100)
  return new Map(
    rows.map(({ id, identities, state }) => [
      id,
      [identities.map(({ value }) => value), state === null ? null : decodeState(state)?.balance],
    ]),
  )
}

describe('identities', () => {
  test('I-7 I-8 I-9 a card whose holder turns out to be a second recording is the next holder’s, though two of one batch name it', async () => {
    const again = await cloud.addLife(a)
    again.enrol({ at: T0 + 5 * MINUTE, key: 'enrol' }, [{ kind: 'card', value: '7' }])
    const sale = b.sale({ at: T0 + 6 * MINUTE, claim: { kind: 'card', value: '7' } }, [
      { sku: 'x', amount: 100 },
    ])
    await send(again, b)
    a.enrol({ at: T0, key: 'enrol' }, [{ kind: 'card', value: '1' }])
    const next = enrol(a, '7', 7)
    a.enrol({ at: T0 + 8 * MINUTE, key: 'last' }, [{ kind: 'card', value: '7' }])
    await send(a)
    expect(await ownerOf(sale)).toBe(next)
    await cloud.outcomes()
  })
})

describe('merges', () => {
  test('E-MERGE-1 E-MERGE-2 the survivor has both accounts with one welcome; both stores are told of both members', async () => {
    const old = enrol(a, 'old')
    a.sale({ at: T0 + MINUTE, member: old }, [{ sku: 'x', amount: 2000 }])
    const kept = enrol(b, 'kept')
    b.sale({ at: T0 + 2 * MINUTE, member: kept }, [{ sku: 'x', amount: 1000 }])
    await send(a, b)
    expect([await balance(old), await balance(kept)]).toEqual([70, 60])
    hq.merge(said(3, kept), old)
    await send(hq)
    expect([await balance(old), await balance(kept)]).toEqual([0, 50 + 20 + 10])
    expect(await reaches(old)).toBe(kept)
    const survivor = [expect.arrayContaining(['old', 'kept']), 80]
    const told = [...(await toldTo(a)), ...(await toldTo(b))]
    expect(told).toEqual(
      expect.arrayContaining([
        [old, [[], 0]],
        [kept, survivor],
      ]),
    )
    expect((await toldTo(a)).get(kept)).toEqual(survivor)
    expect((await toldTo(a)).get(old)).toEqual([[], 0])
    await cloud.outcomes()
  })

  test('E-MERGE-1 what comes late under the old id, and by the old card, is the survivor’s', async () => {
    const old = enrol(a, 'old')
    const kept = enrol(b, 'kept')
    await send(a, b)
    hq.merge(said(3, kept), old)
    await send(hq)
    const named = a.sale({ at: T0 + MINUTE, member: old }, [{ sku: 'x', amount: 2000 }])
    const byCard = b.sale({ at: T0 + 9 * MINUTE, claim: { kind: 'card', value: 'old' } }, [
      { sku: 'x', amount: 1000 },
    ])
    await send(a, b)
    expect([await ownerOf(named), await ownerOf(byCard)]).toEqual([kept, kept])
    expect(await balance(kept)).toBe(50 + 20 + 10)
    await cloud.outcomes()
  })

  test('E-MERGE-1 a chain leads to its end; a cycle is decided by canonical order, also when the earlier merge comes later', async () => {
    const [one, two, three] = [enrol(a, '1'), enrol(a, '2'), enrol(b, '3')]
    await send(a, b)
    hq.merge(said(5, two), one)
    hq.merge(said(6, three), two)
    hq.merge(said(7, one), three)
    await send(hq)
    expect([await reaches(one), await reaches(two), await reaches(three)]).toEqual([three, three, null])
    const late = await HqWriter.add(cloud)
    late.merge(said(1, one, 'late'), three)
    await send(late)
    // Three is one's from the first minute on, and one two's from the fifth: the merge of two into three is the cycle now.
    expect([await reaches(one), await reaches(two), await reaches(three)]).toEqual([two, null, two])
    expect(await balance(two)).toBe(50)
    await cloud.outcomes()
  })

  test('E-MERGE-2 a merge of a member whose enrolment comes later holds when it comes', async () => {
    const kept = enrol(b, 'kept')
    await send(b)
    const old = enrol(a, 'old')
    hq.merge(said(3, kept), old)
    await send(hq, a)
    expect(await cloud.store.read.fact(old as number as FactId)).toMatchObject({
      status: 'merged',
      member: kept,
    })
    expect((await toldTo(a)).get(old)).toEqual([[], 0])
    expect((await toldTo(a)).get(kept)).toEqual([expect.arrayContaining(['old', 'kept']), 50])
    await cloud.outcomes()
  })

  test('U-1 spending under the old id is decided on the survivor’s account and covered by the hold', async () => {
    const old = enrol(a, 'old')
    const kept = enrol(a, 'kept')
    a.grant({ at: T0 + MINUTE, member: kept }, 100)
    await send(a)
    hq.merge(said(3, kept), old)
    await send(hq)
    const decision = await ask('spend', old, a)
    expect(decision).toMatchObject({ refused: null, points: 100, member: kept })
    a.redeem({ at: T0 + 5 * MINUTE, member: old, key: 'spend' }, COFFEE, 100, decision.hold)
    await send(a)
    expect(await balance(kept)).toBe(50)
    expect(await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 9 })).toEqual([])
  })
})

describe('claims', () => {
  test('E-CLAIM-1 of two claims the canonically first wins, whichever came first; returns and voids follow', async () => {
    const [ada, bob] = [enrol(a, 'ada'), enrol(a, 'bob')]
    const sale = a.sale({ at: T0 + MINUTE }, [{ sku: 'x', pieces: 2, amount: 4000 }])
    b.giveBack({ at: T0 + 4 * MINUTE }, [{ sale, line: 0, pieces: 1, amount: 2000 }])
    await send(a, b)
    hq.claim(said(9, bob), sale)
    await send(hq)
    expect([await balance(ada), await balance(bob)]).toEqual([50, 70])
    const late = await HqWriter.add(cloud)
    late.claim(said(5, ada, 'late'), sale)
    await send(late)
    expect([await balance(ada), await balance(bob)]).toEqual([70, 50])
    expect(await ownerOf(sale)).toBe(ada)
    await cloud.outcomes()
  })

  test('E-CLAIM-1 a claim that comes before its sale holds; a sale that names a member is not moved', async () => {
    const [ada, bob] = [enrol(a, 'ada'), enrol(a, 'bob')]
    await send(a)
    const guest = b.sale({ at: T0 + MINUTE }, [{ sku: 'x', amount: 4000 }])
    const named = b.sale({ at: T0 + MINUTE, member: bob }, [{ sku: 'x', amount: 1000 }])
    hq.claim(said(9, ada), guest)
    hq.claim(said(9, ada), named)
    await send(hq, b)
    expect([await ownerOf(guest), await ownerOf(named)]).toEqual([ada, bob])
    expect([await balance(ada), await balance(bob)]).toEqual([90, 60])
    await cloud.outcomes()
  })

  test('E-CLAIM-1 E-MERGE-1 a claimed sale goes where its member goes', async () => {
    const [ada, bob] = [enrol(a, 'ada'), enrol(a, 'bob')]
    const sale = a.sale({ at: T0 + MINUTE }, [{ sku: 'x', amount: 4000 }])
    await send(a)
    hq.claim(said(2, ada), sale)
    hq.merge(said(3, bob), ada)
    await send(hq)
    expect(await ownerOf(sale)).toBe(bob)
    expect(await balance(bob)).toBe(90)
    await cloud.outcomes()
  })
})

const ask = (key: string, member: MemberId, at: OriginWriter) =>
  cloud.authority.decide(cloud.tenant, at.store, {
    type: 'authorise',
    question: 1,
    key,
    member,
    at: (a.facts[0]?.at ?? 0) as never,
    offset: 0 as never,
    perk: COFFEE,
    points: null,
    basket: null,
    voucher: null,
  })

describe('budgets', () => {
  beforeEach(async () => {
    await cloud.store.close()
    directory.remove()
    await start(BUDGETED)
  })

  test('U-3 E-SPEND-7 open decisions and booked redemptions of all members use up the budget, in all stores and in one', async () => {
    const members = ['1', '2', '3', '4'].map((card) => enrol(a, card))
    await send(a)
    const [one, two, three, four] = members as [MemberId, MemberId, MemberId, MemberId]
    const first = await ask('r1', one, a)
    expect(first.refused).toBeNull()
    a.redeem({ at: T0 + MINUTE, member: one, key: 'r1' }, COFFEE, 0, first.hold)
    await send(a)
    expect((await ask('r2', two, a)).refused).toBeNull()
    expect((await ask('r3', three, a)).refused, 'two in this store').not.toBeNull()
    expect((await ask('r4', three, b)).refused, 'the third of all').toBeNull()
    expect((await ask('r5', four, b)).refused, 'three of all').not.toBeNull()
  })

  test('U-3 many who ask at once do not pass the budget', async () => {
    const members = Array.from({ length: 12 }, (_, n) => enrol(a, String(n)))
    await send(a)
    const asked = await Promise.all(members.map((member, n) => ask(`r${n}`, member, n % 2 === 0 ? a : b)))
    expect(asked.filter(({ refused }) => refused === null)).toHaveLength(3)
  })

  test('U-3 a cancelled redemption gives its place back, once', async () => {
    const ada = enrol(a, 'ada')
    await send(a)
    const used = async (): Promise<number> => {
      const rows = await cloud.store.write((tx) => tx.usesOfPerk(cloud.tenant, COFFEE))
      return rows.reduce((sum, { count }) => sum + count, 0)
    }
    const first = hq.redemption(said(1, ada), 'reserved')
    await send(hq)
    expect(await used()).toBe(1)
    hq.redemption(said(2, ada), 'cancelled', first)
    hq.redemption(said(3, ada), 'cancelled', first)
    await send(hq)
    expect(await used()).toBe(0)
    const second = hq.redemption(said(4, ada), 'reserved')
    hq.redemption(said(5, ada), 'captured', second)
    await send(hq)
    expect(await used()).toBe(1)
    hq.redemption(said(6, ada), 'cancelled', second)
    await send(hq)
    expect(await used(), 'E-SPEND-12 also what was captured').toBe(0)
    hq.redemption(said(7, ada), 'captured')
    await send(hq)
    expect(await used()).toBe(1)
    expect(await cloud.store.write((tx) => tx.usesOfPerk(cloud.tenant, COFFEE))).toEqual([
      { store: 0 as StoreId, count: 1 },
    ])
  })
})

test('I-4 Q-7 a store cannot say what only HQ can: it is set aside', async () => {
  const ada = enrol(a, 'ada')
  const template = a.facts[0]
  if (template === undefined) throw new Error('enrolled')
  const header = { at: template.at, program: template.program, member: ada, store: a.store }
  const kinds: Fact[] = [
    { ...ownHeader('merge', { ...header, id: (template.id + 1) as FactId, key: 'm' }), merged: ada },
    { ...ownHeader('moment', { ...header, id: (template.id + 2) as FactId, key: 't' }), due: 0 as never },
    {
      ...ownHeader('retro_claim', { ...header, id: (template.id + 3) as FactId, key: 'c' }),
      sale: template.id,
    },
  ]
  for (const fact of kinds) a.writeBytes(encodeFact(fact), fact)
  await send(a)
  const set = await cloud.store.read.quarantine(cloud.tenant, { after: 0, limit: 9 })
  expect(set.map(({ reason }) => reason)).toEqual(
    kinds.map(({ kind }) => `only HQ makes a fact of kind ${kind}`),
  )
})
