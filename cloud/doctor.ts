// `tillstream doctor` on a cloud's data (V-6): what is wrong with the machine and the file, in plain words, and what to do. It may run beside the node and
// changes nothing. Exit codes as of a store's: 0 all is well, 1 something is to be done, 2 it could not be looked at.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { hasFailed } from './storage/failure-mark.ts'
import { diskSentence } from './storage/faults.ts'
import { directoryFinding, diskFinding, lineOf, well, wrong } from './storage/findings.ts'
import type { Finding as FindingAbout } from './storage/findings.ts'
import { lockFile } from './storage/lock.ts'
import { STORE_FILE } from './store/sqlite/open.ts'
import { verify } from './verify.ts'

export type Finding = FindingAbout<'directory' | 'disk' | 'lock' | 'damage' | 'data'>

const USAGE = 'usage: tillstream doctor --data DIR [--json]'
const EXIT_TO_DO = 1
const EXIT_FAULT = 2
const KEEPER = { node: 'cloud', holds: 'cloud’s keys', meanwhile: ' Stores keep what they sell.' }
/** A disk that changed something a month ago may have been exchanged since. */
const MENDED_TOLD_MS = 30 * 24 * 3_600_000
const OTHER_DISK =
  'The disk changes what it keeps: have it looked at, and see that there is a backup on another one.'
const RESTORE =
  'Stop the node and put the last backup in its place: tillstream restore --data DIR --from FILE --replace. The stores send again what came after it. Have the disk looked at.'

export async function doctor(directory: string): Promise<Finding[]> {
  const path = join(directory, STORE_FILE)
  const findings = [directoryFinding(path, KEEPER), diskFinding(path, KEEPER), lockFinding(directory)]
  if (hasFailed(path))
    findings.push(
      wrong(
        'damage',
        'The storage failed while the node ran, and it has not started since.',
        'Start it: it looks at the whole file first, and says what to do.',
      ),
    )
  return [...findings, await dataFinding(directory)]
}

function lockFinding(directory: string): Finding {
  try {
    const unlock = lockFile(join(directory, 'cloud.lock'))
    unlock?.()
    return unlock === undefined
      ? well('lock', 'A node runs on this directory.')
      : wrong('lock', 'No node runs on this directory.', 'Start it: tillstream cloud --data DIR.')
  } catch (cause) {
    return wrong('lock', 'It cannot be looked at.', diskSentence(directory, cause) ?? String(cause))
  }
}

async function dataFinding(directory: string): Promise<Finding> {
  try {
    const found = await verify(directory, 'facts')
    const { ok, damaged, facts, members, problems, states_mended: mended } = found
    if (ok && mended !== null && Date.now() - mended.last < MENDED_TOLD_MS)
      return wrong(
        'data',
        `Everything is whole; but ${mended.count} times what was saved of a member was not what had been written, the last time on ${new Date(mended.last).toISOString()}. It was made again from the facts.`,
        OTHER_DISK,
      )
    if (ok)
      return well(
        'data',
        `All ${facts} records of ${members} members are whole, in their chains, and add up.`,
      )
    const told = problems.join('; ')
    if (damaged) return wrong('data', told, RESTORE)
    if (found.mends_itself)
      return wrong('data', told, `The node makes it again, at the latest on its daily walk. ${OTHER_DISK}`)
    return wrong(
      'data',
      told,
      'A new start makes no difference. If the disk reports errors, put a backup in place of the data; if not, it is a defect: send what `tillstream verify` says to who wrote this software.',
    )
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    return wrong('data', `The data cannot be read: ${said}.`, diskSentence(directory, cause) ?? RESTORE)
  }
}

export async function main(args: readonly string[]): Promise<void> {
  try {
    const options = {
      data: { type: 'string' },
      cloud: { type: 'string' },
      json: { type: 'boolean' },
    } as const
    const { data = '', json = false } = parseArgs({ args: [...args], options, strict: true }).values
    if (data === '') throw new Error(USAGE)
    const findings = await doctor(data)
    process.stdout.write(json ? `${JSON.stringify(findings)}\n` : findings.map(lineOf).join(''))
    if (findings.some(({ ok }) => !ok)) process.exitCode = EXIT_TO_DO
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = EXIT_FAULT
  }
}
