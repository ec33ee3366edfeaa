// What stands at the top of the project: what it was given, and nothing that a run or a tool left there and somebody committed with it.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FOLDERS } from './source-files.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const GIVEN = [
  ...FOLDERS,
  '.ci',
  '.gitignore',
  '.npmrc',
  '.oxlintrc.json',
  '.prettierignore',
  '.prettierrc.json',
  'README.md',
  'package-lock.json',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
]

/** Empty where there is no git, or the project was unpacked without its history. */
function tracked(): string[] {
  const { stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  return stdout === null ? [] : stdout.split('\0').filter((path) => path !== '')
}

const strange = (paths: readonly string[]): string[] =>
  [...new Set(paths.map((path) => path.split('/')[0] ?? ''))]
    .filter((name) => !GIVEN.includes(name))
    .map(
      (name) => `${name} stands at the top level: put it into the folder it belongs to, or do not commit it`,
    )

const paths = tracked()
const reason = paths.length === 0 ? ' (left out: git tracks nothing here)' : ''
test.skipIf(reason !== '')(`at the top level git tracks only what was given${reason}`, () => {
  expect(strange(paths)).toEqual([])
})

test('canary: a file and a folder that do not belong at the top level are caught', () => {
  expect(strange(['README.md', 'cloud/main.ts', 'notes.txt', 'profiles/a.json', 'profiles/b.json'])).toEqual([
    'notes.txt stands at the top level: put it into the folder it belongs to, or do not commit it',
    'profiles stands at the top level: put it into the folder it belongs to, or do not commit it',
  ])
})
