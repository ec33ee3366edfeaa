// Facts of the cloud's own origin, inside one commit: each gets the next position of that origin and the cloud's time, and is folded with what else the
// commit brings. HQ's words, the sweeper's moments and the cloud's reactions are recorded here and nowhere else.
import { chainHash } from '../../../protocol/chain.ts'
import { encodeFact } from '../../../protocol/codec.ts'
import type { Fact, FactHeader, FactKind, Identity } from '../../../protocol/facts.ts'
import { NO_MEMBER, factIdOf, originOf } from '../../../protocol/ids.ts'
import type { FactId, MemberId, ProgramVersion, Seq, StoreId } from '../../../protocol/ids.ts'
import type { Points } from '../../../protocol/numbers.ts'
import { assert } from '../../../protocol/result.ts'
import type { HybridClock, HybridTime, ZoneOffset } from '../../../protocol/time.ts'
import type { FactRow, TenantId, Writes } from '../../store/port.ts'
import type { ArrivedFact, Cursor } from './accept.ts'

/** HQ is no store, and its facts come from no terminal. */
export const HQ_STORE = 0 as StoreId
export const HQ_TERMINAL = 'hq'

export interface OwnPlace {
  readonly id: FactId
  readonly at: HybridTime
}

/** What differs between the headers of the cloud's own facts. */
export interface OwnHeader extends OwnPlace {
  readonly key: string
  readonly program: ProgramVersion
  readonly member: MemberId
  /** Who the member is, where nobody is it yet. */
  readonly claim?: Identity | null
  readonly store?: StoreId
  readonly offset?: ZoneOffset
  readonly promised?: Points
}

/** A header with its fields in the order of the wire. */
export function ownHeader<K extends FactKind>(
  kind: K,
  header: OwnHeader,
): Omit<FactHeader, 'kind'> & { kind: K } {
  return {
    kind,
    id: header.id,
    at: header.at,
    claimed: null,
    offset: header.offset ?? (0 as ZoneOffset),
    store: header.store ?? HQ_STORE,
    terminal: HQ_TERMINAL,
    key: header.key,
    program: header.program,
    member: header.member,
    claim: header.claim ?? null,
    promised: header.promised ?? (0 as Points),
    confirmed: header.promised !== undefined,
    suspect: false,
  }
}

/** The commit that own facts are recorded in. */
export interface OwnCommit {
  cursor(): Promise<Cursor>
  take(arrived: ArrivedFact): void
}

export class OwnFacts {
  readonly #tenant: TenantId
  readonly #clock: HybridClock
  readonly #tx: Writes
  readonly #commit: OwnCommit
  /** Keys of this commit: their facts are in no table yet. */
  readonly #fresh = new Set<string>()

  constructor(tenant: TenantId, clock: HybridClock, tx: Writes, commit: OwnCommit) {
    this.#tenant = tenant
    this.#clock = clock
    this.#tx = tx
    this.#commit = commit
  }

  /** The fact that HQ's key was used for, in whichever store it happened; `taken`: the store itself used the key. */
  async find(key: string, store: StoreId = HQ_STORE): Promise<{ own: FactRow | undefined; taken: boolean }> {
    const lives = new Set((await this.#tx.livesOf(this.#tenant, 0)).map(({ origin }) => origin))
    const rows = await this.#tx.factsWithKey(this.#tenant, key)
    const own = rows.find(({ id }) => lives.has(originOf(id)))
    return { own, taken: own === undefined && rows.some((other) => other.store === store) }
  }

  /** Whether nothing was recorded with this key. */
  async isNew(key: string): Promise<boolean> {
    return !this.#fresh.has(key) && (await this.find(key)).own === undefined
  }

  /** Where the next fact stands. */
  async place(at: HybridTime = this.#clock.tick()): Promise<OwnPlace> {
    const { row, seq } = await this.#commit.cursor()
    return { id: factIdOf(row.origin, (seq + 1) as Seq), at }
  }

  /** Takes a fact that was made for the next place. */
  async append(fact: Fact): Promise<void> {
    const cursor = await this.#commit.cursor()
    const seq = (cursor.seq + 1) as Seq
    assert(
      fact.id === factIdOf(cursor.row.origin, seq) && fact.terminal === HQ_TERMINAL,
      'a fact of HQ stands at its own place',
    )
    const named = fact.member !== NO_MEMBER || fact.claim !== null || fact.kind === 'enrolment'
    assert(
      named || fact.kind === 'resolution' || fact.kind === 'lease',
      'a fact of HQ is about a member, a conflict or leases',
    )
    const bytes = encodeFact(fact)
    const hash = chainHash(cursor.head, bytes)
    cursor.seq = seq
    cursor.head = hash
    this.#fresh.add(fact.key)
    this.#commit.take({ cursor, id: fact.id, bytes, hash, fact })
  }

  /** A fact of another origin that was set aside, as HQ lets it count: it arrives now, at its own place. */
  async readmit(fact: Pick<ArrivedFact, 'id' | 'hash' | 'bytes' | 'fact'>): Promise<void> {
    this.#commit.take({ ...fact, cursor: await this.#commit.cursor() })
  }
}
