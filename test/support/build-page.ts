// Before suites that serve the manager's page: it is built anew where its source is newer than what was built.
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, '../../edge/page')

function newest(directory: string): number {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    return Math.max(0, ...names.map((name) => statSync(join(directory, name)).mtimeMs))
  } catch {
    return 0
  }
}

export function setup(): void {
  const sources = Math.max(
    newest(join(PAGE, 'app')),
    newest(join(PAGE, '../kit')),
    statSync(join(PAGE, 'vite.config.ts')).mtimeMs,
  )
  if (newest(join(PAGE, 'dist')) >= sources) return
  // As a person does it: in this process the suite's own NODE_ENV would be built in.
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: join(PAGE, '../..'),
    env: { ...process.env, NODE_ENV: 'production' },
  })
}
