// What an install may run on a strange machine: only what is allowed by name, and never a compiler. npm 10 builds every package that has a
// binding.gyp unless the lock file says otherwise; npm writes the lock without that word, so it must be put back after an install.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))

test('S45 every version is exact, and install scripts are allowed by name', () => {
  const { dependencies, devDependencies, allowScripts } = read('package.json') as Record<
    string,
    Record<string, unknown>
  >
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect(version, `pin ${name}`).toMatch(/^(npm:[^@]+@)?\d+\.\d+\.\d+$/)
  expect(allowScripts).toEqual({
    node: true,
    'better-sqlite3': false,
    leveldown: false,
    'cbor-extract': false,
  })
})

test('S45 the lock file names no host and keeps npm 10 from compiling better-sqlite3', () => {
  const { packages } = read('package-lock.json') as {
    packages: Record<string, { gypfile?: boolean; resolved?: string }>
  }
  expect(
    packages['node_modules/better-sqlite3']?.gypfile,
    'put `"gypfile": false` back into the entry node_modules/better-sqlite3 of package-lock.json',
  ).toBe(false)
  expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
})
