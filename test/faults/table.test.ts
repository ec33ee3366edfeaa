// The table of faults and the command that prints it: nothing is left out, and a figure that is not zero is never overlooked.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PROTOCOL_VERSIONS_BACK } from '../../protocol/version.ts'
import { FAULT_CODES } from '../rigs/frame/faults.ts'
import { tableOf, wrongIn } from '../rigs/frame/report.ts'
import { LaterRelease } from '../rigs/frame/later-release.ts'
import { FIGURES } from '../rigs/frame/rig.ts'
import type { RigRow } from '../rigs/frame/rig.ts'
import { RIGS } from '../rigs/table.ts'
import { freshDirectory } from '../support/cloud-core.ts'

const GOOD: RigRow = { fault: 'R01', what: 'nothing broke', figures: { L: 0, D: 0 }, recoveryMs: 40 }

test('every fault has a rig', () => {
  expect(FAULT_CODES).toHaveLength(30)
  expect(new Set(RIGS.flatMap(({ faults }) => faults))).toEqual(new Set(FAULT_CODES))
  expect(new Set(RIGS.map(({ name }) => name)).size).toBe(RIGS.length)
})

test('canary: any figure but zero, and any fault in words, is wrong', () => {
  expect(wrongIn([GOOD])).toEqual([])
  for (const figure of FIGURES) expect(wrongIn([{ ...GOOD, figures: { [figure]: 1 } }])).toHaveLength(1)
  expect(wrongIn([{ ...GOOD, faults: ['it stood still'] }])).toEqual(['R01 nothing broke: it stood still'])
})

test('the table has a line for every row and every remark, in the order of the faults', () => {
  const table = tableOf([{ ...GOOD, fault: 'R02' }, GOOD], [{ fault: 'R30', text: 'left out' }]).split('\n')
  expect(table.slice(1).map((line) => line.slice(0, 3))).toEqual(['R01', 'R02', 'R30'])
  expect(table[1]).toContain('0.04 s')
})

test('the later releases of the rig can be made of this source tree: what they change is where they look for it', () => {
  const directory = freshDirectory(true)
  try {
    const release = new LaterRelease(join(directory.path, 'four'), PROTOCOL_VERSIONS_BACK + 1)
    expect(readFileSync(release.cli, 'utf8')).toContain('tillstream')
  } finally {
    directory.remove()
  }
})
