// R07: files of a store that was killed, cut short, emptied or deleted. The ledger's file at borders of its pages, its log at borders of its frames, either
// gone, the sentinel gone. Opened with the store's own code: refused as damaged, or known to be behind its sentinel so that it does not go on in
// the same life, or everything is there. Going on with less in the same life is a break nobody reported.
import { cpSync, existsSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { LEDGER_FILE } from '../../edge/ledger/database.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { SENTINEL_FILE } from '../../edge/ledger/sentinel.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

const SIZES = { quick: { calls: 60, cuts: 60 }, long: { calls: 300, cuts: 1_000 } } as const
const PAGE_BYTES = 4096
const LOG_HEAD_BYTES = 32
const FRAME_BYTES = PAGE_BYTES + 24
const LOG = `${LEDGER_FILE}-wal`

export const filesCut: Rig = { name: 'files-cut', faults: ['R07'], needs: [], run }

type Outcome = 'refused' | 'behind' | 'whole' | 'silent'

interface Hurt {
  readonly what: string
  readonly do: (directory: string) => void
  /** Nothing is missing then, and that is right. */
  readonly harmless?: boolean
}

async function run({ length, seed, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { calls, cuts } = SIZES[length]
  const original = await killedAfter(directory, calls)
  const seq = seqIn(original, join(directory, 'look'))
  const tally: Record<Outcome, number> = { refused: 0, behind: 0, whole: 0, silent: 0 }
  const faults: string[] = []
  for (const hurt of hurts(original, seededRandom(seed), cuts)) {
    const copy = join(directory, 'copy')
    rmSync(copy, { recursive: true, force: true })
    cpSync(original, copy, { recursive: true })
    hurt.do(copy)
    const outcome = outcomeOf(copy, seq)
    tally[outcome] += 1
    if (outcome === 'silent') faults.push(`${hurt.what}: it goes on in the same life with less`)
    if (hurt.harmless === true && outcome !== 'whole') faults.push(`${hurt.what}: ${outcome}`)
  }
  const { refused, behind, whole, silent } = tally
  const what =
    `files of a killed store cut at ${cuts} borders of pages and frames, emptied, deleted: ${refused} found damaged, ` +
    `${behind} behind the sentinel and not gone on with, ${whole} with everything there`
  const blind =
    refused === 0 || behind === 0 ? ['the cuts were too small to be noticed: the rig is blind'] : []
  return [{ fault: 'R07', what, figures: { V: silent }, faults: [...faults, ...blind] }]
}

/** The directory of a store that was killed with its log beside the file. */
async function killedAfter(directory: string, calls: number): Promise<string> {
  const load = await ShopsUnderLoad.open({
    directory: join(directory, 'shops'),
    stores: 1,
    terminalsPerStore: 3,
  })
  try {
    await load.sell(calls)
    const [shop] = load.shops.shops
    if (shop === undefined) throw new Error('there is a store')
    // Once stopped and started, so that part of it is in the file and part in the log.
    await shop.node.stop()
    await shop.node.start(false)
    await load.sell(calls)
    await shop.node.kill()
    return shop.directory
  } finally {
    await load.kill()
  }
}

function seqIn(original: string, copy: string): number {
  cpSync(original, copy, { recursive: true })
  const ledger = openLedger({ directory: copy })
  const { seq } = ledger
  ledger.close()
  return seq
}

function hurts(original: string, random: Random, cuts: number): Hurt[] {
  const cut = (file: string, bytes: number): Hurt => ({
    what: `${file} cut to ${bytes} bytes`,
    do: (directory) => truncateSync(join(directory, file), bytes),
  })
  const gone = (file: string, harmless = false): Hurt => ({
    what: `${file} deleted`,
    do: (directory) => rmSync(join(directory, file), { force: true }),
    harmless,
  })
  const sizeOf = (file: string): number =>
    existsSync(join(original, file)) ? statSync(join(original, file)).size : 0
  const pages = Math.floor(sizeOf(LEDGER_FILE) / PAGE_BYTES)
  const frames = Math.floor((sizeOf(LOG) - LOG_HEAD_BYTES) / FRAME_BYTES)
  if (frames < 2) throw new Error('the killed store left no log')
  const borders = Array.from({ length: cuts }, (_, n) =>
    n % 2 === 0
      ? cut(LEDGER_FILE, random.below(pages) * PAGE_BYTES)
      : cut(
          LOG,
          LOG_HEAD_BYTES + random.below(frames) * FRAME_BYTES + random.below(2) * random.below(FRAME_BYTES),
        ),
  )
  return [
    ...borders,
    cut(LEDGER_FILE, 0),
    cut(LOG, 0),
    gone(LEDGER_FILE),
    gone(LOG),
    gone(SENTINEL_FILE, true),
  ]
}

function outcomeOf(directory: string, seq: number): Outcome {
  let ledger
  try {
    ledger = openLedger({ directory })
  } catch {
    return 'refused'
  }
  try {
    if (ledger.sentinelAhead !== undefined) return 'behind'
    if (ledger.identity() === undefined) return 'refused'
    return ledger.seq >= seq && ledger.verify().faults.length === 0 ? 'whole' : 'silent'
  } catch {
    return 'refused'
  } finally {
    try {
      ledger.close()
    } catch {
      // A damaged file may not let itself be closed in an orderly way.
    }
  }
}
