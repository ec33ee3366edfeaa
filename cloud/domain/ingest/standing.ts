// Second step: which member a fact belongs to and whether it counts. Every choice here is made by canonical order, never by arrival (I-3, I-7, I-8),
// so that the outcome is a function of the set of facts. What changes for a member is collected as `Touch` and folded afterwards.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Enrolment, Fact, Identity } from '../../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import type { Millis } from '../../../protocol/time.ts'
import type {
  ActivityRow,
  FactPlace,
  FactRow,
  IdentityRow,
  MemberRow,
  TenantId,
  Writes,
} from '../../store/port.ts'
import type { ArrivedFact } from './accept.ts'

export interface Touch {
  /** Facts that are new to this member, with the member's id in them; `seen`: the log has a row of it already. */
  readonly added: { readonly fact: Fact; readonly seen: boolean }[]
  /** Facts that no longer belong to the member. */
  readonly removed: FactPlace[]
}

export type ActivityDraft = Omit<ActivityRow, 'position'>

export interface Standing {
  readonly touched: ReadonlyMap<MemberId, Touch>
  /** Log rows of facts that are folded into nobody: guests', duplicates, unclaimed. */
  readonly unfolded: readonly Fact[]
  readonly notices: readonly ActivityDraft[]
}

export function identityClaim({ kind, value }: Identity): string {
  return `${kind}:${value}`
}

/** What ties a fact to its member when its origin did not know the member: an identity, or the earlier fact it is about. */
export function claimOf(fact: Fact): string | null {
  if (fact.member > 0 || fact.kind === 'enrolment') return null
  if (fact.claim !== null) return identityClaim(fact.claim)
  const about = aboutOf(fact)
  return about > 0 ? `fact:${about}` : null
}

function aboutOf(fact: Fact): FactId {
  if (fact.kind === 'void') return fact.fact
  if (fact.kind === 'return') return fact.lines.find(({ sale }) => sale > 0)?.sale ?? NO_FACT
  return NO_FACT
}

export function withMember(fact: Fact, member: MemberId): Fact {
  return fact.member === member || fact.kind === 'enrolment' ? fact : { ...fact, member }
}

export function noticeOf(
  tenant: TenantId,
  fact: Pick<Fact, 'at' | 'store' | 'id'>,
  code: string,
  text: string,
): ActivityDraft {
  return {
    tenant,
    store: fact.store,
    kind: 'notice',
    at: fact.at,
    fact: NO_FACT,
    revision: 0,
    member: NO_MEMBER,
    cause: fact.id,
    amount: null,
    points: 0,
    goodwill: 0,
    effects: [],
    notice: { code, text },
    tell: false,
  }
}

/** Settles the standing of a group's facts of one tenant and writes their rows. */
export async function settleStanding(
  tx: Writes,
  tenant: TenantId,
  arrivals: readonly ArrivedFact[],
  receivedAt: Millis,
): Promise<Standing> {
  const settling = new Settling(tx, tenant, receivedAt)
  await settling.take(arrivals)
  return settling
}

const keyName = (store: number, key: string): string => `${store} ${key}`

class Settling implements Standing {
  readonly touched = new Map<MemberId, Touch>()
  readonly unfolded: Fact[] = []
  readonly notices: ActivityDraft[] = []
  readonly #tx: Writes
  readonly #tenant: TenantId
  readonly #receivedAt: Millis
  /** Rows that are not in the table yet. */
  #rows: FactRow[] = []
  /** Counted facts by business key, of the store and of this group. */
  readonly #counted = new Map<string, FactRow>()
  readonly #owners = new Map<string, MemberRow>()

  constructor(tx: Writes, tenant: TenantId, receivedAt: Millis) {
    this.#tx = tx
    this.#tenant = tenant
    this.#receivedAt = receivedAt
  }

