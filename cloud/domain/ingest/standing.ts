// Second step: which member a fact belongs to and whether it counts. Every choice here is made by canonical order, never by arrival (I-3, I-7, I-8,
// E-MERGE-1, E-CLAIM-1), so that the outcome is a function of the set of facts. What changes for a member is collected as `Touch` and folded afterwards.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Enrolment, Fact, Merge } from '../../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER } from '../../../protocol/ids.ts'
import type { FactId, MemberId, StoreId } from '../../../protocol/ids.ts'
import { CLOCK_SKEW_MS_MAX } from '../../../protocol/limits.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { ActivityRow, FactPlace, FactRow, IdRun, TenantId, Writes } from '../../store/port.ts'
import { pairSubject } from '../conflicts.ts'
import type { ConflictDraft } from '../conflicts.ts'
import type { ArrivedFact } from './accept.ts'
import { Aliases } from './aliases.ts'
import {
  aboutOf,
  claimOf,
  followers,
  memberAbout,
  memberOfEnrolment,
  numberOf,
  runsOf,
  settledBy,
} from './claims.ts'
import type { Renamed } from './aliases.ts'
import { Holders, identityClaim } from './holders.ts'

export interface Touch {
  /** Facts of this member's, with its id in them. `seen`: the log has a row of it already; `back`: it left within the group and came back, so it is not new. */
  readonly added: { readonly fact: Fact; readonly seen: boolean; readonly back: boolean }[]
  /** Facts that no longer belong to the member. */
  readonly removed: FactPlace[]
}

export type ActivityDraft = Omit<ActivityRow, 'position'>

export interface Standing {
  readonly touched: ReadonlyMap<MemberId, Touch>
  /** Log rows of facts that are folded into nobody: guests', duplicates, unclaimed. */
  readonly unfolded: readonly Fact[]
  readonly notices: readonly ActivityDraft[]
  readonly conflicts: readonly ConflictDraft[]
  /** Members whose enrolment turned out to be another's (I-9): their facts have moved, nothing of them stays. */
  readonly twins: ReadonlySet<MemberId>
  /** First facts of redemptions that a fact was added to or taken from. */
  readonly redemptions: ReadonlySet<FactId>
  /** Members whose identities changed, and merged ones that are known from now on: their stores are told whatever else happens. */
  readonly retold: ReadonlySet<MemberId>
  /** The member that a name among the arrivals stands for. */
  aliasOf(member: MemberId): MemberId
}

/**
 * P-TIME-7: the flag of its origin, or a time that the cloud's own clock had not reached when the fact came: no clock that the cloud had set is so
 * far ahead. A function of the row, so that every fold of it is the same.
 */
function withTrust(fact: Fact, receivedAt: Millis): Fact {
  return fact.suspect || millisOf(fact.at) <= receivedAt + CLOCK_SKEW_MS_MAX
    ? fact
    : { ...fact, suspect: true }
}

function withMember(fact: Fact, member: MemberId): Fact {
  return fact.member === member || fact.kind === 'enrolment' ? fact : { ...fact, member }
}

