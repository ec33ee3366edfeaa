// `npm run bench` runs all, `npm run bench -- NAME ... [--sales FILE]` some. One file per question; every figure is one JSON line (bench.ts).
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchOptions } from './bench.ts'

const NOT_BENCHES = new Set(['main.ts', 'bench.ts'])
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !NOT_BENCHES.has(file))
  .map((file) => basename(file, '.ts'))
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { sales: { type: 'string' } },
})
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}. There are: ${known.join(', ')}\n`)
  process.exit(2)
}
for (const name of known) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const { bench } = (await import(`./${name}.ts`)) as { bench: (options: BenchOptions) => Promise<void> }
  await bench(options)
}
