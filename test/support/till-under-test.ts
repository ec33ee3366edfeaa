// A till on a real ledger in a directory of its own, with time and the link to the cloud in the test's hands. `restart` throws the memory away
// and opens the files again; `crashed` opens a copy of the files as they stand on disk now, as after a kill.
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { encodeState, newState } from '../../cloud/evaluation/state.ts'
import { LEDGER_FILE, openDatabase } from '../../edge/ledger/database.ts'
import type { Database } from '../../edge/ledger/database.ts'
import { Ledger } from '../../edge/ledger/ledger.ts'
import type { Receipt } from '../../edge/till/answers.ts'
import type { CloudLink, MemberQuestion, SpendingQuestion } from '../../edge/till/cloud-link.ts'
import type { InputOf, WriteKind } from '../../edge/till/inputs.ts'
import { Till } from '../../edge/till/till.ts'
import type { StoredAnswer } from '../../edge/till/till.ts'
import type { Budgets } from '../../protocol/frames/budgets.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { Identity } from '../../protocol/facts.ts'
import type { MemberId, Origin, ProgramVersion, Seq, StoreId } from '../../protocol/ids.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime } from '../../protocol/time.ts'
import { SMALL_PROGRAM } from './programs.ts'
import { VirtualSystem } from './virtual-system.ts'
import { ownDirectory } from './own-directory.ts'

export const ORIGIN = 3 as Origin
export const STORE = { id: 1 as StoreId, name: 'Bath', zone: 'Europe/London' }
/** A Monday in winter, 10:00 in London. */
export const NOW = Date.UTC(2026, 0, 5, 10)

/** A link whose far end is the test: it answers when and what the test says. */
export class HandLink implements CloudLink {
  up = false
  wordAt: number | null = null
  commits = 0
  readonly asked: (MemberQuestion | SpendingQuestion)[] = []
  find: (question: MemberQuestion) => Promise<MemberId | 'none' | 'unreachable'> = () =>
    Promise.resolve('none')
  tellBudgets: () => Promise<Budgets | 'unreachable'> = () => Promise.resolve('unreachable')
  decide: (question: SpendingQuestion) => Promise<Decision | 'unreachable'> = () =>
    Promise.resolve('unreachable')

  lastWordAt(): number | null {
    return this.wordAt
  }

  way(): { via: 'socket'; obstacle: null } {
    return { via: 'socket', obstacle: null }
  }

  live(): boolean {
    return this.up
  }

  findMember(question: MemberQuestion): Promise<MemberId | 'none' | 'unreachable'> {
    this.asked.push(question)
    return this.find(question)
  }

  authorise(question: SpendingQuestion): Promise<Decision | 'unreachable'> {
    this.asked.push(question)
    return this.decide(question)
  }

  budgets(): Promise<Budgets | 'unreachable'> {
    return this.tellBudgets()
  }

  /** Facts up to here may be known to the cloud. */
  sent = 0

  sentUpTo(): Seq {
    return this.sent as Seq
  }

  newLife(): void {}

  witnessed(): void {}

  committed(): void {
    this.commits += 1
  }
}

export function decision(part: Partial<Decision>): Decision {
  return {
    type: 'decision',
    question: 1,
    hold: 77,
    points: 0 as Points,
    member: 0 as MemberId,
    perk: null,
    refused: null,
    detail: '',
    ...part,
  }
}