/** A row's fact as it is folded: whose it is by now, and whether its time is to be believed. */
export function standingOf(fact: Fact, { receivedAt }: Pick<FactRow, 'receivedAt'>, member: MemberId): Fact {
  return withTrust(withMember(fact, member), receivedAt)
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

class Settling implements Standing {
  readonly touched = new Map<MemberId, Touch>()
  readonly unfolded: Fact[] = []
  readonly notices: ActivityDraft[] = []
  readonly conflicts: ConflictDraft[] = []
  readonly twins = new Set<MemberId>()
  readonly redemptions = new Set<FactId>()
  readonly retold = new Set<MemberId>()
  readonly #tx: Writes
  readonly #tenant: TenantId
  readonly #receivedAt: Millis
  readonly #holders: Holders
  /** Rows that are not in the table yet. */
  #rows: FactRow[] = []
  /** Counted facts by store and business key, those that were there and those of this group. */
  readonly #counted = new Map<StoreId, Map<string, FactRow>>()
  /** Earlier facts that returns and voids are about; those of this group only where it has such. */
  readonly #about = new Map<FactId, FactRow>()
  #looksBack = false
  readonly #aliases: Aliases

  constructor(tx: Writes, tenant: TenantId, receivedAt: Millis) {
    this.#tx = tx
    this.#tenant = tenant
    this.#receivedAt = receivedAt
    this.#holders = new Holders(tx, tenant)
    this.#aliases = new Aliases(tx, tenant)
  }

  aliasOf(member: MemberId): MemberId {
    return this.#aliases.of(member)
  }

  async take(arrivals: readonly ArrivedFact[]): Promise<void> {
    const claims = await this.#load(arrivals)
    for (const arrival of arrivals) {
      const row = this.#rowOf(arrival)
      const counted = this.#countedOf(row.store)
      const rival = counted.get(row.key)
      if (rival !== undefined) this.#noticeDuplicate(row, rival)
      if (rival !== undefined && compareCanonical(rival, row) < 0) {
        const member = row.kind === 'enrolment' ? memberOfEnrolment(rival) : rival.member
        this.#rows.push({ ...row, status: 'duplicate', member })
        this.unfolded.push(arrival.fact)
        if (row.kind === 'enrolment') claims.push(...(await this.#twin(row, rival)))
        continue
      }
      if (rival !== undefined) claims.push(...(await this.#dethrone(rival, row)))
      counted.set(row.key, row)
      this.#count(arrival.fact, row)
      if (row.kind === 'retro_claim') claims.push(...followers(row))
      if (arrival.fact.kind === 'enrolment') claims.push(...(await this.#enrol(arrival.fact)))
      if (arrival.fact.kind === 'merge') await this.#aliases.merge(arrival.fact)
    }
    await this.#insert()
    claims.push(...(await this.#rename(await this.#aliases.settle())))
    await this.#tie(claims, runsOf(arrivals))
    await this.#tx.deleteMembers([...this.twins])
  }

  /** What must be known of the arrivals; gives the claims on guest sales that were there before the sale. */
  async #load(arrivals: readonly ArrivedFact[]): Promise<string[]> {
    const facts = arrivals.map(({ fact }) => fact)
    for (const row of await this.#tx.factsByKeys(this.#tenant, facts))
      this.#countedOf(row.store).set(row.key, row)
    const claimed = facts.flatMap(({ member, claim }) =>
      member === NO_MEMBER && claim !== null ? [claim] : [],
    )
    await this.#holders.load([
      ...facts.flatMap((fact) => (fact.kind === 'enrolment' ? fact.identities : [])),
      ...claimed,
    ])
    const owners = claimed.map((claim) => this.#holders.owner(identityClaim(claim)))
    const named = facts.map((fact) => (fact.kind === 'enrolment' ? memberOfEnrolment(fact) : fact.member))
    const leased = facts.flatMap((fact) =>
      fact.kind === 'lease' ? fact.lines.map(({ member }) => member) : [],
    )
    await this.#aliases.load([...named, ...owners, ...leased])
    const about = facts.flatMap((fact) =>
      fact.member === NO_MEMBER && aboutOf(fact) > 0 ? [aboutOf(fact)] : [],
    )
    this.#looksBack = about.length > 0
    for (const row of await this.#factsOf(about)) this.#about.set(row.id, row)
    const guests = facts.filter(({ kind, member }) => kind === 'sale' && member === NO_MEMBER)
    const claims = await this.#tx.factsAbout(
      guests.map(({ id }) => id),
      'retro_claim',
    )
    return claims.map((row) => `sale:${row.about}`)
  }

  async #insert(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    await this.#tx.insertFacts(rows)
  }

  #countedOf(store: StoreId): Map<string, FactRow> {
    const known = this.#counted.get(store)
    if (known !== undefined) return known
    const counted = new Map<string, FactRow>()
    this.#counted.set(store, counted)
    return counted
  }

  #count(fact: Fact, row: FactRow): void {
    this.#rows.push(row)
    if (this.#looksBack) this.#about.set(row.id, row)
    this.#noteRedemption(row)
    if (row.status === 'counted' && row.member > 0)
      this.#touch(row.member).added.push({
        fact: standingOf(fact, row, row.member),
        seen: false,
        back: false,
      })
    else this.unfolded.push(fact)
  }

  #noteRedemption({ kind, id, about }: FactRow): void {
    if (kind === 'redemption') this.redemptions.add(about > 0 ? about : id)
  }

  #rowOf({ fact, bytes, hash, awaitsMember }: ArrivedFact): FactRow {
    const awaits = awaitsMember === true
    const claim = awaits ? `fact:${fact.member}` : claimOf(fact)
    const member = awaits ? NO_MEMBER : this.#memberOf(fact)
    return {
      id: fact.id,
      tenant: this.#tenant,
      store: fact.store,
      key: fact.key,
      kind: fact.kind,
      member,
      claim,
      about: settledBy(fact),
      at: fact.at,
      status:
        claim !== null && member === NO_MEMBER
          ? 'unclaimed'
          : fact.kind === 'enrolment' && member !== memberOfEnrolment(fact)
            ? 'merged'
            : 'counted',
      bytes,
      hash,
      receivedAt: this.#receivedAt,
    }
  }

  #memberOf(fact: Fact): MemberId {
    if (fact.kind === 'enrolment') return this.#aliases.of(memberOfEnrolment(fact))
    if (fact.member > 0) return this.#aliases.of(fact.member)
    if (fact.claim !== null) return this.#aliases.of(this.#holders.owner(identityClaim(fact.claim)))
    return memberAbout(this.#about.get(aboutOf(fact)))
  }

  #noticeDuplicate(row: FactRow, rival: FactRow): void {
    const text = `facts ${rival.id} and ${row.id} have the business key "${row.key}"; the earlier counts`
    this.notices.push(noticeOf(this.#tenant, row, 'duplicate_key', text))
  }

  /** `loser` counted until now; `winner` has its business key and comes before it (I-3). Returns the claims to look at again. */
  async #dethrone(loser: FactRow, winner: FactRow): Promise<string[]> {
    await this.#insert()
    const member = loser.kind === 'enrolment' ? memberOfEnrolment(winner) : winner.member
    await this.#tx.saveFactStanding([{ id: loser.id, status: 'duplicate', member }])
    this.#about.set(loser.id, { ...loser, status: 'duplicate' })
    this.#noteRedemption(loser)
    if (loser.status === 'counted' && loser.member > 0) this.#leave(loser.member, loser)
    const claims = followers(loser)
    if (loser.kind === 'enrolment') claims.push(...(await this.#twin(loser, winner)))
    if (loser.kind === 'merge') await this.#aliases.unmerge(decodeStoredFact(loser.bytes) as Merge)
    return claims
  }

  /** The loser's enrolment is the winner's, recorded twice: what names the loser is the winner's (I-9). Returns the claims it gives up. */
  async #twin(loser: FactRow, winner: FactRow): Promise<string[]> {
    const member = memberOfEnrolment(loser)
    this.twins.add(member)
    await this.#aliases.twin(member, memberOfEnrolment(winner))
    return this.#holders.remove(member)
  }

  /** Names that stand for other members now: what names them moves. Returns the claims to look at again. */
  async #rename(renamed: readonly Renamed[]): Promise<string[]> {
    const claims: string[] = []
    const left = new Set(renamed.map(({ from }) => from))
    const rows: FactRow[] = []
    for (const member of left) rows.push(...(await this.#tx.factsOfMemberAfter(member, null)))
    const facts = rows.map((row) => decodeStoredFact(row.bytes))
    await this.#aliases.load(facts.map(({ member }) => member))
    for (const [index, row] of rows.entries()) {
      const named = facts[index]?.member ?? NO_MEMBER
      const member = this.#aliases.of(named)
      if (row.kind === 'enrolment' || named === NO_MEMBER || member === row.member) continue
      await this.#move(row, member)
      claims.push(...followers(row))
    }
    for (const { member, to } of renamed) {
      claims.push(...(await this.#renameEnrolment(member, to)))
      await this.#tx.meetAlso(member, to)
      this.retold.add(to)
    }
    return claims
  }

  /** The enrolment of a merged member makes nobody a member; it does again when the merge counts no longer. */
  async #renameEnrolment(member: MemberId, to: MemberId): Promise<string[]> {
    const [row] = await this.#tx.factsByIds([member as number as FactId])
    if (row === undefined || row.status === 'duplicate') return []
    if (row.status === 'counted') this.#leave(member, row)
    if (to === member) await this.#move(row, member)
    else {
      await this.#tx.saveFactStanding([{ id: row.id, status: 'merged', member: to }])
      await this.#tellMerged(row, to)
    }
    const held = await this.#tx.identitiesOfMember(member)
    await this.#holders.load(held)
    return held.map(identityClaim)
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
    const at = touch.added.findIndex(({ fact }) => fact.id === place.id)
    const [added] = at >= 0 ? touch.added.splice(at, 1) : []
    if (added === undefined || added.back) touch.removed.push({ at: place.at, id: place.id })
    else if (!added.seen) this.unfolded.push(added.fact)
  }

  /** Gives a fact that is in the table to another member, or to nobody. */
  async #move(row: FactRow, member: MemberId): Promise<void> {
    if (row.status === 'counted' && row.member > 0) this.#leave(row.member, row)
    const status = member === NO_MEMBER && row.claim !== null ? 'unclaimed' : 'counted'
    await this.#tx.saveFactStanding([{ id: row.id, status, member }])
    const moved: FactRow = { ...row, status, member }
    if (this.#about.has(row.id)) this.#about.set(row.id, moved)
    const counted = this.#countedOf(row.store)
    if (counted.get(row.key)?.id === row.id) counted.set(row.key, moved)
    this.#noteRedemption(row)
    if (member === NO_MEMBER) return
    const fresh = this.unfolded.findIndex(({ id }) => id === row.id)
    if (fresh >= 0) this.unfolded.splice(fresh, 1)
    const fact = standingOf(decodeStoredFact(row.bytes), row, member)
    const touch = this.#touch(member)
    const left = touch.removed.findIndex(({ id }) => id === row.id)
    if (left >= 0) touch.removed.splice(left, 1)
    touch.added.push({ fact, seen: fresh < 0, back: left >= 0 })
  }

  /** Makes the member and lets it hold its identities (I-8). Returns the claims it may have won. */
  async #enrol(fact: Enrolment): Promise<string[]> {
    const { name, store, at, key } = fact
    const member = memberOfEnrolment(fact)
    await this.#tx.insertMembers([{ id: member, tenant: this.#tenant, name, store, enrolledAt: at, key }])
    for (const held of await this.#holders.add(fact, member)) {
      this.conflicts.push({
        tenant: this.#tenant,
        store,
        kind: 'identity_twice',
        subject: pairSubject(held.member, member),
        at,
        member,
        fact: fact.id,
        text: `Members ${held.member} and ${member} were enrolled with the same ${held.kind}; the earlier keeps it`,
      })
    }
    const root = this.#aliases.of(member)
    if (root !== member) await this.#tellMerged(fact, root)
    return fact.identities.map(identityClaim)
  }

  /** The identities of a merged member are the survivor's: the store of its enrolment is told of both. */
  async #tellMerged({ id, store }: Pick<Enrolment, 'id' | 'store'>, root: MemberId): Promise<void> {
    const members = [memberOfEnrolment({ id }), root]
    for (const member of members) this.retold.add(member)
    if (store > 0) await this.#tx.meet(members.map((member) => ({ store, member })))
  }

  /** Looks again at the facts that go where those of `runs` go, at those tied by these claims, and at facts about those facts in turn (I-7, E-CLAIM-1). */
  async #tie(claims: readonly string[], runs: readonly IdRun[]): Promise<void> {
    let found = await this.#tx.factsFollowing(this.#tenant, runs)
    let open = [...new Set(claims)]
    while (found.length > 0 || open.length > 0) {
      const next = new Set<string>()
      const sales = open.filter((claim) => claim.startsWith('sale:')).map(numberOf)
      found.push(...(await this.#tx.factsByClaims(this.#tenant, open)), ...(await this.#factsOf(sales)))
      for (const row of new Map(found.map((each) => [each.id, each])).values()) {
        if (row.status === 'duplicate') continue
        const member = await this.#ownerOf(row)
        if (member === row.member) continue
        await this.#move(row, member)
        for (const follower of followers(row)) next.add(follower)
      }
      found = []
      open = [...next]
    }
  }

  /** What a fact names may be another business's: then it is nobody's. */
  async #factsOf(ids: readonly FactId[]): Promise<FactRow[]> {
    return (await this.#tx.factsByIds(ids)).filter(({ tenant }) => tenant === this.#tenant)
  }

  /** The owner of a fact by all that is known now: named, by identity, by the fact it is about, by who claimed the sale. */
  async #ownerOf(row: FactRow): Promise<MemberId> {
    if (row.claim?.startsWith('fact:') === true) {
      const member = memberAbout((await this.#factsOf([numberOf(row.claim)]))[0])
      return member > 0 || row.kind !== 'sale' ? member : this.#claimant(row)
    }
    const { kind, member, claim } = decodeStoredFact(row.bytes)
    if (claim !== null) await this.#holders.load([claim])
    const named = member === NO_MEMBER && claim !== null ? this.#holders.owner(identityClaim(claim)) : member
    await this.#aliases.load([named])
    return named > 0 || kind !== 'sale' ? this.#aliases.of(named) : this.#claimant(row)
  }

  async #claimant({ id }: FactRow): Promise<MemberId> {
    const [first] = await this.#tx.factsAbout([id], 'retro_claim')
    return first?.member ?? NO_MEMBER
  }
}
