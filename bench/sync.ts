// What does it cost to bring sales from a store to the cloud, in bytes of the line and in time? A real edge with sales in its ledger, linked to a real
// cloud in a process of its own, beside PouchDB replicating the same sales over HTTP to a PouchDB in a process of its own. Both through the same counting
// proxy and durable with an fsync of each batch on both ends; ours is evaluated and acknowledged besides.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { batchFrom } from '../edge/ledger/batches.ts'
import { openLedger } from '../edge/ledger/ledger.ts'
import { startEdge } from '../edge/node.ts'
import type { EdgeOptions } from '../edge/node.ts'
import { realSystem } from '../edge/system.ts'
import { Till } from '../edge/till/till.ts'
import { decodeStoredFact } from '../protocol/codec.ts'
import { BATCH_BYTES_MAX, BATCH_FACTS_MAX } from '../protocol/limits.ts'
import type { Seq } from '../protocol/ids.ts'
import type { Money } from '../protocol/numbers.ts'
import { seededRandom } from '../test/support/random.ts'
import { median, tell } from './bench.ts'
import { startChild } from './peers/child.ts'
import { CountingProxy } from './peers/counting-proxy.ts'
import { Hq } from './peers/hq.ts'
import { PouchDB, makeDurable } from './peers/pouch.ts'
import type { PouchDoc } from './peers/pouch.ts'

/** As many as a store records in a busy week. */
const SALES = 30_000
/** Brought over before the clock starts, on both sides: a cloud that has just started is slower than one that runs for weeks, and so is a PouchDB. */
const SALES_BEFORE = 10_000
const MEMBERS = 500
const PER_TURN = 200
const ROUNDS = 3
const log = pino({ enabled: false })

interface Round {
  readonly perSecond: number
  readonly bytesUp: number
  readonly bytesDown: number
  readonly docs: readonly PouchDoc[]
}

async function turns(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += PER_TURN)
    await Promise.all(Array.from({ length: Math.min(PER_TURN, count - from) }, (_, at) => work(from + at)))
}

/** Sales of five lines, most of them a member's, recorded while the store is offline; `before`: how many records there are already. */
export async function fillLedger(directory: string, sales: number, before = 0): Promise<void> {
  const ledger = openLedger({ directory })
  const till = new Till({ ledger, system: realSystem, software: 'bench' })
  const random = seededRandom(11 + before)
  const call = (key: string) => ({ terminal: 't1', key, requestHash: Buffer.alloc(32) })
  const card = (at: number) => ({ kind: 'card', value: `C${1000 + at}` }) as const
  const members = before > 0 ? 0 : Math.min(MEMBERS, Math.floor(sales / 10))
  await turns(members, (at) => till.write('enrolment', call(`m-${at}`), { identities: [card(at)] }))
  await turns(sales - members, (at) =>
    till.write('sale', call(`sale-${before + at}`), {
      member: card(random.below(before > 0 ? MEMBERS : members)),
      lines: Array.from({ length: 5 }, () => ({
        sku: `SKU-${random.below(1000)}`,
        category: random.below(5) === 0 ? 'BAG' : 'OTHER',
        quantity: 1000,
        amount: (100 + random.below(3000)) as Money,
      })),
    }),
  )
  ledger.close()
}

/** The sale as a document: its fields without those that are empty, as somebody who uses PouchDB would keep it. */
function documentsOf(directory: string): PouchDoc[] {
  const ledger = openLedger({ directory })
  const docs: PouchDoc[] = []
  for (let from = 1; from <= ledger.head().seq; from += BATCH_FACTS_MAX) {
    const batch = batchFrom(ledger, from as Seq, { facts: BATCH_FACTS_MAX, bytes: BATCH_BYTES_MAX * 8 })
    for (const bytes of batch?.facts ?? []) {
      const { id, ...fields } = decodeStoredFact(bytes)
      const said = Object.entries(fields).filter(([, value]) => value !== null && value !== 0)
      docs.push({ _id: String(id), ...Object.fromEntries(said) })
    }
  }
  ledger.close()
  return docs
}

