// What is due comes to pass without a visit: moments are made when their time has come, once, in bounded looks; a rule that never moves on is left alone.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import { DUE_COMMIT_MAX, DUE_SWEEP_MS } from '../../protocol/limits.ts'
import { Ingest } from '../../cloud/domain/ingest/ingest.ts'
import type { NextDue } from '../../cloud/domain/due.ts'
import { Moments } from '../../cloud/domain/moments.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { verify } from '../../cloud/verify.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { VirtualSystem } from '../support/virtual-system.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 5, 1, 12)
/** Points end ten local days after the day they were earned. */
const EXPIRING: ProgramDocument = {
  ...SMALL_PROGRAM,
  points: { expiry: { kind: 'rolling', after: { days: 10 } } },
}
const END = Date.UTC(2026, 5, 12)

let directory: ReturnType<typeof freshDirectory>
let system: VirtualSystem
let cloud: CloudCore
let store: OriginWriter
let faults: unknown[]

const send = (from = 1) => cloud.ingest.submit(store.origin, store.batch(from))
const balance = async (member: MemberId): Promise<number> => (await cloud.state(member)).balance

function momentsOf(ingest = cloud.ingest, due?: NextDue): Moments {
  return new Moments({
    store: cloud.store,
    ingest,
    shelf: cloud.shelf,
    clock: system.clock,
    after: (ms, call) => system.after(ms, call),
    onFault: (cause) => faults.push(cause),
    ...(due === undefined ? {} : { due }),
  })
}

async function momentFacts(): Promise<string[]> {
  const rows = await cloud.store.read.facts(cloud.tenant, { kind: 'moment' }, { after: 0, limit: 100_000 })
  return rows.map(({ key }) => key)
}

async function dues(): Promise<unknown[]> {
  const rows = await cloud.store.read.dueMembers(8.64e15 as never, null, 1000)
  return rows.map(({ member, due }) => [member, due])
}

beforeEach(async () => {
  directory = freshDirectory()
  system = new VirtualSystem(T0 + DAY)
  faults = []
  cloud = new CloudCore(directory.path, system.clock)
})

afterEach(async () => {
  await cloud.store.close()
  directory.remove()
  expect(faults).toEqual([])
})

describe('a member', () => {
  let ada: MemberId

  beforeEach(async () => {
    await cloud.found(EXPIRING)
    store = await cloud.addStore()
    ada = store.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    await send()
  })

  test('DUE-1 points expire when their time has come, without any visit, and the log says why', async () => {
    const moments = momentsOf()
    expect(await dues()).toEqual([[ada, END]])
    system.now = END - 1
    expect(await moments.sweep()).toBe(0)
    expect(await balance(ada)).toBe(50)
    system.now = END
    expect(await moments.sweep()).toBe(1)
    expect(await balance(ada)).toBe(0)
    expect(await momentFacts()).toEqual([`moment-${ada}-${END}`])
    const [last] = (await cloud.store.read.activitiesOfMember(ada, { after: 0, limit: 99 })).slice(-1)
    expect(last).toMatchObject({ kind: 'moment', effects: [{ kind: 'expire', amount: -50 }] })
    expect(await dues()).toEqual([])
    await cloud.outcomes()
  })

  test('DUE-1 looking again, and two looks at once, make no second moment', async () => {
    system.now = END + DAY
    await Promise.all([momentsOf().sweep(), momentsOf().sweep()])
    expect(await momentsOf().sweep()).toBe(0)
    expect(await momentFacts()).toHaveLength(1)
  })

  test('DUE-1 it looks at start and every DUE_SWEEP_MS, until it is stopped', async () => {
    const moments = momentsOf()
    const settled = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) await system.settle()
    }
    moments.start()
    await settled()
    expect(system.waits).toEqual([DUE_SWEEP_MS])
    system.now = END
    await system.advance(DUE_SWEEP_MS)
    await settled()
    expect(await momentFacts()).toHaveLength(1)
    await moments.stop()
    expect(system.waits).toEqual([])
  })

  test('DUE-1 a late fact that earns before the moment moves what the moment takes, and verify agrees', async () => {
    system.now = END + 5 * DAY
    await momentsOf().sweep()
    store.sale({ at: T0 + 1000, member: ada }, [{ sku: 'x', amount: 700 }])
    await send(2)
    expect(await balance(ada)).toBe(0)
    await cloud.outcomes()
    expect(await verify(directory.path)).toMatchObject({ ok: true, problems: [] })
  })

  test('DUE-3 another program in force makes other things due, for members nobody sees', async () => {
    const moments = momentsOf()
    await moments.sweep()
    const published = await cloud.shelf.publish(
      cloud.tenant,
      {
        ...EXPIRING,
        earn_perks: [
          ...EXPIRING.earn_perks,
          { id: 190 as RuleId, title: 'Birthday', type: 'BIRTHDAY', award: { kind: 'fixed', points: 7 } },
        ],
      },
      null,
    )
    if (!published.ok) throw new Error(published.refusal.detail)
    await cloud.store.write((tx) => tx.saveDue(ada, null))
    system.now += 1
    await moments.sweep()
    expect(await dues()).toEqual([[ada, END]])
  })
})

test('DUE-3 I-9 so it does for members whose enrolment is not here', async () => {
  await cloud.found(EXPIRING)
  store = await cloud.addStore()
  const lost = await cloud.addStore()
  const orphan = lost.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  store.sale({ at: T0, member: orphan }, [{ sku: 'x', amount: 700 }])
  await send()
  await cloud.store.write((tx) => tx.saveDue(orphan, null))
  await momentsOf().sweep()
  expect(await dues()).toEqual([[orphan, END]])
})

describe('many members', () => {
  test('DUE-1 a look takes them page by page, each once, with one commit a page', async () => {
    await cloud.found(EXPIRING)
    store = await cloud.addStore()
    const count = DUE_COMMIT_MAX + 7
    for (let n = 0; n < count; n++) store.enrol({ at: T0 + n }, [{ kind: 'card', value: String(n) }])
    await send()
    system.now = END + DAY
    let commits = 0
    cloud.ingest.onCommitted(() => commits++)
    expect(await momentsOf().sweep()).toBe(count)
    expect(commits).toBe(2)
    expect(await dues()).toEqual([])
  })
})

describe('a rule that never moves on', () => {
  test('DUE-2 gets one moment, then HQ is told and the member is left alone until its next fact', async () => {
    const stuck: NextDue = () => T0 + DAY
    await cloud.found(SMALL_PROGRAM)
    store = await cloud.addStore()
    const ingest = new Ingest(cloud.store, cloud.shelf, system.clock, { due: stuck })
    const moments = momentsOf(ingest, stuck)
    const ada = store.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
    await ingest.submit(store.origin, store.batch())
    for (let n = 0; n < 5; n++) await moments.sweep()
    expect(await momentFacts()).toEqual([`moment-${ada}-${T0 + DAY}`])
    const codes = async (): Promise<unknown[]> =>
      (await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 9 })).map((row) => row.notice?.code)
    expect(await codes()).toEqual(['moment_stuck'])
    expect(await dues()).toEqual([])
    store.sale({ at: T0 + 1, member: ada }, [{ sku: 'x', amount: 100 }])
    await ingest.submit(store.origin, store.batch(2))
    for (let n = 0; n < 5; n++) await moments.sweep()
    expect(await momentFacts()).toHaveLength(1)
    expect(await codes()).toEqual(['moment_stuck', 'moment_stuck'])
  })
})
