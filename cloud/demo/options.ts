// The command line of `npm start`, turned once into a value or into one plain sentence.
import { parseArgs } from 'node:util'
import { fileClock } from './replay/rows.ts'

export const PORT_BASE_DEFAULT = 8080
const STORES_MAX = 16

/** A file time in UTC milliseconds, as the operator wrote it too. */
export interface FileMoment {
  readonly at: number
  readonly text: string
}

export interface OfflineSpan {
  readonly store: number
  /** Included. */
  readonly from: FileMoment
  /** Excluded. */
  readonly to: FileMoment
}

export interface Kill {
  /** A store's number, from 1. */
  readonly target: 'cloud' | number
  readonly when: FileMoment
}

export interface DemoOptions {
  readonly mode: 'demo'
  readonly directory: string
  readonly portBase: number
  readonly stores: number
}

export interface ReplayOptions {
  readonly mode: 'replay'
  readonly directory: string
  readonly portBase: number
  readonly stores: number
  readonly file: string
  /** File seconds per second. */
  readonly speed: number | 'max'
  readonly exitWhenDone: boolean
  readonly offline: readonly OfflineSpan[]
  readonly shuffleSeed: number | null
  readonly repeat: boolean
  readonly digest: boolean
  readonly kills: readonly Kill[]
  readonly keep: boolean
}

export type ParsedOptions =
  | { readonly ok: true; readonly options: DemoOptions | ReplayOptions }
  | { readonly ok: false; readonly sentence: string }
  | { readonly ok: 'help' }

export const HELP = `npm start -- [options]

Without options: the demo. A cloud on 127.0.0.1:${PORT_BASE_DEFAULT}, two stores on ${PORT_BASE_DEFAULT + 1} and ${PORT_BASE_DEFAULT + 2}, simulated tills until Ctrl-C.
  --stores N              stores, 1 to ${STORES_MAX} (2)
  --ports BASE            the cloud's port; store n gets BASE + n (${PORT_BASE_DEFAULT})
  --data DIR              where the data lies (data/demo; data/replay for a replay)

Replay of real sales through the tills' API:
  --sales FILE.csv[.gz]   columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
  --speed max|N           as fast as it goes (max), or N seconds of the file per second
  --exit-when-done        stop the nodes at the end; exit 0 only if nothing was lost, duplicated or mismatched
  --offline STORE:FROM:TO cut that store's line to the cloud from FROM until before TO of the file's time; may be repeated
  --shuffle-sync SEED     deliver batches of different stores in random order, a few twice, a few not at first
  --kill TARGET:DATE      kill -9 of "cloud" or of a store's number at that file time, restarted at once; may be repeated
  --repeat                send everything a second time with the same keys
  --digest                add the digest of all members' outcomes to the summary
  --keep                  go on with the data of an earlier replay; otherwise it is wiped at the start

DATE, FROM and TO are like 2011-03-01 or 2011-03-01T14:30, Europe/London. The last line of stdout is the summary as JSON.
`

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  data: { type: 'string' },
  ports: { type: 'string' },
  stores: { type: 'string' },
  sales: { type: 'string' },
  speed: { type: 'string' },
  'exit-when-done': { type: 'boolean' },
  offline: { type: 'string', multiple: true },
  'shuffle-sync': { type: 'string' },
  kill: { type: 'string', multiple: true },
  repeat: { type: 'boolean' },
  digest: { type: 'boolean' },
  keep: { type: 'boolean' },
} as const

const REPLAY_ONLY = [
  'speed',
  'exit-when-done',
  'offline',
  'shuffle-sync',
  'kill',
  'repeat',
  'digest',
  'keep',
] as const

const MOMENT = '[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2})?'
const OFFLINE = new RegExp(`^([0-9]{1,2}):(${MOMENT}):(${MOMENT})$`)
const KILL = new RegExp(`^(cloud|[0-9]{1,2}):(${MOMENT})$`)

/** The user's sentence, thrown to the one place that turns it into an answer. */
class OptionFault extends Error {}

