// The ledger on real files: what it refuses to open, what it keeps, what it notices.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  IN_MEMORY,
  LEDGER_FILE,
  LedgerDamaged,
  LedgerRefused,
  refuseUnsafe,
} from '../../edge/ledger/database.ts'
import { batchFrom } from '../../edge/ledger/batches.ts'
import { SENTINEL_FILE } from '../../edge/ledger/sentinel.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import type { Ledger } from '../../edge/ledger/ledger.ts'
import { SCHEMA_VERSION } from '../../edge/ledger/schema.ts'
import { CHAIN_GENESIS, chainHash } from '../../protocol/chain.ts'
import { NO_FACT, seqOf } from '../../protocol/ids.ts'
import type { MemberId, Origin, Seq, StoreId } from '../../protocol/ids.ts'
import {
  BATCH_BYTES_MAX,
  BATCH_FACTS_MAX,
  CHAIN_TAIL_FACTS,
  THREADS_SAVE_FACTS,
} from '../../protocol/limits.ts'
import { TIME_MIN, hybridTime } from '../../protocol/time.ts'
import { OriginWriter } from '../support/origin-writer.ts'

const T0 = Date.UTC(2026, 0, 5, 10)

let directory: string
let open: Ledger[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tillstream-ledger-'))
  open = []
})

afterEach(() => {
  for (const ledger of open) ledger.close()
  rmSync(directory, { recursive: true, force: true })
})

function opened(where = directory): Ledger {
  const ledger = openLedger({ directory: where })
  open.push(ledger)
  return ledger
}

function close(ledger: Ledger): void {
  open = open.filter((other) => other !== ledger)
  ledger.close()
}

const enrol = (ledger: Ledger): void =>
  ledger.enrol({
    edge: 7,
    origin: 3 as Origin,
    epoch: 1,
    store: { id: 1 as StoreId, name: 'Bath', zone: 'Europe/London' },
    privateKey: 'private',
    cloudPublicKey: 'public',
    cloudUrl: 'http://127.0.0.1:1',
  })

/** Appends sales the way the till does, `perCommit` a transaction; members take turns. */
function append(
  ledger: Ledger,
  count: number,
  { members = 1, perCommit = 500, lines = 1 } = {},
): OriginWriter {
  if (ledger.identity() === undefined) enrol(ledger)
  const writer = new OriginWriter(3, 1)
  const basket = Array.from({ length: lines }, (_, at) => ({ sku: `sku-${at}`, amount: 100 }))
  for (let at = 0; at < count; at++) {
    if (at % perCommit === 0) ledger.begin()
    const member = (3 * 2 ** 33 + 1 + (at % members)) as MemberId
    writer.sale({ at: T0 + at, member }, basket)
    const fact = writer.facts.at(-1)
    const bytes = writer.bytes.at(-1)
    if (fact === undefined || bytes === undefined) throw new Error('the writer wrote nothing')
    const hash = ledger.nextHash(bytes)
    const answer = Buffer.from(`{"receipt":{"hash":"${Buffer.from(hash).toString('hex')}"}}`)
    ledger.append(fact.key, member, bytes, hash, new Uint8Array(32), 201, answer)
    if (at % perCommit === perCommit - 1 || at === count - 1) ledger.commit()
  }
  return writer
}

/** Changes the closed file behind the ledger's back. */
function tamper(sql: string): void {
  const file = new Sqlite(join(directory, LEDGER_FILE))
  file.exec(sql)
  file.close()
  // Whoever works on the file himself takes its sums away; the tests of L-14 do not.
  rmSync(join(directory, `${LEDGER_FILE}.sums`), { force: true })
}

