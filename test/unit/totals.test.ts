// what everybody comes to together, where some are not enrolled here. The sums over states are those of the log, whatever becomes of an orphan.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HqFacts } from '../../cloud/domain/hq-facts.ts'
import { Resolutions } from '../../cloud/domain/resolutions.ts'
import { TotalsTaker } from '../../cloud/domain/totals.ts'
import type { Totals } from '../../cloud/domain/view-shapes.ts'
import { replayWhatIf } from '../../cloud/what-if/replay.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { MemberId, Seq } from '../../protocol/ids.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import { cloudOfTwo } from '../support/cloud-of-two.ts'
import type { CloudOfTwo } from '../support/cloud-of-two.ts'
import type { OriginWriter } from '../support/origin-writer.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
const MINUTE = 60_000
/** Points for an enrolment. */
const WELCOME = 50
const NOW = T0 + 60 * MINUTE
const clock = { now: () => NOW }

let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter
let send: CloudOfTwo['send']
let stop: CloudOfTwo['stop']
let member: MemberId
/** B's first record is its enrolment, which does not come. */
let orphan: MemberId

beforeEach(async () => {
  ;({ cloud, a, b, send, stop } = await cloudOfTwo(NOW))
  orphan = factIdOf(b.origin, 1 as Seq) as number as MemberId
  member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  a.sale({ at: T0 + MINUTE, member }, [{ sku: 'x', amount: 5_000 }])
  a.sale({ at: T0 + MINUTE, member: orphan }, [{ sku: 'x', amount: 70_000 }])
  const back = a.sale({ at: T0 + 2 * MINUTE, member: orphan }, [{ sku: 'x', amount: 3_000 }])
  a.giveBack({ at: T0 + 3 * MINUTE, member: orphan }, [{ sale: back, line: 0, pieces: 1, amount: 3_000 }])
  await send(a)
})
afterEach(() => stop())

const taker = (): TotalsTaker => new TotalsTaker(cloud.store.read, cloud.shelf, clock)

/** Of states and of the log: they agree. */
async function totals(): Promise<Totals> {
  const taken = await taker().totals(cloud.tenant)
  expect(taken.lifetime).toBe(taken.points_earned - taken.points_reversed)
  expect(Object.values(taken.by_tier).reduce((sum, count) => sum + count, 0)).toBe(
    taken.members + taken.orphans,
  )
  return taken
}

const owed = async (): Promise<number> => {
  const request = { tenant: cloud.tenant, document: null, from: null, until: NOW, now: NOW }
  const watch = { progress: () => undefined, cancelled: () => false }
  const { points, members } = await replayWhatIf(cloud.store.read, request, watch)
  const { members: enrolled, orphans } = await totals()
  expect(members).toBe(enrolled + orphans)
  return points.liability.now
}

test('Q-15 I-9 what who is not enrolled here has earned and is owed is in the totals and in what-ifs, as it is in the log', async () => {
  expect(await totals()).toMatchObject({
    members: 1,
    orphans: 1,
    lifetime: WELCOME + 50 + 700,
    fold: WELCOME + 50 + 700,
    by_tier: { Bronze: 1, Silver: 1 },
    vouchers: { issued: 1, open: 1 },
  })
  expect(await owed()).toBe(WELCOME + 50 + 700)
  const { digest } = await taker().digest(cloud.tenant)
  a.sale({ at: T0 + 4 * MINUTE, member: orphan }, [{ sku: 'x', amount: 1_000 }])
  await send(a, a.seq)
  expect((await totals()).fold).toBe(WELCOME + 50 + 710)
  // The digest is of keys of enrolments.
  expect((await taker().digest(cloud.tenant)).digest).toBe(digest)
})

test('Q-15 also where HQ let its conflict stand', async () => {
  const [conflict] = await cloud.store.read.conflicts(cloud.tenant, true, { after: 0, limit: 9 })
  const said = { decision: 'accepted', reason: 'known', by: 'Ada' } as const
  const resolved = await new Resolutions(cloud.ingest, cloud.shelf).resolve(
    cloud.tenant,
    'r-1',
    conflict?.id ?? 0,
    said,
  )
  expect(resolved).toMatchObject({ ok: true })
  expect(await totals()).toMatchObject({ members: 1, orphans: 1, fold: WELCOME + 750 })
})

test('Q-15 once the enrolment comes it is a member, counted once', async () => {
  b.enrol({ at: T0 }, [{ kind: 'card', value: '2' }])
  await send(b)
  expect(await totals()).toMatchObject({ members: 2, orphans: 0, fold: 2 * WELCOME + 750 })
})

test('Q-15 once HQ says by a merge who it is, the points are that member’s', async () => {
  const merged = await new HqFacts(cloud.store, cloud.ingest, cloud.shelf, clock).record(
    cloud.tenant,
    'm-1',
    {
      member,
      at: null,
      request: { kind: 'merge', merged: String(orphan) },
    },
  )
  expect(merged).toMatchObject({ ok: true })
  expect(await totals()).toMatchObject({ members: 1, orphans: 0, fold: WELCOME + 750 })
})
