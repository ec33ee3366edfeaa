// Facts of an origin of HQ, written like a ledger's, so that a test can hand them in in any order. A real cloud has one such origin and writes it itself.
import { encodeFact } from '../../protocol/codec.ts'
import type { Merge, Profile, Redemption, RetroClaim } from '../../protocol/facts.ts'
import { NO_FACT, factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, ProgramVersion, RuleId, Seq, StoreId } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import { hybridTime } from '../../protocol/time.ts'
import { attributeOfValue } from '../../cloud/domain/accounts/projection/attribute-rows.ts'
import type { OwnHeader } from '../../cloud/domain/ingest/own-facts.ts'
import { ownHeader } from '../../cloud/domain/ingest/own-facts.ts'
import type { CloudCore } from './cloud-core.ts'
import { OriginWriter } from './origin-writer.ts'

interface Said {
  readonly at: number
  readonly key: string
  readonly member: MemberId
}

export class HqWriter extends OriginWriter {
  static async add(cloud: CloudCore): Promise<HqWriter> {
    const life = await cloud.store.write((tx) =>
      tx.insertOrigin({ tenant: cloud.tenant, store: 0 as StoreId, edge: 0 }),
    )
    return new HqWriter(life.origin, 0)
  }

  #header({ at, key, member }: Said): OwnHeader {
    const id = factIdOf(this.origin, (this.seq + 1) as Seq)
    return { id, at: hybridTime(at), key, program: 1 as ProgramVersion, member }
  }

  merge(said: Said, merged: MemberId): FactId {
    const fact: Merge = { ...ownHeader('merge', this.#header(said)), merged }
    return this.writeBytes(encodeFact(fact), fact).id
  }

  /** The membership is active, and the member has a value that a business declared. */
  profile(said: Said, value: number): FactId {
    const fact: Profile = {
      ...ownHeader('profile', this.#header(said)),
      home_store: null,
      birthday: null,
      attributes: [attributeOfValue(value, 'mood', `value ${value}`)],
      membership: 'active',
      membership_start: null,
    }
    return this.writeBytes(encodeFact(fact), fact).id
  }

  claim(said: Said, sale: FactId): FactId {
    const fact: RetroClaim = { ...ownHeader('retro_claim', this.#header(said)), sale }
    return this.writeBytes(encodeFact(fact), fact).id
  }

  /** Of a redemption whose first fact is `of`; 0: a new one. */
  redemption(
    said: Said,
    stage: Redemption['stage'],
    of: FactId = NO_FACT,
    perk: number = 301,
    points = 0,
  ): FactId {
    const fact: Redemption = {
      ...ownHeader('redemption', this.#header(said)),
      stage,
      of,
      perk: perk as RuleId,
      points: points as Points,
      hold: 0,
      rights: [],
      risk: null,
    }
    return this.writeBytes(encodeFact(fact), fact).id
  }
}
