// `tillstream backup` and `tillstream restore` (BK): the whole of a cloud's or a store's data as one file, made beside a running node. What a newcomer
// would get wrong: a file that was put back is an older state of something that went on, so it is marked, and the node that opens it begins a new
// life (edge) or epoch (cloud) before it does anything else.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import Sqlite from 'better-sqlite3'
import { UNSYNCED } from '../edge/ledger/unsynced.ts'
import { SCHEMA_VERSION as STORE_VERSION } from '../edge/ledger/schema.ts'
import { RESTORED_MARK } from '../protocol/restored.ts'
import { diskSentence, isDamage } from './storage/faults.ts'
import { lockFile } from './storage/lock.ts'
import { SCHEMA_VERSION as CLOUD_VERSION } from './store/sqlite/schema.ts'

const EXIT_FAULT = 2
const SUM_BYTES = 32
const PIECE_BYTES = 1 << 20

/** What a copy may be of, told by a table that only it has. */
const KINDS = [
  { name: 'cloud', file: 'cloud.db', lock: 'cloud.lock', table: 'tenants', version: CLOUD_VERSION },
  { name: 'store', file: 'ledger.db', lock: 'ledger.lock', table: 'standing', version: STORE_VERSION },
] as const
type Kind = (typeof KINDS)[number]

/** A sentence for the operator. */
class CopyRefused extends Error {}

export interface CopyTold {
  readonly of: Kind['name']
  readonly file: string
  readonly bytes: number
  /** Where the data that stood there before is kept, null where there was none. */
  readonly replaced: string | null
  /** Of a store's data that were replaced: records that the cloud is not known to have; null where that cannot be read. */
  readonly unsynced: number | null
  /** What to do now. */
  readonly next: string
}

const KEEP = 'Keep it on another machine: it holds the keys and the members of this node.'
const START: Readonly<Record<Kind['name'], string>> = {
  cloud: 'Start the cloud: it begins its next epoch, and the stores send again what came after the backup.',
  store: 'Start the edge: it begins its next life, and the cloud sends what came after the backup.',
}

/** What was acknowledged since the backup and is nowhere else is in what was replaced, and comes from there by a copy that HQ lets in (P-LIFE-6). */
function restOf(replaced: string, unsynced: number | null): string {
  if (unsynced === 0) return ''
  return (
    ` ${unsynced === null ? 'How many records of what was replaced the cloud does not have cannot be read' : `${unsynced} records of what was replaced are not known to be at the cloud`}: ` +
    `terminals hand in again what they still hold; for the rest start an edge on ${replaced} too, on another port, approve the copy at HQ, and retire it when its status says unsynced 0.`
  )
}

/** BK-1. Throws CopyRefused. */
export function backup(data: string, to: string): CopyTold {
  const names = told(data, () => readdirSync(data))
  const kind = KINDS.find(({ file }) => names.includes(file))
  if (kind === undefined)
    throw new CopyRefused(`${data} holds no data of a cloud (cloud.db) and none of a store (ledger.db).`)
  if (existsSync(to)) throw new CopyRefused(`${to} exists already; a backup overwrites nothing.`)
  if (!existsSync(dirname(to)))
    throw new CopyRefused(
      `There is no directory ${dirname(to)} for the backup: make it first, or correct --to.`,
    )
  const from = join(data, kind.file)
  copyWhole(from, to, (part) => {
    if (!tablesOf(part).includes(kind.table))
      throw new CopyRefused(`${from} is no data of a ${kind.name}; no backup was made.`)
    seal(part)
  })
  return { of: kind.name, file: to, bytes: statSync(to).size, replaced: null, unsynced: null, next: KEEP }
}

/** BK-2, BK-3. `now`: names the folder of what is replaced. Throws CopyRefused. */
export function restore(data: string, from: string, replace: boolean, now: number): CopyTold {
  const kind = kindOf(from)
  told(data, () => mkdirSync(data, { recursive: true, mode: 0o700 }))
  const unlock = told(data, () => lock(join(data, kind.lock)))
  try {
    const place = join(data, kind.file)
    if (existsSync(place) && !replace)
      throw new CopyRefused(
        `${data} holds data already. With --replace it is kept in a folder beside, and the backup takes its place.`,
      )
    const fresh = `${place}.restoring`
    rmSync(fresh, { force: true })
    copyWhole(from, fresh, mark)
    const replaced = existsSync(place) ? setAside(data, kind, now) : null
    renameSync(fresh, place)
    flushFolder(data)
    const lost =
      replaced !== null && kind.name === 'store'
        ? { replaced, unsynced: unsyncedIn(join(replaced, kind.file)) }
        : null
    const next = START[kind.name] + (lost === null ? '' : restOf(lost.replaced, lost.unsynced))
    return {
      of: kind.name,
      file: place,
      bytes: statSync(place).size,
      replaced,
      unsynced: lost?.unsynced ?? null,
      next,
    }
  } finally {
    unlock()
  }
}

/** One moment of the file, written anew, checked, and only then under its name. What fails leaves nothing behind. */
function copyWhole(from: string, to: string, finish: (part: string) => void): void {
  const part = `${to}.part`
  try {
    told(from, () => {
      const source = new Sqlite(from, { readonly: true, fileMustExist: true })
      try {
        // Nothing was read of it yet.
        source.prepare('SELECT count(*) FROM sqlite_schema').get()
        told(dirname(to), () => {
          rmSync(part, { force: true })
          source.prepare('VACUUM INTO ?').run(part)
        })
      } finally {
        source.close()
      }
    })
    checked(part)
    finish(part)
    chmodSync(part, 0o600)
    renameSync(part, to)
  } catch (cause) {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(part + suffix, { force: true })
    throw cause
  }
}

