// The command line of the cloud node, turned once into a value or into a sentence for the operator. Nothing else reads arguments or
// the environment.
import { parseArgs } from 'node:util'

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const HOST_DEFAULT = '127.0.0.1'
export const PORT_DEFAULT = 8080

export interface CloudConfig {
  readonly directory: string
  /** 0 lets the machine choose; the line on stdout names it. */
  readonly port: number
  readonly host: string
  readonly logLevel: LogLevel
  readonly publicUrl: string | undefined
  /** Further names that it goes by. */
  readonly hostNames: readonly string[]
  readonly mail: { readonly smtp: string; readonly from: string } | undefined
  /** Off where the facts' time is not the machine's: a replay of history. */
  readonly moments: boolean
  /** From the start to the first walk over the data (S-10); undefined: the node's own. */
  readonly walkAfterMs: number | undefined
}

export type ParsedConfig =
  { readonly ok: true; readonly config: CloudConfig } | { readonly ok: false; readonly sentence: string }

export const USAGE = `usage: tillstream cloud --data DIR [--port ${PORT_DEFAULT}] [--host ${HOST_DEFAULT}] [--log-level ${LOG_LEVELS.join('|')}] [--moments on|off] [--walk-after SECONDS] [--public-url URL] [--host-name NAME] [--smtp URL --mail-from ADDRESS]`

const OPTIONS = {
  data: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'log-level': { type: 'string' },
  moments: { type: 'string' },
  'walk-after': { type: 'string' },
  'public-url': { type: 'string' },
  'host-name': { type: 'string', multiple: true },
  smtp: { type: 'string' },
  'mail-from': { type: 'string' },
  'database-url': { type: 'string' },
  nats: { type: 'string' },
} as const

export function parseConfig(args: readonly string[]): ParsedConfig {
  const wrong = (sentence: string): ParsedConfig => ({ ok: false, sentence: `${sentence}\n${USAGE}` })
  let values
  try {
    values = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (cause) {
    return wrong(cause instanceof Error ? cause.message : 'The arguments cannot be understood.')
  }
  if (values['database-url'] !== undefined)
    return wrong('This release keeps its data in SQLite under --data; --database-url is not supported yet.')
  if (values.nats !== undefined)
    return wrong('This release runs as one node and needs no NATS; --nats is not supported yet.')
  if (values.data === undefined || values.data === '')
    return wrong('Say where the data lives with --data DIR.')
  const port = values.port === undefined ? PORT_DEFAULT : Number(values.port)
  if (!/^[0-9]{1,5}$/.test(values.port ?? '0') || port > 65_535)
    return wrong(`--port must be a number from 0 to 65535, not "${values.port}".`)
  const level = values['log-level'] ?? 'info'
  const logLevel = LOG_LEVELS.find((known) => known === level)
  if (logLevel === undefined) return wrong(`--log-level must be one of ${LOG_LEVELS.join(', ')}.`)
  const { moments = 'on' } = values
  if (moments !== 'on' && moments !== 'off') return wrong(`--moments is on or off, not "${moments}".`)
  const walkAfter = values['walk-after']
  if (walkAfter !== undefined && !/^[0-9]{1,6}$/.test(walkAfter))
    return wrong(`--walk-after is a number of seconds from 0 to 999999, not "${walkAfter}".`)
  const publicUrl = values['public-url']
  if (publicUrl !== undefined && !(/^https?:\/\/[^/\s]+$/.test(publicUrl) && URL.canParse(publicUrl)))
    return wrong(
      `--public-url is how browsers reach this node, such as https://loyalty.example, not "${publicUrl}".`,
    )
  const { smtp, 'mail-from': from } = values
  if ((smtp === undefined) !== (from === undefined))
    return wrong('--smtp and --mail-from go together: where e-mails go, and whom they come from.')
  if (smtp !== undefined && !/^smtps?:\/\/[^\s]+$/.test(smtp))
    return wrong('--smtp is a server, such as smtp://user:password@mail.example:587.')
  return {
    ok: true,
    config: {
      directory: values.data,
      port,
      host: values.host ?? HOST_DEFAULT,
      logLevel,
      publicUrl,
      hostNames: values['host-name'] ?? [],
      mail: smtp === undefined || from === undefined ? undefined : { smtp, from },
      moments: moments === 'on',
      walkAfterMs: walkAfter === undefined ? undefined : Number(walkAfter) * 1000,
    },
  }
}
