// What becomes of a life that is over (P-LIFE-5). The cloud's chain of it is read page by page and compared with this ledger's: up to some place they are
// the same; what only the cloud has is kept for receipts, returns and keys; what only this ledger has is recorded again under the open life, once
// each by its key, with its own times and promises. Every page is one transaction, so a crash goes on where it stopped.
import { chainHash, sameHash } from '../../protocol/chain.ts'
import { decodeFact, decodeStoredFact, encodeFact } from '../../protocol/codec.ts'
import type { Enrolment, Fact } from '../../protocol/facts.ts'
import type { Past } from '../../protocol/frames/past.ts'
import type { Tail } from '../../protocol/frames/tail.ts'
import type { FactId, MemberId, Seq } from '../../protocol/ids.ts'
import { NO_FACT, NO_MEMBER, factIdOf, originOf, seqOf } from '../../protocol/ids.ts'
import { RECORD_AGAIN_MAX } from '../../protocol/limits.ts'
import { assert } from '../../protocol/result.ts'
import { spendable } from '../../cloud/evaluation/state.ts'
import { millisOf } from '../../protocol/time.ts'
import type { FactRow } from '../ledger/fact-statements.ts'
import type { PastLife, TailRow } from '../ledger/lives.ts'
import { epochOf } from '../ledger/places.ts'
import type { Books } from './books.ts'
import { tell, transact } from './cloud-word.ts'
import { RECORDED } from './recording.ts'
import { counted, timeText } from './wording.ts'

/** The request of a call that this ledger never saw: whatever comes with its key is it. */
export const ANY_REQUEST = new Uint8Array()

/** What to ask the cloud about the oldest life that is not settled; undefined when all are. */
export function nextPast({ ledger }: Books): Past | undefined {
  const life = ledger.lives.unsettled()
  return life && { type: 'past', origin: life.origin, after: life.read, hash: life.readHash }
}

/** Takes a page. True once the cloud's chain of that life was read to its end. Throws for what is no chain. */
export function takeTail(books: Books, { origin, from, facts, seq, head }: Tail): boolean {
  const { ledger } = books
  const life = ledger.lives.unsettled()
  if (life?.origin !== origin) return true
  // The cloud has another history than was thought: it is read from its beginning.
  const again = from !== life.read + 1
  assert(!again || from === 1, 'a tail goes on from where it was asked about, or from the beginning')
  let same = again ? (0 as Seq) : life.same
  let hash = again ? startOf(ledger.hashIn(origin, 0 as Seq)) : life.readHash
  let at = (from - 1) as Seq
  ledger.transact(() => {
    for (const bytes of facts) {
      hash = chainHash(hash, bytes)
      at = (at + 1) as Seq
      const own = ledger.hashIn(origin, at)
      if (same === at - 1 && own !== undefined && sameHash(own, hash)) same = at
      else keep(books, factIdOf(origin, at), bytes, hash)
    }
    const ends = at >= seq || facts.length === 0
    assert(!ends || at < seq || seq === 0 || sameHash(hash, head), 'the tail leads to the head of its chain')
    ledger.lives.saveRead(origin, same, at, hash)
  })
  return at >= seq || facts.length === 0
}

function startOf(genesis: Uint8Array | undefined): Uint8Array {
  assert(genesis !== undefined, 'every chain begins at the genesis')
  return genesis
}

/** A fact that the cloud set aside stays there; its place was read all the same. */
function keep({ ledger }: Books, id: FactId, bytes: Uint8Array, hash: Uint8Array): void {
  const decoded = decodeFact(bytes)
  if (!decoded.ok || decoded.value.id !== id) return
  const { key, member } = decoded.value
  ledger.lives.keepTail({ id, member: memberOf(decoded.value, member), bytes, hash }, key)
}

function memberOf(fact: Fact, named: MemberId): MemberId {
  return fact.kind === 'enrolment' ? (fact.id as number as MemberId) : named
}

