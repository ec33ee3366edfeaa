// `tillstream feed`: a store's activity in a terminal, line by line, over any number of lost connections.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Activity } from '../till/answers.ts'
import { FeedClient } from './feed-client.ts'
import type { FeedState } from './feed-client.ts'
import { trustingSockets } from './trusted-socket.ts'

const USAGE = `usage: tillstream feed --url http[s]://HOST:PORT --token-file FILE [--ca FILE] [--kinds sale,return] [--terminal NAME] [--json]
       --ca is the certificate that proves the store's node (ca.crt of HQ or of the node).
       The token is one of role manager or admin; the admin's is in admin.token of the store's data directory.
       Without --token-file it is read from the environment variable TILLSTREAM_TOKEN.`
const EXIT_FAULT = 2

const STATE_WORDS: Partial<Record<FeedState, string>> = {
  waiting: 'The store does not answer; trying again. Nothing will be left out.',
  live: 'Watching.',
}

interface FeedArguments {
  readonly url: string
  readonly token: string
  readonly kinds: readonly string[] | undefined
  readonly terminal: string | undefined
  /** PEM. */
  readonly ca: string | undefined
  readonly json: boolean
}

/** Where lines go. */
export interface Lines {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

const STANDARD: Lines = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
}

/** Runs until Ctrl-C, or until the store refuses the token (exit 2). */
export async function main(args: readonly string[], { out, err }: Lines = STANDARD): Promise<void> {
  const fault = (sentence: string): void => {
    err(sentence)
    process.exitCode = EXIT_FAULT
  }
  const read = readArguments(args)
  if (typeof read === 'string') return fault(read)
  const { url, token, kinds, terminal, ca, json } = read
  await new Promise<void>((resolve) => {
    const client = new FeedClient({
      url,
      token,
      ...(kinds === undefined ? {} : { kinds }),
      ...(terminal === undefined ? {} : { terminal }),
      ...(ca === undefined ? {} : { connect: trustingSockets(ca) }),
      onActivities: (activities) => {
        for (const one of activities) out(json ? JSON.stringify(one) : lineOf(one))
      },
      onMissed: () =>
        err('The store no longer has everything that happened in between; going on with the latest.'),
      onState: (state) => {
        const word = STATE_WORDS[state]
        if (word !== undefined) err(word)
        if (state !== 'refused') return
        fault('This token is not, or no longer, valid for watching this store.')
        resolve()
      },
    })
    process.once('SIGINT', () => {
      client.close()
      resolve()
    })
  })
}

function readArguments(args: readonly string[]): FeedArguments | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        'token-file': { type: 'string' },
        ca: { type: 'string' },
        kinds: { type: 'string' },
        terminal: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
      strict: true,
      allowPositionals: false,
    })
    const file = values['token-file']
    const token = file === undefined ? process.env.TILLSTREAM_TOKEN : readFileSync(file, 'utf8').trim()
    if (values.url === undefined || !URL.canParse(values.url)) return `Say which store with --url.\n${USAGE}`
    if (token === undefined || token === '') return `A token is needed.\n${USAGE}`
    const { url, terminal, json } = values
    const ca = values.ca === undefined ? undefined : readFileSync(values.ca, 'utf8')
    return { url: url.replace(/\/+$/, ''), token, kinds: values.kinds?.split(','), terminal, ca, json }
  } catch (cause) {
    return `${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`
  }
}

/** `14:03:27  sale  t1  J. D. …42  +12 p  provisional  …` */
function lineOf({ time, kind, terminal, member, points, status, text }: Activity): string {
  const marks = [
    terminal,
    member,
    points === 0 ? null : `${points > 0 ? '+' : ''}${points} p`,
    status === 'provisional' ? status : null,
  ].filter((mark) => mark !== null)
  return clean(`${time.slice(11, 19)}  ${kind.padEnd(11)}  ${[...marks, text].join('  ')}`)
}

/** Names come from people: nothing in them may move the cursor or colour the terminal (S39). */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
}
