// What the cloud's word changes here. Each frame is stored in one transaction with its cursor (M-2, P-SYNC-5), and told on the feed in the same
// one. These throw when the storage fails: the link then closes and is told again from the cursor that was kept.
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Clients, StoreClient } from '../../protocol/frames/clients.ts'
import type { Correction, Corrections } from '../../protocol/frames/corrections.ts'
import type { Leases as LeasesFrame } from '../../protocol/frames/leases.ts'
import type { Members } from '../../protocol/frames/members.ts'
import type { Notice } from '../../protocol/frames/notice.ts'
import type { ProgramFrame } from '../../protocol/frames/program.ts'
import type { MemberId, ProgramVersion } from '../../protocol/ids.ts'
import { LEASES_STORE_MAX } from '../../protocol/limits.ts'
import { localDay, millisOf, zoneOffset } from '../../protocol/time.ts'
import type { Told } from './activity-text.ts'
import { toldActivity } from './activity-text.ts'
import type { Books } from './books.ts'
import { counted, timeText } from './wording.ts'

/** Adds an activity in the open transaction. */
export function tell(books: Books, told: Omit<Told, 'at'>): void {
  const { feed, clock } = books
  feed.add(toldActivity({ position: feed.next, epoch: feed.epoch }, { ...told, at: clock.now() }))
}

export function transact(books: Books, work: () => void): void {
  try {
    books.ledger.transact(() => {
      work()
      books.feed.seal()
    })
  } catch (cause) {
    books.feed.discard()
    throw cause
  }
  books.feed.publish()
}

export function takeMembers(books: Books, { cursor, members, more }: Members): void {
  const { ledger } = books
  const moved: MemberId[] = []
  transact(books, () => {
    for (const snapshot of members) moved.push(...ledger.members.take(snapshot, books.identity.origin))
    ledger.meta.setMembersCursor(cursor)
    ledger.meta.setLastWordAt(books.clock.now())
  })
  books.told = !more
  for (const { member } of members) books.cards.forget(member)
  for (const member of moved) books.cards.forget(member)
}

export function takeCorrections(books: Books, { cursor, corrections, conflicts }: Corrections): void {
  const { ledger } = books
  transact(books, () => {
    for (const correction of corrections) correct(books, correction)
    for (const { fact, text } of conflicts)
      tell(books, { kind: 'conflict', fact, member: null, points: 0, text })
    ledger.meta.setCorrectionsCursor(cursor)
    ledger.meta.setLastWordAt(books.clock.now())
  })
}

function correct(books: Books, correction: Correction): void {
  const { fact: id, revision, points, goodwill } = correction
  const { sequels } = books.ledger
  const before = sequels.correctionOf(id)
  // Told again after a connection that broke between the commit and the cursor's way back.
  if (before !== undefined && before.revision >= revision) return
  sequels.correct(correction)
  const row = books.ledger.counted(id)
  const fact = row === undefined ? undefined : decodeStoredFact(row.bytes)
  const card = row === undefined || row.member === 0 ? undefined : books.cards.get(row.member)
  const who = card === undefined ? '' : ` of ${card.label}`
  const was = before === undefined ? (fact?.promised ?? 0) : before.points + before.goodwill
  const kept = goodwill === 0 ? '' : `, with ${goodwill} kept as promised`
  const when = fact === undefined ? '' : ` from ${timeText(millisOf(fact.at)).slice(0, 10)}`
  tell(books, {
    kind: 'correction',
    fact: id,
    member: card?.label ?? null,
    points: points + goodwill,
    text: `The ${fact?.kind ?? 'record'}${who}${when} counts ${counted(points + goodwill, 'point')} now, ${was} before${kept}`,
  })
}

/** What comes beyond LEASES_STORE_MAX is kept as asked back, so that it goes back at once. */
export function takeLeases(books: Books, { cursor, leases }: LeasesFrame): void {
  const { ledger } = books
  transact(books, () => {
    for (const term of leases) {
      const full = ledger.leases.one(term.lease) === undefined && ledger.leases.count() >= LEASES_STORE_MAX
      ledger.leases.take(full ? { ...term, recall: term.recall + 1 } : term)
    }
    ledger.leases.setCursor(cursor)
    ledger.meta.setLastWordAt(books.clock.now())
  })
  books.keeper.look()
}

