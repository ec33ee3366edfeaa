// R06: single bits of a store's ledger flipped beneath an open one, and after the store has stopped. Opened with the store's own code it refuses, or `verify` says what is wrong, or what it
// serves has not changed: facts, keys and answers are compared with what was there before.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LEDGER_FILE } from '../../edge/ledger/database.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'
import { storeFlippedAnywhere } from './rot/store-anywhere.ts'

const SIZES = {
  quick: { flips: 300, calls: 60, anywhere: 200 },
  long: { flips: 6_000, calls: 200, anywhere: 10_000 },
} as const
const FACTS_MAX = 100_000

export const bitsFlipped: Rig = {
  name: 'bits-flipped',
  faults: ['R06'],
  needs: [],
  run,
}

type Outcome = 'refused' | 'told' | 'harmless' | 'wrong'

async function run({ length, seed, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const { flips, calls, anywhere } = SIZES[length]
  const original = await soldInto(directory, calls)
  const before = servedBy(original)
  if (typeof before === 'string') throw new Error(`the sound ledger is ${before}`)
  const random = seededRandom(seed)
  const tally: Record<Outcome, number> = { refused: 0, told: 0, harmless: 0, wrong: 0 }
  for (let n = 0; n < flips; n++) {
    const copy = join(directory, 'copy')
    rmSync(copy, { recursive: true, force: true })
    cpSync(original, copy, { recursive: true })
    flip(join(copy, LEDGER_FILE), random)
    tally[outcomeOf(before, copy)] += 1
  }
  const { refused, told, harmless, wrong } = tally
  const what = `${flips} single bits of a ledger flipped: ${refused} refused at the start, ${told} told by verify, ${harmless} in nothing that is served`
  const blind = refused + told === 0 ? ['no flip was ever noticed: the rig is blind'] : []
  const beneath = await storeFlippedAnywhere(directory, { random, flips: anywhere, say })
  return [
    { fault: 'R06', what, figures: { X: wrong }, faults: blind },
    {
      fault: 'R06',
      what: `${beneath.flips} bits flipped anywhere in the pages of an open ledger, then everything asked, sold and spent: ${beneath.same} without a difference, ${beneath.ended} no answer and an end`,
      figures: { X: beneath.wrong },
      faults: [
        ...beneath.faults,
        ...(beneath.ended === 0 ? ['no flip was ever noticed: the rig is blind'] : []),
      ],
    },
  ]
}

/** The directory of a store that sold, synced and stopped. */
async function soldInto(directory: string, calls: number): Promise<string> {
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 3 })
  try {
    await load.sell(calls)
    await load.synced()
    await load.stop()
    const [shop] = load.shops.shops
    if (shop === undefined) throw new Error('there is a store')
    return shop.directory
  } finally {
    await load.kill()
  }
}

/** Everything a caller could be told of facts, as one text; or that nothing is served. */
function servedBy(directory: string): { readonly text: string } | 'refused' | 'told' {
  let ledger
  try {
    ledger = openLedger({ directory })
  } catch {
    return 'refused'
  }
  try {
    const { chain_ok, faults } = ledger.verify()
    if (!chain_ok || faults.length > 0) return 'told'
    const facts = ledger.latest(FACTS_MAX)
    return {
      text: facts
        .map(({ id, member, bytes, answer }) => `${id} ${member} ${hex(bytes)} ${hex(answer)}`)
        .join('\n'),
    }
  } catch {
    // Reading stumbles over a damaged page: the caller gets an error, not a wrong value.
    return 'told'
  } finally {
    closed(ledger)
  }
}

function outcomeOf(before: { readonly text: string }, copy: string): Outcome {
  const served = servedBy(copy)
  if (typeof served === 'string') return served
  return served.text === before.text ? 'harmless' : 'wrong'
}

/** A damaged file may not let itself be closed in an orderly way. */
function closed(ledger: { close(): void }): void {
  try {
    ledger.close()
  } catch {
    // It is thrown away.
  }
}

function flip(path: string, random: Random): void {
  const bytes = readFileSync(path)
  const at = random.below(bytes.length)
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
  writeFileSync(path, bytes)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
