// A real edge for the drain bench, a process of its own on a ledger that is there: `DIRECTORY CLOUD`. Prints its port and the admin's token.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { startEdge } from '../../edge/node.ts'

const [directory, cloud] = process.argv.slice(2)
if (directory === undefined || cloud === undefined) throw new Error('usage: store-server DIRECTORY CLOUD')
const node = await startEdge({ directory, port: 0, host: '127.0.0.1', cloud, log: pino({ enabled: false }) })
const admin = readFileSync(join(directory, 'admin.token'), 'utf8').trim()
process.stdout.write(`${JSON.stringify({ listening: node.port, admin })}\n`)
process.on('SIGTERM', () => void node.stop().finally(() => process.exit(0)))
