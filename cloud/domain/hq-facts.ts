// HQ's words about members: facts of the cloud's own origin. An answer is made from its fact alone, so a repeated request gets it byte for byte
// without any second table of answers (K-2); a repetition is told from a reused key by building its facts again and comparing bytes (K-3).
import { decodeStoredFact, encodeFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import { idText, originOf, seqOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, StoreId } from '../../protocol/ids.ts'
import { accept, assert, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime, millisOf, zoneOffset } from '../../protocol/time.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import type { CloudStore, FactRow, TenantId, Writes } from '../store/port.ts'
import { NOTHING_ADDED, buildFacts, companionKey } from './hq-building.ts'
import type { Added } from './hq-building.ts'
import { addedOf, checkRequest, memberNow } from './hq-checks.ts'
import type { HqRequest } from './hq-requests.ts'
import type { Ingest } from './ingest/ingest.ts'
import { HQ_STORE } from './ingest/own-facts.ts'
import type { OwnFacts } from './ingest/own-facts.ts'
import type { ProgramShelf } from './programs.ts'
import type { FactReceipt } from './view-shapes.ts'
import { factData, hexOf, hybridText } from './views.ts'

/** A request with its time read. */
export interface HqWord {
  readonly member: MemberId
  readonly request: HqRequest
  /** Null: now. */
  readonly at: Millis | null
}

export interface Recorded {
  readonly receipt: FactReceipt
  readonly replayed: boolean
}

export class HqFacts {
  readonly #store: CloudStore
  readonly #ingest: Ingest
  readonly #shelf: ProgramShelf
  readonly #clock: Clock

  constructor(store: CloudStore, ingest: Ingest, shelf: ProgramShelf, clock: Clock) {
    this.#store = store
    this.#ingest = ingest
    this.#shelf = shelf
    this.#clock = clock
  }

  async record(tenant: TenantId, key: string, word: HqWord): Promise<Result<Recorded>> {
    const { member, request, at } = word
    const known = await this.#store.read.member(member)
    if (known?.tenant !== tenant) return refuse('member_not_found', `There is no member ${idText(member)}`)
    if (at !== null && at > this.#clock.now())
      return refuse('input_invalid', 'It cannot have happened in the future', '/at')
    const store = request.store ?? HQ_STORE
    const zone = await this.#zoneOf(tenant, store, known.store)
    if (!zone.ok) return zone
    const done = await this.#ingest.record(tenant, async (tx, own) => {
      const { own: before, taken } = await own.find(key, store)
      if (taken) return refuse('key_reused', 'The store used this key itself; use another', 'Idempotency-Key')
      return before === undefined
        ? this.#make(tx, own, { tenant, key, store, zone: zone.value }, word)
        : repeat(tx, before, key, word)
    })
    if (!done.ok) return done
    const { id, replayed } = done.value
    const row = await this.#store.read.fact(id)
    assert(row !== undefined, 'a recorded fact is stored')
    return accept({ receipt: await this.#receipt(row), replayed })
  }

  /** The zone of the place; of what happened nowhere in particular that of the store of the enrolment. */
  async #zoneOf(tenant: TenantId, store: StoreId, home: StoreId): Promise<Result<string>> {
    const stores = await this.#store.read.stores(tenant)
    const row = stores.find(({ id }) => id === (store === HQ_STORE ? home : store))
    if (row !== undefined) return accept(row.zone)
    return store === HQ_STORE
      ? accept('UTC')
      : refuse('store_not_found', `There is no store ${store}`, '/store')
  }

  async #make(
    tx: Writes,
    own: OwnFacts,
    { tenant, key, store, zone }: { tenant: TenantId; key: string; store: StoreId; zone: string },
    { member, request, at }: HqWord,
  ): Promise<Result<{ id: FactId; replayed: boolean }>> {
    const place = await own.place(at === null ? undefined : hybridTime(at))
    const programs = await this.#shelf.of(tenant)
    const offset = zoneOffset(zone, millisOf(place.at))
    const header = { ...place, key, program: programs.latest, member, store, offset }
    const context = {
      tx,
      tenant,
      program: programs.program(place.at),
      member: await memberNow(tx, tenant, member),
      header,
      now: this.#clock.now() as Millis,
    }
    const added = await checkRequest(request, context)
    if (!added.ok) return added
    for (const fact of buildFacts(request, header, added.value)) await own.append(fact)
    return accept({ id: place.id, replayed: false })
  }

  async #receipt(row: FactRow): Promise<FactReceipt> {
    const fact = decodeStoredFact(row.bytes)
    const origin = await this.#store.read.origin(originOf(row.id))
    return {
      receipt: {
        id: idText(row.id),
        epoch: origin?.epoch ?? 1,
        seq: seqOf(row.id),
        hash: hexOf(row.hash),
      },
      kind: fact.kind,
      at: hybridText(fact.at),
      store: fact.store,
      member: { id: idText(fact.member) },
      data: factData(fact),
    }
  }
}

/** The facts of a repetition, built at the place of the recorded ones, are the recorded ones. */
async function repeat(
  tx: Writes,
  row: FactRow,
  key: string,
  { member, request, at }: HqWord,
): Promise<Result<{ id: FactId; replayed: boolean }>> {
  const first = decodeStoredFact(row.bytes)
  const header = {
    id: row.id,
    at: at === null ? first.at : hybridTime(at),
    key,
    program: first.program,
    member,
    store: request.store ?? HQ_STORE,
    offset: first.offset,
  }
  const beside = await companionOf(tx, first)
  const built = buildFacts(request, header, addedBefore(first, beside))
  let same = built.length === (beside === undefined ? 1 : 2)
  for (const fact of built) {
    const bytes = (await tx.fact(fact.id))?.bytes
    same &&= bytes !== undefined && Buffer.from(encodeFact(fact)).equals(bytes)
  }
  return same
    ? accept({ id: row.id, replayed: true })
    : refuse('key_reused', 'This key belongs to another request; use a new key for a new one')
}

async function companionOf(tx: Writes, first: Fact): Promise<Fact | undefined> {
  const next = await tx.fact((first.id + 1) as FactId)
  return next?.key === companionKey(first.kind, first.id) ? decodeStoredFact(next.bytes) : undefined
}

function addedBefore(first: Fact, beside: Fact | undefined): Added {
  if (first.kind === 'response') return addedOf(first)
  return beside === undefined
    ? NOTHING_ADDED
    : { ...NOTHING_ADDED, referee: { member: beside.member, claim: beside.claim } }
}
