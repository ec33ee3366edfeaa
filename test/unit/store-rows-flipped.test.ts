// Bits that flip beneath a running store in rows that no chain covers, in its facts, and in keys of its trees: whatever is asked then is answered as before or
// not at all (L-22, L-23). Where one tree of two is flipped, SQLite goes on finding by either.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LEDGER_FILE } from '../../edge/ledger/database.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import type { Ledger } from '../../edge/ledger/ledger.ts'
import { Till } from '../../edge/till/till.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { decodeStoredFact, encodeFact } from '../../protocol/codec.ts'
import type { LeaseTerm } from '../../protocol/leases.ts'
import { flip, flipInIndex, flipInRow, xor } from '../support/flipped-rows.ts'
import { ownDirectory } from '../support/own-directory.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'
import { Shops } from '../support/shops.ts'
import { storeWithRows } from '../support/store-with-rows.ts'
import type { TillUnderTest } from '../support/till-under-test.ts'
import { HandLink, NOW, requestHash, sale } from '../support/till-under-test.ts'
import { VirtualSystem } from '../support/virtual-system.ts'

let made: TillUnderTest
let ann: string
let bob: string
let sold: FactId
let term: LeaseTerm

let directory: string
let ledger: Ledger
let till: Till
let system: VirtualSystem
let faults: unknown[]

beforeAll(async () => {
  ;({ made, ann, bob, sold, term } = await storeWithRows())
})
afterAll(() => made.remove())

beforeEach(() => {
  directory = ownDirectory('flipped')
  cpSync(made.directory, directory, { recursive: true })
  system = new VirtualSystem(NOW + 1_000)
  faults = []
  ledger = openLedger({ directory })
  till = openTill()
})
afterEach(() => {
  ledger.close()
  rmSync(directory, { recursive: true, force: true })
})

function openTill(): Till {
  const opened = new Till({ ledger, system, software: 'test/1', onFault: (cause) => faults.push(cause) })
  opened.connect(new HandLink())
  return opened
}

const balanceOf = (view: unknown): number => (view as { value: { balance: number } }).value.balance

const file = (): string => join(directory, LEDGER_FILE)
const flipped = (sql: string) => (): void => flip(file(), sql)
const lostIn = (index: string, sql: string) => (): void => flipInIndex(file(), index, sql)
const rowLost = (index: string, sql: string) => (): void => flipInRow(file(), index, sql)

type Ask = () => unknown
async function write(...[kind, input, key = 'k']: Parameters<TillUnderTest['start']>): Promise<unknown> {
  const call = { terminal: 't1', key, requestHash: requestHash(kind, input) }
  const result = till.write(kind, call, input as never)
  await system.settle()
  const answer = await result
  return answer.ok ? Buffer.from(answer.value.body).toString() : answer.refusal.code
}

const idText = (member: string): never => member as never
const annView: Ask = () => till.member(idText(ann))
const byCard: Ask = () => till.findMember({ kind: 'card', value: '1' })
const sellByCard: Ask = () => write('sale', { ...sale(100), member: { kind: 'card', value: '1' } })
const again: Ask = () => write('sale', sale(1000, ann), 'first')
const receipt: Ask = () => till.receipt(sold)
const history: Ask = () => till.history({ limit: 20 })
const ofAnn: Ask = () => till.history({ member: ann, limit: 20 })
const redeem: Ask = () => write('redemption', { member: ann, perk: COFFEE })
const risk: Ask = () => write('redemption', { member: bob, perk: COFFEE })
const voids: Ask = () => write('void', { fact: String(sold) })
const returns: Ask = () =>
  write('return', { lines: [{ sale: String(sold), line: 0, quantity: 1, amount: 1000 }] })
const leaseAgain: Ask = () => till.takeLeases({ type: 'leases', cursor: 5, leases: [term] })
const ofAnother: Ask = () => till.member(idText(String(Number(ann) + 64)))
const byOther: Ask = () => till.findMember({ kind: 'card', value: '4' })
const otherKey: Ask = () => write('sale', sale(1000, ann), 'other')
const backToFile: Ask = () => {
  ledger.begin()
  ledger.rollback()
}

const FIRST = `id = (SELECT min(id) FROM facts WHERE key = 'first')`
const OF_ANN = 'member = (SELECT min(member) FROM members)'
const LAST_OF_ANN = `id = (SELECT max(id) FROM facts WHERE ${OF_ANN})`