/** A failure at `place` is told in words. */
function told<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof CopyRefused) throw cause
    const sentence = isDamage(cause)
      ? `${place} is damaged (${cause.message}): no copy was made of it, and nothing was changed.`
      : diskSentence(place, cause)
    throw sentence === undefined ? cause : new CopyRefused(sentence, { cause })
  }
}

/** BK-3. */
function mark(part: string): void {
  const copy = new Sqlite(part)
  copy.pragma(`application_id = ${RESTORED_MARK}`)
  copy.close()
}

function flushFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** It may be replaced because it is damaged, or be of an earlier release. */
function unsyncedIn(ledger: string): number | null {
  try {
    const database = new Sqlite(ledger, { readonly: true, fileMustExist: true })
    try {
      return database.prepare<[], number>(UNSYNCED).pluck().get() ?? null
    } finally {
      database.close()
    }
  } catch {
    return null
  }
}

function tablesOf(file: string): unknown[] {
  const copy = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    return copy.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()
  } finally {
    copy.close()
  }
}

function checked(file: string): void {
  const copy = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    const found: unknown = copy.pragma('integrity_check(1)', { simple: true })
    if (found !== 'ok')
      throw new CopyRefused(`The copy is not sound (${String(found)}); nothing was put in place.`)
  } finally {
    copy.close()
  }
}

/** Ends a backup: SQLite finds few of the bits that flip in one, this all. It does not look behind its own last page, so the file stays a database. */
const SEAL = Buffer.from('tillstream copy ')

function seal(file: string): void {
  const sum = sumOf(file, statSync(file).size)
  const open = openSync(file, 'a')
  try {
    writeSync(open, Buffer.concat([SEAL, sum]))
    fsyncSync(open)
  } finally {
    closeSync(open)
  }
}

function isSealed(file: string): boolean {
  const end = Buffer.alloc(SEAL.length + SUM_BYTES)
  const size = statSync(file).size - end.length
  if (size < 0) return false
  const open = openSync(file, 'r')
  readSync(open, end, 0, end.length, size)
  closeSync(open)
  return end.equals(Buffer.concat([SEAL, sumOf(file, size)]))
}

/** SHA-256 of the first `size` bytes. */
function sumOf(file: string, size: number): Buffer {
  const hash = createHash('sha256')
  const open = openSync(file, 'r')
  const piece = Buffer.alloc(PIECE_BYTES)
  for (let at = 0; at < size;) {
    const read = readSync(open, piece, 0, Math.min(piece.length, size - at), at)
    if (read === 0) break
    hash.update(piece.subarray(0, read))
    at += read
  }
  closeSync(open)
  return hash.digest()
}

function kindOf(file: string): Kind {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new CopyRefused(`There is no file ${file}.`)
  if (!isSealed(file)) throw new CopyRefused(`${file} is damaged or no backup of ours; nothing was changed.`)
  try {
    checked(file)
    const tables = tablesOf(file)
    const kind = KINDS.find(({ table }) => tables.includes(table))
    if (kind !== undefined) return known(kind, file)
  } catch (cause) {
    if (cause instanceof CopyRefused) throw cause
    throw new CopyRefused(`${file} is damaged or no backup of ours; nothing was changed.`, { cause })
  }
  throw new CopyRefused(`${file} is a backup of neither a cloud nor a store; nothing was changed.`)
}

/** A file of newer software would take the place of data that this software can open. */
function known(kind: Kind, file: string): Kind {
  const copy = new Sqlite(file, { readonly: true })
  const version = copy.pragma('user_version', { simple: true }) as number
  copy.close()
  if (version <= kind.version) return kind
  throw new CopyRefused(
    `${file} was made by newer software (its tables are of version ${version}, this knows ${kind.version}): put it back with that. Nothing was changed.`,
  )
}

/** All that belongs to the file: its logs, sums and sentinel. Tokens and locks stay. */
function setAside(data: string, { file }: Kind, now: number): string {
  const kept = join(data, `replaced-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`)
  mkdirSync(kept, { mode: 0o700 })
  const stem = file.replace('.db', '')
  for (const name of readdirSync(data)) {
    const belongs =
      name === file ||
      name.startsWith(`${file}-`) ||
      name.startsWith(`${file}.`) ||
      name === `${stem}.sentinel`
    if (belongs && !name.endsWith('.restoring')) renameSync(join(data, name), join(kept, name))
  }
  return kept
}

function lock(file: string): () => void {
  const unlock = lockFile(file)
  if (unlock === undefined) throw new CopyRefused('A node works on this data: stop it first.')
  return unlock
}

const USAGE = {
  backup: 'usage: tillstream backup --data DIR --to FILE',
  restore: 'usage: tillstream restore --data DIR --from FILE [--replace]',
} as const

/** The commands; `args` begin with which. */
export async function main([which, ...args]: readonly string[]): Promise<void> {
  const command = which === 'restore' ? 'restore' : 'backup'
  try {
    const options = {
      data: { type: 'string' },
      to: { type: 'string' },
      from: { type: 'string' },
      replace: { type: 'boolean', default: false },
    } as const
    const { data, to, from, replace } = parseArgs({ args: [...args], options, strict: true }).values
    const file = command === 'backup' ? to : from
    if (data === undefined || file === undefined) throw new CopyRefused(USAGE[command])
    const done = command === 'backup' ? backup(data, file) : restore(data, file, replace, Date.now())
    process.stdout.write(`${JSON.stringify(done)}\n`)
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = EXIT_FAULT
  }
}
