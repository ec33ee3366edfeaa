// The edge as a program: arguments in, one line of JSON on stdout when it serves, log lines on stderr, a drained stop on SIGTERM or SIGINT.
// Exit codes: 0 stopped as told, 2 a person must change something (the sentence says what), 70 a defect, or the storage failed (L-13).
import { fileURLToPath } from 'node:url'
import { destination, pino } from 'pino'
import { parseConfig } from './config.ts'
import { LedgerRefused } from './ledger/database.ts'
import { startEdge } from './node.ts'
import type { EdgeNode } from './node.ts'
import { StartRefused } from './start-refused.ts'
import { realSystem } from './system.ts'
import { watch } from './watchdog.ts'

const EXIT_REFUSED = 2
const EXIT_DEFECT = 70
const EXIT_STORAGE = 70

export async function main(args: readonly string[]): Promise<void> {
  const parsed = parseConfig(args)
  if (!parsed.ok) return refuseStart(parsed.sentence)
  const { config } = parsed
  // Synchronous, so that the last line before a crash is there.
  const log = pino({ name: 'edge', level: config.logLevel }, destination({ fd: 2, sync: true }))
  let node: EdgeNode | undefined
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (cause: unknown) => {
      // What was read by the clock may be no defect but the disk's, which the next start must know (L-13).
      if (node?.ledger.failed(cause) === 'broken') return
      log.fatal({ err: cause }, 'defect')
      process.exit(EXIT_DEFECT)
    })
  try {
    // After the answers of this turn: their callers are told that it is not certain.
    node = await startEdge({
      ...config,
      log,
      onBroken: () => setTimeout(() => process.exit(EXIT_STORAGE), 0),
    })
    watch(realSystem)
  } catch (cause) {
    if (!(cause instanceof StartRefused || cause instanceof LedgerRefused)) throw cause
    return refuseStart(cause.message)
  }
  const serving = node
  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping')
    void serving.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const { port, tlsPort, identity } = serving
  const tls = tlsPort === null ? {} : { tls: tlsPort }
  process.stdout.write(`${JSON.stringify({ listening: port, ...tls, store: identity.store })}\n`)
}

function refuseStart(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = EXIT_REFUSED
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
