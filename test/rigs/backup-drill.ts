// R30: the restore drill. Backups of a cloud and of a store, made beside the running nodes under load, are put in place elsewhere and proven: what was
// there at that moment is there, by digest. A backup that is damaged is refused, wherever the bit that flipped is.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { verify as verifyCloud } from '../../cloud/verify.ts'
import { openForReading } from '../../edge/ledger/database.ts'
import { Ledger } from '../../edge/ledger/ledger.ts'
import { verify as verifyEdge } from '../../edge/verify.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

const CLI = join(import.meta.dirname, '../../cloud/cli.ts')
const SIZES = { quick: { calls: 30, flips: 10 }, long: { calls: 300, flips: 300 } } as const
const FACTS_MAX = 100_000

export const backupDrill: Rig = { name: 'backup-drill', faults: ['R30'], needs: [], run }

async function run({ length, seed, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { calls, flips } = SIZES[length]
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 3 })
  try {
    const { cloudDirectory, shops } = load.shops
    const [shop] = shops
    if (shop === undefined) throw new Error('there is a store')
    const faults: string[] = []
    await load.sell(calls)
    // In the middle of the selling: a moment of it, whole.
    const selling = load.sell(calls)
    await copies(load, directory, 'during')
    await selling
    faults.push(...(await unsound(directory, 'during')))
    // At rest: the very same.
    await load.synced()
    await copies(load, directory, 'rest')
    faults.push(...(await unsound(directory, 'rest')))
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults: judged } = await judge(load, wrong)
    const [was, is] = [
      await digests(cloudDirectory, shop.directory),
      await digests(join(directory, 'rest-cloud'), join(directory, 'rest-store')),
    ]
    if (was !== is) faults.push('what was put back is not what was backed up')
    const taken = await putBackDamaged(directory, seededRandom(seed), flips)
    const what = `backups of a cloud and a store, under load and at rest, put back and verified, with equal digests; ${2 * flips} with a bit flipped, ${taken} put back`
    return [
      {
        fault: 'R30',
        what,
        figures: { ...figures, V: (figures.V ?? 0) + taken },
        faults: [...faults, ...judged],
      },
    ]
  } finally {
    await load.kill()
  }
}

const KINDS = ['cloud', 'store'] as const

function backupOf(directory: string, when: string, kind: string): string {
  return join(directory, `${when}-${kind}.backup`)
}

function copies({ shops }: ShopsUnderLoad, directory: string, when: string): Promise<unknown> {
  const places = { cloud: shops.cloudDirectory, store: shops.shops[0]?.directory ?? '' }
  return Promise.all(
    KINDS.map(async (kind) => {
      const file = backupOf(directory, when, kind)
      await tillstream('backup', '--data', places[kind], '--to', file)
      await tillstream('restore', '--data', join(directory, `${when}-${kind}`), '--from', file)
    }),
  )
}

async function unsound(directory: string, when: string): Promise<string[]> {
  const cloud = await verifyCloud(join(directory, `${when}-cloud`))
  const store = await verifyEdge(join(directory, `${when}-store`))
  const empty = cloud.facts === 0 || store.facts === 0 ? [`the backups made ${when} hold nothing`] : []
  return [...cloud.problems, ...store.problems, ...empty]
}

/** Outcomes of all members and heads of the cloud's file, and every fact and answer of the store's. */
async function digests(cloud: string, store: string): Promise<string> {
  const { digest, facts } = await verifyCloud(cloud)
  const hash = createHash('sha256').update(`${digest} ${facts}`)
  const open = openForReading(store)
  for (const { id, bytes, answer } of new Ledger(open).latest(FACTS_MAX))
    hash.update(`${id}`).update(bytes).update(answer)
  open.close()
  return hash.digest('hex')
}

async function putBackDamaged(directory: string, random: Random, flips: number): Promise<number> {
  let taken = 0
  for (const kind of KINDS)
    for (let n = 0; n < flips; n++) {
      const damaged = join(directory, 'damaged.backup')
      const bytes = readFileSync(backupOf(directory, 'rest', kind))
      const at = random.below(bytes.length)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
      writeFileSync(damaged, bytes)
      const data = join(directory, 'from-damaged')
      rmSync(data, { recursive: true, force: true })
      const refused = await tillstream('restore', '--data', data, '--from', damaged).then(
        () => false,
        () => true,
      )
      if (!refused) taken += 1
    }
  return taken
}

/** Rejects with what it said where it refuses. */
async function tillstream(...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [CLI, ...args])
}
