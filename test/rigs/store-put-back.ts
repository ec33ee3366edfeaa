// R11: a store's data directory is put back from a copy of an hour before, twice. Once a terminal presents its receipt at the first call, without the
// internet; once nobody does, the store sells on without its cloud, and the cloud says so. Either way the ledger leaves that life; everything that
// was synced and everything sold since counts once.
import { cpSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { ask, fieldOf } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { seededRandom } from '../support/random.ts'
import { ChaosProxy } from './frame/chaos-proxy.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const SIZES = { quick: { times: 1, calls: 20 }, long: { times: 10, calls: 60 } } as const

export const storePutBack: Rig = { name: 'store-put-back', faults: ['R11'], needs: [], run }

async function run({ length, seed, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { times, calls } = SIZES[length]
  let line: ChaosProxy | undefined
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 1,
    terminalsPerStore: 3,
    lives: 'many',
    cloudPortFor: (_, cloudPort) => {
      line = new ChaosProxy(cloudPort, seededRandom(seed))
      return line.listen()
    },
  })
  try {
    const [shop] = load.shops.shops
    if (shop === undefined || line === undefined) throw new Error('there is a store with a line')
    const found = { atBoot: 0, atContact: 0 }
    const faults: string[] = []
    let recoveryMs = 0
    for (let n = 0; n < times * 2; n++) {
      const witnessed = n % 2 === 0
      await load.sell(calls)
      await load.synced()
      const copy = await copyOf(shop, join(directory, `copy-${n}`))
      await load.sell(calls)
      await load.synced()
      const before = await epochOf(shop)
      line.set('refused')
      await putBack(shop, copy, join(directory, `gone-${n}`))
      if (witnessed) await present(shop, load.terminalsOf(1)[0]?.kept ?? '')
      const early = (await epochOf(shop)) > before
      if (early) found.atBoot += 1
      if (witnessed && !early) faults.push('a receipt was presented, and the life went on')
      // Offline, in whatever life.
      await load.sell(calls)
      line.set('clear')
      const healed = Date.now()
      await load.synced()
      recoveryMs = Math.max(recoveryMs, Date.now() - healed)
      if (!early && (await epochOf(shop)) > before) found.atContact += 1
    }
    const { atBoot, atContact } = found
    if (atBoot + atContact < times * 2) faults.push(`found ${atBoot + atContact} of ${times * 2} times`)
    const wrong = await load.wrongRepeats('receipt')
    await load.synced()
    await load.stop()
    const { figures, faults: judged } = await judge(load, wrong)
    const what =
      `a store put back ${times * 2} times among ${load.log.count} calls: found ${atBoot} times by a receipt before anything was ` +
      `recorded, ${atContact} times by the cloud`
    return [{ fault: 'R11', what, figures, recoveryMs, faults: [...faults, ...judged] }]
  } finally {
    await load.kill()
    await line?.close()
  }
}

/** As a technician makes one: of a node that was stopped. */
async function copyOf({ node, directory }: Shop, to: string): Promise<string> {
  await node.stop()
  cpSync(directory, to, { recursive: true })
  await node.start(false)
  return to
}

/** Into the same place, so that it is no copy; all files, the sentinel too. */
async function putBack({ node, directory }: Shop, copy: string, aside: string): Promise<void> {
  await node.kill()
  renameSync(directory, aside)
  cpSync(copy, directory, { recursive: true })
  await node.start(false)
}

async function present({ node, managerToken }: Shop, receipt: string): Promise<void> {
  const headers = { authorization: `Bearer ${managerToken}`, 'tillstream-receipt': receipt }
  const response = await fetch(`${node.url}/v1/status`, { headers })
  if (!response.ok) throw new Error(`the receipt was answered with ${response.status}`)
}

async function epochOf({ node, managerToken }: Shop): Promise<number> {
  let epoch = 0
  await until('the epoch told', async () => {
    const { status, body } = await ask(`${node.url}/v1/status`, { token: managerToken })
    epoch = Number(fieldOf(body, 'epoch'))
    return status === 200 && epoch > 0
  })
  return epoch
}