export function requestHash(...parts: unknown[]): Uint8Array {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

/** An input as it stands in JSON: numbers without their brands. */
export type Plain<T> = T extends number
  ? number
  : T extends readonly (infer U)[]
    ? Plain<U>[]
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T

export interface TillOptionsUnderTest {
  readonly program?: ProgramDocument | null
  readonly backdateMs?: number
}

export class TillUnderTest {
  readonly directory: string
  system: VirtualSystem
  readonly link = new HandLink()
  readonly faults: unknown[] = []
  readonly #options: TillOptionsUnderTest
  readonly #copies: string[] = []
  /** The ledger's own connection, for limits and for looking. */
  database: Database
  ledger: Ledger
  till: Till
  #keys = 0

  constructor(options: TillOptionsUnderTest = {}) {
    this.#options = options
    this.directory = ownDirectory('till')
    this.system = new VirtualSystem(NOW)
    const open = openDatabase(this.directory)
    this.database = open.database
    this.ledger = new Ledger(open)
    this.ledger.enrol({
      edge: 7,
      origin: ORIGIN,
      epoch: 1,
      store: STORE,
      privateKey: 'not used here',
      cloudPublicKey: 'not used here',
      cloudUrl: 'http://127.0.0.1:1',
    })
    this.till = this.#newTill(this.ledger)
    const { program = SMALL_PROGRAM } = options
    if (program !== null) this.publish(1, program)
  }

  #newTill(ledger: Ledger): Till {
    const { backdateMs } = this.#options
    const till = new Till({
      ledger,
      system: this.system,
      software: 'test/1',
      onFault: (cause) => this.faults.push(cause),
      ...(backdateMs === undefined ? {} : { backdateMs }),
    })
    till.connect(this.link)
    return till
  }

  publish(version: number, document: ProgramDocument, from = Date.UTC(2000, 0, 1)): void {
    this.till.takeProgram({
      type: 'program',
      version: version as ProgramVersion,
      effective_from: hybridTime(from),
      document: JSON.stringify(document),
    })
  }

  restart(): void {
    this.ledger.close()
    // A process takes its timers with it.
    const { now, wallAhead } = this.system
    this.system = new VirtualSystem(now)
    this.system.wallAhead = wallAhead
    const open = openDatabase(this.directory)
    this.database = open.database
    this.ledger = new Ledger(open)
    this.till = this.#newTill(this.ledger)
  }

  /** A ledger on what is on the disk at this moment. */
  crashed(): Ledger {
    const copy = ownDirectory('copy')
    this.#copies.push(copy)
    mkdirSync(copy, { recursive: true })
    for (const name of [LEDGER_FILE, `${LEDGER_FILE}-wal`]) {
      const path = join(this.directory, name)
      if (existsSync(path)) copyFileSync(path, join(copy, name))
    }
    return new Ledger(openDatabase(copy))
  }

  remove(): void {
    this.ledger.close()
    for (const directory of [this.directory, ...this.#copies])
      rmSync(directory, { recursive: true, force: true })
  }

  /** The link is up and the cloud has just spoken. */
  online(): void {
    this.link.up = true
    this.link.wordAt = this.system.now
  }

  offline(): void {
    this.link.up = false
  }

  nextKey(): string {
    return `k-${++this.#keys}`
  }

  /** A write that is not waited for. */
  start<K extends WriteKind>(
    kind: K,
    input: Plain<InputOf<K>>,
    key = this.nextKey(),
  ): Promise<Result<StoredAnswer>> {
    const call = { terminal: 't1', key, requestHash: requestHash(kind, input) }
    // The brands say where numbers came from, not what they are.
    return this.till.write(kind, call, input as InputOf<K>)
  }

  async write<K extends WriteKind>(
    kind: K,
    input: Plain<InputOf<K>>,
    key = this.nextKey(),
  ): Promise<Result<StoredAnswer>> {
    const result = this.start(kind, input, key)
    await this.system.settle()
    return result
  }

  /** A write that must go well. */
  async done<K extends WriteKind>(kind: K, input: Plain<InputOf<K>>, key = this.nextKey()): Promise<Receipt> {
    return receiptOf(await this.write(kind, input, key))
  }

  /** The code a write is refused with. */
  async refused<K extends WriteKind>(
    kind: K,
    input: Plain<InputOf<K>>,
    key = this.nextKey(),
  ): Promise<RefusalCode | undefined> {
    const result = await this.write(kind, input, key)
    return result.ok ? undefined : result.refusal.code
  }

  /** Enrols with a card of this number and returns the id. */
  async member(card: string, name = 'Jane Doe'): Promise<string> {
    const { receipt } = await this.done('enrolment', { name, identities: [{ kind: 'card', value: card }] })
    return receipt.id
  }

  /** The cloud sends a member's state. */
  send(
    member: MemberId,
    state: Partial<MemberState>,
    { identities = [], name = null, covers = 0, cursor = 1 }: Partial<SentMember> = {},
  ): void {
    this.till.takeMembers({
      type: 'members',
      cursor,
      more: false,
      members: [
        {
          member,
          name,
          identities: [...identities],
          state: encodeState({ ...newState(), ...state }),
          covers: covers as Seq,
        },
      ],
    })
  }
}

interface SentMember {
  readonly identities: readonly Identity[]
  readonly name: string | null
  readonly covers: number
  readonly cursor: number
}

export function receiptOf(result: Result<StoredAnswer>): Receipt {
  if (!result.ok) throw new Error(`refused: ${result.refusal.code}: ${result.refusal.detail}`)
  return JSON.parse(textOf(result.value.body)) as Receipt
}

export function textOf(body: Uint8Array): string {
  return Buffer.from(body).toString()
}

/** A member of another store. */
export function stranger(seq: number): MemberId {
  return factIdOf(9 as Origin, seq as Seq) as number as MemberId
}

export const sale = (amount: number, member?: string): Plain<InputOf<'sale'>> => ({
  lines: [{ sku: 'SKU1', amount }],
  ...(member === undefined ? {} : { member }),
})
