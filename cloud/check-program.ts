// `tillstream check`: what the cloud would say of a program document, told before it is sent there. It asks the same check as the API (E-DOC-5), in
// plain words on a terminal or as one line of JSON for machines, and knows no cloud: nothing is read but the file, nothing is written.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { checkDocument } from './evaluation/check/check.ts'
import { dayOfDate } from './evaluation/check/dates.ts'
import { warningsOf } from './evaluation/check/warnings.ts'

const USAGE = 'usage: tillstream check FILE.json [--from YYYY-MM-DD] [--json]'
/** Exit codes, as of every command: 1 for "looked and found errors", 2 for "could not look". */
const EXIT_ERRORS = 1
const EXIT_FAULT = 2

interface Asked {
  readonly file: string
  /** The day the program is to take effect, in days since 1970; null: what is over is not looked for. */
  readonly from: number | null
  readonly json: boolean
}

export async function main(args: readonly string[]): Promise<void> {
  try {
    const asked = askedIn(args)
    const checked = checkDocument(await documentIn(asked.file))
    const issues = checked.ok ? [] : checked.issues
    const warnings = checked.ok ? warningsOf(checked.document, asked.from) : []
    const answer = { ok: checked.ok, issues, warnings }
    process.stdout.write(asked.json ? `${JSON.stringify(answer)}\n` : told(asked.file, answer))
    if (!checked.ok) process.exitCode = EXIT_ERRORS
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = EXIT_FAULT
  }
}

function askedIn(args: readonly string[]): Asked {
  const options = { from: { type: 'string' }, json: { type: 'boolean' } } as const
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`, { cause })
  }
  const { positionals, values } = parsed
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw new Error(`Say which file.\n${USAGE}`)
  const from = values.from === undefined ? null : dayOfDate(values.from)
  if (from === undefined) throw new Error(`--from ${values.from} is no day.\n${USAGE}`)
  return { file, from, json: values.json === true }
}

async function documentIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${file} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

interface Said {
  readonly path: string
  readonly code: string
  readonly message: string
}

function told(
  file: string,
  answer: { readonly ok: boolean; readonly issues: readonly Said[]; readonly warnings: readonly Said[] },
): string {
  const { ok, issues, warnings } = answer
  const lines = (word: string, said: readonly Said[]): string[] =>
    said.map(({ path, code, message }) => `${word} ${path === '' ? '/' : path}\n  ${message} (${code})\n`)
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
  const sum = ok
    ? `${file} can be published: ${warnings.length === 0 ? 'nothing to say' : count(warnings.length, 'warning')}.\n`
    : `${file} would be refused: ${count(issues.length, 'error')}.\n`
  return [...lines('error', issues), ...lines('warning', warnings), sum].join('')
}
