// Taking batches: position, standing, fold, corrections. Each test feeds real bytes into the real store.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeFact } from '../../protocol/codec.ts'
import type { Sale } from '../../protocol/facts.ts'
import { NO_FACT } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import {
  CHECKPOINT_AGAIN_FACTS,
  CHECKPOINT_FACTS,
  CLOCK_SKEW_MS_MAX,
  GIVE_BACK_DAYS_MAX,
} from '../../protocol/limits.ts'
import { DAY_MS, hybridTime } from '../../protocol/time.ts'
import { outcomeText as outcome } from '../../cloud/evaluation/state.ts'
import { verify } from '../../cloud/verify.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import { cloudOfTwo } from '../support/cloud-of-two.ts'
import type { CloudOfTwo } from '../support/cloud-of-two.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000

let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter
let send: CloudOfTwo['send']
let stop: CloudOfTwo['stop']

beforeEach(async () => void ({ cloud, a, b, send, stop } = await cloudOfTwo(T0 + 1000 * MINUTE)))

afterEach(() => stop())

async function balance(member: MemberId): Promise<number> {
  return (await cloud.state(member)).balance
}

describe('positions', () => {
  test('I-1 P-SYNC-2 a batch that continues is taken; the answer is its position and head', async () => {
    a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    expect(await send(a)).toEqual({ type: 'ack', seq: 1, head: a.hashes[1] })
  })

  test('I-1 P-SYNC-2 a gap is answered with the expected seq and nothing is taken', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    a.sale({ at: T0 + MINUTE, member }, [{ sku: 'x', amount: 1000 }])
    expect(await send(a, 2)).toEqual({ type: 'gap', expected: 1 })
    expect(await cloud.head(a.origin)).toBe(0)
  })

  test('I-1 P-SYNC-2 a batch the cloud has is answered with the stored position; an overlap goes on from it', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    a.sale({ at: T0 + MINUTE, member }, [{ sku: 'x', amount: 1000 }])
    await send(a)
    expect(await send(a, 1, 1)).toMatchObject({ type: 'ack', seq: 2 })
    expect(await send(a)).toMatchObject({ type: 'ack', seq: 2 })
    a.sale({ at: T0 + 2 * MINUTE, member }, [{ sku: 'x', amount: 500 }])
    expect(await send(a, 2)).toMatchObject({ type: 'ack', seq: 3 })
    expect(await balance(member)).toBe(50 + 10 + 5)
  })

  test('I-1 G-2 P-SYNC-4 another fact at a known position is a fork: the life is over, HQ is told, nothing more is taken', async () => {
    a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    await send(a)
    const clone = Object.assign(await cloud.addStore(), { origin: a.origin, store: a.store })
    clone.enrol({ at: T0 + 1 }, [{ kind: 'card', value: '2' }])
    expect(await cloud.ingest.submit(a.origin, clone.batch())).toMatchObject({
      type: 'ended',
      reason: 'fork',
      seq: 1,
    })
    a.sale({ at: T0 }, [{ sku: 'x', amount: 100 }])
    expect(await send(a, 2)).toMatchObject({ type: 'ended' })
    expect(await cloud.head(a.origin)).toBe(1)
    const notices = await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 10 })
    expect(notices.map((row) => row.notice?.code)).toEqual(['fork'])
  })

  test('I-2 batches of many edges that wait together are one commit, each with its own answer', async () => {
    a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    b.enrol({ at: T0 }, [{ kind: 'card', value: '2' }])
    let commits = 0
    cloud.ingest.onCommitted(() => commits++)
    const answers = await Promise.all([send(a), send(b), send(a), send(b, 2, 2).catch(() => 'no')])
    expect(answers.slice(0, 3)).toMatchObject([{ type: 'ack' }, { type: 'ack' }, { type: 'ack' }])
    expect(commits).toBeLessThan(4)
  })
})

