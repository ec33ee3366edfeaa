// Walks a node's disk log and opens what is left at chosen points with the node's own code: in this process, because a start costs milliseconds here and a
// second outside. A point is the instant before the next record: everything acknowledged until then must be there.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Instant } from '../../../cloud/demo/ack-log.ts'
import type { Random } from '../../support/random.ts'
import { CrashingDisk, isBallast } from './crashed-disk.ts'
import type { Loss } from './crashed-disk.ts'
import type { DiskRecord } from './disk-log.ts'

/** What opening a disk that lost power shows. */
export interface Opened {
  /** Acknowledged before the point and not there. */
  readonly lost: number
  /** There, but not what was acknowledged; or asked for by nobody. */
  readonly wrong: number
  /** The node's own check finds a break although it opened. */
  readonly broken: number
  /** The node refused to open: its sentence. */
  readonly refused?: string
}

export interface CrashPlan {
  readonly records: readonly DiskRecord[]
  /** The recorded directory. */
  readonly directory: string
  /** Where the files are rebuilt, again and again; on a disk in memory if there is one. */
  readonly scratch: string
  readonly points: number
  readonly losses: readonly Loss[]
  readonly random: Random
  /** Opens the rebuilt directory, knowing what was acknowledged before `at`. */
  readonly open: (directory: string, at: Instant) => Promise<Opened>
}

export interface CrashTally {
  points: number
  /** Points at which something acknowledged was missing. */
  losing: number
  lost: number
  wrong: number
  broken: number
  refused: number
  /** The first few, in words. */
  readonly told: string[]
}

const TOLD_MAX = 5

export async function crashAt(plan: CrashPlan): Promise<CrashTally> {
  const { records, losses, random } = plan
  const tally: CrashTally = { points: 0, losing: 0, lost: 0, wrong: 0, broken: 0, refused: 0, told: [] }
  const chosen = chosenPoints(plan)
  const disk = new CrashingDisk()
  for (const [index, { operation }] of records.entries()) {
    disk.apply(operation)
    for (let n = 0; n < (chosen.get(index) ?? 0); n++) {
      const loss = losses[tally.points % losses.length] ?? 'dropped'
      rebuild(plan.directory, plan.scratch, disk.left(loss, random))
      const at = records[index + 1]?.started ?? process.hrtime.bigint()
      count(tally, `after record ${index} (${operation.what}), ${loss}`, await plan.open(plan.scratch, at))
    }
  }
  return tally
}

/** How often each record is a crash point. Evenly over the log, with chance inside each stride; the tail after the last acknowledgement too. */
function chosenPoints({ records, points, random }: CrashPlan): Map<number, number> {
  const chosen = new Map<number, number>()
  for (let n = 0; n < points; n++) {
    const index = Math.min(records.length - 1, Math.floor(((n + random.next()) * records.length) / points))
    chosen.set(index, (chosen.get(index) ?? 0) + 1)
  }
  return chosen
}

/** What was left of `directory`, as the only content of `scratch` but for held back room, whose bytes nobody reads and whose writing would be most of the work. */
export function rebuild(directory: string, scratch: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(scratch, { recursive: true })
  for (const name of readdirSync(scratch))
    if (!isBallast(name)) rmSync(join(scratch, name), { recursive: true, force: true })
  for (const [path, bytes] of files) {
    const target = join(scratch, relative(directory, path))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes)
  }
}

function count(tally: CrashTally, where: string, { lost, wrong, broken, refused }: Opened): void {
  tally.points += 1
  tally.lost += lost
  tally.losing += lost > 0 ? 1 : 0
  tally.wrong += wrong
  tally.broken += broken
  tally.refused += refused === undefined ? 0 : 1
  if (lost + wrong + broken > 0 || refused !== undefined)
    if (tally.told.length < TOLD_MAX)
      tally.told.push(
        `${where}: ${lost} lost, ${wrong} wrong, ${broken} broken${refused === undefined ? '' : `; ${refused}`}`,
      )
}
