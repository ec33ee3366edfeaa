// `tillstream doctor --data DIR [--json]` and `tillstream diagnostics --data DIR --to FILE`. Exit codes: 0 all is well, 1 something is to be done, 2 it
// could not be looked at. The bundle holds counts, sizes and the doctor's words, nothing that names a member, a store or a key (DR-2).
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { cpus, platform, release, totalmem, uptime } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { lineOf } from '../cloud/storage/findings.ts'
import { askCloud } from './doctor-cloud.ts'
import { doctor } from './doctor.ts'
import type { Finding } from './doctor.ts'
import { openForReading } from './ledger/database.ts'
import { realSystem } from './system.ts'

const USAGE =
  'usage: tillstream doctor --data DIR [--cloud URL] [--json]\n       tillstream diagnostics --data DIR --to FILE [--cloud URL]'
const EXIT_TO_DO = 1
const EXIT_FAULT = 2

const toStdout = (text: string): void => void process.stdout.write(text)

export async function main(args: readonly string[], write: (text: string) => void = toStdout): Promise<void> {
  try {
    const options = {
      data: { type: 'string' },
      to: { type: 'string' },
      cloud: { type: 'string' },
      json: { type: 'boolean' },
      bundle: { type: 'boolean' },
    } as const
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false })
    const { bundle = values.to !== undefined } = values
    if (values.data === undefined || values.data === '' || (bundle && values.to === undefined))
      return fault(USAGE)
    const now = (): number => realSystem.clock.now()
    const findings = await doctor(values.data, now(), (url) => askCloud(url, now), values.cloud)
    if (values.to !== undefined) {
      writeFileSync(values.to, `${JSON.stringify(bundleOf(values.data, findings), null, 2)}\n`, {
        mode: 0o600,
      })
      write(`${values.to} holds no member, no name and no key; it may be sent.\n`)
    } else write(values.json === true ? `${JSON.stringify(findings)}\n` : findings.map(lineOf).join(''))
    if (findings.some(({ ok }) => !ok)) process.exitCode = EXIT_TO_DO
  } catch (cause) {
    fault(cause instanceof Error ? cause.message : String(cause))
  }
}

function bundleOf(directory: string, findings: readonly Finding[]): object {
  return {
    findings: withoutPlace(findings, directory),
    files: filesIn(directory),
    rows: rowCounts(directory),
    machine: {
      node: process.version,
      platform: platform(),
      release: release(),
      cores: cpus().length,
      memory: totalmem(),
      uptime: uptime(),
    },
  }
}

/** Where it lies on the machine is nobody's business, and may name somebody. */
function withoutPlace(findings: readonly Finding[], directory: string): unknown {
  let text = JSON.stringify(findings)
  for (const place of new Set([resolve(directory), directory]))
    text = text.replaceAll(JSON.stringify(place).slice(1, -1), 'DIR')
  return JSON.parse(text)
}

/** Ours by name; of others only how many. */
const OURS = /^(?:ledger\.|admin\.token$|tls\.pem$|(?:damaged|replaced)-[0-9TZ-]+$)/

function filesIn(directory: string): object {
  let names: readonly string[]
  try {
    names = readdirSync(directory)
  } catch {
    return { ours: [], others: 0 }
  }
  const ours = names.filter((name) => OURS.test(name))
  const sizeOf = (name: string): number =>
    statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
  return { ours: ours.map((name) => ({ name, bytes: sizeOf(name) })), others: names.length - ours.length }
}

function rowCounts(directory: string): Record<string, number> | null {
  let open
  try {
    open = openForReading(directory)
    const { database } = open
    const tables = database
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all()
    const count = (table: string): number =>
      database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
    return Object.fromEntries(tables.map((table) => [table, count(table)]))
  } catch {
    return null
  } finally {
    open?.close()
  }
}

function fault(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = EXIT_FAULT
}
