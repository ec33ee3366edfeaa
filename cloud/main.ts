// The cloud node as a process: arguments in, one line of JSON on stdout when it serves, log lines on stderr, a drained stop on SIGTERM or SIGINT.
// Exit codes: 0 stopped as told, 2 a person must change something (the sentence says what), 70 a defect, or the storage failed (S-4).
import { fileURLToPath } from 'node:url'
import { USAGE, parseConfig } from './config.ts'
import { StartRefused, startCloud } from './node.ts'
import type { CloudNode } from './node.ts'

const EXIT_REFUSED = 2
const EXIT_DEFECT = 70
const EXIT_STORAGE = 70

export async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return void process.stdout.write(`${USAGE}\n`)
  const parsed = parseConfig(args)
  if (!parsed.ok) return refuseStart(parsed.sentence)
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (cause: unknown) => {
      process.stderr.write(
        `defect: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`,
      )
      process.exit(EXIT_DEFECT)
    })
  let node: CloudNode
  try {
    node = await startCloud({
      ...parsed.config,
      onBroken: () => setTimeout(() => process.exit(EXIT_STORAGE), 0),
    })
  } catch (cause) {
    if (!(cause instanceof StartRefused)) throw cause
    return refuseStart(cause.message)
  }
  const stop = (): void => void node.stop().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.stdout.write(`${JSON.stringify({ listening: node.port })}\n`)
}

function refuseStart(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = EXIT_REFUSED
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
