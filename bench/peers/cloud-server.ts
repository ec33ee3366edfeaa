// A real cloud for the benches, on disk with FULL, a process of its own. Prints its port, token and directory; `--directory DIR` goes on with one that is
// there. A line on its standard input is answered with the memory it holds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startCloud } from '../../cloud/node.ts'

const [given, port = '0'] = process.argv.slice(2)
const directory = given ?? mkdtempSync(join(tmpdir(), 'tillstream-bench-cloud-'))
const node = await startCloud({
  directory,
  port: Number(port),
  host: '127.0.0.1',
  logLevel: 'error',
})
process.stdout.write(`${JSON.stringify({ listening: node.port, token: node.token, directory })}\n`)

createInterface({ input: process.stdin }).on('line', () => {
  const { rss, heapUsed } = process.memoryUsage()
  const peak = process.resourceUsage().maxRSS * 1024
  process.stdout.write(`${JSON.stringify({ rss, heapUsed, peak })}\n`)
})
process.on('SIGTERM', () => {
  void node.stop().finally(() => {
    if (given === undefined) rmSync(directory, { recursive: true, force: true })
    process.exit(0)
  })
})