describe('L-22 L-23', () => {
  test('a fact that names an identity counts for the member whose row has it, where its table lost it', async () => {
    const before = balanceOf(await annView())
    const first = decodeStoredFact(ledger.ofId(sold)?.bytes ?? new Uint8Array())
    const id = ledger.nextId()
    const claim = { kind: 'card', value: '1' } as const
    const bytes = encodeFact({ ...first, id, key: 'claims', member: NO_MEMBER, claim })
    const none = new Uint8Array()
    ledger.transact(() =>
      ledger.append('claims', Number(ann) as MemberId, bytes, ledger.nextHash(bytes), none, 201, none),
    )
    till = openTill()
    const after = balanceOf(await annView())
    expect(after).toBeGreaterThan(before)
    flip(file(), `DELETE FROM identities WHERE value = '1'`)
    till = openTill()
    expect(balanceOf(await annView())).toBe(after)
  })

  test.each<[string, () => void, Ask]>([
    [
      'the key of a fact, in its tree',
      rowLost('facts_key_second', `UPDATE facts SET key = 'elsewhere' WHERE ${FIRST}`),
      again,
    ],
    [
      'a member',
      rowLost('members_second', `UPDATE members SET member = member + 64 WHERE ${OF_ANN}`),
      annView,
    ],
    [
      'an identity, in its tree',
      rowLost('identities_second', `UPDATE identities SET value = '9' WHERE value = '1'`),
      byCard,
    ],
    [
      'that there is a correction',
      rowLost('corrections_second', 'UPDATE corrections SET fact = fact + 64'),
      history,
    ],
    ['a state', flipped(`UPDATE members SET state = zeroblob(length(state)) WHERE ${OF_ANN}`), annView],
    ['what a state covers', flipped(`UPDATE members SET ${xor('covers', 2)} WHERE ${OF_ANN}`), annView],
    ['the state of another', flipped(`UPDATE members SET member = member + 64 WHERE ${OF_ANN}`), ofAnother],
    [
      'who holds an identity',
      flipped(`UPDATE identities SET ${xor('member', 3)} WHERE value = '1'`),
      sellByCard,
    ],
    [
      'who holds an identity, when it is looked up',
      flipped(`UPDATE identities SET ${xor('member', 3)}`),
      byCard,
    ],
    ['an identity', flipped(`UPDATE identities SET value = '4' WHERE value = '1'`), byOther],
    ['what a fact says', flipped(`UPDATE facts SET bytes = zeroblob(length(bytes)) WHERE ${FIRST}`), annView],
    ['the fact before a fact', flipped(`UPDATE facts SET previous = 0 WHERE ${LAST_OF_ANN}`), annView],
    ['that there is a fact', flipped(`UPDATE facts SET id = id + 4096 WHERE ${FIRST}`), annView],
    ['whose a fact is', flipped(`UPDATE facts SET ${xor('member', 3)} WHERE ${FIRST}`), history],
    ['whose a fact is, in a history', flipped(`UPDATE facts SET ${xor('member', 3)} WHERE ${FIRST}`), ofAnn],
    [
      'an answer',
      flipped(
        `UPDATE facts SET answer = CAST(replace(answer, '"balance":6', '"balance":7') AS BLOB) WHERE ${FIRST}`,
      ),
      receipt,
    ],
    ['a status', flipped(`UPDATE facts SET ${xor('status', 1)} WHERE ${FIRST}`), again],
    ['a request', flipped(`UPDATE facts SET request_hash = zeroblob(32) WHERE ${FIRST}`), again],
    ['the key of a fact', flipped(`UPDATE facts SET key = 'other' WHERE ${FIRST}`), otherKey],
    [
      'the last fact of a member',
      flipped(`UPDATE threads SET fact = (SELECT id FROM facts WHERE ${FIRST}) WHERE ${OF_ANN}`),
      annView,
    ],
    ['that a member has facts', rowLost('threads_second', `DELETE FROM threads WHERE ${OF_ANN}`), annView],
    ['a lease', flipped(`UPDATE leases SET ${xor('granted', 8)}`), redeem],
    ['a lease, in the view of a member', flipped(`UPDATE leases SET ${xor('granted', 8)}`), annView],
    ['whose a lease is', lostIn('leases_subject', `UPDATE leases SET ${xor('member', 64)}`), redeem],
    [
      'whose a lease is, in the other tree',
      lostIn('leases_second', `UPDATE leases SET ${xor('member', 64)}`),
      annView,
    ],
    [
      'that there is a lease, when the cloud tells it again',
      rowLost('leases_second', 'DELETE FROM leases'),
      leaseAgain,
    ],
    [
      'how far leases were told',
      flipped(`UPDATE lease_cursor SET ${xor('cursor', 8)}`),
      () => ledger.leases.cursor,
    ],
    ['what is risked', rowLost('risks_second', `UPDATE risks SET ${xor('points', 64)}`), risk],
    ['that something is risked', rowLost('risks_second', 'DELETE FROM risks'), risk],
    ['what is risked, in the other tree', lostIn('risks_second', `UPDATE risks SET ${xor('open', 1)}`), risk],
    [
      'that something came back',
      rowLost(
        'mentions_second',
        `DELETE FROM mentions WHERE fact = (SELECT id FROM facts WHERE key = 'first')`,
      ),
      returns,
    ],
    [
      'of what something came back',
      lostIn('mentions_second', `UPDATE mentions SET ${xor('fact', 64)}`),
      voids,
    ],
    [
      'when a reservation ends',
      rowLost('reservations_second', `UPDATE reservations SET ${xor('due', 1)}`),
      () => ledger.sequels.reservations(),
    ],
    [
      'that there is a reservation',
      rowLost('reservations_second', 'DELETE FROM reservations'),
      () => ledger.sequels.reservations(),
    ],
    ['a correction', flipped(`UPDATE corrections SET ${xor('points', 1)}`), history],
    ['a program', flipped(`UPDATE programs SET ${xor('effective_from', 1)}`), () => ledger.programs.all()],
    ['where the ledger stands', flipped(`UPDATE standing SET ${xor('threads_saved', 1)}`), backToFile],
  ])('%s: a flipped bit there is no answer, and nothing more is written', async (_, flips, ask) => {
    flips()
    let answer: unknown
    try {
      answer = await ask()
    } catch (cause) {
      // As the server does with what a route throws.
      ledger.failed(cause)
    }
    expect(ledger.broken, JSON.stringify(answer)).toBe(true)
    expect(await write('sale', sale(100), 'next')).toBe('fault')
  })

  test('L-13 what the link reads breaks the store too', async () => {
    const world = await Shops.open(SMALL_PROGRAM, 1)
    try {
      const shop = world.shop(0)
      await shop.enrol('1')
      await shop.cut()
      flip(join(shop.directory, LEDGER_FILE), `UPDATE lease_cursor SET ${xor('cursor', 8)}`)
      expect(shop.ledger.broken).toBe(false)
      await shop.mend()
      expect(shop.ledger.broken).toBe(true)
    } finally {
      await world.close()
    }
  })
})