async function ours(): Promise<Round> {
  const cloud = await startChild<{ token: string }>('cloud-server.ts')
  const proxy = new CountingProxy(cloud.hello.listening)
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-sync-'))
  try {
    const hq = new Hq(cloud.hello.listening, cloud.hello.token)
    await hq.publish()
    const options = { directory, port: 0, host: '127.0.0.1', log }
    const first = await startEdge({ ...options, cloud: hq.url, enrol: await hq.code('Bench') })
    while (first.till.programVersion() === 0) await wait(10)
    await first.stop()
    const through = { ...options, cloud: `http://127.0.0.1:${await proxy.listen()}` }
    await fillLedger(directory, SALES_BEFORE)
    await secondsToSync(through)
    await fillLedger(directory, SALES, SALES_BEFORE)
    const { up, down } = proxy
    const seconds = await secondsToSync(through)
    const docs = documentsOf(directory)
    return { perSecond: SALES / seconds, bytesUp: proxy.up - up, bytesDown: proxy.down - down, docs }
  } finally {
    proxy.close()
    await cloud.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** From the moment the line is there until everything is at the cloud. */
async function secondsToSync(options: EdgeOptions): Promise<number> {
  const edge = await startEdge(options)
  edge.link.stop()
  const start = performance.now()
  edge.link.start()
  while (edge.ledger.unsynced > 0) await wait(1)
  const seconds = (performance.now() - start) / 1000
  await edge.stop()
  return seconds
}

async function pouch(docs: readonly PouchDoc[]): Promise<Round> {
  const far = await startChild('pouch-server.ts')
  const proxy = new CountingProxy(far.hello.listening)
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-sync-'))
  const near = new PouchDB(join(directory, 'near'))
  try {
    const through = `http://127.0.0.1:${await proxy.listen()}/far`
    const secondsFor = async (part: readonly PouchDoc[]): Promise<number> => {
      for (let from = 0; from < part.length; from += 500) await near.bulkDocs(part.slice(from, from + 500))
      const start = performance.now()
      const done = await PouchDB.replicate(near, through, { batch_size: 500, batches_limit: 10 })
      if (!done.ok || done.docs_written !== part.length) throw new Error(`${done.docs_written} replicated`)
      return (performance.now() - start) / 1000
    }
    await secondsFor(docs.slice(0, SALES_BEFORE))
    const { up, down } = proxy
    const seconds = await secondsFor(docs.slice(SALES_BEFORE))
    return { perSecond: SALES / seconds, bytesUp: proxy.up - up, bytesDown: proxy.down - down, docs }
  } finally {
    proxy.close()
    await near.close()
    await far.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

export async function bench(): Promise<void> {
  makeDurable()
  const rounds: { ours: Round[]; peer: Round[] } = { ours: [], peer: [] }
  for (let round = 0; round < ROUNDS; round++) {
    const mine = await ours()
    rounds.ours.push(mine)
    rounds.peer.push(await pouch(mine.docs))
  }
  const perFact = (part: (round: Round) => number) => (one: Round) => part(one) / SALES
  const of = (side: readonly Round[], part: (round: Round) => number): number => median(side.map(part))
  const all = (one: Round): number => one.bytesUp + one.bytesDown
  const peerName = 'PouchDB 9 replication over HTTP, LevelDB with fsync on both ends, batches of 500'
  const notes = { facts: SALES, rounds: ROUNDS, aim: 'a sixth of the bytes, ten times the facts' }
  tell({
    bench: 'sync',
    figure: 'bytes on the line per fact, both ways (less is better)',
    ours: of(rounds.ours, perFact(all)),
    peer: of(rounds.peer, perFact(all)),
    peerName,
    unit: 'bytes',
    notes: {
      ...notes,
      ours_up: Math.round(
        of(
          rounds.ours,
          perFact(({ bytesUp }) => bytesUp),
        ),
      ),
      peer_up: Math.round(
        of(
          rounds.peer,
          perFact(({ bytesUp }) => bytesUp),
        ),
      ),
    },
  })
  tell({
    bench: 'sync',
    figure: 'facts per second from a ledger to the cloud, durable, evaluated and acknowledged',
    ours: of(rounds.ours, ({ perSecond }) => perSecond),
    peer: of(rounds.peer, ({ perSecond }) => perSecond),
    peerName,
    unit: 'facts/s',
    best: {
      ours: Math.max(...rounds.ours.map(({ perSecond }) => perSecond)),
      peer: Math.max(...rounds.peer.map(({ perSecond }) => perSecond)),
    },
    notes,
  })
}
