// A cloud with two stores whose facts came in over real sync connections, late ones among them: the story that the tests of the HQ API ask about.
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { CloudUnderTest } from './cloud-node.ts'
import type { Device } from './cloud-node.ts'
import { SMALL_PROGRAM } from './programs.ts'

export const T0 = Date.UTC(2026, 5, 1, 12)
export const MINUTE = 60_000

export interface TwoStores {
  readonly cloud: CloudUnderTest
  readonly camden: Device
  readonly soho: Device
  readonly ada: MemberId
  readonly sale: FactId
  readonly lateSale: FactId
  readonly guestSale: FactId
  /** The cloud's time; the test may move it. */
  now: number
}

export async function twoStores(): Promise<TwoStores> {
  const time = { now: T0 + 1000 * MINUTE }
  const cloud = await CloudUnderTest.start(() => time.now)
  await cloud.publish(SMALL_PROGRAM)
  const camden = await cloud.addDevice('Camden')
  const soho = await cloud.addDevice('Soho')
  const phone = { kind: 'phone', value: '+447700900142' } as const
  const ada = camden.enrol({ at: T0, promised: 50, confirmed: true }, [phone], 'Ada Lovelace')
  camden.enrol({ at: T0 + MINUTE }, [
    { kind: 'card', value: '77' },
    { kind: 'email', value: 'b@example.org' },
  ])
  const sale = camden.sale({ at: T0 + 10 * MINUTE, member: ada, promised: 60 }, [
    { sku: 'mug', amount: 1050 },
    { sku: 'bag', category: 'BAG', pieces: 5, amount: 500 },
  ])
  const guestSale = camden.sale({ at: T0 + 11 * MINUTE }, [{ sku: 'mug', amount: 900 }])
  camden.giveBack({ at: T0 + 20 * MINUTE, member: ada }, [{ sale, line: 1, pieces: 2, amount: 200 }])
  await camden.connect()
  await camden.sync()
  // Two late sales: with the one above they are the third of the month, so the bonus comes to the one that was there first.
  soho.sale({ at: T0 + 5 * MINUTE, member: ada }, [{ sku: 'tea', amount: 300 }])
  const lateSale = soho.sale({ at: T0 + 2 * MINUTE, member: ada }, [{ sku: 'tea', amount: 400 }])
  await soho.connect()
  await soho.sync()
  return Object.assign(time, { cloud, camden, soho, ada, sale, lateSale, guestSale })
}
