// A process whose event loop stands is ended from within (L-17, R28), and one that only works hard is not.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

async function endOf(stallMs: number, body: string): Promise<unknown[]> {
  const of = (name: string): string => JSON.stringify(join(import.meta.dirname, '../../edge', name))
  const program = `
    import { watch } from ${of('watchdog.ts')}
    import { realSystem } from ${of('system.ts')}
    watch(realSystem, ${stallMs})
    ${body}`
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-watchdog-'))
  const file = join(directory, 'program.mts')
  writeFileSync(file, program)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const end: unknown[] = await once(child, 'exit')
  rmSync(directory, { recursive: true })
  return end
}

test('L-17 R28 a loop that stands is ended by a kill', async () => {
  expect(await endOf(300, 'setTimeout(() => { for (;;); }, 50)')).toEqual([null, 'SIGKILL'])
})

test('L-17 a loop that turns is left alone, also when each turn takes long', async () => {
  const busy = `
    const end = Date.now() + 3000
    const turn = () => {
      for (const until = Date.now() + 100; Date.now() < until; );
      if (Date.now() > end) process.exit(7)
      setImmediate(turn)
    }
    turn()`
  // Ten times a turn: the machine may be busy too.
  expect(await endOf(1_000, busy)).toEqual([7, null])
})