describe('quarantine', () => {
  test('I-4 bytes that are no fact, or lie about their place, are set aside; the ones behind go on', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const template = a.facts[0]
    if (template === undefined) throw new Error('enrolled')
    a.writeBytes(Buffer.from('not cbor'), template)
    a.writeBytes(encodeFact({ ...template, id: 999_999_999_999 as FactId }), template)
    const honest: Sale = {
      ...(b.facts[0] as Sale | undefined),
      kind: 'sale',
      id: (template.id + 3) as FactId,
      at: template.at,
      claimed: null,
      offset: 60 as Sale['offset'],
      store: a.store,
      terminal: 't',
      key: 'wrong-offset',
      program: template.program,
      member,
      claim: null,
      promised: template.promised,
      confirmed: false,
      suspect: false,
      amount: 100 as Sale['amount'],
      lines: [{ sku: 'x', category: null, quantity: 1000 as never, amount: 100 as never }],
      tenders: [],
    }
    a.writeBytes(encodeFact(honest), honest)
    a.sale({ at: T0 + MINUTE, member }, [{ sku: 'x', amount: 700 }])
    expect(await send(a)).toMatchObject({ type: 'ack', seq: 5 })
    const rows = await cloud.store.read.quarantine(cloud.tenant, { after: 0, limit: 10 })
    expect(rows.map((row) => row.reason)).toEqual([
      expect.stringContaining('cbor'),
      'names another position than its own',
      'its zone offset is not that of its store',
    ])
    expect(await balance(member)).toBe(57)
    expect(await cloud.store.read.chain(a.origin, 0 as never, 100)).toHaveLength(5)
  })

  test('I-4 S02 S47 an edge cannot adjust, nor name a member of another tenant', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const mine = cloud.tenant
    await cloud.found(SMALL_PROGRAM)
    const stranger = await cloud.addStore()
    stranger.sale({ at: T0, member }, [{ sku: 'x', amount: 100_000 }])
    await send(a)
    await send(stranger)
    expect(await cloud.store.read.quarantine(cloud.tenant, { after: 0, limit: 10 })).toHaveLength(1)
    expect(await balance(member)).toBe(50)
    cloud.tenant = mine
  })
})

describe('standing', () => {
  test('I-3 of two facts with one business key the canonically first counts, in either order of arrival', async () => {
    const outcomes: string[] = []
    for (const earlierFirst of [true, false]) {
      const writer = await cloud.addStore()
      const twin = Object.assign(await cloud.addStore(), { store: writer.store })
      await cloud.store.write(async (tx) => {
        const life = await tx.insertOrigin({ tenant: cloud.tenant, store: writer.store, edge: writer.edge })
        Object.assign(twin, { origin: life.origin })
      })
      const member = writer.enrol({ at: T0, key: `member-${writer.store}` }, [
        { kind: 'card', value: `c${writer.store}` },
      ])
      await send(writer)
      writer.sale({ at: T0 + MINUTE, member, key: 'receipt-7' }, [{ sku: 'x', amount: 1000 }])
      twin.sale({ at: T0 + 2 * MINUTE, member, key: 'receipt-7' }, [{ sku: 'x', amount: 3000 }])
      for (const next of earlierFirst ? [writer, twin] : [twin, writer])
        await send(next, next === writer ? 2 : 1)
      outcomes.push(String(await balance(member)))
      await cloud.outcomes()
    }
    expect(outcomes).toEqual(['60', '60'])
  })

  test('D-1 a duplicate that names its member by identity has the state sent to its store again: it is covered now', async () => {
    const writer = await cloud.addStore()
    const twin = Object.assign(await cloud.addStore(), { store: writer.store })
    await cloud.store.write(async (tx) => {
      const life = await tx.insertOrigin({ tenant: cloud.tenant, store: writer.store, edge: writer.edge })
      Object.assign(twin, { origin: life.origin })
    })
    const claim = { kind: 'card', value: '77' } as const
    const member = writer.enrol({ at: T0 }, [claim])
    writer.sale({ at: T0 + MINUTE, member, key: 'receipt-7' }, [{ sku: 'x', amount: 1000 }])
    await send(writer)
    const told = () => cloud.store.read.changedMembers(twin.origin, twin.store, 0, 10)
    const before = await told()
    twin.sale({ at: T0 + 2 * MINUTE, claim, key: 'receipt-7' }, [{ sku: 'x', amount: 1000 }])
    await send(twin)
    const after = await told()
    expect(after.covers).toBe(1)
    expect(after.rows.map(({ id }) => id)).toEqual([member])
    expect(after.rows[0]?.change).toBeGreaterThan(before.rows[0]?.change ?? Infinity)
    expect(await balance(member)).toBe(60)
  })

  test('I-7 a sale with an unknown card is folded when its member turns up, with the enrolment as cause', async () => {
    a.sale({ at: T0, claim: { kind: 'card', value: '77' } }, [{ sku: 'x', amount: 2000 }])
    await send(a)
    const member = b.enrol({ at: T0 + MINUTE }, [{ kind: 'card', value: '77' }])
    await send(b)
    expect(await balance(member)).toBe(70)
    await cloud.outcomes()
  })

  test('I-8 an identity belongs to the first enrolment by time, whichever arrives first, and takes its claims along', async () => {
    a.sale({ at: T0 + 5 * MINUTE, claim: { kind: 'card', value: '77' } }, [{ sku: 'x', amount: 2000 }])
    await send(a)
    const late = b.enrol({ at: T0 + 2 * MINUTE, key: 'late' }, [{ kind: 'card', value: '77' }])
    await send(b)
    expect(await balance(late)).toBe(70)
    const first = a.enrol({ at: T0 + MINUTE, key: 'first' }, [{ kind: 'card', value: '77' }])
    await send(a, 2)
    expect(await balance(late)).toBe(50)
    expect(await balance(first)).toBe(70)
    expect((await cloud.store.read.memberByIdentity(cloud.tenant, 'card', '77'))?.id).toBe(first)
    await cloud.outcomes()
  })
})

