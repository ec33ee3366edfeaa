// A short run of the rig of R01, so that `npm test` too kills real processes: the long ones are `npm run faults`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { killed } from '../rigs/process-killed.ts'

const SEED = Number(process.env.SEED ?? '11')

test(
  'R01 L-5 K-2 I-2 kill -9 of edges and cloud under load: nothing acknowledged is lost, nothing counts twice',
  { timeout: 170_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tillstream-kill-'))
    try {
      const row = await killed({ seed: SEED, directory }, { kills: 5, calls: 40 })
      expect(row.figures).toEqual({ L: 0, D: 0, P: 0, U: 0, B: 0, X: 0, V: 0 })
      expect(row.faults).toEqual([])
      const lines = readFileSync(join(directory, 'acknowledged.jsonl'), 'utf8').trim().split('\n')
      // An attempt and an answer for every call, in the log outside.
      expect(lines).toHaveLength(2 * 2 * 3 * 40)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
)
