// Who holds an identity. Every counted enrolment that names it is a holder; the canonically first one owns it (I-8), so ownership does not depend on
// who came first to the cloud, and passes on by itself when an enrolment turns out to be a duplicate.
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Enrolment, Identity } from '../../../protocol/facts.ts'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import type { IdentityRow, TenantId, Writes } from '../../store/port.ts'

export function identityClaim({ kind, value }: Identity): string {
  return `${kind}:${value}`
}

const placeOf = ({ member, at }: IdentityRow) => ({ at, id: member as number as FactId })

export class Holders {
  readonly #tx: Writes
  readonly #tenant: TenantId
  /** By claim, canonically first first. */
  readonly #holders = new Map<string, IdentityRow[]>()

  constructor(tx: Writes, tenant: TenantId) {
    this.#tx = tx
    this.#tenant = tenant
  }

  async load(identities: readonly Identity[]): Promise<void> {
    // Each once, however many name it: a holder that stood there twice would go on holding it when it is removed.
    const wanted = identities.filter((identity) => {
      const claim = identityClaim(identity)
      if (this.#holders.has(claim)) return false
      this.#holders.set(claim, [])
      return true
    })
    if (wanted.length === 0) return
    for (const row of await this.#tx.identities(this.#tenant, wanted)) this.#of(row).push(row)
    for (const identity of wanted) this.#of(identity).sort((a, b) => compareCanonical(placeOf(a), placeOf(b)))
  }

  #of(identity: Identity): IdentityRow[] {
    return this.#holders.get(identityClaim(identity)) ?? []
  }

  /** The owner of an identity that was loaded; NO_MEMBER where nobody holds it. */
  owner(claim: string): MemberId {
    return this.#holders.get(claim)?.[0]?.member ?? NO_MEMBER
  }

  /** Adds an enrolment's identities; says which were held by others already. */
  async add(fact: Enrolment, member: MemberId): Promise<IdentityRow[]> {
    const held: IdentityRow[] = []
    const rows = fact.identities.map(({ kind, value }): IdentityRow => ({
      kind,
      value,
      tenant: this.#tenant,
      member,
      at: fact.at,
    }))
    for (const row of rows) {
      const others = this.#of(row)
      held.push(...others.slice(0, 1))
      others.push(row)
      others.sort((a, b) => compareCanonical(placeOf(a), placeOf(b)))
    }
    await this.#tx.insertIdentities(rows)
    return held
  }

  /** Takes a member off all identities it holds, and gives them back as claims. */
  async remove(member: MemberId): Promise<string[]> {
    const rows = await this.#tx.identitiesOfMember(member)
    await this.load(rows)
    for (const row of rows) {
      const others = this.#of(row)
      others.splice(
        others.findIndex((other) => other.member === member),
        1,
      )
    }
    return rows.map(identityClaim)
  }
}
