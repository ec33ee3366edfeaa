import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownDirectory, removeLeft } from '../support/own-directory.ts'

test('a directory whose process is gone is removed by the next run, after an hour; those of who runs, and others, stay', () => {
  const place = ownDirectory('place')
  const { pid: gone } = spawnSync(process.execPath, ['--version'])
  const names = ['test-', 'disk-lied-'].map((what) => `tillstream-${what}${gone}-abc123`)
  const others = [`tillstream-test-${process.pid}-abc123`, 'tillstream-test-abc123', `other-${gone}-abc123`]
  for (const name of [...names, ...others]) mkdirSync(join(place, name, 'data'), { recursive: true })
  removeLeft(place, Date.now())
  expect(readdirSync(place)).toHaveLength(5)
  removeLeft(place, Date.now() + 2 * 3_600_000)
  expect(readdirSync(place).toSorted()).toEqual(others.toSorted())
  const inside = ownDirectory('inside', place)
  expect(existsSync(inside)).toBe(true)
  rmSync(place, { recursive: true })
})
