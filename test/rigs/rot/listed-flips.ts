// S-15 beneath a running cloud: a bit of a row that platforms list flips, and the platform's API is asked for what shows it. What facts say is made again and
// told as it was; of anything else there is no answer, the process ends, and a sound copy takes its place. A row may be missing where the very column flipped
// that its list is asked by: it is given back then, for the next inspection finds it (S-10).
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { columnsOf } from '../../../cloud/collections/collection.ts'
import { SCHEMA } from '../../../cloud/collections/collections.ts'
import type { ProjectedTable } from '../../../cloud/collections/tables/accounts.ts'
import { indexesOf } from '../../../cloud/store/sqlite/collection-sql.ts'
import { STORE_FILE } from '../../../cloud/store/sqlite/open.ts'
import type { NodeProcess } from '../../../cloud/demo/node-process.ts'
import { verify } from '../../../cloud/verify.ts'
import { OWN_COLUMNS, WRITTEN_COLUMNS } from '../../support/flipped-rows.ts'
import type { Random } from '../../support/random.ts'
import { nodeFigure } from '../frame/node-figure.ts'
import type { RigOptions } from '../frame/rig.ts'
import { until } from '../frame/shops-under-load.ts'
import type { ShopsUnderLoad } from '../frame/shops-under-load.ts'
import { LISTED_TABLES, ListedBusiness } from './listed-business.ts'
import type { ListedTable, Shown } from './listed-business.ts'
import { flipBack, flipInColumn } from './row-flips.ts'
import type { FlippedRow } from './row-flips.ts'

const EXIT_STORAGE = 70
/** Each so many flips one is of a column that no fact knows: the node has to be started anew after it. */
const OWN_EVERY = 20
const SAID_EVERY = 250

export type Outcome =
  /** Made again from the facts, and told as it was. */
  | 'made'
  /** No answer, and the process ended. */
  | 'ended'
  /** Told as it was, out of the index that led to the row: what flipped was not read. */
  | 'unread'
  /** Not among the rows of a list that is asked by the very column. */
  | 'missing'
  | 'wrong'

export interface ListedTally extends Readonly<Record<Outcome, number>> {
  readonly flips: number
  readonly faults: readonly string[]
}

/** What lists are asked by, beside the business. */
const ASKED_BY: Readonly<Partial<Record<ListedTable, string>>> = {
  connections: 'hidden',
  entitlements: 'status',
  frequency_progress: 'window_until',
  requirement_summaries: 'challenge',
}
const MAY: Readonly<Partial<Record<Outcome, (table: ListedTable, column: string) => boolean>>> = {
  missing: (table, column) => column === 'tenant' || ASKED_BY[table] === column,
  unread: (table, column) => indexesOf(SCHEMA.of(table)).some(({ columns }) => columns.includes(column)),
}

/** Leaves the stores stopped, and the cloud with the data that it had at first. */
export async function listedFlipped(
  load: ShopsUnderLoad,
  directory: string,
  { random, flips, say }: { random: Random; flips: number; say: RigOptions['say'] },
): Promise<ListedTally> {
  const { cloud: walking, cloudDirectory, shops } = load.shops
  const file = join(cloudDirectory, STORE_FILE)
  const sound = join(directory, 'sound')
  const business = await ListedBusiness.open(load, directory)
  for (const { node } of shops) await node.stop()
  await walking.stop()
  cpSync(cloudDirectory, sound, { recursive: true })
  // Without a walk, which would find a row that just flipped by its indexes.
  const args = ['cloud', '--data', cloudDirectory, '--port']
  const cloud = await load.newNode('cloud listed', (port) => [...args, String(port)])
  load.moveCloud(cloud, cloudDirectory)
  await cloud.start(false)
  const begin = async (node: NodeProcess): Promise<void> => {
    rmSync(cloudDirectory, { recursive: true })
    cpSync(sound, cloudDirectory, { recursive: true })
    await node.start(false)
  }
  const before = new Map<ListedTable, Shown>()
  for (const table of LISTED_TABLES) before.set(table, await business.shown(table))
  const tally = { made: 0, ended: 0, unread: 0, missing: 0, wrong: 0 }
  const faults: string[] = []
  for (let n = 0; n < flips; n++) {
    const { table, column, flipped } = flippedIn(file, n % OWN_EVERY === 0 ? OWN : OF_FACTS, random)
    const outcome = await outcomeOf(load, before.get(table) ?? new Map(), () => business.shown(table))
    tally[outcome] += 1
    const expected = OF_FACTS.some(([of, name]) => of === table && name === column) ? 'made' : 'ended'
    if (outcome !== expected && !MAY[outcome]?.(table, column))
      faults.push(`${column} of ${table}, row ${flipped.id}: ${outcome} and not ${expected}`)
    if (outcome === 'ended') await begin(cloud)
    else if (outcome !== 'made') flipBack(file, flipped)
    if ((n + 1) % SAID_EVERY === 0) say(`${n + 1} of ${flips} listed rows flipped, ${tally.wrong} wrong`)
  }
  await cloud.stop()
  const { problems } = await verify(cloudDirectory)
  faults.push(...problems)
  load.moveCloud(walking, cloudDirectory)
  await begin(walking)
  return { flips, ...tally, faults }
}

type Place = readonly [table: ListedTable, column: string]
const isOfFacts = ([table, column]: Place): boolean =>
  table in OWN_COLUMNS &&
  !OWN_COLUMNS[table as ProjectedTable].includes(column) &&
  !WRITTEN_COLUMNS.includes(column)
const PLACES: readonly Place[] = LISTED_TABLES.flatMap((table) =>
  [...Object.keys(columnsOf(SCHEMA.of(table))).filter((column) => column !== 'id'), 'sum'].map(
    (column) => [table, column] as const,
  ),
)
const OF_FACTS = PLACES.filter(isOfFacts)
const OWN = PLACES.filter((place) => !isOfFacts(place))

/** A column that is empty in all rows is no place. */
function flippedIn(
  file: string,
  places: readonly Place[],
  random: Random,
): { table: ListedTable; column: string; flipped: FlippedRow } {
  for (;;) {
    const [table, column] = random.pick(places)
    const flipped = flipInColumn(file, table, column, random)
    if (flipped !== undefined) return { table, column, flipped }
  }
}

const mendedAt = ({ shops: { cloud, hqToken } }: ShopsUnderLoad): Promise<number> =>
  nodeFigure({ url: cloud.url, token: hqToken }, 'tillstream_states_mended_total')

async function outcomeOf(load: ShopsUnderLoad, before: Shown, ask: () => Promise<Shown>): Promise<Outcome> {
  const { cloud } = load.shops
  const mended = await mendedAt(load)
  cloud.expectEnd()
  let shown
  try {
    shown = await ask()
  } catch {
    // Whoever reads it hears of an error; so does everybody after it.
    await until('the cloud ended', () => Promise.resolve(!cloud.running))
    return (await cloud.ended()) === EXIT_STORAGE ? 'ended' : 'wrong'
  }
  for (const [way, text] of shown) if (before.get(way) !== text) return 'wrong'
  if (shown.size < before.size) return 'missing'
  return (await mendedAt(load)) > mended ? 'made' : 'unread'
}
