// Before suites that serve the pages: they are built anew where their source is newer than what was built.
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = ['edge/page', 'cloud/console'].map((page) => join(ROOT, page))

function newest(directory: string): number {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    return Math.max(0, ...names.map((name) => statSync(join(directory, name)).mtimeMs))
  } catch {
    return 0
  }
}

function isOld(page: string): boolean {
  const sources = [
    newest(join(page, 'app')),
    newest(join(ROOT, 'edge/kit')),
    statSync(join(page, 'vite.config.ts')).mtimeMs,
  ]
  return newest(join(page, 'dist')) < Math.max(...sources)
}

export function setup(): void {
  if (!PAGES.some(isOld)) return
  // As a person does it: in this process the suite's own NODE_ENV would be built in.
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production' },
  })
}
