// The lives of the stores' ledgers, as the cloud decides them (G-2, P-LIFE). A hello says where a ledger stands; what comes of it is one of: go on;
// this life is over, here is the next; this device is a copy, and HQ has the word. A life that is over is closed in the transaction that says so, so
// nothing is taken of it any more whoever asks. Every end is a notice with numbers.
import { CHAIN_GENESIS, sameHash } from '../../protocol/chain.ts'
import type { Ended } from '../../protocol/frames/ended.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import type { Past } from '../../protocol/frames/past.ts'
import type { Tail } from '../../protocol/frames/tail.ts'
import { NO_FACT, seqOf } from '../../protocol/ids.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import {
  BATCH_BYTES_MAX,
  BATCH_FACTS_MAX,
  DEVICES_SKIPPED,
  LEASES_SKIPPED,
  NUMBERS_APART,
  ORIGINS_APART,
  ORIGINS_SKIPPED,
  SPARES_MAX,
} from '../../protocol/limits.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { EdgeId, EdgeRow, OriginRow, Reads, TenantId, Writes } from '../store/port.ts'
import { giveAgain } from './attested.ts'
import { raiseConflict } from './conflicts.ts'
import { noticeOf } from './ingest/standing.ts'

export type Verdict =
  | { readonly word: 'welcome'; readonly origin: OriginRow; readonly spares: readonly Life[] }
  | { readonly word: 'ended'; readonly frame: Ended }
  | { readonly word: 'stranger' }

/** The hello of nearly every connection: the open life goes on, and nothing is to be written. */
export async function goesOn(read: Reads, edge: EdgeRow, hello: Hello): Promise<Verdict | undefined> {
  if (edge.state !== 'active' || hello.applicant !== null) return undefined
  const lives = await read.livesOf(edge.tenant, edge.id)
  const origin = lives.find((life) => life.origin === hello.origin)
  const spares = sparesAmong(lives)
  if (origin?.state !== 'open' || spares.length < SPARES_MAX) return undefined
  const end = await endOf(read, origin, hello)
  return end === null ? { word: 'welcome', origin, spares: spares.slice(0, SPARES_MAX) } : undefined
}

/**
 * What a hello comes to (P-LIFE-4). Inside one transaction: the life it ends is closed when this returns. `given`: the lives that the device shows our
 * signature for.
 */
export async function judgeHello(
  tx: Writes,
  edge: EdgeRow,
  hello: Hello,
  now: Millis,
  given: readonly Life[] = [],
): Promise<Verdict> {
  if (edge.state === 'retired') return ended('retired', null)
  if (hello.applicant !== null) return ended('pending', null, await admit(tx, edge, hello.applicant, now))
  if (edge.state === 'pending') return ended('pending', null)
  if (given.some(({ origin }) => origin === hello.origin)) await giveAgain(tx, edge, given)
  const origin = await tx.origin(hello.origin)
  const lives = await tx.livesOf(edge.tenant, edge.id)
  if (origin === undefined || origin.edge !== edge.id) {
    const others = origin !== undefined && (origin.tenant !== edge.tenant || origin.store !== edge.store)
    if (others && given.every((life) => life.origin !== hello.origin)) return { word: 'stranger' }
    // Numbers beyond all that a lost cloud can have given out would only use numbers up.
    if (hello.origin > (await tx.originLast()) + ORIGINS_SKIPPED * ORIGINS_APART) return { word: 'stranger' }
    // A copy that was admitted and stands in a life of the device it was copied from, or a life that a restored cloud never saw, or gave to another.
    return ended(origin === undefined || others ? 'unknown' : 'copy', await spareOf(tx, edge, hello))
  }
  if (origin.state === 'spare') return open(tx, edge, lives, origin, hello, now)
  const later = lives.some(({ state, epoch }) => state === 'open' && epoch > origin.epoch)
  if (origin.state === 'closed') {
    if (!later) return ended(origin.ended ?? 'unknown', await spareOf(tx, edge, hello), 0, origin)
    await raise(
      tx,
      edge,
      now,
      'clone',
      origin.origin,
      `${named(edge, origin)} is over since a later one began, and still there is a ledger that goes on with it at ${hello.seq}: a copied disk?`,
    )
    return ended('copy', null, 0, origin)
  }
  const end = await endOf(tx, origin, hello)
  if (end === null) return { word: 'welcome', origin, spares: await sparesOf(tx, edge) }
  await tx.closeOrigin(origin.origin, end, now)
  const next = await spareOf(tx, edge, hello)
  const missing = origin.seq - hello.seq
  const what =
    end === 'rewind'
      ? `stands at ${hello.seq}, but we have it up to ${origin.seq}: ${missing} facts are sent back; a restored backup?`
      : `has another history at ${Math.min(hello.seq, origin.seq)} than we have (up to ${origin.seq}): a restored backup or a copied disk?`
  await raise(tx, edge, now, end, origin.origin, `${named(edge, origin)} ${what} Life ${next.epoch} begins.`)
  return ended(end, next, 0, origin)
}

