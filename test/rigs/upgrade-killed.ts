// R25 and R24: files that an earlier release left, brought up to date by today's nodes, which a tracer kills at one write of that after the other. Whatever
// instant it was, the next start finds the old file or the new one, finishes, and serves what was there. What earlier releases say on the wire is
// in recorded frames, which the suite of test/versions plays to today's cloud.
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { verify as verifyCloud } from '../../cloud/verify.ts'
import { verify as verifyEdge } from '../../edge/verify.ts'
import { layDown } from '../versions/recorded-files.ts'
import type { Side } from '../versions/recorded-files.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'

const ROOT = join(import.meta.dirname, '../..')
const OPEN_ONCE = join(import.meta.dirname, 'frame/open-once.ts')
const VERSION = 1
const SIZES = { quick: { every: 9, most: 12 }, long: { every: 1, most: 400 } } as const
const SUITES = ['test/versions']

export const upgradeKilled: Rig = {
  name: 'upgrade-killed',
  faults: ['R24', 'R25'],
  needs: ['linux', 'strace'],
  run,
}

async function run({ length, directory }: RigOptions): Promise<readonly RigRow[]> {
  // Side by side: what they do is mostly starting processes under the tracer.
  const [suite, ...sides] = await Promise.all([
    suiteRow(),
    killed('edge', length, directory),
    killed('cloud', length, directory),
  ])
  const [edge, cloud] = sides
  return [
    suite,
    {
      fault: 'R25',
      what: `files of version ${VERSION} stepped up and killed at ${edge.kills} writes of a store's and ${cloud.kills} of a cloud's: whole afterwards`,
      figures: {
        L: sides.reduce((sum, { lost }) => sum + lost, 0),
        V: sides.reduce((sum, { broken }) => sum + broken, 0),
      },
      faults: sides.flatMap(({ kills, told }) => [
        ...told,
        ...(kills === 0 ? ['no write was reached: the rig is blind'] : []),
      ]),
    },
  ]
}

interface Killed {
  kills: number
  lost: number
  broken: number
  readonly told: string[]
}

async function killed(side: Side, length: RigOptions['length'], base: string): Promise<Killed> {
  const { every, most } = SIZES[length]
  const tally: Killed = { kills: 0, lost: 0, broken: 0, told: [] }
  const facts = (await opened(side, join(base, `${side}-whole`))).facts
  for (let n = 0; n < most; n++) {
    const directory = join(base, `${side}-${n}`)
    mkdirSync(directory)
    layDown(VERSION, side, directory)
    const trace = [
      'strace',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=pwrite64',
      '-e',
      `inject=pwrite64:signal=KILL:when=${1 + n * every}`,
    ]
    if (!(await endsWell(trace, side, directory))) tally.kills += 1
    else n = most
    const after = await opened(side, directory, false)
    tally.lost += Math.max(0, facts - after.facts)
    if (!after.ok) tally.broken += 1
    if (!after.ok || after.facts !== facts)
      tally.told.push(`${side}, killed at write ${1 + n * every}: ${after.problems.join('; ')}`)
    rmSync(directory, { recursive: true })
  }
  return tally
}

/** What a start finds, and `verify` after it. */
async function opened(
  side: Side,
  directory: string,
  lay = true,
): Promise<{ ok: boolean; facts: number; problems: readonly string[] }> {
  if (lay) {
    mkdirSync(directory)
    layDown(VERSION, side, directory)
  }
  if (!(await endsWell([], side, directory))) return { ok: false, facts: 0, problems: ['it does not open'] }
  return side === 'edge' ? verifyEdge(directory) : verifyCloud(directory)
}

/** True when it ended by itself and well. */
function endsWell(through: readonly string[], side: Side, directory: string): Promise<boolean> {
  const command = [...through, process.execPath, OPEN_ONCE, side, directory]
  return promisify(execFile)(command[0] ?? '', command.slice(1)).then(
    () => true,
    () => false,
  )
}

async function suiteRow(): Promise<RigRow> {
  const cli = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const ran = promisify(execFile)(process.execPath, [cli, 'run', '--project', 'own', ...SUITES], {
    cwd: ROOT,
  })
  const { stdout } = await ran.catch((cause: unknown) => cause as { stdout: string })
  // The line that every run of the tests ends with.
  const [, passed = 0, failed = 1] = (/([0-9]+) passed, ([0-9]+) failed/.exec(stdout) ?? []).map(Number)
  const faults = failed > 0 || passed === 0 ? [`${failed} of ${passed + failed} tests fail`] : []
  return {
    fault: 'R24',
    what: `frames and files of every version played to today's nodes: ${passed} tests of ${SUITES.join(', ')}`,
    figures: {},
    faults,
  }
}
