#!/usr/bin/env node
// The `tillstream` command: one name for every node and tool. It only dispatches; a node's own arguments are read by the node's own
// configuration. A node runs in this very process (a second one would double its memory and stand between it and its signals), so its
// main.ts finds its arguments where it would find them if it had been started directly.
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

// Stripped types and compiled code are kept between starts; a node starts in half the time.
enableCompileCache()

/** Exit codes: 1 for "looked and found differences", 2 for "could not do it". */
const EXIT_DIFFERENT = 1
const EXIT_FAULT = 2

const HELP = `tillstream COMMAND [options]

  cloud --data DIR [--port N]                           the node that knows all stores
  edge --data DIR --cloud URL [--port N] [--enrol CODE] the node of one store
  verify --data DIR [--json]                            checks a stopped or running node's data: exit 0 when all is as it should be,
                                                        1 on any difference, 2 when it could not be looked at
  help                                                  this text

The demo and the replay of sales: npm start -- --help
`

type Command = 'cloud' | 'edge' | 'verify' | 'help'

const COMMANDS: Readonly<Record<Command, (args: string[]) => Promise<void>>> = {
  cloud: (args) => runNode(new URL('./main.ts', import.meta.url), args),
  edge: (args) => runNode(new URL('../edge/main.ts', import.meta.url), args),
  verify,
  help: async () => void process.stdout.write(HELP),
}

async function runNode(main: URL, args: string[]): Promise<void> {
  process.argv = [process.execPath, fileURLToPath(main), ...args]
  await import(main.href)
}

/** What each node keeps its data in, to tell whose directory it is. */
const VERIFIERS = [
  { file: 'cloud.db', module: new URL('./verify.ts', import.meta.url) },
  { file: 'ledger.db', module: new URL('../edge/verify.ts', import.meta.url) },
] as const

type Verify = (directory: string) => Promise<object>

async function verify(args: string[]): Promise<void> {
  let values
  try {
    const options = { data: { type: 'string' }, json: { type: 'boolean' } } as const
    values = parseArgs({ args, options, strict: true, allowPositionals: false }).values
  } catch (cause) {
    return fault(`${messageOf(cause)}\nusage: tillstream verify --data DIR [--json]`)
  }
  const { data } = values
  if (data === undefined || data === '') return fault('Say whose data with --data DIR.')
  const found = VERIFIERS.find(({ file }) => existsSync(join(data, file)))
  if (found === undefined)
    return fault(`${data} holds no data of a cloud (cloud.db) and none of a store (ledger.db).`)
  try {
    // Both modules export it under this name and type.
    const { verify: run } = (await import(found.module.href)) as { readonly verify: Verify }
    const answer = await run(data)
    process.stdout.write(`${JSON.stringify(answer, null, values.json === true ? 0 : 2)}\n`)
    if (!('ok' in answer && answer.ok === true)) process.exitCode = EXIT_DIFFERENT
  } catch (cause) {
    fault(messageOf(cause))
  }
}

function fault(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = EXIT_FAULT
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word)
}

const [word = 'help', ...rest] = process.argv.slice(2)
const command = word === '--help' || word === '-h' ? 'help' : word
if (isCommand(command)) await COMMANDS[command](rest)
else fault(`There is no command "${command}".\n\n${HELP}`)
