// The command line of an edge node, turned once into a value or into a sentence for the operator. Nothing else reads arguments.
import { parseArgs } from 'node:util'

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const HOST_DEFAULT = '127.0.0.1'
export const PORT_DEFAULT = 8081
const ALL_ADDRESSES = '0.0.0.0'

export interface EdgeConfig {
  readonly directory: string
  /** 0 lets the machine choose; the line on stdout names it. */
  readonly port: number
  /** Where plain HTTP is served: this machine alone, unless told otherwise (TLS-5). */
  readonly host: string
  /** Where TLS is served; undefined: nowhere. */
  readonly tls: { readonly host: string; readonly port: number } | undefined
  /** Where the cloud is; the one it was enrolled with when left out. */
  readonly cloud: string | undefined
  /** One-time enrolment code, for the first start. */
  readonly enrol: string | undefined
  /** How old a claimed time may be. */
  readonly backdateMs: number | undefined
  /** Names the node goes by in browsers, besides addresses and local names (H-11). */
  readonly hostNames: readonly string[]
  readonly logLevel: LogLevel
}

export type ParsedConfig =
  { readonly ok: true; readonly config: EdgeConfig } | { readonly ok: false; readonly sentence: string }

export const USAGE =
  `usage: tillstream edge --data DIR --cloud URL [--enrol CODE] [--port ${PORT_DEFAULT}] [--tls-port N] ` +
  `[--tls-on ADDRESS] [--plain-http-on ADDRESS] [--backdate-ms N] [--host-name NAME] [--log-level ${LOG_LEVELS.join('|')}]`

const OPTIONS = {
  data: { type: 'string' },
  port: { type: 'string' },
  'tls-port': { type: 'string' },
  'tls-on': { type: 'string' },
  'plain-http-on': { type: 'string' },
  cloud: { type: 'string' },
  enrol: { type: 'string' },
  'backdate-ms': { type: 'string' },
  'host-name': { type: 'string', multiple: true },
  'log-level': { type: 'string' },
} as const

const INTEGER = /^[0-9]{1,15}$/

export function parseConfig(args: readonly string[]): ParsedConfig {
  const wrong = (sentence: string): ParsedConfig => ({ ok: false, sentence: `${sentence}\n${USAGE}` })
  let values
  try {
    values = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (cause) {
    return wrong(cause instanceof Error ? cause.message : 'The arguments cannot be understood.')
  }
  const { data, port = String(PORT_DEFAULT), cloud, enrol } = values
  if (data === undefined || data === '') return wrong('Say where the data lives with --data DIR.')
  const tlsPort = values['tls-port']
  for (const [name, given] of [
    ['port', port],
    ['tls-port', tlsPort ?? '0'],
  ] as const)
    if (!INTEGER.test(given) || Number(given) > 65_535)
      return wrong(`--${name} must be a number from 0 to 65535, not "${given}".`)
  const tlsOn = values['tls-on'] ?? ALL_ADDRESSES
  const host = values['plain-http-on'] ?? HOST_DEFAULT
  if (tlsOn === '' || host === '')
    return wrong('--tls-on and --plain-http-on take an address of this machine.')
  if (values['tls-on'] !== undefined && tlsPort === undefined) return wrong('--tls-on needs --tls-port.')
  if (cloud !== undefined && !isHttpUrl(cloud))
    return wrong(`--cloud must be an http:// or https:// address, not "${cloud}".`)
  if (enrol === '') return wrong('--enrol needs the code that HQ made for this store.')
  const backdate = values['backdate-ms']
  if (backdate !== undefined && !INTEGER.test(backdate))
    return wrong(`--backdate-ms must be a number of milliseconds, not "${backdate}".`)
  const level = values['log-level'] ?? 'info'
  const logLevel = LOG_LEVELS.find((known) => known === level)
  if (logLevel === undefined) return wrong(`--log-level must be one of ${LOG_LEVELS.join(', ')}.`)
  return {
    ok: true,
    config: {
      directory: data,
      port: Number(port),
      host,
      tls: tlsPort === undefined ? undefined : { host: tlsOn, port: Number(tlsPort) },
      cloud,
      enrol,
      backdateMs: backdate === undefined ? undefined : Number(backdate),
      hostNames: (values['host-name'] ?? []).map((name) => name.toLowerCase()),
      logLevel,
    },
  }
}

function isHttpUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === 'http:' || url?.protocol === 'https:'
}
