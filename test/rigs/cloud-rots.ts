// R06 at the cloud. Bits of what is saved flip beneath a running cloud, which is asked for every balance after each, and bits of what platforms list, which a
// platform's API is asked for; then its walk finds a record that is not what its chain says, and the operator does what he is told; then bits of the stopped
// cloud's file flip, opened with the cloud's own code.
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { askOk, fieldOf, pick } from '../../cloud/demo/ask.ts'
import { liveProgram } from '../../cloud/demo/live/program.ts'
import { Ingest } from '../../cloud/domain/ingest/ingest.ts'
import { ProgramShelf } from '../../cloud/domain/programs.ts'
import { decodeState, outcomeText } from '../../cloud/evaluation/state.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { outstandingOf } from '../../protocol/leases.ts'
import type { Millis } from '../../protocol/time.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { judge } from './frame/judge.ts'
import { nodeFigure } from './frame/node-figure.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'
import { flippedAnywhere } from './rot/anywhere.ts'
import { listedFlipped } from './rot/listed-flips.ts'

const CLI = join(import.meta.dirname, '../../cloud/cli.ts')
const SIZES = {
  quick: { calls: 40, live: 300, listed: 60, anywhere: 120, rest: 150 },
  long: { calls: 200, live: 10_000, listed: 2_000, anywhere: 5_000, rest: 3_000 },
} as const
const WALK_AFTER_S = '1'
const EXIT_STORAGE = 70
/** Before any decision of a run is over. */
const HELD_AT = 0 as Millis
const MEMBERS_MAX = 100
/** Flips, of which a long run does thousands at each. */
const SAID_EVERY = 500

export const cloudRots: Rig = { name: 'cloud-rots', faults: ['R06'], needs: [], run }

async function run({ length, seed, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const sizes = SIZES[length]
  const random = seededRandom(seed)
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 2,
    terminalsPerStore: 3,
    program: liveProgram,
    cloudArgs: ['--walk-after', WALK_AFTER_S],
  })
  try {
    await load.sell(sizes.calls)
    await load.synced()
    const live = await flippedBeneath(load, random, sizes.live, say)
    const listed = await listedFlipped(load, directory, { random, flips: sizes.listed, say })
    const walked = await walkFinds(load, join(directory, 'good.backup'), sizes.calls)
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const rest = await flippedAtRest(
      load.shops.cloudDirectory,
      join(directory, 'copy'),
      random,
      sizes.rest,
      say,
    )
    const { unclean, ordered } = rest
    const anywhere = await flippedAnywhere(directory, { random, flips: sizes.anywhere, say })
    return [
      {
        fault: 'R06',
        what: `${live.flips} bits of saved states flipped beneath a running cloud, all balances asked after each: ${live.mended} made again from the facts`,
        figures: { X: live.wrong },
        faults: live.mended === 0 ? ['no flip was ever noticed: the rig is blind'] : [],
      },
      {
        fault: 'R06',
        what: `${listed.flips} bits of rows that platforms list flipped beneath it, their API asked after each: ${listed.made} made again from the facts, ${listed.ended} no answer and an end with 70, ${listed.unread} told out of the index, ${listed.missing} missing from a list that is asked by the column`,
        figures: { X: listed.wrong },
        faults: [
          ...listed.faults,
          ...(listed.made === 0 || listed.ended === 0 ? ['no flip was ever noticed: the rig is blind'] : []),
        ],
      },
      {
        fault: 'R06',
        what: `${anywhere.flips} bits flipped anywhere in the pages of facts, log, states and who is who beneath an open store of it, then balances asked and ledgers brought, one of them put back: ${anywhere.same} without a difference, ${anywhere.mended} with states made again, ${anywhere.ended} no answer and an end`,
        figures: { X: anywhere.wrong },
        faults: [
          ...anywhere.faults,
          ...(anywhere.mended === 0 || anywhere.ended === 0
            ? ['no flip was ever noticed: the rig is blind']
            : []),
        ],
      },
      {
        fault: 'R06',
        what: 'a state that nobody asked for made again; a changed record found by the walk: the node ends with 70, doctor and start say what to do, the printed command does it',
        figures,
        recoveryMs: walked.recoveryMs,
        faults: [...walked.faults, ...faults],
      },
      {
        fault: 'R06',
        what: `${2 * sizes.rest} single bits of the cloud's file flipped at rest: closed in order ${ordered.refused} of ${sizes.rest} refused at the start; after a death ${unclean.refused} refused, ${unclean.told} no answer, ${unclean.same} as it was`,
        figures: { X: unclean.wrong + ordered.wrong },
        faults: ordered.refused + unclean.refused === 0 ? ['no flip was ever noticed: the rig is blind'] : [],
      },
    ]
  } finally {
    await load.kill()
  }
}

