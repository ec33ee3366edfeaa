// L-13, L-22 and L-23 at large: any bit of the pages of a store's file flips beneath its open ledger; then members, receipts and the history are asked for, sales
// are made and repeated, and points are spent by a lease and at risk. Whatever is answered is what it would have been, or there is no answer.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isStorageBroken } from '../../../cloud/storage/faults.ts'
import { LEDGER_FILE } from '../../../edge/ledger/database.ts'
import { openLedger } from '../../../edge/ledger/ledger.ts'
import type { Ledger } from '../../../edge/ledger/ledger.ts'
import { Till } from '../../../edge/till/till.ts'
import type { Random } from '../../support/random.ts'
import { COFFEE } from '../../support/programs.ts'
import { storeWithRows } from '../../support/store-with-rows.ts'
import type { StoreWithRows } from '../../support/store-with-rows.ts'
import { HandLink, NOW, requestHash, sale } from '../../support/till-under-test.ts'
import type { TillUnderTest } from '../../support/till-under-test.ts'
import { VirtualSystem } from '../../support/virtual-system.ts'
import type { RigOptions } from '../frame/rig.ts'
import { bitOf, flipBeneath, noFlips, note, pagesOf } from '../../support/raw-flips.ts'
import type { FlipTally } from '../../support/raw-flips.ts'

const CARDS = ['1', '2', '3', '4']
const SAID_EVERY = 500

export async function storeFlippedAnywhere(
  directory: string,
  { random, flips, say }: { random: Random; flips: number; say: RigOptions['say'] },
): Promise<FlipTally> {
  const rows = await storeWithRows()
  const place = join(directory, 'flipped-store')
  const fresh = (): OpenStore => {
    rmSync(place, { recursive: true, force: true })
    cpSync(rows.made.directory, place, { recursive: true })
    return new OpenStore(place, rows)
  }
  const pages = pagesOf(join(rows.made.directory, LEDGER_FILE), null)
  const sound = fresh()
  const told = await sound.asked()
  sound.close()
  const tally = noFlips()
  while (tally.flips < flips) {
    if (tally.flips > 0 && tally.flips % SAID_EVERY === 0) say(`${tally.flips} of ${flips} bits of a store`)
    const store = fresh()
    const bit = bitOf(random, pages)
    flipBeneath(join(place, LEDGER_FILE), bit)
    const outcome = await store.asked().then(
      (answers) => (answers === told ? 'same' : 'wrong'),
      (cause: unknown) => (isNoAnswer(cause) ? 'ended' : new Error('no failure of the disk', { cause })),
    )
    note(tally, bit, outcome)
    store.close()
  }
  rows.made.remove()
  return tally
}

/** Or a row that nobody read has a value of no type of its column, which SQLite does not write again. */
function isNoAnswer(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return isStorageBroken(cause) || code === 'SQLITE_CONSTRAINT_DATATYPE'
}

class OpenStore {
  readonly #rows: StoreWithRows
  readonly #ledger: Ledger
  readonly #till: Till
  readonly #system = new VirtualSystem(NOW + 1_000)
  #fault: Error | undefined
  readonly #answers: string[] = []

  constructor(directory: string, rows: StoreWithRows) {
    this.#rows = rows
    this.#ledger = openLedger({ directory })
    this.#till = new Till({
      ledger: this.#ledger,
      system: this.#system,
      software: 'test/1',
      onFault: (cause) => void (this.#fault ??= cause instanceof Error ? cause : new Error(String(cause))),
    })
    this.#till.connect(new HandLink())
  }

  close(): void {
    this.#ledger.close()
  }

  /** All that the till says, before and after it records. */
  async asked(): Promise<string> {
    const { ann, bob, sold, term } = this.#rows
    await this.#look()
    // A call that is repeated.
    await this.#write('sale', sale(1000, ann), 'first')
    await this.#write('sale', { ...sale(100), member: { kind: 'card', value: '1' } }, 'by card')
    await this.#write('redemption', { member: ann, perk: COFFEE }, 'by lease')
    await this.#write('redemption', { member: bob, perk: COFFEE }, 'at risk')
    const line = { sale: String(sold), line: 0, quantity: 1, amount: 1000 }
    await this.#write('return', { lines: [line] }, 'more than is left')
    await this.#write('void', { fact: String(sold) }, 'void')
    await this.#say(() => this.#till.takeLeases({ type: 'leases', cursor: 5, leases: [term] }))
    await this.#write('redemption', { member: ann, perk: COFFEE }, 'by lease again')
    await this.#look()
    return this.#answers.join('\n')
  }

  async #look(): Promise<void> {
    const { ann, bob, sold } = this.#rows
    for (const member of [ann, bob] as never[]) await this.#say(() => this.#till.member(member))
    for (const value of CARDS) await this.#say(() => this.#till.findMember({ kind: 'card', value }))
    await this.#say(() => this.#till.receipt(sold))
    await this.#say(() => this.#till.history({ limit: 20 }))
    await this.#say(() => this.#till.history({ member: ann, limit: 20 }))
  }

  async #write(...[kind, input, key = 'k']: Parameters<TillUnderTest['start']>): Promise<void> {
    const call = { terminal: 't1', key, requestHash: requestHash(kind, input) }
    await this.#say(async () => {
      const result = this.#till.write(kind, call, input as never)
      await this.#system.settle()
      const answer = await result
      return answer.ok ? Buffer.from(answer.value.body).toString() : answer.refusal.code
    })
  }

  async #say(ask: () => unknown): Promise<void> {
    const answer = await ask()
    await this.#system.settle()
    // Then the process ends, before anybody hears.
    if (this.#fault !== undefined) throw this.#fault
    this.#answers.push(JSON.stringify(answer) ?? 'done')
  }
}
