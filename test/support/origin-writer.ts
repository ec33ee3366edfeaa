// Writes facts of one origin the way a ledger does: ids in sequence, bytes encoded once, chained. For tests that feed the cloud without an edge.
import { CHAIN_GENESIS, chainHash } from '../../protocol/chain.ts'
import { encodeFact } from '../../protocol/codec.ts'
import type {
  Enrolment,
  Fact,
  Grant,
  Identity,
  Redemption,
  Return,
  Sale,
  SaleLine,
  Void,
  VoucherUse,
} from '../../protocol/facts.ts'
import type { Batch } from '../../protocol/frames/batch.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import { NO_FACT, NO_MEMBER, factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin, ProgramVersion, RuleId, Seq, StoreId } from '../../protocol/ids.ts'
import type { Money, Points, Quantity } from '../../protocol/numbers.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { ZoneOffset } from '../../protocol/time.ts'
import { PROTOCOL_VERSION } from '../../protocol/version.ts'

export interface Base {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly key?: string
  readonly member?: MemberId
  readonly claim?: Identity | null
  readonly promised?: number
  readonly suspect?: boolean
  readonly confirmed?: boolean
}

/** Field order is the wire's record order: header first, in the order of protocol/facts.ts. */
export class OriginWriter {
  readonly origin: Origin
  readonly store: StoreId
  readonly facts: Fact[] = []
  readonly bytes: Uint8Array[] = []
  readonly hashes: Uint8Array[] = [CHAIN_GENESIS]

  constructor(origin: number, store: number) {
    this.origin = origin as Origin
    this.store = store as StoreId
  }

  get seq(): number {
    return this.facts.length
  }

  #header<K extends Fact['kind']>(kind: K, base: Base) {
    const id = factIdOf(this.origin, (this.seq + 1) as Seq)
    return {
      kind,
      id,
      at: hybridTime(base.at),
      claimed: null,
      offset: 0 as ZoneOffset,
      store: this.store,
      terminal: 't1',
      key: base.key ?? `k-${this.origin}-${this.seq + 1}`,
      program: 1 as ProgramVersion,
      member: base.member ?? NO_MEMBER,
      claim: base.claim ?? null,
      promised: (base.promised ?? 0) as Points,
      confirmed: base.confirmed ?? false,
      suspect: base.suspect ?? false,
    }
  }

  #write<F extends Fact>(fact: F): F {
    return this.writeBytes(encodeFact(fact), fact)
  }

  /** Any bytes at the next position; `fact` is only for the test's own use. */
  writeBytes<F extends Fact>(bytes: Uint8Array, fact: F): F {
    this.facts.push(fact)
    this.bytes.push(bytes)
    this.hashes.push(chainHash(this.hashes.at(-1) ?? CHAIN_GENESIS, bytes))
    return fact
  }

  enrol(base: Base, identities: readonly Identity[], name: string | null = null): MemberId {
    const fact: Enrolment = { ...this.#header('enrolment', base), name, identities: [...identities] }
    return this.#write(fact).id as number as MemberId
  }

  sale(
    base: Base,
    lines: readonly { sku: string; category?: string; pieces?: number; amount: number }[],
  ): FactId {
    const full = lines.map(({ sku, category, pieces, amount }): SaleLine => ({
      sku,
      category: category ?? null,
      quantity: ((pieces ?? 1) * 1000) as Quantity,
      amount: amount as Money,
    }))
    const amount = full.reduce((sum, line) => sum + line.amount, 0) as Money
    const fact: Sale = { ...this.#header('sale', base), amount, lines: full, tenders: [] }
    return this.#write(fact).id
  }

  giveBack(
    base: Base,
    lines: readonly { sale: FactId; line: number; pieces: number; amount: number }[],
  ): FactId {
    const full = lines.map(({ sale, line, pieces, amount }) => ({
      sale,
      line,
      sku: 'any',
      quantity: (pieces * 1000) as Quantity,
      amount: amount as Money,
    }))
    const amount = full.reduce((sum, line) => sum + line.amount, 0) as Money
    const fact: Return = { ...this.#header('return', base), amount, lines: full }
    return this.#write(fact).id
  }

  grant(base: Base, points: number, metric = 0): FactId {
    const fact: Grant = { ...this.#header('grant', base), metric, points: points as Points, reason: 'test' }
    return this.#write(fact).id
  }

  redeem(
    base: Base,
    perk: number,
    points: number,
    hold: number,
    { stage, of }: Pick<Redemption, 'stage' | 'of'> = { stage: 'captured', of: NO_FACT },
  ): FactId {
    const fact: Redemption = {
      ...this.#header('redemption', base),
      stage,
      of,
      perk: perk as RuleId,
      points: points as Points,
      hold,
      rights: [],
      risk: null,
    }
    return this.#write(fact).id
  }

  /** At the merchant's risk. */
  useVoucher(base: Base, code: string): FactId {
    const fact: VoucherUse = {
      ...this.#header('voucher_use', base),
      code,
      hold: 0,
      rights: [],
      risk: 1 as Points,
    }
    return this.#write(fact).id
  }

  takeBack(base: Base, fact: FactId): FactId {
    const full: Void = { ...this.#header('void', base), fact, reason: 'test' }
    return this.#write(full).id
  }

  /** How a ledger in its first life greets that stands at `seq`, was never told how far the cloud has it, and has nothing of the downstream logs but the first program. */
  hello(nonce: Uint8Array, seq = this.seq): Hello {
    return {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      nonce,
      previous_nonce: null,
      origin: this.origin,
      epoch: 1,
      seq: seq as Seq,
      head: this.hashes[seq] ?? CHAIN_GENESIS,
      base_seq: 0 as Seq,
      base: CHAIN_GENESIS,
      cloud_epoch: 1,
      why: null,
      binding: '',
      applicant: null,
      members_cursor: 0,
      corrections_cursor: 0,
      leases_cursor: 0,
      program: 1 as ProgramVersion,
      software: 'test/1',
    }
  }

  /** Facts `from` to `to` (both included, from 1) as a batch. */
  batch(from = 1, to = this.seq): Batch {
    return {
      type: 'batch',
      origin: this.origin,
      from: from as Seq,
      previous: this.hashes[from - 1] ?? CHAIN_GENESIS,
      waiting: (this.seq - Math.min(to, this.seq)) as Seq,
      facts: this.bytes.slice(from - 1, to),
    }
  }
}
