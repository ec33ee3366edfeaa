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
import type { OwnFacts, OwnHeader } from './ingest/own-facts.ts'
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

/** Where a word is said. */
interface Scene {
  readonly tenant: TenantId
  readonly key: string
  readonly store: StoreId
  readonly zone: string
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
      if (taken) return KEY_OF_STORE
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

  /**
   * One request that is several facts about one member, now: all of them are one commit, or none is recorded. The first has the request's key, the others
   * stand right after it; so the key is known as every other is, and a repetition is the same facts, no more and no fewer.
   */
  async recordTogether(
    tenant: TenantId,
    key: string,
    member: MemberId,
    requests: readonly HqRequest[],
  ): Promise<Result<{ readonly replayed: boolean }>> {
    const known = await this.#store.read.member(member)
    if (known?.tenant !== tenant) return refuse('member_not_found', `There is no member ${idText(member)}`)
    const zone = await this.#zoneOf(tenant, HQ_STORE, known.store)
    if (!zone.ok) return zone
    return this.#ingest.record(tenant, async (tx, own) => {
      const { own: before, taken } = await own.find(key)
      if (taken) return KEY_OF_STORE
      if (before !== undefined) return repeatTogether(tx, before, key, requests)
      const scene = { tenant, key, store: HQ_STORE, zone: zone.value }
      const words = requests.map((request): HqWord => ({ member, request, at: null }))
      const checked: Added[] = []
      for (const word of words) {
        const added = await this.#check(tx, own, scene, word)
        if (!added.ok) return added
        checked.push(added.value.added)
      }
      const { id: first } = await own.place()
      for (const [nth, word] of words.entries()) {
        const header = await this.#header(own, { ...scene, key: togetherKey(key, first, nth) }, word)
        for (const fact of buildFacts(word.request, header, checked[nth] ?? NOTHING_ADDED))
          await own.append(fact)
      }
      return accept({ replayed: false })
    })
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
    scene: Scene,
    word: HqWord,
  ): Promise<Result<{ id: FactId; replayed: boolean }>> {
    const checked = await this.#check(tx, own, scene, word)
    if (!checked.ok) return checked
    const { header, added } = checked.value
    for (const fact of buildFacts(word.request, header, added)) await own.append(fact)
    return accept({ id: header.id, replayed: false })
  }

  async #check(
    tx: Writes,
    own: OwnFacts,
    scene: Scene,
    word: HqWord,
  ): Promise<Result<{ header: OwnHeader; added: Added }>> {
    const { tenant } = scene
    const header = await this.#header(own, scene, word)
    const added = await checkRequest(word.request, {
      tx,
      tenant,
      program: (await this.#shelf.of(tenant)).program(header.at),
      member: await memberNow(tx, tenant, word.member),
      header,
      now: this.#clock.now() as Millis,
    })
    return added.ok ? accept({ header, added: added.value }) : added
  }

  async #header(
    own: OwnFacts,
    { tenant, key, store, zone }: Scene,
    { member, at }: HqWord,
  ): Promise<OwnHeader> {
    const place = await own.place(at === null ? undefined : hybridTime(at))
    const { latest: program } = await this.#shelf.of(tenant)
    return { ...place, key, program, member, store, offset: zoneOffset(zone, millisOf(place.at)) }
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

const KEY_OF_STORE = refuse('key_reused', 'The store used this key itself; use another', 'Idempotency-Key')
const KEY_OF_ANOTHER = refuse(
  'key_reused',
  'This key belongs to another request; use a new key for a new one',
)

/** Of the `nth` fact of a request that is several. */
function togetherKey(key: string, first: FactId, nth: number): string {
  return nth === 0 ? key : `together-with-${first}-${nth}`
}

/** The facts of a repetition, and no more of that request than these, are the recorded ones (K-3). */
async function repeatTogether(
  tx: Writes,
  first: FactRow,
  key: string,
  requests: readonly HqRequest[],
): Promise<Result<{ replayed: boolean }>> {
  // Whom the member was merged into since makes no other request of it.
  const { member } = decodeStoredFact(first.bytes)
  const nthOf = async (nth: number): Promise<FactRow | undefined> => {
    const row = nth === 0 ? first : await tx.fact((first.id + nth) as FactId)
    return row?.key === togetherKey(key, first.id, nth) ? row : undefined
  }
  if ((await nthOf(requests.length)) !== undefined) return KEY_OF_ANOTHER
  for (const [nth, request] of requests.entries()) {
    const row = await nthOf(nth)
    if (row === undefined) return KEY_OF_ANOTHER
    const again = await repeat(tx, row, row.key, { member, request, at: null })
    if (!again.ok) return again
  }
  return accept({ replayed: true })
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
  return same ? accept({ id: row.id, replayed: true }) : KEY_OF_ANOTHER
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