/** Gives those that are no clients any more, or have another secret. */
export function takeClients({ ledger, clock }: Books, { clients }: Clients): StoreClient[] {
  const before = ledger.clients.all()
  const now = new Set(clients.map(nameOf))
  if (before.length === now.size && before.every((client) => now.has(nameOf(client)))) return []
  ledger.transact(() => {
    ledger.clients.replace(clients)
    ledger.meta.setLastWordAt(clock.now())
  })
  const good = new Set(clients.map(proofOf))
  return before.filter((client) => !good.has(proofOf(client)))
}

function proofOf({ dialect, key, secret_hash: hash }: StoreClient): string {
  return `${dialect} ${key} ${Buffer.from(hash).toString('hex')}`
}

function nameOf(client: StoreClient): string {
  return `${proofOf(client)} ${client.created} ${client.name}`
}

export function takeProgram(books: Books, frame: ProgramFrame): void {
  const { version, effective_from: effectiveFrom, document } = frame
  const known = books.programs.records.find((record) => record.version === version)
  if (known?.document === document && known.effectiveFrom === effectiveFrom) return
  if (known !== undefined) {
    // Published by a cloud that was restored from before the version that is known here.
    books.ledger.transact(() => books.ledger.programs.forgetAfter(version - 1))
    books.programs.forgetAfter(version - 1)
  }
  const checked = checkDocument(parsed(document))
  transact(books, () => {
    if (!checked.ok) {
      const [issue] = checked.issues
      const text = `Program version ${version} needs newer software: ${issue?.path ?? ''} ${issue?.message ?? ''}`
      tell(books, { kind: 'notice', fact: null, member: null, points: 0, text })
      return
    }
    books.ledger.programs.add({ version, effectiveFrom, document })
    const text = `Program "${checked.document.name}", version ${version}, counts from ${timeText(millisOf(effectiveFrom))}`
    tell(books, { kind: 'program', fact: null, member: null, points: 0, text })
  })
  if (!checked.ok) return
  books.programs.add({ version, effectiveFrom, document })
  books.learn(document)
  // It may count from a time that lies behind: what own facts are worth on top of the base states is worked out anew.
  books.cards.forgetAll()
}

/** Undefined where it is no JSON, which then fits no schema. */
function parsed(document: string): unknown {
  try {
    return JSON.parse(document)
  } catch {
    return undefined
  }
}

/** G-8. Programs that the restored cloud does not know are void; what it publishes under their numbers replaces them. */
export function cloudReborn(books: Books, cloudEpoch: number, program: ProgramVersion): void {
  const { ledger } = books
  transact(books, () => {
    ledger.meta.setSynced(ledger.meta.cursors().synced, cloudEpoch)
    ledger.meta.setMembersCursor(0)
    ledger.meta.setCorrectionsCursor(0)
    ledger.leases.awaitWord()
    ledger.lives.unsettle()
    ledger.programs.forgetAfter(program)
    const text = `The cloud was restored from a backup and lives its life ${cloudEpoch}: what it lacks is sent to it again`
    tell(books, { kind: 'notice', fact: null, member: null, points: 0, text })
  })
  books.programs.forgetAfter(program)
  books.cards.forgetAll()
}

export function takeNotice(books: Books, { fact, text }: Notice): void {
  transact(books, () => tell(books, { kind: 'notice', fact, member: null, points: 0, text }))
}

const ONLINE = 'online'

function today({ identity, clock }: Books): number {
  const now = clock.now()
  return localDay(now, zoneOffset(identity.store.zone, now))
}

export function tellLink(
  books: Books,
  state: string,
  obstacle: string | null,
  lastWordAt: number | null,
): void {
  const why = obstacle === null ? '' : `, ${obstacle}`
  const since = lastWordAt === null ? '' : `, last heard of at ${timeText(lastWordAt)}`
  transact(books, () => {
    if (lastWordAt !== null) books.ledger.meta.setLastWordAt(lastWordAt)
    if (state === ONLINE) books.ledger.leases.endOutage(today(books))
    tell(books, {
      kind: 'link',
      fact: null,
      member: null,
      points: 0,
      text: `Link to the cloud: ${state}${why}${since}`,
    })
  })
}