  async take(arrivals: readonly ArrivedFact[]): Promise<void> {
    const keys = arrivals.map(({ fact }) => ({ store: fact.store, key: fact.key }))
    for (const row of await this.#tx.factsByKeys(keys)) this.#counted.set(keyName(row.store, row.key), row)
    await this.#loadOwners(arrivals)
    const byId = await this.#factsSpokenOf(arrivals)
    const tied: string[] = []
    for (const arrival of arrivals) {
      const row = this.#rowOf(arrival, byId)
      if (row.status !== 'duplicate' && (await this.#loses(row))) {
        this.#rows.push({ ...row, status: 'duplicate' })
        this.unfolded.push(arrival.fact)
        continue
      }
      this.#rows.push(row)
      this.#counted.set(keyName(row.store, row.key), row)
      byId.set(row.id, row)
      if (row.status === 'counted' && row.member > 0) {
        this.#touch(row.member).added.push({ fact: withMember(arrival.fact, row.member), seen: false })
        if (row.kind === 'sale' || row.kind === 'checkin' || row.kind === 'grant') tied.push(`fact:${row.id}`)
      } else this.unfolded.push(arrival.fact)
      if (arrival.fact.kind === 'enrolment') tied.push(...(await this.#enrol(arrival.fact, row)))
    }
    await this.#insert()
    await this.#tie(tied)
  }

  async #insert(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    await this.#tx.insertFacts(rows)
  }

  #rowOf({ fact, bytes, hash }: ArrivedFact, byId: ReadonlyMap<FactId, FactRow>): FactRow {
    const claim = claimOf(fact)
    const member =
      fact.kind === 'enrolment'
        ? (fact.id as number as MemberId)
        : fact.member > 0
          ? fact.member
          : fact.claim !== null
            ? (this.#owners.get(identityClaim(fact.claim))?.id ?? NO_MEMBER)
            : (byId.get(aboutOf(fact))?.member ?? NO_MEMBER)
    return {
      id: fact.id,
      tenant: this.#tenant,
      store: fact.store,
      key: fact.key,
      kind: fact.kind,
      member,
      claim,
      at: fact.at,
      status: claim !== null && member === NO_MEMBER ? 'unclaimed' : 'counted',
      bytes,
      hash,
      receivedAt: this.#receivedAt,
    }
  }

  /** Whether another fact with the same business key counts instead; if this one comes first, the other loses its standing (I-3). */
  async #loses(row: FactRow): Promise<boolean> {
    const other = this.#counted.get(keyName(row.store, row.key))
    if (other === undefined) return false
    const text = `facts ${other.id} and ${row.id} have the business key "${row.key}"; the earlier counts`
    this.notices.push(noticeOf(this.#tenant, row, 'duplicate_key', text))
    if (compareCanonical(other, row) < 0) return true
    await this.#insert()
    await this.#tx.saveFactStanding([{ id: other.id, status: 'duplicate', member: other.member }])
    if (other.member > 0) this.#leave(other.member, other)
    return false
  }

  #touch(member: MemberId): Touch {
    let touch = this.touched.get(member)
    if (touch === undefined) {
      touch = { added: [], removed: [] }
      this.touched.set(member, touch)
    }
    return touch
  }

  /** A fact leaves a member: taken out of what this group adds, or out of what was folded. */
  #leave(member: MemberId, place: FactPlace): void {
    const touch = this.#touch(member)
    const at = touch.added.findIndex(({ fact, seen }) => fact.id === place.id && !seen)
    if (at >= 0) this.unfolded.push(...touch.added.splice(at, 1).map(({ fact }) => fact))
    else touch.removed.push({ at: place.at, id: place.id })
  }

  async #loadOwners(arrivals: readonly ArrivedFact[]): Promise<void> {
    const wanted: Identity[] = []
    for (const { fact } of arrivals) {
      if (fact.kind === 'enrolment') wanted.push(...fact.identities)
      else if (fact.claim !== null && fact.member === NO_MEMBER) wanted.push(fact.claim)
    }
    if (wanted.length === 0) return
    const identities = await this.#tx.identities(this.#tenant, wanted)
    const rows = new Map(
      (await this.#tx.memberRows(identities.map(({ member }) => member))).map((row) => [row.id, row]),
    )
    for (const identity of identities) {
      const owner = rows.get(identity.member)
      if (owner !== undefined) this.#owners.set(identityClaim(identity), owner)
    }
  }

  /** Earlier facts that returns and voids without a member are about. */
  async #factsSpokenOf(arrivals: readonly ArrivedFact[]): Promise<Map<FactId, FactRow>> {
    const ids = arrivals.flatMap(({ fact }) =>
      fact.member === NO_MEMBER && aboutOf(fact) > 0 ? [aboutOf(fact)] : [],
    )
    return new Map((ids.length === 0 ? [] : await this.#tx.factsByIds(ids)).map((row) => [row.id, row]))
  }

  /** Makes the member and gives it its identities, unless an earlier enrolment holds them (I-8). Returns the claims now held by it. */
  async #enrol(fact: Enrolment, row: FactRow): Promise<string[]> {
    const member: MemberRow = {
      id: row.member,
      tenant: this.#tenant,
      name: fact.name,
      store: fact.store,
      enrolledAt: fact.at,
      key: fact.key,
    }
    await this.#tx.insertMembers([member])
    const won: IdentityRow[] = []
    for (const { kind, value } of fact.identities) {
      const claim = identityClaim({ kind, value })
      const owner = this.#owners.get(claim)
      if (owner !== undefined && owner.id !== member.id) {
        const text = `members ${owner.id} and ${member.id} were enrolled with the same ${kind}; the earlier keeps it`
        this.notices.push(noticeOf(this.#tenant, fact, 'identity_twice', text))
        if (compareCanonical({ at: owner.enrolledAt, id: owner.id as number as FactId }, fact) < 0) continue
      }
      this.#owners.set(claim, member)
      won.push({ tenant: this.#tenant, kind, value, member: member.id })
    }
    await this.#tx.saveIdentities(won)
    return won.map(identityClaim)
  }

  /** Ties waiting facts to members that are known now, and facts about those facts in turn (I-7). */
  async #tie(claims: readonly string[]): Promise<void> {
    let open = claims
    while (open.length > 0) {
      const next: string[] = []
      for (const row of await this.#tx.factsByClaims(this.#tenant, open)) {
        const member = row.claim?.startsWith('fact:')
          ? await this.#memberOfFact(row.claim)
          : (this.#owners.get(row.claim ?? '')?.id ?? NO_MEMBER)
        if (row.status === 'duplicate' || member === NO_MEMBER || member === row.member) continue
        if (row.member > 0) this.#leave(row.member, row)
        await this.#tx.saveFactStanding([{ id: row.id, status: 'counted', member }])
        const fact = decodeStoredFact(row.bytes)
        const fresh = this.unfolded.findIndex(({ id }) => id === row.id)
        if (fresh >= 0) this.unfolded.splice(fresh, 1)
        this.#touch(member).added.push({ fact: withMember(fact, member), seen: fresh < 0 })
        next.push(`fact:${row.id}`)
      }
      open = next
    }
  }

  async #memberOfFact(claim: string): Promise<MemberId> {
    const [row] = await this.#tx.factsByIds([Number(claim.slice('fact:'.length)) as FactId])
    return row?.member ?? NO_MEMBER
  }
}
