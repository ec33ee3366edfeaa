// Second step: which member a fact belongs to and whether it counts. Every choice here is made by canonical order, never by arrival (I-3, I-7, I-8),
// so that the outcome is a function of the set of facts. What changes for a member is collected as `Touch` and folded afterwards.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Enrolment, Fact } from '../../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { ActivityRow, FactPlace, FactRow, TenantId, Writes } from '../../store/port.ts'
import type { ArrivedFact } from './accept.ts'
import { Holders, identityClaim } from './holders.ts'

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
  /** Members whose enrolment turned out to be another's (I-9): their facts have moved, nothing of them stays. */
  readonly merged: ReadonlySet<MemberId>
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
  readonly merged = new Set<MemberId>()
  readonly #tx: Writes
  readonly #tenant: TenantId
  readonly #receivedAt: Millis
  readonly #holders: Holders
  /** Rows that are not in the table yet. */
  #rows: FactRow[] = []
  /** Counted facts by business key, of the store and of this group. */
  readonly #counted = new Map<string, FactRow>()
  /** Earlier facts that returns and voids are about. */
  readonly #about = new Map<FactId, FactRow>()
  /** Members whose enrolment is the duplicate of another's, and that other. */
  readonly #aliases = new Map<MemberId, MemberId>()

  constructor(tx: Writes, tenant: TenantId, receivedAt: Millis) {
    this.#tx = tx
    this.#tenant = tenant
    this.#receivedAt = receivedAt
    this.#holders = new Holders(tx, tenant)
  }

  async take(arrivals: readonly ArrivedFact[]): Promise<void> {
    await this.#load(arrivals)
    const claims: string[] = []
    for (const arrival of arrivals) {
      const row = this.#rowOf(arrival)
      const rival = this.#counted.get(keyName(row.store, row.key))
      if (rival !== undefined) this.#noticeDuplicate(row, rival)
      if (rival !== undefined && compareCanonical(rival, row) < 0) {
        this.#rows.push({ ...row, status: 'duplicate', member: rival.member })
        this.unfolded.push(arrival.fact)
        if (row.kind === 'enrolment') claims.push(...(await this.#merge(row.member, rival.member)))
        continue
      }
      if (rival !== undefined) claims.push(...(await this.#dethrone(rival, row)))
      this.#count(arrival.fact, row)
      claims.push(`fact:${row.id}`)
      if (arrival.fact.kind === 'enrolment') claims.push(...(await this.#enrol(arrival.fact, row)))
    }
    await this.#insert()
    await this.#tie(claims)
  }

  async #load(arrivals: readonly ArrivedFact[]): Promise<void> {
    const keys = arrivals.map(({ fact }) => ({ store: fact.store, key: fact.key }))
    for (const row of await this.#tx.factsByKeys(this.#tenant, keys))
      this.#counted.set(keyName(row.store, row.key), row)
    await this.#holders.load(
      arrivals.flatMap(({ fact }) =>
        fact.kind === 'enrolment'
          ? fact.identities
          : fact.member === NO_MEMBER && fact.claim !== null
            ? [fact.claim]
            : [],
      ),
    )
    await this.#loadAliases(new Set(arrivals.map(({ fact }) => fact.member).filter((member) => member > 0)))
    const about = arrivals.flatMap(({ fact }) =>
      fact.member === NO_MEMBER && aboutOf(fact) > 0 ? [aboutOf(fact)] : [],
    )
    for (const row of await this.#tx.factsByIds(about)) this.#about.set(row.id, row)
  }

  /** A duplicate's row names the member that counts instead, which may have become a duplicate since. */
  async #loadAliases(members: ReadonlySet<MemberId>): Promise<void> {
    for (const { id, status, member } of await this.#tx.factsByIds([...members] as number[] as FactId[])) {
      if (status !== 'duplicate') continue
      await this.#loadAliases(new Set([member]))
      this.#aliases.set(id as number as MemberId, this.#aliases.get(member) ?? member)
    }
  }

  async #insert(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    await this.#tx.insertFacts(rows)
  }

  #count(fact: Fact, row: FactRow): void {
    this.#rows.push(row)
    this.#counted.set(keyName(row.store, row.key), row)
    this.#about.set(row.id, row)
    if (row.status === 'counted' && row.member > 0)
      this.#touch(row.member).added.push({ fact: withMember(fact, row.member), seen: false })
    else this.unfolded.push(fact)
  }

  #rowOf({ fact, bytes, hash }: ArrivedFact): FactRow {
    const claim = claimOf(fact)
    const member = this.#memberOf(fact)
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

  #memberOf(fact: Fact): MemberId {
    if (fact.kind === 'enrolment') return fact.id as number as MemberId
    if (fact.member > 0) return this.#aliases.get(fact.member) ?? fact.member
    if (fact.claim !== null) return this.#holders.owner(identityClaim(fact.claim))
    return memberAbout(this.#about.get(aboutOf(fact)))
  }

  #noticeDuplicate(row: FactRow, rival: FactRow): void {
    const text = `facts ${rival.id} and ${row.id} have the business key "${row.key}"; the earlier counts`
    this.notices.push(noticeOf(this.#tenant, row, 'duplicate_key', text))
  }

  /** `loser` counted until now; `winner` has its business key and comes before it (I-3). Returns the claims to look at again. */
  async #dethrone(loser: FactRow, winner: FactRow): Promise<string[]> {
    await this.#insert()
    await this.#tx.saveFactStanding([{ id: loser.id, status: 'duplicate', member: winner.member }])
    this.#about.set(loser.id, { ...loser, status: 'duplicate' })
    if (loser.member > 0) this.#leave(loser.member, loser)
    const claims = loser.kind === 'enrolment' ? await this.#merge(loser.member, winner.member) : []
    return [`fact:${loser.id}`, ...claims]
  }

  /** The loser's enrolment is the winner's, recorded twice: what names the loser is the winner's (I-9). */
  async #merge(loser: MemberId, winner: MemberId): Promise<string[]> {
    this.#aliases.set(loser, winner)
    this.merged.add(loser)
    await this.#insert()
    const claims = await this.#holders.remove(loser)
    for (const row of await this.#tx.factsOfMemberAfter(loser, null)) {
      if (row.claim !== null) continue
      await this.#move(row, winner)
      claims.push(`fact:${row.id}`)
    }
    await this.#tx.deleteMembers([loser])
    return claims
  }

  #touch(member: MemberId): Touch {
    let touch = this.touched.get(member)
    if (touch === undefined) {
      touch = { added: [], removed: [] }
      this.touched.set(member, touch)
    }
    return touch
  }

  /** A fact leaves a member: taken out of what this group adds, or out of what was folded. Says whether the log has a row of it. */
  #leave(member: MemberId, place: FactPlace): boolean {
    const touch = this.#touch(member)
    const at = touch.added.findIndex(({ fact }) => fact.id === place.id)
    const [added] = at >= 0 ? touch.added.splice(at, 1) : []
    if (added === undefined) touch.removed.push({ at: place.at, id: place.id })
    else if (!added.seen) this.unfolded.push(added.fact)
    return added === undefined || added.seen
  }

  /** Gives a fact that is in the table to another member, or to nobody. */
  async #move(row: FactRow, member: MemberId): Promise<void> {
    if (row.member > 0) this.#leave(row.member, row)
    const status = member === NO_MEMBER ? 'unclaimed' : 'counted'
    await this.#tx.saveFactStanding([{ id: row.id, status, member }])
    const moved: FactRow = { ...row, status, member }
    if (this.#about.has(row.id)) this.#about.set(row.id, moved)
    if (this.#counted.get(keyName(row.store, row.key))?.id === row.id)
      this.#counted.set(keyName(row.store, row.key), moved)
    if (member === NO_MEMBER) return
    const fresh = this.unfolded.findIndex(({ id }) => id === row.id)
    if (fresh >= 0) this.unfolded.splice(fresh, 1)
    const fact = withMember(decodeStoredFact(row.bytes), member)
    const touch = this.#touch(member)
    // Back where it was before this group: nothing happened.
    const back = touch.removed.findIndex(({ id }) => id === row.id)
    if (back >= 0) touch.removed.splice(back, 1)
    touch.added.push({ fact, seen: fresh < 0 })
  }

  /** Makes the member and lets it hold its identities (I-8). Returns the claims it may have won. */
  async #enrol(fact: Enrolment, { member }: FactRow): Promise<string[]> {
    const { name, store, at, key } = fact
    await this.#tx.insertMembers([{ id: member, tenant: this.#tenant, name, store, enrolledAt: at, key }])
    for (const held of await this.#holders.add(fact, member)) {
      const text = `members ${held.member} and ${member} were enrolled with the same ${held.kind}; the earlier keeps it`
      this.notices.push(noticeOf(this.#tenant, fact, 'identity_twice', text))
    }
    return fact.identities.map(identityClaim)
  }

  /** Looks again at the facts tied by these claims, and at facts about those facts in turn (I-7). */
  async #tie(claims: readonly string[]): Promise<void> {
    let open = claims
    while (open.length > 0) {
      const next: string[] = []
      for (const row of await this.#tx.factsByClaims(this.#tenant, open)) {
        if (row.status === 'duplicate') continue
        const claim = row.claim ?? ''
        const member = claim.startsWith('fact:')
          ? await this.#memberOfFact(claim)
          : this.#holders.owner(claim)
        if (member === row.member) continue
        await this.#move(row, member)
        next.push(`fact:${row.id}`)
      }
      open = next
    }
  }

  async #memberOfFact(claim: string): Promise<MemberId> {
    const [row] = await this.#tx.factsByIds([Number(claim.slice('fact:'.length)) as FactId])
    return memberAbout(row)
  }
}

/** Only a fact that counts says whose the facts about it are. */
function memberAbout(row: FactRow | undefined): MemberId {
  return row?.status === 'counted' ? row.member : NO_MEMBER
}