describe('clocks that cannot be trusted', () => {
  const clockNotices = async (): Promise<string[]> =>
    (await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 100 }))
      .filter(({ notice }) => notice?.code === 'clock_suspect')
      .map(({ notice }) => notice?.text ?? '')

  test('P-TIME-7 E-BON-8 S32 points count, bonuses do not; HQ is told once, where the run begins', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    for (let n = 1; n <= 6; n++)
      a.sale({ at: T0 + n * MINUTE, member, suspect: n < 4 }, [{ sku: 'x', amount: 100 }])
    for (let n = 1; n <= 7; n++) await send(a, n, n)
    // Three trusted sales of the month after three that count for no bonus.
    expect(await balance(member)).toBe(50 + 6 + 25)
    expect(await clockNotices()).toEqual([expect.stringMatching(/from fact 2 of origin/)])
    expect(outcome(await cloud.refold(member))).toBe(outcome(await cloud.state(member)))
  })

  test('P-TIME-7 S32 S47 a time that the cloud had not reached is not believed, whatever the edge says of its clock', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const ahead = T0 + 1000 * MINUTE + CLOCK_SKEW_MS_MAX
    for (let n = 1; n <= 3; n++) a.sale({ at: ahead + n, member }, [{ sku: 'x', amount: 100 }])
    a.sale({ at: ahead, member }, [{ sku: 'x', amount: 100 }])
    await send(a)
    expect(await balance(member)).toBe(50 + 4)
    expect(await clockNotices()).toHaveLength(1)
    expect((await verify(cloud.directory)).ok).toBe(true)
  })
})