describe('opening', () => {
  test('L-1 what was asked of the database is read back: synchronous NORMAL is refused', () => {
    const file = new Sqlite(join(directory, 'any.db'))
    file.pragma('journal_mode = WAL')
    file.pragma('foreign_keys = ON')
    file.pragma('synchronous = NORMAL')
    expect(() => refuseUnsafe(file)).toThrow(/needs synchronous=2, but the database says 1/)
    file.pragma('synchronous = FULL')
    expect(() => refuseUnsafe(file)).not.toThrow()
    file.pragma('journal_mode = DELETE')
    expect(() => refuseUnsafe(file)).toThrow(LedgerRefused)
    file.close()
  })

  test('L-4 a second opener is refused with a sentence, also in the same process, until the first has closed', () => {
    const first = opened()
    expect(() => openLedger({ directory })).toThrow(/in use by another process/)
    close(first)
    expect(opened().seq).toBe(0)
  })

  test('L-4 the lock of a killed process holds nobody up, and what it committed is there', async () => {
    const program = `
      import { openLedger } from ${JSON.stringify(join(import.meta.dirname, '../../edge/ledger/ledger.ts'))}
      const ledger = openLedger({ directory: ${JSON.stringify(directory)} })
      ledger.transact(() => ledger.meta.setMembersCursor(42))
      process.stdout.write('open')
      setInterval(() => undefined, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    expect(() => openLedger({ directory })).toThrow(/in use by another process/)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    expect(opened().meta.cursors().members).toBe(42)
  })

  test('L-7 a newer schema is refused, and the file is left as it is', () => {
    close(opened())
    tamper(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
    expect(() => openLedger({ directory })).toThrow(/newer software/)
    tamper(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    expect(opened().seq).toBe(0)
  })

  test('a file that is no ledger is refused in words', () => {
    writeFileSync(
      join(directory, LEDGER_FILE),
      'not a database, but long enough to be read as one'.repeat(100),
    )
    expect(() => openLedger({ directory })).toThrow(/is damaged: it is not a ledger/)
  })

  test('a simulation can have it in memory', () => {
    const ledger = opened(IN_MEMORY)
    append(ledger, 3)
    expect(ledger.verify()).toMatchObject({ chain_ok: true, facts: 3, seq: 3, faults: [] })
  })
})

describe('the chain', () => {
  test('L-3 P-FACT-3 every row is chained to the one before it', () => {
    const ledger = opened()
    const writer = append(ledger, 3)
    expect(ledger.hashAt(0 as Seq)).toEqual(CHAIN_GENESIS)
    expect(ledger.hashAt(3 as Seq)).toEqual(writer.hashes[3])
    expect(ledger.hashAt(4 as Seq)).toBeUndefined()
    expect(ledger.head()).toEqual({ seq: 3, hash: writer.hashes[3] })
    expect(ledger.nextHash(Buffer.of(1))).toEqual(chainHash(writer.hashes[3] ?? CHAIN_GENESIS, Buffer.of(1)))
  })

  test('L-3 a bit changed in the tail is found at the start', () => {
    const ledger = opened()
    append(ledger, 20)
    close(ledger)
    tamper("UPDATE facts SET bytes = CAST(replace(hex(bytes), 'A', 'B') AS BLOB) WHERE id % 8589934592 = 15")
    expect(() => openLedger({ directory })).toThrow(/fact 15 does not fit the hash chain/)
  })

  test('L-3 a row that is gone from the tail is found at the start', () => {
    const ledger = opened()
    append(ledger, 20)
    close(ledger)
    tamper('DELETE FROM facts WHERE id % 8589934592 = 12')
    expect(() => openLedger({ directory })).toThrow(/fact 12 is missing/)
  })

  test('L-3 further back the start does not look, but verify does', () => {
    const ledger = opened()
    append(ledger, CHAIN_TAIL_FACTS + 50)
    close(ledger)
    tamper('UPDATE facts SET bytes = zeroblob(length(bytes)) WHERE id % 8589934592 = 7')
    const damaged = opened()
    const verification = damaged.verify()
    expect(verification.chain_ok).toBe(false)
    expect(verification.faults).toEqual(['fact 7 does not fit the hash chain'])
  })

  test('verify finds a fact under another key, and an answer that is of another fact', () => {
    const ledger = opened()
    enrol(ledger)
    append(ledger, 5)
    close(ledger)
    tamper(
      "UPDATE facts SET key = 'other' WHERE id % 8589934592 = 2; UPDATE facts SET answer = (SELECT answer FROM facts WHERE id % 8589934592 = 1) WHERE id % 8589934592 = 3",
    )
    expect(opened().verify()).toMatchObject({
      chain_ok: true,
      facts: 5,
      faults: ['fact 2 is filed under another key than its own', 'fact 3 has the answer of another'],
    })
  })
})

describe('transactions', () => {
  test('L-6 after a rollback seq, head, threads and standing are what the file says', () => {
    const ledger = opened()
    append(ledger, 3)
    const before = ledger.head()
    const known = (3 * 2 ** 33 + 1) as MemberId
    expect(() =>
      ledger.transact(() => {
        for (const [key, member] of Object.entries({ x: 5 as MemberId, y: known, z: known }))
          ledger.append(key, member, Buffer.of(1), Buffer.alloc(32), Buffer.alloc(32), 201, Buffer.of(2))
        ledger.meta.setSynced(3 as Seq, 1)
        expect(ledger.threads.last(known)).toBe(3 * 2 ** 33 + 6)
        expect(ledger.threads.last(5 as MemberId)).toBe(3 * 2 ** 33 + 4)
        throw new Error('the disk is on fire')
      }),
    ).toThrow('on fire')
    expect(ledger.head()).toEqual(before)
    expect(ledger.threads.last(5 as MemberId)).toBe(0)
    expect(ledger.threads.last(known)).toBe(3 * 2 ** 33 + 3)
    expect(ledger.meta.cursors().synced).toBe(0)
    expect(ledger.ofKey('x')).toBeUndefined()
  })

  test('P-SYNC-5 cursors, clock and identity are there again after a restart', () => {
    const ledger = opened()
    expect(ledger.identity()).toBeUndefined()
    expect(ledger.meta.clock).toBe(TIME_MIN)
    enrol(ledger)
    ledger.transact(() => {
      ledger.meta.setClock(hybridTime(T0, 5), T0, T0 - 1)
      ledger.meta.setSynced(0 as Seq, 9)
      ledger.meta.setMembersCursor(11)
      ledger.meta.setCorrectionsCursor(12)
      ledger.meta.setLastWordAt(T0)
    })
    close(ledger)
    const again = opened()
    expect(again.identity()).toMatchObject({
      edge: 7,
      origin: 3,
      store: { name: 'Bath' },
      privateKey: 'private',
    })
    expect(again.meta.clock).toBe(hybridTime(T0, 5))
    expect(again.meta.lastWordAt).toBe(T0)
    expect(again.meta.cursors()).toEqual({ synced: 0, cloudEpoch: 9, members: 11, corrections: 12 })
    expect(() => enrol(again)).toThrow(/enrolled once/)
  })
})

describe('the sentinel', () => {
  const file = (): string => join(directory, LEDGER_FILE)
  const spare = { origin: 4 as Origin, epoch: 2 }
  /** The ledger's file as it was before the last facts, the sentinel as it is. */
  function behind(facts: number, change: () => void = () => undefined): Ledger {
    const ledger = opened()
    append(ledger, 3)
    close(ledger)
    copyFileSync(file(), `${file()}.old`)
    const again = opened()
    again.identify((identity) => identity)
    for (let at = 0; at < facts; at++) {
      again.begin()
      const bytes = Buffer.of(at)
      again.append(`more-${at}`, 0 as MemberId, bytes, again.nextHash(bytes), Buffer.alloc(32), 201, bytes)
      again.commit()
    }
    close(again)
    copyFileSync(`${file()}.old`, file())
    change()
    return opened()
  }
  const write = (ledger: Ledger): void =>
    ledger.append('x', 0 as MemberId, Buffer.of(1), Buffer.alloc(32), Buffer.alloc(32), 201, Buffer.of(2))

  test('L-11 R07 a ledger that is behind its sentinel writes nothing before its next life', () => {
    const ledger = behind(2)
    expect(ledger.sentinelAhead).toMatchObject({ origin: 3, epoch: 1, seq: 5 })
    ledger.begin()
    expect(() => write(ledger)).toThrow(/sentinel/)
    ledger.rollback()
    ledger.openLife(spare, 'sentinel', T0)
    expect(ledger.sentinelAhead).toBeUndefined()
    expect(ledger.nextId()).toBe(4 * 2 ** 33 + 1)
    close(ledger)
    expect(opened().sentinelAhead).toBeUndefined()
  })
  test('L-11 L-14 an older file that has a fault of its own is damaged, as one is that is not behind', () => {
    const zeroed = (text: string) => (): void => {
      const bytes = readFileSync(file())
      bytes.fill(0, bytes.indexOf(text), bytes.indexOf(text) + text.length)
      writeFileSync(file(), bytes)
    }
    expect(() => behind(2, zeroed('"hash":'))).toThrow(LedgerDamaged)
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    const ledger = opened()
    append(ledger, 3)
    close(ledger)
    zeroed('Bath')()
    expect(() => opened()).toThrow(LedgerDamaged)
  })
  test('L-11 one that is beside it, cut short or with its log gone, is behind it too', () => {
    const ledger = opened()
    append(ledger, 3, { perCommit: 1 })
    close(ledger)
    tamper("UPDATE facts SET hash = zeroblob(32), key = 'k' WHERE id % 8589934592 = 3")
    expect(() => opened()).toThrow(/damaged/)
    tamper('DELETE FROM facts WHERE id % 8589934592 = 3')
    expect(opened().sentinelAhead).toMatchObject({ seq: 3 })
  })
  test.each(['', 'torn', 'x'.repeat(72)])('L-11 a sentinel that is no whole one says nothing: %j', (text) => {
    const ledger = opened()
    append(ledger, 3)
    close(ledger)
    writeFileSync(join(directory, SENTINEL_FILE), text)
    expect(opened().sentinelAhead).toBeUndefined()
  })
  test('L-11 the sentinel of an earlier life says nothing', () => {
    const ledger = opened()
    append(ledger, 3)
    const then = readFileSync(join(directory, SENTINEL_FILE))
    ledger.openLife(spare, 'witness', T0)
    close(ledger)
    writeFileSync(join(directory, SENTINEL_FILE), then)
    expect(opened().sentinelAhead).toBeUndefined()
  })
})

describe('threads', () => {
  const threadOf = (ledger: Ledger, member: number): number[] => {
    const seqs: number[] = []
    for (let id = ledger.threads.last(member as MemberId); id > 0; id = ledger.ofId(id)?.previous ?? NO_FACT)
      seqs.push(seqOf(id))
    return seqs
  }

  test('L-8 a member’s facts are a list through the rows, newest first, over restarts and savings', () => {
    const ledger = opened()
    const count = THREADS_SAVE_FACTS + 160
    append(ledger, count, { members: 50, perCommit: 100 })
    const member = 3 * 2 ** 33 + 1 + 7
    const expected = Array.from({ length: count }, (_, at) => at + 1)
      .filter((seq) => (seq - 1) % 50 === 7)
      .reverse()
    expect(threadOf(ledger, member)).toEqual(expected)
    expect(seqOf(ledger.meta.threadsSaved)).toBeGreaterThanOrEqual(THREADS_SAVE_FACTS)
    expect(seqOf(ledger.meta.threadsSaved)).toBeLessThan(count)
    close(ledger)
    const again = opened()
    expect(seqOf(again.meta.threadsSaved)).toBe(count)
    expect(threadOf(again, member)).toEqual(expected)
    expect(threadOf(again, 999)).toEqual([])
  })
})

describe('the log', () => {
  const file = (): string => join(directory, LEDGER_FILE)
  const log = (): string => `${file()}-wal`
  /** About a tenth of a megabyte a sale. */
  const LINES = 5_000

  test('L-10 it is moved into the file beside the commits, and is gone after the close', async () => {
    const ledger = opened()
    const before = statSync(file()).size
    append(ledger, 40, { lines: LINES, perCommit: 4 })
    expect(statSync(log()).size).toBeGreaterThan(2 ** 21)
    // Nothing is committed any more: only the other thread can make the file grow.
    await vi.waitUntil(() => statSync(file()).size > before + 2 ** 21, { timeout: 50_000 })
    expect(ledger.verify()).toMatchObject({ chain_ok: true, facts: 40 })
    close(ledger)
    expect(existsSync(log())).toBe(false)
    expect(opened().verify()).toMatchObject({ chain_ok: true, facts: 40 })
  })

  test('L-10 it does not grow without bound where commits follow each other without a pause', () => {
    const ledger = opened()
    append(ledger, 300, { lines: LINES, perCommit: 1 })
    // 30 MB went through it; a commit moves what is left at 4,000 pages.
    expect(statSync(log()).size).toBeLessThan(20 * 2 ** 20)
  })
})

describe('batches', () => {
  test('P-SYNC-2 a batch continues at the seq asked for and stays within both bounds', () => {
    const ledger = opened()
    const writer = append(ledger, BATCH_FACTS_MAX + 10)
    const first = batchFrom(ledger, 1 as Seq, BATCH)
    expect(first?.from).toBe(1)
    expect(first?.previous).toEqual(CHAIN_GENESIS)
    expect(first?.facts).toHaveLength(BATCH_FACTS_MAX)
    const second = batchFrom(ledger, (BATCH_FACTS_MAX + 1) as Seq, BATCH)
    expect(second?.previous).toEqual(writer.hashes[BATCH_FACTS_MAX])
    expect(second?.facts).toEqual(writer.bytes.slice(BATCH_FACTS_MAX).map((bytes) => Buffer.from(bytes)))
    expect(batchFrom(ledger, (BATCH_FACTS_MAX + 11) as Seq, BATCH)).toBeUndefined()
    expect(batchFrom(ledger, 0 as Seq, BATCH)).toBeUndefined()
  })

  test('P-SYNC-2 long facts make a shorter batch, but never an empty one', () => {
    const ledger = opened()
    const writer = append(ledger, 20, { lines: 5_000 })
    const size = writer.bytes[0]?.length ?? 0
    expect(size).toBeGreaterThan(BATCH_BYTES_MAX / 20)
    const facts = batchFrom(ledger, 1 as Seq, BATCH)?.facts ?? []
    expect(facts.length).toBe(Math.floor(BATCH_BYTES_MAX / size))
  })
})

const BATCH = { facts: BATCH_FACTS_MAX, bytes: BATCH_BYTES_MAX }

test('terminals: a name is taken once, a token is found by its hash alone', () => {
  const { terminals } = opened()
  const hash = (text: string): Uint8Array => Buffer.from(text.padEnd(32))
  expect(terminals.add({ name: 't1', role: 'terminal' }, hash('a'))).toBe(true)
  expect(terminals.add({ name: 't1', role: 'admin' }, hash('b'))).toBe(false)
  expect(terminals.find(hash('a'))).toEqual({ name: 't1', role: 'terminal' })
  expect(terminals.find(hash('b'))).toBeUndefined()
  expect(terminals.remove('t1')).toBe(true)
  expect(terminals.remove('t1')).toBe(false)
  expect(terminals.list()).toEqual([])
})
