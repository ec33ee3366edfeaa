#!/usr/bin/env node
// The `tillstream` command: one name for every node and tool. It only dispatches; a node's own arguments are read by the node's own
// configuration. A node runs in this very process: a second one would double its memory and stand between it and its signals. The one
// argument looked at here is `--enrol -`: a code that comes by standard input is in no list of processes, and may come after the start.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keepCode } from './code-cache.ts'
import { growYoungGeneration } from './young-generation.ts'

/** Exit codes: 1 for "looked and found differences", 2 for "could not do it". */
const EXIT_DIFFERENT = 1
const EXIT_FAULT = 2

const HELP = `tillstream COMMAND [options]

  cloud --data DIR [--port N]                           the node that knows all stores
  edge --data DIR --cloud URL [--port N] [--enrol CODE] the node of one store; with CODE - the code is read from standard input
  feed --url URL --token-file FILE [--ca FILE] [--kinds K,K] [--terminal NAME] [--json]
                                                        what happens in a store, live, line by line
  backup --data DIR --to FILE                           all data of a cloud or a store as one file, also beside the running node
  restore --data DIR --from FILE [--replace]            puts it back; the node then begins its next life or epoch
  verify --data DIR [--json]                            checks a stopped or running node's data: exit 0 when all is as it should be,
                                                        1 on any difference, 2 when it could not be looked at
  doctor --data DIR [--cloud URL] [--json]              says in plain words what is wrong with a store's node or a cloud, and what to do
  diagnostics --data DIR --to FILE                      the same with sizes and counts, without members and keys, to send to somebody
  check FILE.json [--from DATE] [--json]                what publishing this program document would say: exit 0 when it would be taken
                                                        (warnings are told), 1 when it would be refused, 2 when it could not be read
  what-if --data DIR --program FILE [--from TIME] [--until TIME] [--json]
                                                        what a draft program would change, on a cloud's real facts; writes nothing
  help                                                  this text

The demo and the replay of sales: npm start -- --help
`

type Command =
  | 'doctor'
  | 'diagnostics'
  | 'cloud'
  | 'edge'
  | 'feed'
  | 'backup'
  | 'restore'
  | 'verify'
  | 'what-if'
  | 'check'
  | 'help'

const COMMANDS: Readonly<Record<Command, (args: string[]) => Promise<void>>> = {
  cloud(args) {
    growYoungGeneration()
    return runNode(new URL('./main.ts', import.meta.url), args)
  },
  edge: (args) => runNode(new URL('../edge/main.ts', import.meta.url), args),
  feed: (args) => runNode(new URL('../edge/kit/feed-command.ts', import.meta.url), args),
  verify,
  backup: (args) => runNode(new URL('./copies.ts', import.meta.url), ['backup', ...args]),
  restore: (args) => runNode(new URL('./copies.ts', import.meta.url), ['restore', ...args]),
  doctor: (args) =>
    runNode(
      new URL(isCloudsDoctor(args) ? './doctor.ts' : '../edge/doctor-command.ts', import.meta.url),
      args,
    ),
  diagnostics: (args) =>
    runNode(new URL('../edge/doctor-command.ts', import.meta.url), ['--bundle', ...args]),
  check: (args) => runNode(new URL('./check-program.ts', import.meta.url), args),
  'what-if': (args) => runNode(new URL('./what-if/command.ts', import.meta.url), args),
  help: async () => void process.stdout.write(HELP),
}

/** Whose options are those of the text above; the others have a text of their own. */
const TOLD_HERE: ReadonlySet<Command> = new Set([
  'edge',
  'backup',
  'restore',
  'verify',
  'doctor',
  'diagnostics',
])

type Main = (args: readonly string[]) => Promise<void>

/** Loading the node takes as long as a cloud needs to make a code: it does not wait for it. */
async function runNode(module: URL, args: string[]): Promise<void> {
  keepCodeOf(module)
  // Both modules export it under this name and type.
  const load = import(module.href) as Promise<{ readonly main: Main }>
  const [{ main }, own] = await Promise.all([load, withCode(args)])
  await main(own)
}

/** Under the name of the program: `edge-main`, `cloud-verify`. */
function keepCodeOf({ pathname }: URL): void {
  keepCode(pathname.split('/').slice(-2).join('-').replace(/\.ts$/, ''))
}

async function withCode(args: string[]): Promise<string[]> {
  const at = args.indexOf('--enrol') + 1
  return at > 0 && args[at] === '-' ? args.with(at, await firstLine()) : args
}

/** Of standard input; empty when it ends before. */
async function firstLine(): Promise<string> {
  let text = ''
  for await (const piece of process.stdin.setEncoding('utf8')) {
    text += String(piece)
    if (text.includes('\n')) break
  }
  return text.split('\n')[0]?.trim() ?? ''
}

/** What each node keeps its data in, to tell whose directory it is. */
const VERIFIERS = [
  { file: 'cloud.db', module: new URL('./verify.ts', import.meta.url) },
  { file: 'ledger.db', module: new URL('../edge/verify.ts', import.meta.url) },
] as const

function isCloudsDoctor(args: readonly string[]): boolean {
  const data = args[args.indexOf('--data') + 1] ?? ''
  return args.includes('--data') && existsSync(join(data, 'cloud.db'))
}

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
  let names: readonly string[]
  try {
    names = readdirSync(data)
  } catch (cause) {
    return fault(
      `${data} cannot be looked into (${messageOf(cause)}): is --data right, and may this user read it?`,
    )
  }
  const found = VERIFIERS.find(({ file }) => names.includes(file))
  if (found === undefined)
    return fault(`${data} holds no data of a cloud (cloud.db) and none of a store (ledger.db).`)
  try {
    keepCodeOf(found.module)
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
if (isCommand(command) && TOLD_HERE.has(command) && rest.includes('--help')) process.stdout.write(HELP)
else if (isCommand(command)) await COMMANDS[command](rest)
else fault(`There is no command "${command}".\n\n${HELP}`)