describe('late facts', () => {
  test('I-5 E-FOLD-4 a late sale is inserted where it belongs; what it moves is appended with it as cause', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    for (let n = 1; n <= 3; n++) a.sale({ at: T0 + 10 * n * MINUTE, member }, [{ sku: 'x', amount: 1000 }])
    await send(a)
    expect(await balance(member)).toBe(50 + 30 + 25)
    const late = b.sale({ at: T0 + 15 * MINUTE, member }, [{ sku: 'x', amount: 400 }])
    await send(b)
    expect(await balance(member)).toBe(50 + 30 + 25 + 4)
    const corrections = (await cloud.store.read.activitiesOfMember(member, { after: 0, limit: 100 })).filter(
      (row) => row.kind === 'correction',
    )
    expect(corrections.map(({ cause, effects }) => [cause, effects.map((e) => e.amount)])).toEqual([
      [late, [25]],
      [late, [-25]],
    ])
    await cloud.outcomes()
  })

  test('I-6 the fold restarts at checkpoints far back and gives the canonical state', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    const count = CHECKPOINT_FACTS * 3
    for (let n = 1; n <= count; n++)
      a.sale({ at: T0 + n * MINUTE, member }, [{ sku: 'x', amount: 100 * (n % 7) }])
    await send(a)
    for (const n of [count - 1, CHECKPOINT_FACTS + 3, CHECKPOINT_FACTS, 1]) {
      b.sale({ at: T0 + n * MINUTE + 1, member }, [{ sku: 'x', amount: 300 }])
      await send(b, b.seq)
      await cloud.outcomes()
    }
  })

  test('I-6 a member that was folded again has its last checkpoints near, so that the next late fact reads a few facts', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    for (let n = 1; n < CHECKPOINT_FACTS; n++)
      a.sale({ at: T0 + n * MINUTE, member }, [{ sku: 'x', amount: 100 }])
    await send(a)
    const late = T0 + (CHECKPOINT_FACTS - 2) * MINUTE + 1
    const place = { at: hybridTime(late), id: 0 as FactId }
    const readAgain = (): Promise<number> =>
      cloud.store.write(async (tx) => {
        const from = (await tx.checkpointBefore(member, place)) ?? null
        return (await tx.factsOfMemberAfter(member, from)).length
      })
    expect(await readAgain()).toBe(CHECKPOINT_FACTS)
    b.sale({ at: late, member }, [{ sku: 'x', amount: 300 }])
    await send(b, b.seq)
    expect(await readAgain()).toBeLessThanOrEqual(CHECKPOINT_AGAIN_FACTS + 2)
    await cloud.outcomes()
  })

  test.each(['captured', 'cancelled'] as const)(
    'E-MEM-1 a redemption %s years after its reservation takes nothing, also where that is in no state any more',
    async (stage) => {
      const begun = T0 - (GIVE_BACK_DAYS_MAX + 3) * DAY_MS
      const member = a.enrol({ at: begun - MINUTE }, [{ kind: 'card', value: '1' }])
      const reserved = a.redeem({ at: begun, member }, COFFEE, 100, 0, { stage: 'reserved', of: NO_FACT })
      await send(a)
      const before = await balance(member)
      a.redeem({ at: T0, member }, COFFEE, 100, 0, { stage, of: reserved })
      await send(a, a.seq)
      expect(await balance(member)).toBe(before)
      await cloud.outcomes()
    },
  )

  test('E-RET-6 I-5 a return that arrives before its sale takes the points when the sale arrives', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    await send(a)
    const sale = a.sale({ at: T0 + MINUTE, member }, [{ sku: 'x', pieces: 2, amount: 2000 }])
    b.giveBack({ at: T0 + 2 * MINUTE }, [{ sale, line: 0, pieces: 1, amount: 1000 }])
    await send(b)
    expect(await balance(member)).toBe(50)
    await send(a, 2)
    expect(await balance(member)).toBe(60)
    await cloud.outcomes()
  })

  test('E-PROM-1 a confirmed promise that a late fact breaks is kept as goodwill, apart from the fold', async () => {
    const member = a.enrol({ at: T0, promised: 50, confirmed: true }, [{ kind: 'card', value: '1' }])
    for (let n = 1; n <= 3; n++)
      a.sale({ at: T0 + 10 * n * MINUTE, member, promised: n === 3 ? 35 : 10, confirmed: true }, [
        { sku: 'x', amount: 1000 },
      ])
    await send(a)
    b.sale({ at: T0 + 5 * MINUTE, member }, [{ sku: 'x', amount: 1000 }])
    await send(b)
    const state = await cloud.state(member)
    expect([state.balance, state.goodwill]).toEqual([50 + 40 + 25, 25])
    await cloud.outcomes()
  })
})

describe('spending', () => {
  const ask = (key: string, member: MemberId) =>
    cloud.authority.decide(cloud.tenant, a.store, {
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

  test('U-1 U-2 S29 parallel askers cannot both get the last points; the same key gets the same decision', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    a.grant({ at: T0 + 1, member }, 60)
    await send(a)
    const decisions = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(`r-${n}`, member)))
    const allowed = decisions.filter(({ refused }) => refused === null)
    expect(allowed).toHaveLength(1)
    const [first] = allowed
    if (first === undefined) throw new Error('one was allowed')
    expect(await ask('r-0', member)).toEqual(first)
    a.redeem({ at: T0 + MINUTE, member, key: 'r-0', promised: -100 }, COFFEE, 100, first.hold)
    await send(a, 3)
    expect(await balance(member)).toBe(10)
    expect((await ask('r-21', member)).refused).toBe('points_insufficient')
    const notices = await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 10 })
    expect(notices).toEqual([])
    await cloud.outcomes()
  })

  test('E-SPEND-3 spending that nobody allowed is booked, and HQ is told', async () => {
    const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    a.redeem({ at: T0 + MINUTE, member }, COFFEE, 100, 0)
    await send(a)
    expect(await balance(member)).toBe(-50)
    const notices = await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 10 })
    expect(notices.map((row) => row.notice?.code)).toEqual(['spent_without_authority'])
  })
})
