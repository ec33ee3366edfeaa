// The lives of the ledger, as the till sees them (P-LIFE). A life ends at once when something shows that its place may exist elsewhere: a terminal's
// receipt, the sentinel, the cloud's word. The next begins from a spare in one transaction, before another fact is written, and the feed says so.
import type { FactId, Origin, Seq } from '../../protocol/ids.ts'
import { originOf, seqOf } from '../../protocol/ids.ts'
import { sameHash } from '../../protocol/chain.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import { LedgerRefused } from '../ledger/database.ts'
import type { EdgeIdentity } from '../ledger/meta.ts'
import { asAnotherApplicant } from './applicant.ts'
import type { Books } from './books.ts'
import { tell, transact } from './cloud-word.ts'

/** What a terminal kept of the last answer it got. */
export interface KeptReceipt {
  readonly id: FactId
  readonly epoch: number
  readonly hash: Uint8Array
}

/**
 * `known`: it is of this ledger as it stands. `ahead`: it is not, and the next life was begun. `past`: of a life that is over. `elsewhere`: of
 * another ledger. `unresolved`: the ledger was put back, and there is no spare left: it goes on until the cloud gives one.
 */
export type WitnessWord = 'known' | 'ahead' | 'past' | 'elsewhere' | 'unresolved'

const WORDS: Readonly<Record<LifeEnd, string>> = {
  rewind: 'The cloud has more of this ledger than is here: it was put back from a copy',
  fork: 'The cloud has another history of this ledger: it was put back from a copy, or copied',
  witness: 'A terminal holds a receipt that is not in this ledger: it was put back from a copy',
  sentinel: 'Records of this ledger are gone that were here before',
  restore: 'This ledger was restored from a backup',
  copy: 'This ledger is a copy: it was made for another machine or directory, or goes on elsewhere',
  unknown: 'The cloud does not know this ledger: it was itself restored from a backup',
  retired: 'HQ retired this device',
}

/** Ends the open life; false where there is no life to begin. What was in memory of the old one is forgotten. */
export function beginLife(
  books: Books,
  ended: LifeEnd,
  next: Life | undefined = nextSpare(books, 0),
  also?: (identity: EdgeIdentity) => EdgeIdentity,
): boolean {
  if (next === undefined || next.origin <= books.identity.origin) return false
  const { ledger, feed, cards, clock } = books
  const before = { epoch: books.identity.epoch, seq: ledger.seq }
  ledger.openLife(next, ended, clock.now(), also)
  feed.beginEpoch(next.epoch)
  cards.forgetAll()
  const text =
    `${WORDS[ended]}. Life ${before.epoch} ended at record ${before.seq}, life ${next.epoch} began; the store goes on. ` +
    'What is missing comes back from the cloud and from the terminals.'
  transact(books, () => tell(books, { kind: 'notice', fact: null, member: null, points: 0, text }))
  books.link.newLife()
  return true
}

/**
 * At the start, before anything is written (L-11, L-16, P-LIFE-6): a ledger that is behind its sentinel, that lost records to damage (`lost`), or that was
 * made for another machine or directory, does not go on in its life. Throws with a sentence where there is no life to begin.
 */
export function resume(books: Books, binding: string, lost: boolean): void {
  const restored = books.ledger.isRestored
  const { ledger } = books
  const ahead = ledger.sentinelAhead
  const behind = ahead !== undefined || lost || restored
  const ended = restored ? 'restore' : 'sentinel'
  if (behind && !beginLife(books, ended, nextSpare(books, ahead?.epoch ?? 0)))
    throw new LedgerRefused(
      `Records of this ledger are gone: ${ahead === undefined ? '' : `its sentinel saw record ${ahead.seq} of life ${ahead.epoch}, `}here is record ` +
        `${ledger.seq} of life ${books.identity.epoch}, and there is no spare life to go on in. Restore a newer backup, or move the directory away and enrol anew.`,
    )
  if (restored) ledger.takeMarkOff()
  const bound = books.identity.binding ?? ''
  if (bound === binding) return
  const here = (identity: EdgeIdentity): EdgeIdentity => ({ ...identity, binding })
  if (bound === '') return ledger.identify(here)
  const copied = (identity: EdgeIdentity): EdgeIdentity => asAnotherApplicant(here(identity))
  // A life in which nothing was written yet is as good as the next.
  if (ledger.seq === 0 || !beginLife(books, 'copy', undefined, copied)) ledger.identify(copied)
}

/** The lowest life beyond an epoch that may be begun without the cloud (P-LIFE-3). */
export function nextSpare({ ledger, identity }: Books, epoch: number): Life | undefined {
  const beyond = Math.max(epoch, identity.epoch)
  return ledger.lives.spares().find((life) => life.epoch > beyond && life.origin > identity.origin)
}

/** P-LIFE-7: compares a receipt with the ledger before anything more is written. */
export function takeWitness(books: Books, { id, epoch, hash }: KeptReceipt): WitnessWord {
  const { ledger, identity } = books
  const [origin, seq] = [originOf(id), seqOf(id)]
  if (origin === identity.origin) {
    const own = ledger.hashAt(seq)
    if (own !== undefined && sameHash(own, hash)) return 'known'
    remember(books, origin, seq)
    return beginLife(books, 'witness', nextSpare(books, epoch)) ? 'ahead' : 'unresolved'
  }
  // A life that this ledger may only begin was begun already, by what this ledger was before it was put back.
  if (ledger.lives.spares().some((life) => life.origin === origin)) {
    remember(books, origin, seq)
    return beginLife(books, 'witness', nextSpare(books, epoch)) ? 'ahead' : 'unresolved'
  }
  const past = ledger.lives.past().find((life) => life.origin === origin)
  const kept = ledger.ofId(id) !== undefined || (past !== undefined && seq <= past.read)
  if (!kept) remember(books, origin, seq)
  return past === undefined ? 'elsewhere' : 'past'
}

function remember(books: Books, origin: Origin, seq: Seq): void {
  let news = false
  books.ledger.transact(() => (news = books.ledger.lives.witness(origin, seq)))
  if (news) books.link.witnessed()
}
