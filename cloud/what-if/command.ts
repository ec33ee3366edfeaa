// `tillstream what-if`: tries a draft program on a cloud's data, beside a running node or without one. Progress on stderr, the result on stdout:
// words for people, `--json` for machines. Exit codes: 0 done, 1 the draft has errors, 2 it could not be done.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { checkDocument } from '../evaluation/check/check.ts'
import { openSnapshot } from '../store/sqlite/sqlite-store.ts'
import { replayWhatIf } from './replay.ts'
import type { ChangedMember, VoucherFigures, WhatIfResult } from './result.ts'

const USAGE =
  'usage: tillstream what-if --data DIR [--program FILE.json] [--from TIME] [--until TIME] [--json]'
const EXIT_INVALID = 1
const EXIT_FAULT = 2

const OPTIONS = {
  data: { type: 'string' },
  program: { type: 'string' },
  from: { type: 'string' },
  until: { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function main(args: readonly string[]): Promise<void> {
  try {
    process.exitCode = await run(args)
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = EXIT_FAULT
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false })
  if (values.data === undefined) throw new Error(`Say whose data with --data DIR.\n${USAGE}`)
  let document: string | null = null
  if (values.program !== undefined) {
    const checked = checkDocument(JSON.parse(readFileSync(values.program, 'utf8')))
    if (!checked.ok) {
      for (const { path, message } of checked.issues)
        process.stderr.write(`${values.program} ${path}: ${message}\n`)
      return EXIT_INVALID
    }
    document = JSON.stringify(checked.document)
  }
  const from = timeOf(values.from, '--from')
  const now = Date.now()
  const until = timeOf(values.until, '--until') ?? now
  const snapshot = openSnapshot(values.data)
  try {
    for (const tenant of await snapshot.read.tenants()) {
      const watch = { progress, cancelled: () => false }
      const result = await replayWhatIf(snapshot.read, { tenant, document, from, until, now }, watch)
      if (process.stderr.isTTY) process.stderr.write('\n')
      process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : textOf(result))
    }
    return 0
  } finally {
    snapshot.close()
  }
}

function timeOf(text: string | undefined, option: string): number | null {
  if (text === undefined) return null
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new Error(`${option} is a time such as 2026-01-31T00:00:00Z, not "${text}".`)
  return ms
}

function progress(done: number, total: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} facts`)
}

const signed = (value: number): string => (value > 0 ? `+${value}` : String(value))

function textOf({
  members,
  facts,
  seconds,
  tiers,
  balances,
  points,
  metrics,
  vouchers,
}: WhatIfResult): string {
  const lines = [
    `${facts} facts of ${members} members, folded twice in ${seconds} s`,
    '',
    ...totalsOf('Points', points),
    ...metrics.flatMap(({ metric, name, ...figures }) => totalsOf(name || `Metric ${metric}`, figures)),
    ...VOUCHERS.map(([figure, word]) => `${word} ${vouchers[figure].now} -> ${vouchers[figure].draft}`),
    `Winners ${balances.winners} (+${balances.gained} points), losers ${balances.losers} (-${balances.lost}), unchanged ${balances.unchanged}`,
    `Tier changes    ${tiers.moved}`,
    ...tiers.moves.map(({ from, to, members: count }) => `  ${from ?? 'none'} -> ${to ?? 'none'}: ${count}`),
    ...monthsOf('points', points),
    ...metrics.flatMap(({ metric, name, ...figures }) => monthsOf(name || `metric ${metric}`, figures)),
    ...vouchersOf(vouchers),
    ...named('Gain most', balances.most_gained),
    ...named('Lose most', balances.most_lost),
  ]
  return `${lines.join('\n')}\n`
}

type Amounts = WhatIfResult['points']

function totalsOf(name: string, { issued, liability }: Amounts): string[] {
  const line = (what: string, { now, draft }: Amounts['issued']): string =>
    `${what.padEnd(15)} ${now} -> ${draft} (${signed(draft - now)})`
  return [line(`${name} issued`, issued), line('     liability', liability)]
}

function monthsOf(name: string, { months }: Amounts): string[] {
  return [
    '',
    `${name} by month: issued now    draft   liability now    draft`,
    ...months.map(
      ({ month, issued, liability }) =>
        `${month}  ${cell(issued.now, 11)} ${cell(issued.draft, 8)}  ${cell(liability.now, 14)} ${cell(liability.draft, 8)}`,
    ),
  ]
}

const VOUCHERS = [
  ['issued', 'Vouchers issued'],
  ['used', '         used  '],
  ['expired', '         expired'],
  ['outstanding', '         left  '],
  ['value', '         worth '],
] as const

const pair = ({ now, draft }: { now: number; draft: number }): string => cell(`${now} -> ${draft}`, 16)

function vouchersOf({ perks, months }: WhatIfResult['vouchers']): string[] {
  if (perks.length === 0) return []
  const row = (name: string, figures: VoucherFigures): string =>
    `${name}  ${VOUCHERS.map(([figure]) => pair(figures[figure])).join(' ')}`
  const heads = ['issued', 'used', 'expired', 'left', 'worth'].map((head) => cell(head, 16)).join(' ')
  return [
    '',
    `vouchers   ${heads.slice(2)}`,
    ...months.map((month) => row(month.month, month)),
    ...perks.map((perk) => row(`${perk.perk} ${perk.title}`, perk)),
  ]
}

function cell(value: number | string, width: number): string {
  return String(value).padStart(width)
}

function named(title: string, list: readonly ChangedMember[]): string[] {
  if (list.length === 0) return []
  const rows = list.map(
    ({ member, balance_now, balance_draft }) => `  ${member}  ${balance_now} -> ${balance_draft}`,
  )
  return ['', title, ...rows]
}