export function parseOptions(args: readonly string[]): ParsedOptions {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false })
    if (values.help === true) return { ok: 'help' }
    const stores = wholeNumber('--stores', values.stores ?? '2', 1, STORES_MAX)
    const portBase = wholeNumber('--ports', values.ports ?? String(PORT_BASE_DEFAULT), 1, 65_535 - stores)
    const file = values.sales
    if (file === undefined) {
      const stray = REPLAY_ONLY.find((name) => values[name] !== undefined)
      if (stray !== undefined)
        throw new OptionFault(`--${stray} belongs to a replay; name a file with --sales FILE.`)
      const directory = directoryOf(values.data ?? 'data/demo')
      return { ok: true, options: { mode: 'demo', directory, portBase, stores } }
    }
    if (file === '') throw new OptionFault('--sales needs the name of a file.')
    const options: ReplayOptions = {
      mode: 'replay',
      directory: directoryOf(values.data ?? 'data/replay'),
      portBase,
      stores,
      file,
      speed: speedOf(values.speed ?? 'max'),
      exitWhenDone: values['exit-when-done'] === true,
      offline: offlineOf(values.offline ?? [], stores),
      shuffleSeed:
        values['shuffle-sync'] === undefined
          ? null
          : wholeNumber('--shuffle-sync', values['shuffle-sync'], 0, 2 ** 32 - 1),
      repeat: values.repeat === true,
      digest: values.digest === true,
      kills: (values.kill ?? []).map((text) => killOf(text, stores)),
      keep: values.keep === true,
    }
    return { ok: true, options }
  } catch (cause) {
    if (cause instanceof OptionFault) return { ok: false, sentence: cause.message }
    // parseArgs throws a TypeError with a sentence for people, and what follows its first full stop is for programmers.
    if (cause instanceof TypeError) return { ok: false, sentence: `${cause.message.split('. ')[0] ?? ''}.` }
    throw cause
  }
}

function directoryOf(text: string): string {
  if (text === '') throw new OptionFault('--data needs the name of a folder.')
  return text
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max))
    throw new OptionFault(`${option} must be a whole number from ${min} to ${max}, not "${text}".`)
  return value
}

function speedOf(text: string): number | 'max' {
  if (text === 'max') return 'max'
  const value = /^[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : 0
  if (value <= 0)
    throw new OptionFault(`--speed must be "max" or a number of file seconds per second, not "${text}".`)
  return value
}

const clock = fileClock()

function moment(option: string, text: string): FileMoment {
  const at = clock(text)
  if (at === null) throw new OptionFault(`${option}: there is no such time as ${text}.`)
  return { at, text }
}

function storeOf(option: string, text: string, stores: number): number {
  const store = Number(text)
  if (store < 1 || store > stores)
    throw new OptionFault(`${option}: there is no store ${text}; stores are numbered 1 to ${stores}.`)
  return store
}

function offlineOf(texts: readonly string[], stores: number): OfflineSpan[] {
  const spans = texts.map((text): OfflineSpan => {
    const [, store = '', from = '', to = ''] = OFFLINE.exec(text) ?? []
    if (store === '')
      throw new OptionFault(`--offline must be STORE:FROM:TO, like 1:2011-03-01:2011-04-01, not "${text}".`)
    const span = {
      store: storeOf('--offline', store, stores),
      from: moment('--offline', from),
      to: moment('--offline', to),
    }
    if (span.to.at <= span.from.at)
      throw new OptionFault(`--offline: ${to} is not after ${from}; the first time is where it starts.`)
    return span
  })
  for (const span of spans) {
    const other = spans.find(
      (one) =>
        one !== span && one.store === span.store && one.from.at <= span.from.at && one.to.at > span.from.at,
    )
    if (other !== undefined)
      throw new OptionFault(`--offline: two spans of store ${span.store} overlap; write them as one.`)
  }
  return spans
}

function killOf(text: string, stores: number): Kill {
  const [, target = '', date = ''] = KILL.exec(text) ?? []
  if (target === '')
    throw new OptionFault(`--kill must be cloud:DATE or STORE:DATE, like cloud:2011-03-01, not "${text}".`)
  return {
    target: target === 'cloud' ? 'cloud' : storeOf('--kill', target, stores),
    when: moment('--kill', date),
  }
}