/** Records at most RECORD_AGAIN_MAX facts again that the cloud does not have. True when the life is settled by that. */
export function recordAgain(books: Books): boolean {
  const { ledger, clock, ticks } = books
  const life = ledger.lives.unsettled()
  if (life === undefined) return true
  const last = ledger.seqIn(life.origin)
  const open = strays(books, life, last)
  const gone = open.length > RECORD_AGAIN_MAX ? [] : goneFromCloud(books, life)
  const more = open.length + gone.length > RECORD_AGAIN_MAX
  transact(books, () => {
    for (const id of open.slice(0, RECORD_AGAIN_MAX)) oneAgain(books, id)
    for (const row of gone.slice(0, RECORD_AGAIN_MAX - open.length)) keptAgain(books, row)
    if (more) return
    ledger.meta.setClock(ticks.last, clock.least(), clock.word())
    ledger.lives.settle(life.origin)
    tellSettled(books, life, last)
  })
  books.cards.forgetAll()
  return !more
}

/** Facts of a life beyond what the cloud has too, that were not recorded again yet. */
function strays({ ledger }: Books, { origin, same }: PastLife, last: Seq): FactId[] {
  const ids: FactId[] = []
  for (let seq = same + 1; seq <= last && ids.length <= RECORD_AGAIN_MAX; seq++) {
    const id = factIdOf(origin, seq as Seq)
    if (ledger.lives.again(id) === undefined) ids.push(id)
  }
  return ids
}

/** What was kept of the cloud's chain of a life, and a cloud that was restored has no longer: nobody else may hold it. */
function goneFromCloud({ ledger }: Books, { origin, read }: PastLife): TailRow[] {
  return ledger.lives.tailAfter(origin, read).filter(({ id, bytes, again }) => {
    if (again !== null) return false
    const own = ledger.ofKey(decodeStoredFact(bytes).key)?.id
    return own === undefined || ledger.lives.again(own) === id
  })
}

function keptAgain(books: Books, row: TailRow): void {
  const { ledger } = books
  const kept = decodeStoredFact(row.bytes)
  const own = ledger.ofKey(kept.key)?.id
  const id = ledger.nextId()
  ledger.lives.keptAgain(row.id, id)
  // Handed in here again, it counted as the cloud's.
  if (own !== undefined) return recordedAgain(books, own)
  const fact = { ...withNames(books, kept, id), id } as Fact
  const bytes = encodeFact(fact)
  const hash = ledger.nextHash(bytes)
  const member = memberOf(fact, namedNow(books, row.member, id))
  ledger.append(kept.key, member, bytes, hash, ANY_REQUEST, RECORDED, answerOf(books, row, { id, hash }))
  if (kept.kind === 'enrolment') ledger.members.rename(row.id as number as MemberId, member, kept, false)
  ledger.sequels.rename(row.id, id)
}

function oneAgain(books: Books, id: FactId): void {
  const { ledger } = books
  const { bytes } = ownFact(books, id)
  const fact = decodeStoredFact(bytes)
  const lost = ledger.lives.tailOfKey(fact.key)
  // The terminal handed it in again after the ledger was put back: the cloud has it already, and it counts as that.
  if (lost !== undefined) {
    ledger.lives.stray(id, lost.id, ledger.nextId())
    const now = ledger.lives.now(id)
    if (fact.kind === 'enrolment') enrolledAgain(books, id, fact, now as number as MemberId)
    ledger.sequels.rename(id, now)
    return
  }
  recordedAgain(books, id)
}

function ownFact({ ledger }: Books, id: FactId): FactRow {
  const row = ledger.ofId(id)
  assert(row !== undefined, 'a life has no gaps')
  return row
}

function recordedAgain(books: Books, id: FactId): void {
  const { ledger } = books
  const row = ownFact(books, id)
  const fact = decodeStoredFact(row.bytes)
  const renamed = { ...withNames(books, fact, id), id: ledger.nextId() } as Fact
  const member = memberOf(renamed, namedNow(books, row.member, id))
  if (fact.kind === 'enrolment') enrolledAgain(books, id, fact, member)
  ledger.sequels.rename(id, ledger.recordAgain(id, member, encodeFact(renamed)))
}

