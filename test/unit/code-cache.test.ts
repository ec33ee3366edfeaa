// What a process keeps of its code for the next one, with real processes: it is used while the source is the same, never after, and whatever happens to it a
// start only takes longer.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

let directory = ''
let cache = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tillstream-code-'))
  cache = join(directory, 'cache')
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Starts a program that says what `said.ts` exports. */
function start(): string {
  const keeper = JSON.stringify(new URL('../../cloud/code-cache.ts', import.meta.url).href)
  const program = `
    import { keepCode } from ${keeper}
    keepCode('test', ${JSON.stringify(cache)})
    const { said } = await import(${JSON.stringify(join(directory, 'said.ts'))})
    process.stdout.write(said)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  // Nothing of how code is kept is an operator's business.
  expect(stderr).toBe('')
  return stdout
}

function keptFile(): string {
  const [version = ''] = readdirSync(cache)
  return join(cache, version, 'stripped-test.json')
}

test('code that was kept is used while its source is the same, and made anew when it is not', () => {
  writeFileSync(join(directory, 'said.ts'), `export const said: string = 'one'`)
  expect(start()).toBe('one')
  const kept = readFileSync(keptFile(), 'utf8')
  expect(kept).not.toContain(': string')
  // A text that was tampered with shows that it is this one that runs.
  writeFileSync(keptFile(), kept.replace('one', 'kept'))
  expect(start()).toBe('kept')
  writeFileSync(join(directory, 'said.ts'), `export const said: string = 'two'`)
  expect(start()).toBe('two')
})

test('what was kept and cannot be read is made again', () => {
  writeFileSync(join(directory, 'said.ts'), `export const said: string = 'three'`)
  writeFileSync(keptFile(), '{"half')
  expect(start()).toBe('three')
  expect(start()).toBe('three')
  expect(JSON.parse(readFileSync(keptFile(), 'utf8'))).toBeTypeOf('object')
})
