// What the cloud sends down of its own accord, over real WebSockets: members, corrections and programs, each from where the edge stands.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeState } from '../../cloud/evaluation/state.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import type { Device, Line } from '../support/cloud-node.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000

let cloud: CloudUnderTest
let camden: Device
let leeds: Device

beforeEach(async () => {
  cloud = await CloudUnderTest.start(() => T0 + 60 * MINUTE)
  await cloud.publish(SMALL_PROGRAM)
  camden = await cloud.addDevice('Camden')
  leeds = await cloud.addDevice('Leeds')
})
afterEach(() => cloud.stop())

const enrolAt = (device: Device): MemberId =>
  device.enrol({ at: T0, promised: 50 }, [{ kind: 'card', value: '1' }])

/** Balance and covered position of the member in the next frame that holds members. */
async function stateSent(line: Line, member: MemberId): Promise<{ balance: number; covers: number }> {
  const { members } = await line.next('members')
  const snapshot = members.find((one) => one.member === member)
  if (snapshot === undefined) throw new Error('the frame holds the member')
  return { balance: decodeState(snapshot.state)?.balance ?? Number.NaN, covers: snapshot.covers }
}

describe('members', () => {
  test('D-1 a touched member goes to every connected store that has met it, with the position the state covers', async () => {
    const member = enrolAt(camden)
    const ofCamden = await camden.connect()
    await camden.sync()
    expect(await stateSent(ofCamden, member)).toEqual({ balance: 50, covers: 1 })
    leeds.sale({ at: T0 + MINUTE, member, promised: 10 }, [{ sku: 'x', amount: 1000 }])
    const ofLeeds = await leeds.connect()
    await leeds.sync()
    expect(await stateSent(ofLeeds, member)).toEqual({ balance: 60, covers: 1 })
    expect(await stateSent(ofCamden, member)).toEqual({ balance: 60, covers: 1 })
  })
})

describe('corrections', () => {
  test("D-2 what differs from the promise and what a late fact moves go to the fact's store, with their cause", async () => {
    const member = enrolAt(camden)
    const [, , third] = [1, 2, 3].map((n) =>
      camden.sale({ at: T0 + 10 * n * MINUTE, member, promised: 10 }, [{ sku: 'x', amount: 1000 }]),
    )
    const line = await camden.connect()
    await camden.sync()
    // The store promised 10; the third sale of the month brings 25 more.
    const differs = await line.next('corrections')
    expect(differs.corrections).toEqual([{ fact: third, revision: 0, points: 35, goodwill: 0, cause: 0 }])

    const late = leeds.sale({ at: T0 + 15 * MINUTE, member, promised: 4 }, [{ sku: 'x', amount: 400 }])
    await leeds.connect()
    await leeds.sync()
    const moved = await line.next('corrections')
    expect(moved.cursor).toBeGreaterThan(differs.cursor)
    expect(moved.corrections.map(({ points, revision, cause }) => [points, revision, cause])).toEqual([
      [35, 1, late],
      [10, 1, late],
    ])
  })

  test('D-2 a reader goes on behind the position it has, and is sent again what it never had', async () => {
    const member = enrolAt(camden)
    camden.sale({ at: T0 + MINUTE, member, promised: 11 }, [{ sku: 'x', amount: 1000 }])
    camden.sale({ at: T0 + 2 * MINUTE, member, promised: 12 }, [{ sku: 'x', amount: 1000 }])
    const first = await camden.connect()
    await camden.sync(1, 2)
    const one = await first.next('corrections')
    expect(one.corrections.length).toBe(1)
    await camden.sync(3, 3)
    const two = await first.next('corrections')
    const resumed = await camden.connect(3, { corrections: one.cursor })
    expect(await resumed.next('corrections')).toEqual(two)
    const anew = await camden.connect(3)
    expect((await anew.next('corrections')).corrections).toEqual([...one.corrections, ...two.corrections])
  })
})

describe('programs', () => {
  test('D-3 a published version goes to every connected edge of the tenant', async () => {
    const lines = [await camden.connect(), await leeds.connect()]
    for (const line of lines) expect((await line.next('program')).version).toBe(1)
    await cloud.publish({ ...SMALL_PROGRAM, name: 'Second' })
    for (const line of lines) {
      const { version, document } = await line.next('program')
      expect(version).toBe(2)
      expect(JSON.parse(document)).toEqual({ ...SMALL_PROGRAM, name: 'Second' })
    }
  })

  test('D-3 a hello is answered with the versions that are missing, oldest first', async () => {
    await cloud.publish({ ...SMALL_PROGRAM, name: 'Second' })
    await cloud.publish({ ...SMALL_PROGRAM, name: 'Third' })
    const fresh = await camden.connect()
    for (const version of [1, 2, 3]) expect((await fresh.next('program')).version).toBe(version)
    const behind = await leeds.connect(0, { program: 2 })
    expect((await behind.next('program')).version).toBe(3)
  })
})
