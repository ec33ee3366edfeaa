// `npm run faults [-- --quick | --long [--part I/N]] [--seed N] [--abreast N] [R05 | NAME …]`: runs the rigs, so many at a time, prints the table of faults with the
// figures, and fails when one is not zero. Without a name all run. A rig whose tools are not here is left out with the reason; a rig that throws is a failure.
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runAlone } from './frame/alone.ts'
import { isFault } from './frame/faults.ts'
import { tableOf, wrongIn } from './frame/report.ts'
import type { Remark } from './frame/report.ts'
import type { Length, Part, Rig, RigRow } from './frame/rig.ts'
import { missing } from './frame/tools.ts'
import { RIGS } from './table.ts'
import { ownDirectory } from '../support/own-directory.ts'

const EXIT_WRONG = 1
const EXIT_USAGE = 2
/** Rigs that run at a time: most of them wait for processes, disks and clocks for half of their time. */
const ABREAST = '2'
const ABREAST_MAX = 8
const write = (line: string): void => void process.stdout.write(`${line}\n`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    part: { type: 'string', default: '1/1' },
    seed: { type: 'string' },
    abreast: { type: 'string', default: ABREAST },
  },
})
const unknown = positionals.filter((word) => !isFault(word) && !RIGS.some(({ name }) => name === word))
const [index, of] = values.part.split('/').map(Number)
const part = { index: index ?? NaN, of: of ?? NaN }
const abreast = Number(values.abreast)
const fits = part.index >= 1 && part.index <= part.of && abreast >= 1 && abreast <= ABREAST_MAX
if (unknown.length > 0 || (values.quick && values.long) || !fits) {
  const names = RIGS.map(({ name }) => name).join(', ')
  process.stderr.write(
    `Not understood: ${unknown.join(', ')}. Rigs: ${names}; faults: R01 to R30; --part 2/10; --abreast 1 to ${ABREAST_MAX}.\n`,
  )
  process.exit(EXIT_USAGE)
}
const length: Length = values.long ? 'long' : 'quick'
const seed = Number(values.seed ?? process.env.SEED ?? '11')
const wanted = RIGS.filter(
  ({ name, faults }) =>
    positionals.length === 0 ||
    positionals.some((word) => word === name || faults.some((one) => one === word)),
)

write(`${length} run of ${wanted.length} rigs, ${abreast} at a time, SEED=${seed}`)
const rowsOf = new Map<Rig, readonly RigRow[]>()
// What is long is divided between processes, where this command does all of it.
const tasks = wanted.flatMap((rig) => {
  const divided = length === 'long' && rig.divides === true && part.of === 1 ? abreast : 1
  if (divided === 1) return [{ rig, part }]
  return Array.from({ length: divided }, (_, n) => ({ rig, part: { index: n + 1, of: divided } }))
})
const remarks: Remark[] = []
const broken: string[] = []
const began = Date.now()
const queue = [...tasks]
await Promise.all(
  Array.from({ length: abreast }, async () => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await runOne(task)
  }),
)
const rows = wanted.flatMap((rig) => rowsOf.get(rig) ?? [])
write(`\n${tableOf(rows, remarks)}\n`)
const wrong = [...wrongIn(rows), ...broken]
for (const sentence of wrong) write(`WRONG ${sentence}`)
const ran = `${rows.length} rows in ${Math.round((Date.now() - began) / 1000)} s, SEED=${seed}`
write(wrong.length === 0 ? `all figures are zero: ${ran}` : `${wrong.length} wrong: ${ran}`)
process.exit(wrong.length === 0 ? 0 : EXIT_WRONG)

async function runOne({ rig, part: share }: { rig: Rig; part: Part }): Promise<void> {
  const leftOut =
    (length === 'quick' && positionals.length === 0 ? rig.longOnly : undefined) ?? missing(rig.needs)
  if (leftOut !== undefined) {
    write(`${rig.name}: left out, ${leftOut}`)
    for (const fault of rig.faults) remarks.push({ fault, text: `left out, ${leftOut}` })
    return
  }
  const directory = ownDirectory(rig.name)
  const start = Date.now()
  const say = (line: string): void => write(`${rig.name}: ${line}`)
  try {
    const shown = await runAlone({ rig: rig.name, length, seed, part: share, directory }, say)
    rowsOf.set(rig, [...(rowsOf.get(rig) ?? []), ...shown])
    say(`done in ${((Date.now() - start) / 1000).toFixed(1)} s`)
  } catch (cause) {
    const told = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    broken.push(`${rig.name} broke off: ${told}`)
    say('broke off')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
