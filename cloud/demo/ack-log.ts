// The outside log of attempts and acknowledgements: what was asked of the stores and what they told, kept apart from everything the stores and the
// cloud keep. Lost and duplicated are counted against it. With a file, a line is on the disk before the caller goes on, so that the log also outlives
// whoever writes it. A store's positions have no gaps and every fact of a replay is some call's, so the acknowledged seqs of a store must be
// exactly 1 to n, each for one key.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { idFromText, originOf, seqOf } from '../../protocol/ids.ts'
import type { FactId } from '../../protocol/ids.ts'

export interface Acknowledgement {
  readonly key: string
  /** Of the receipt, a decimal text. */
  readonly id: string
  readonly hash: string
  /** Of the whole answer: a repeated call must get the same bytes. */
  readonly checksum: number
}

export interface StoreAcks {
  readonly origin: number
  /** Distinct positions acknowledged. */
  readonly count: number
  readonly lastSeq: number
  /** Chain hash at lastSeq, as the receipt told it. */
  readonly lastHash: string
}

interface StoreLog {
  readonly origin: number
  readonly keyOfSeq: Map<number, string>
  lastSeq: number
  lastHash: string
}

/** Monotonic nanoseconds, the clock of CLOCK_MONOTONIC: comparable with other processes of this machine. */
export type Instant = bigint

/** `one`: a store's facts are all of one life of its ledger. `many`: lives may end, and each has positions of its own. */
export type LivesExpected = 'one' | 'many'

export interface Acknowledged extends Acknowledgement {
  readonly store: number
  /** When the answer was first heard. */
  readonly at: Instant
}

export class AckLog {
  readonly #file: number | undefined
  readonly #attempts = new Set<string>()
  readonly #byKey = new Map<string, Acknowledged>()
  readonly #stores = new Map<number, StoreLog>()
  readonly #faults: string[] = []
  readonly #lives: LivesExpected

  /** `file` gets a line for every attempt and answer; left out, the log is in memory only. */
  constructor(file?: string, lives: LivesExpected = 'one') {
    this.#lives = lives
    this.#file = file === undefined ? undefined : openSync(file, 'a')
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }

  /** Before the first call with the key goes out. */
  attempt(store: number, key: string): void {
    if (this.#attempts.has(`${store} ${key}`)) return
    this.#attempts.add(`${store} ${key}`)
    this.#write({ attempt: key, store })
  }

  attempted(store: number, key: string): boolean {
    return this.#attempts.has(`${store} ${key}`)
  }

  /** Keys that were asked for and never answered, as `store key`. */
  unanswered(): string[] {
    return [...this.#attempts].filter((name) => !this.#byKey.has(name))
  }

  /** In the order in which the answers were heard. */
  acknowledged(): Iterable<Acknowledged> {
    return this.#byKey.values()
  }

  /** Keys are a store's own, like the positions. False for a key that was answered before. */
  record(store: number, ack: Acknowledgement): boolean {
    const name = `${store} ${ack.key}`
    const before = this.#byKey.get(name)
    if (before !== undefined) {
      if (before.id !== ack.id)
        this.#faults.push(`${ack.key} was answered with ${before.id} and with ${ack.id}`)
      else if (before.checksum !== ack.checksum)
        this.#faults.push(`${ack.key} was answered a second time with other bytes`)
      return false
    }
    this.#byKey.set(name, { ...ack, store, at: process.hrtime.bigint() })
    this.#write({ acknowledged: ack.key, store, ...ack })
    const id = idFromText<FactId>(ack.id)
    if (id === undefined) this.#faults.push(`${ack.key} was answered with the id ${ack.id}, which is none`)
    else this.#place(store, ack, originOf(id), seqOf(id))
    return true
  }

  #place(store: number, ack: Acknowledgement, origin: number, seq: number): void {
    let log = this.#stores.get(store)
    if (log === undefined || (this.#lives === 'many' && origin > log.origin)) {
      log = { origin, keyOfSeq: new Map(), lastSeq: 0, lastHash: '' }
      this.#stores.set(store, log)
    }
    // A store that answers for an earlier life of its ledger repeats what that life answered.
    if (this.#lives === 'many' && origin < log.origin) return
    const other = log.keyOfSeq.get(seq)
    if (log.origin !== origin)
      this.#faults.push(`${ack.key} has origin ${origin}, the store's was ${log.origin}`)
    // After a rewind that no receipt showed in time, one id may have been told twice, with two hashes (P-LIFE-5).
    else if (other !== undefined && this.#lives === 'one')
      this.#faults.push(`${ack.key} and ${other} were answered with one id`)
    log.keyOfSeq.set(seq, ack.key)
    if (seq > log.lastSeq) {
      log.lastSeq = seq
      log.lastHash = ack.hash
    }
  }

  /** It was answered with a no, and asked for no more: in the cloud it would be a fact that nobody asked for. */
  refuse(store: number, key: string, code: string): void {
    this.#attempts.delete(`${store} ${key}`)
    this.#write({ refused: key, store, code })
  }

  /** Disk and terminal are gone, and with them the call: all that knew of it but this log. */
  lose(store: number, key: string): void {
    this.#attempts.delete(`${store} ${key}`)
    this.#byKey.delete(`${store} ${key}`)
    this.#write({ lost: key, store })
  }

  /** The answer to a key was given by a disk that is gone: it is asked for again, and the next answer is the one that counts. */
  askAgain(store: number, key: string): void {
    this.#byKey.delete(`${store} ${key}`)
    this.#write({ again: key, store })
  }

  /** What no honest store would have answered. */
  get faults(): readonly string[] {
    return this.#faults
  }

  get count(): number {
    return this.#byKey.size
  }

  /** Undefined while the store has acknowledged nothing. */
  store(store: number): StoreAcks | undefined {
    const log = this.#stores.get(store)
    if (log === undefined) return undefined
    return { origin: log.origin, count: log.keyOfSeq.size, lastSeq: log.lastSeq, lastHash: log.lastHash }
  }

  /** Acknowledged positions of the store that lie above what is there. */
  above(store: number, seq: number): number {
    return [...(this.#stores.get(store)?.keyOfSeq.keys() ?? [])].filter((acked) => acked > seq).length
  }

  /** Positions up to `seq` that nobody was answered with. */
  unansweredPositions(store: number, seq: number): number {
    const keys = this.#stores.get(store)?.keyOfSeq
    let count = 0
    for (let at = 1; at <= seq; at += 1) if (keys?.has(at) !== true) count += 1
    return count
  }

  #write(line: object): void {
    if (this.#file === undefined) return
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
    fdatasyncSync(this.#file)
  }
}