/** What HQ is told of every member's balance. */
async function balances({ shops: { cloud, hqToken } }: ShopsUnderLoad): Promise<string> {
  const body = await askOk(`${cloud.url}/v1/members?limit=${MEMBERS_MAX}`, { token: hqToken })
  return pick(body, 'list', 'items')
    .map((member) => {
      // What is lent meanwhile leaves what is available.
      const unheld = pick(member, 'number', 'available') + pick(member, 'number', 'leased')
      return [fieldOf(member, 'id'), fieldOf(member, 'balance'), fieldOf(member, 'tier'), unheld]
        .map((value) => JSON.stringify(value))
        .join(' ')
    })
    .join('\n')
}

const mendedAt = ({ shops: { cloud, hqToken } }: ShopsUnderLoad): Promise<number> =>
  nodeFigure({ url: cloud.url, token: hqToken }, 'tillstream_states_mended_total')

const fileOf = (load: ShopsUnderLoad): string => join(load.shops.cloudDirectory, STORE_FILE)

function flipIn(file: string, table: 'states' | 'facts', random: Random): void {
  const [column, key] = table === 'facts' ? ['bytes', 'id'] : ['state', 'member']
  const database = new Sqlite(file)
  try {
    const rows = database.prepare(`SELECT ${key} AS key, ${column} AS value FROM ${table}`).all() as {
      key: number
      value: Buffer
    }[]
    const row = rows[random.below(rows.length)]
    if (row === undefined) throw new Error(`there are ${table}`)
    flip(row.value, random)
    database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`).run(row.value, row.key)
  } finally {
    database.close()
  }
}

function flip(bytes: Buffer, random: Random): void {
  const at = random.below(bytes.length)
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
}

async function flippedBeneath(
  load: ShopsUnderLoad,
  random: Random,
  flips: number,
  say: RigOptions['say'],
): Promise<{ flips: number; wrong: number; mended: number }> {
  const before = await balances(load)
  let wrong = 0
  for (let n = 0; n < flips; n++) {
    flipIn(fileOf(load), 'states', random)
    if ((await balances(load)) !== before) wrong += 1
    if ((n + 1) % SAID_EVERY === 0)
      say(`${n + 1} of ${flips} states flipped beneath the cloud, ${wrong} wrong`)
  }
  return { flips, wrong, mended: await mendedAt(load) }
}

/** S-10 and S-5, as an operator meets them. */
async function walkFinds(
  load: ShopsUnderLoad,
  backup: string,
  calls: number,
): Promise<{ recoveryMs: number; faults: string[] }> {
  const { cloud, cloudDirectory, shops: stores } = load.shops
  const faults: string[] = []
  const random = seededRandom(calls)
  // Without stores nobody asks for anything.
  for (const { node } of stores) await node.stop()
  await cloud.kill()
  flipIn(fileOf(load), 'states', random)
  await cloud.start(false)
  await until('the state is made again by itself', async () => (await mendedAt(load)) > 0)
  for (const { node } of stores) await node.start(false)
  const mended = await tillstream('doctor', '--data', cloudDirectory)
  if (!mended.said.includes('was not what had been written')) faults.push(`the doctor said: ${mended.said}`)
  await tillstream('backup', '--data', cloudDirectory, '--to', backup)
  await load.sell(calls)
  await load.synced()
  await cloud.kill()
  flipIn(fileOf(load), 'facts', random)
  await cloud.start(false)
  cloud.expectEnd()
  const code = await cloud.ended()
  const began = Date.now()
  if (code !== EXIT_STORAGE) faults.push(`the cloud ended with ${code} after its walk`)
  const found = await tillstream('doctor', '--data', cloudDirectory)
  const command = 'tillstream restore --data DIR --from FILE --replace'
  if (found.code !== 1 || !found.said.includes(command)) faults.push(`the doctor said: ${found.said}`)
  const refused = await tillstream('cloud', '--data', cloudDirectory, '--port', '0')
  if (refused.code !== 2 || !refused.said.includes(command)) faults.push(`the start said: ${refused.said}`)
  const [, ...words] = command.replace('DIR', cloudDirectory).replace('FILE', backup).split(' ')
  await tillstream(...words)
  await cloud.start(false)
  const recoveryMs = Date.now() - began
  await load.sell(calls)
  await load.synced()
  return { recoveryMs, faults }
}

async function tillstream(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const ran = promisify(execFile)(process.execPath, [CLI, ...args])
  return ran.then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (cause: { code: number; stdout: string; stderr: string }) => ({
      code: cause.code,
      said: cause.stdout + cause.stderr,
    }),
  )
}

type Tally = Record<'refused' | 'told' | 'same' | 'wrong', number>

async function flippedAtRest(
  original: string,
  copy: string,
  random: Random,
  flips: number,
  say: RigOptions['say'],
): Promise<{ ordered: Tally; unclean: Tally }> {
  const tallyOf = async (sums: boolean): Promise<Tally> => {
    const tally: Tally = { refused: 0, told: 0, same: 0, wrong: 0 }
    const before = await servedBy(original, copy, sums, () => undefined)
    if (typeof before === 'string') throw new Error(`the sound file is ${before}`)
    for (let n = 0; n < flips; n++) {
      const served = await servedBy(original, copy, sums, (bytes) => flip(bytes, random))
      if (typeof served === 'string') tally[served] += 1
      else tally[served.text === before.text ? 'same' : 'wrong'] += 1
      if ((n + 1) % SAID_EVERY === 0)
        say(
          `${n + 1} of ${flips} bits flipped at rest, ${sums ? 'closed in order' : 'after a death'}, ${tally.wrong} wrong`,
        )
    }
    return tally
  }
  return { ordered: await tallyOf(true), unclean: await tallyOf(false) }
}

/** Of every member what it has, by what it is known, what of it is lent and held, by the cloud's own code. */
async function servedBy(
  original: string,
  copy: string,
  sums: boolean,
  change: (bytes: Buffer) => void,
): Promise<{ readonly text: string } | 'refused' | 'told'> {
  rmSync(copy, { recursive: true, force: true })
  cpSync(original, copy, { recursive: true })
  const file = join(copy, STORE_FILE)
  if (!sums) rmSync(`${file}.sums`)
  const bytes = readFileSync(file)
  change(bytes)
  writeFileSync(file, bytes)
  let store
  try {
    store = openSqliteStore({ directory: copy, checkpointer: false })
  } catch {
    return 'refused'
  }
  try {
    const clock = { now: () => Date.now() }
    const told = new Ingest(store, new ProgramShelf(store, clock), clock)
    await told.idle()
    const lines: string[] = []
    for (const tenant of await store.read.tenants())
      for (const { id, identities, state } of await store.read.members(tenant, {
        after: 0,
        limit: MEMBERS_MAX,
      })) {
        const decoded = state === null ? undefined : decodeState(state)
        const lent = (await store.read.leasesOfMembers([id])).map((row) => [row.lease, outstandingOf(row)])
        const held = (await store.read.openHolds(tenant, id, HELD_AT)).map(({ points }) => points)
        lines.push(
          `${id} ${JSON.stringify([identities, lent, held])} ${decoded === undefined ? '' : outcomeText(decoded)}`,
        )
      }
    return { text: lines.join('\n') }
  } catch {
    return 'told'
  } finally {
    await store.close().catch(() => undefined)
  }
}