/** P-SYNC-4: null where the hello goes on with the chain, as far as it tells. */
async function endOf(
  tx: Pick<Reads, 'chain'>,
  origin: OriginRow,
  hello: Hello,
): Promise<'rewind' | 'fork' | null> {
  if (hello.seq < origin.seq) return 'rewind'
  if (hello.seq === origin.seq && !sameHash(hello.head, origin.head)) return 'fork'
  const base = hello.base_seq > origin.seq ? undefined : await hashAt(tx, origin.origin, hello.base_seq)
  return base !== undefined && !sameHash(base, hello.base) ? 'fork' : null
}

/** G-14: two machines go on with one life, neither of which has recorded anything. */
export async function spokenForTwice(tx: Writes, edge: EdgeRow, hello: Life, now: Millis): Promise<void> {
  const text = `${named(edge, hello)} is spoken for by two machines at a time, whose connections take each other's place: a copied disk? Once either records something, the other's life is over.`
  await raise(tx, edge, now, 'clone', hello.origin, text)
}

/** The edge opened its next life by itself. */
async function open(
  tx: Writes,
  edge: EdgeRow,
  lives: readonly OriginRow[],
  origin: OriginRow,
  hello: Hello,
  now: Millis,
): Promise<Verdict> {
  const why = hello.why ?? 'rewind'
  for (const life of lives) {
    if (life.epoch >= origin.epoch || life.state === 'closed') continue
    await tx.closeOrigin(life.origin, why, now)
    if (life.state === 'open')
      await raise(
        tx,
        edge,
        now,
        why === 'fork' ? 'fork' : 'rewind',
        life.origin,
        `${named(edge, life)} ended at ${life.seq} here, ${WHY[why]}. Life ${origin.epoch} began in the store.`,
      )
  }
  await tx.openOrigin(origin.origin)
  return { word: 'welcome', origin: { ...origin, state: 'open' }, spares: await sparesOf(tx, edge) }
}

export const WHY: Readonly<Record<LifeEnd, string>> = {
  rewind: 'because the ledger was behind what we have',
  fork: 'because the ledger had another history than we have',
  witness: 'because a terminal held a receipt that the ledger did not know',
  sentinel: 'because the ledger had lost records that its sentinel had seen',
  restore: 'because a backup was restored',
  copy: 'because the ledger was copied',
  unknown: 'because we did not know it',
  retired: 'because HQ retired the device',
}

/** A copy asks to be a device of its own (P-LIFE-6); asking again is the same question. */
async function admit(tx: Writes, edge: EdgeRow, publicKey: string, now: Millis): Promise<EdgeId> {
  const known = await tx.edgeByKey(edge.tenant, publicKey)
  if (known !== undefined) return known.id
  const { id } = await tx.insertEdge({
    tenant: edge.tenant,
    store: edge.store,
    publicKey,
    enrolledAt: now,
  })
  await tx.saveEdge({ id, state: 'pending', copyOf: edge.id })
  await raise(
    tx,
    edge,
    now,
    'clone',
    `edge ${id}`,
    `Edge ${edge.id} of store ${edge.store} was copied to another machine or directory. The copy serves the store as edge ${id}, and nothing of it is taken before HQ approves or retires it.`,
  )
  return id
}

/** The lowest life the edge can open after one; there is always one. */
export async function spareOf(tx: Writes, edge: EdgeRow, after: Life): Promise<Life> {
  const spares = (await sparesOf(tx, edge)).filter(
    ({ origin, epoch }) => origin > after.origin && epoch > after.epoch,
  )
  const [first] = spares
  if (first !== undefined) return first
  const { id, tenant, store } = edge
  const made = await tx.insertOrigin({
    tenant,
    store,
    edge: id,
    state: 'spare',
    floor: after.origin + 1,
    epochFloor: after.epoch + 1,
  })
  return { origin: made.origin, epoch: made.epoch }
}

/** P-LIFE-3: allocates what is missing. */
export async function sparesOf(tx: Writes, { id, tenant, store }: EdgeRow): Promise<Life[]> {
  const spares = sparesAmong(await tx.livesOf(tenant, id))
  while (spares.length < SPARES_MAX) {
    const { origin, epoch } = await tx.insertOrigin({ tenant, store, edge: id, state: 'spare' })
    spares.push({ origin, epoch })
  }
  return spares.slice(0, SPARES_MAX)
}

function sparesAmong(lives: readonly OriginRow[]): Life[] {
  const last = lives.findLast(({ state }) => state !== 'spare')?.epoch ?? 0
  return lives
    .filter(({ state, epoch }) => state === 'spare' && epoch > last)
    .map(({ origin, epoch }) => ({ origin, epoch }))
}