function enrolledAgain({ ledger }: Books, id: FactId, fact: Enrolment, member: MemberId): void {
  const theirs = ledger.lives.tailOf(id)
  const another = theirs !== undefined && decodeStoredFact(theirs.bytes).kind === 'enrolment'
  ledger.members.rename(id as number as MemberId, member, fact, another)
}

/** What a fact names, as it means it that was written at a place of this ledger, may have been recorded again before it. */
function withNames(books: Books, fact: Fact, at: FactId): Fact {
  const now = (id: FactId): FactId => books.ledger.lives.now(id, at)
  const member = namedNow(books, fact.member, at)
  if (fact.kind === 'void') return { ...fact, member, fact: now(fact.fact) }
  if (fact.kind === 'redemption') return { ...fact, member, of: now(fact.of) }
  if (fact.kind === 'return')
    return { ...fact, member, lines: fact.lines.map((line) => ({ ...line, sale: now(line.sale) })) }
  return fact.member === member ? fact : { ...fact, member }
}

function namedNow({ ledger }: Books, member: MemberId, at: FactId): MemberId {
  return ledger.lives.now(member as number as FactId, at) as number as MemberId
}

function tellSettled(books: Books, { origin, epoch, same, read }: PastLife, last: Seq): void {
  const lost = read - same
  let again = 0
  for (let seq = same + 1; seq <= last; seq++) {
    const now = books.ledger.lives.again(factIdOf(origin, seq as Seq))
    if (now !== undefined && originOf(now) !== origin) again += 1
  }
  if (lost === 0 && last === same) return
  const text =
    `Life ${epoch} is settled: ${counted(lost, 'record')} came back from the cloud, ` +
    `${counted(again, 'record')} of this ledger ${again === 1 ? 'was' : 'were'} recorded again`
  tell(books, { kind: 'notice', fact: null, member: null, points: 0, text })
}

/** The answer for a fact that was lost here: what is known of it, in the shape of any receipt. */
export function tailReceipt(books: Books, id: FactId): Uint8Array | undefined {
  const row = books.ledger.lives.tailOf(id)
  return row && answerOf(books, row, row)
}

/** The stored answer, byte for byte; where it was lost with a damaged file (L-16), as that of a fact that was lost. */
export function keptReceipt(books: Books, id: FactId): Uint8Array | undefined {
  const row = books.ledger.ofId(id)
  if (row === undefined) return tailReceipt(books, id)
  return row.answer.length > 0 ? row.answer : answerOf(books, row, row)
}

function answerOf(
  books: Books,
  row: Pick<TailRow, 'member' | 'bytes'>,
  { id, hash }: Pick<TailRow, 'id' | 'hash'>,
): Uint8Array {
  const fact = decodeStoredFact(row.bytes)
  const epoch = epochOf(books.ledger, id)
  const card = row.member === NO_MEMBER ? undefined : books.cards.get(row.member)
  const spending =
    fact.kind === 'redemption'
      ? {
          redemption: {
            id: String(fact.of === NO_FACT ? id : fact.of),
            stage: fact.stage,
            perk: fact.perk,
            points: fact.points,
            discount: null,
          },
        }
      : {}
  return Buffer.from(
    JSON.stringify({
      receipt: { id: String(id), epoch, seq: seqOf(id), hash: Buffer.from(hash).toString('hex') },
      kind: fact.kind,
      at: timeText(millisOf(fact.at)),
      status: fact.confirmed ? 'confirmed' : 'provisional',
      as_of: null,
      member:
        card === undefined
          ? null
          : {
              id: String(card.member),
              tier: null,
              balance: spendable(card.state),
              lifetime: card.state.lifetime,
            },
      points: fact.promised,
      entries: [],
      tier_change: null,
      vouchers: [],
      ...spending,
      notes: [],
    }),
  )
}