/** P-LIFE-5: a page of what we have of a life of this store. Nothing of a stranger's. */
export async function tailOf(read: Reads, edge: EdgeRow, past: Past): Promise<Tail> {
  const origin = await read.origin(past.origin)
  if (origin === undefined || origin.tenant !== edge.tenant || origin.store !== edge.store)
    return {
      type: 'tail',
      origin: past.origin,
      from: 1 as Seq,
      facts: [],
      seq: 0 as Seq,
      head: CHAIN_GENESIS,
    }
  const known = await hashAt(read, past.origin, past.after)
  const after = known !== undefined && sameHash(known, past.hash) ? past.after : (0 as Seq)
  const facts: Uint8Array[] = []
  let size = 0
  for (const { id, bytes } of await read.chain(past.origin, after, BATCH_FACTS_MAX)) {
    size += bytes.length
    if (seqOf(id) > origin.seq || (size > BATCH_BYTES_MAX && facts.length > 0)) break
    facts.push(bytes)
  }
  const { seq, head } = origin
  return { type: 'tail', origin: past.origin, from: (after + 1) as Seq, facts, seq, head }
}

async function hashAt(read: Pick<Reads, 'chain'>, origin: Origin, seq: Seq): Promise<Uint8Array | undefined> {
  if (seq === 0) return CHAIN_GENESIS
  const [row] = await read.chain(origin, (seq - 1) as Seq, 1)
  return row !== undefined && seqOf(row.id) === seq ? row.hash : undefined
}

/** P-LIFE-7. */
export async function witnessed(tx: Writes, edge: EdgeRow, origin: Origin, seq: Seq): Promise<void> {
  const row = await tx.origin(origin)
  if (row?.tenant === edge.tenant && row.store === edge.store) await tx.witnessOrigin(origin, seq)
}

/** R22: does the hello tell of what this cloud said and no longer knows? */
export function cloudWentBack(hello: Hello, origin: OriginRow | undefined, cloudEpoch: number): boolean {
  if (hello.cloud_epoch > cloudEpoch) return true
  return hello.cloud_epoch === cloudEpoch && origin !== undefined && hello.base_seq > origin.seq
}

/**
 * The cloud's next epoch (G-8). Its own facts go on in a life of their own, whose number lies beyond all that it may have given out after the
 * backup; so does every later number. Holds and leases are numbered on in the same way.
 */
export async function openCloudEpoch(
  tx: Writes,
  tenants: readonly TenantId[],
  atLeast: number,
  now: Millis,
  why: string,
): Promise<number> {
  const before = Number((await tx.meta('cloud_epoch')) ?? '1')
  const epoch = Math.max(before + 1, atLeast + 1, secondsOf(now))
  await tx.saveMeta('cloud_epoch', String(epoch))
  const times = 1 + (epoch % NUMBERS_APART)
  await tx.skipHolds(ORIGINS_SKIPPED * times)
  await tx.skipLeases(LEASES_SKIPPED * times)
  await tx.skipDevices(DEVICES_SKIPPED * times)
  for (const tenant of tenants) {
    const own = await tx.livesOf(tenant, 0)
    for (const { origin, state } of own) if (state === 'open') await tx.closeOrigin(origin, 'restore', now)
    const floor = (await tx.originLast()) + ORIGINS_SKIPPED * (1 + (epoch % ORIGINS_APART))
    await tx.insertOrigin({ tenant, store: HQ_STORE, edge: 0, floor })
    const place = { at: hybridTime(now), store: HQ_STORE, id: NO_FACT }
    const text = `Cloud epoch ${epoch} begins, ${why}. Stores offer their facts again from where we stand.`
    await tx.appendActivities([noticeOf(tenant, place, 'cloud_restored', text)])
  }
  return epoch
}

/** So that a backup that is put back twice does not begin the same epoch twice. */
const secondsOf = (now: Millis): number => Math.floor((now - Date.UTC(2020, 0, 1)) / 1000)

const HQ_STORE = 0 as OriginRow['store']

/** The frame for a life that a batch ended. */
export async function endedFrame(tx: Writes, edge: EdgeRow, origin: Origin): Promise<Ended> {
  const row = await tx.origin(origin)
  const next = row?.ended === 'retired' ? null : await spareOf(tx, edge, { origin, epoch: row?.epoch ?? 0 })
  return frameOf(row?.ended ?? 'unknown', next, 0, row)
}

function ended(reason: Ended['reason'], next: Life | null, edge = 0, origin?: OriginRow): Verdict {
  return { word: 'ended', frame: frameOf(reason, next, edge, origin) }
}

function frameOf(reason: Ended['reason'], next: Life | null, edge: EdgeId, origin?: OriginRow): Ended {
  const { seq = 0 as Seq, head = CHAIN_GENESIS } = origin ?? {}
  return { type: 'ended', reason, seq, head, next, edge, attestation: null }
}

const named = ({ id, store }: EdgeRow, { epoch }: Life): string =>
  `Life ${epoch} of edge ${id} (store ${store})`

/** Once for each subject, however often it is found (CON-1). */
async function raise(
  tx: Writes,
  { tenant, store }: EdgeRow,
  now: Millis,
  kind: 'rewind' | 'fork' | 'clone',
  subject: Origin | string,
  text: string,
): Promise<void> {
  await raiseConflict(tx, { tenant, store, kind, subject: String(subject), at: hybridTime(now), text })
}
