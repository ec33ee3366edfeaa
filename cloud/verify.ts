// Proves a cloud's data from the outside (`tillstream verify`): every origin's chain is walked from its genesis, every member is folded again from
// all of its facts, and both are compared with what the node saved. It reads one snapshot of the file, so it tells the truth while a node
// works in it, and a page at a time, so its memory does not grow with the data. It changes nothing; what is made anew is made in a copy.
import { CHAIN_GENESIS, chainHash, sameHash } from '../protocol/chain.ts'
import { decodeFact } from '../protocol/codec.ts'
import type { Fact } from '../protocol/facts.ts'
import { idText, seqOf } from '../protocol/ids.ts'
import type { FactId, MemberId, Seq } from '../protocol/ids.ts'
import { hybridTime, localDay, zoneOffset } from '../protocol/time.ts'
import type { Millis } from '../protocol/time.ts'
import { PAGE_SIZE_MAX } from '../protocol/limits.ts'
import { standingOf } from './domain/ingest/standing.ts'
import { Bounds } from './domain/leases/bounds.ts'
import { leaseProblems } from './domain/leases/lease-replay.ts'
import { riskProblem } from './domain/leases/risk-replay.ts'
import { claimsFault, claimsOf } from './domain/leases/member-books.ts'
import { logFault } from './domain/log-check.ts'
import type { Effect } from './evaluation/effects.ts'
import { NOTHING_EARLIER, foldFacts } from './evaluation/fold.ts'
import { Programs } from './evaluation/programs.ts'
import {
  decodeState,
  digestOfLines,
  newState,
  outcomeLine,
  outcomeText,
  spendable,
} from './evaluation/state.ts'
import type { MemberState } from './evaluation/state.ts'
import type { OriginRow, Reads, TenantId } from './store/port.ts'
import { UnsoundRow } from './storage/unsound.ts'
import type { UnsoundListed } from './storage/unsound.ts'
import { openSnapshot } from './store/sqlite/sqlite-store.ts'
import type { Snapshot } from './store/sqlite/sqlite-store.ts'
import { projectionFaults } from './verify-projections.ts'

/** Sentences about what is wrong; the counts go on when these are full. */
const PROBLEMS_MAX = 20

export interface Verification {
  readonly ok: boolean
  /** The file is not what was written: its structure or a chain. */
  readonly damaged: boolean
  readonly chain_ok: boolean
  /** Facts of all origins, those set aside included. */
  readonly facts: number
  readonly quarantined: number
  readonly duplicates: number
  readonly members: number
  /** Members whose saved state is not the fold of their facts. */
  readonly fold_mismatches: number
  /** Members whose saved state is not what was written (S-12): a node makes it again when it reads it. */
  readonly unsound_states: readonly MemberId[]
  /** Rows that platforms list and that are not what was written (S-15): made again likewise. */
  readonly unsound_rows: readonly UnsoundListed[]
  /** Nothing else was found than these. */
  readonly mends_itself: boolean
  /** How often a node did so, and when last. */
  readonly states_mended: { readonly count: number; readonly last: number } | null
  /** Members whose logged effects do not come to what their facts come to, or not to their balance (E-FOLD-5). */
  readonly effect_mismatches: number
  /** Leases that are not what their facts add up to, members whose books do not add up, limits and budgets that were given twice (P-LEASE-1, P-LEASE-3, P-LEASE-6). */
  readonly lease_mismatches: number
  /** Rows that platforms list and that are not what the facts say (V-5). */
  readonly projection_mismatches: number
  readonly digest: string
  readonly problems: readonly string[]
}

/** How much is looked at. `rows`: SQLite's check and the sums of rows (V-4); `facts`: all but what platforms list, which takes a copy of the file (V-5). */
export type Extent = 'all' | 'facts' | 'rows'

export async function verify(directory: string, what: Extent = 'all'): Promise<Verification> {
  const snapshot = openSnapshot(directory)
  const walk = new Walk(snapshot, Date.now() as Millis)
  try {
    const { faults, listed } = snapshot.structure()
    walk.structure(faults)
    walk.listed(listed)
    if (what === 'rows') return walk.verification()
    for (const tenant of await snapshot.read.tenants()) await walk.tenant(tenant)
    if (what === 'all') await walk.projections(snapshot)
    return walk.verification()
  } catch (cause) {
    if (!(cause instanceof UnsoundRow)) throw cause
    // What reading stumbles over; the rest cannot be looked at.
    walk.structure([cause.message])
    return walk.verification()
  } finally {
    snapshot.close()
  }
}

/** What a tenant's members are looked at with. */
interface TenantBooks {
  readonly programs: Programs
  readonly bounds: Bounds
  /** The latest local day anywhere. */
  readonly day: number
}

/** A member's state as it is saved. */
interface Saved {
  readonly tenant: TenantId
  readonly member: MemberId
  readonly state: Uint8Array | null
}

/** The member as its facts say it is. */
interface Folded {
  readonly name: string
  readonly state: MemberState
  readonly facts: readonly Fact[]
  readonly effects: ReadonlyMap<FactId, readonly Effect[]>
}

class Walk {
  readonly #read: Reads
  readonly #snapshot: Snapshot
  readonly #problems: string[] = []
  readonly #lines: string[] = []
  #chainOk = true
  #structureOk = true
  #chained = 0
  #facts = 0
  #quarantined = 0
  #duplicates = 0
  #members = 0
  readonly #unsound: MemberId[] = []
  #unsoundRows: readonly UnsoundListed[] = []
  #foldMismatches = 0
  #effectMismatches = 0
  #leaseMismatches = 0
  #projectionMismatches = 0
  readonly #now: Millis

  constructor(snapshot: Snapshot, now: Millis) {
    this.#snapshot = snapshot
    this.#read = snapshot.read
    this.#now = now
  }

  verification(): Verification {
    if (this.#chained !== this.#facts)
      this.#breakChain(`${this.#facts} facts are stored, ${this.#chained} of them stand in a chain`)
    const unsound = this.#unsound.length + this.#unsoundRows.length
    const others =
      this.#foldMismatches + this.#effectMismatches + this.#leaseMismatches + this.#projectionMismatches
    const sound = this.#chainOk && this.#structureOk && others === 0
    return {
      ok: sound && unsound === 0,
      mends_itself: sound && unsound > 0,
      damaged: !this.#chainOk || !this.#structureOk,
      chain_ok: this.#chainOk,
      facts: this.#facts,
      quarantined: this.#quarantined,
      duplicates: this.#duplicates,
      members: this.#members,
      fold_mismatches: this.#foldMismatches,
      unsound_states: this.#unsound,
      unsound_rows: this.#unsoundRows,
      states_mended: this.#snapshot.mended(),
      effect_mismatches: this.#effectMismatches,
      lease_mismatches: this.#leaseMismatches,
      projection_mismatches: this.#projectionMismatches,
      digest: digestOfLines(this.#lines),
      problems: this.#problems,
    }
  }

  /** V-4. */
  structure(faults: readonly string[]): void {
    if (faults.length > 0) this.#structureOk = false
    for (const fault of faults) this.#say(fault)
  }

  listed(rows: readonly UnsoundListed[]): void {
    this.#unsoundRows = rows
    for (const { table, id, member } of rows)
      this.#say(`row ${id} of ${table}, of member ${idText(member as MemberId)}, is not what was written`)
  }

  /** V-5; of facts that do not fold nothing can be made anew, and rows that are not what was written are made again first. */
  async projections(snapshot: Snapshot): Promise<void> {
    if (!this.#structureOk || this.#foldMismatches > 0 || this.#unsoundRows.length > 0) return
    const clock = { now: () => this.#now }
    this.#projectionMismatches = await projectionFaults(snapshot, clock, (sentence) => this.#say(sentence))
  }

  async tenant(tenant: TenantId): Promise<void> {
    for (const { status, count } of await this.#read.factCounts(tenant)) {
      this.#facts += count
      if (status === 'quarantined') this.#quarantined += count
      if (status === 'duplicate') this.#duplicates += count
    }
    for (const origin of await this.#read.origins(tenant)) await this.#walkChain(origin)
    for (const problem of await leaseProblems(this.#read, tenant)) this.#breakLeases(problem)
    const risk = await riskProblem(this.#read, tenant)
    if (risk !== undefined) this.#breakLeases(risk)
    const programs = new Programs(await this.#read.programs(tenant))
    const zones = (await this.#read.stores(tenant)).map(({ zone }) =>
      localDay(this.#now, zoneOffset(zone, this.#now)),
    )
    const books = { programs, bounds: new Bounds(programs), day: Math.max(localDay(this.#now, 0), ...zones) }
    await this.#enrolled(tenant, books)
    await this.#orphans(tenant, books)
    for (const fault of await books.bounds.budgetFaults(this.#read, tenant, this.#now))
      this.#breakLeases(fault)
  }

  async #enrolled(tenant: TenantId, books: TenantBooks): Promise<void> {
    for (let after = 0; ;) {
      const members = await this.#read.members(tenant, { after, limit: PAGE_SIZE_MAX })
      this.#members += members.length
      for (const { id, state, key } of members) {
        const folded = await this.#member({ tenant, member: id, state }, books)
        if (folded !== undefined) this.#lines.push(outcomeLine(key, folded))
      }
      const last = members.at(-1)
      if (last === undefined || members.length < PAGE_SIZE_MAX) return
      after = last.id
    }
  }

  /** I-9: they have facts, states and leases like any other; the digest is of those that have a key. */
  async #orphans(tenant: TenantId, books: TenantBooks): Promise<void> {
    for (let after = 0; ;) {
      const orphans = await this.#read.orphans(tenant, { after, limit: PAGE_SIZE_MAX })
      for (const orphan of orphans) await this.#member({ tenant, ...orphan }, books)
      const last = orphans.at(-1)
      if (last === undefined || orphans.length < PAGE_SIZE_MAX) return
      after = last.member
    }
  }

  #say(problem: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(problem)
  }

  #breakLeases(problem: string): void {
    this.#leaseMismatches++
    this.#say(problem)
  }

  #breakChain(problem: string): void {
    this.#chainOk = false
    this.#say(problem)
  }

  /** P-FACT-3: seqs from 1 without a gap, every hash over the one before, the head and the position as saved. */
  async #walkChain({ origin, seq: savedSeq, head: savedHead }: OriginRow): Promise<void> {
    let seq = 0 as Seq
    let head = CHAIN_GENESIS
    for (;;) {
      const rows = await this.#read.chain(origin, seq, PAGE_SIZE_MAX)
      for (const { id, bytes, hash } of rows) {
        if (seqOf(id) !== seq + 1) this.#breakChain(`origin ${origin}: after seq ${seq} comes ${seqOf(id)}`)
        seq = seqOf(id)
        if (!sameHash(chainHash(head, bytes), hash))
          this.#breakChain(`origin ${origin}: the bytes or the hash of seq ${seq} were changed`)
        // From here on with what is stored: one changed record is one problem, not one for each after it.
        head = hash
      }
      this.#chained += rows.length
      if (rows.length < PAGE_SIZE_MAX) break
    }
    if (seq !== savedSeq)
      this.#breakChain(`origin ${origin}: the position says ${savedSeq}, the chain ends at ${seq}`)
    else if (!sameHash(head, savedHead))
      this.#breakChain(`origin ${origin}: the saved head is not the hash of seq ${seq}`)
  }

  /** E-FOLD-1 and E-FOLD-5 for one member. Gives what its facts fold to, where they are facts. */
  async #member(saved: Saved, books: TenantBooks): Promise<MemberState | undefined> {
    const { member } = saved
    const name = `member ${idText(member)}`
    const rows = await this.#read.storedFactsOf(member)
    const facts: Fact[] = []
    for (const fact of rows) {
      const { id, bytes } = fact
      const decoded = decodeFact(bytes)
      if (!decoded.ok || decoded.value.id !== id) {
        this.#foldMismatches++
        this.#say(`${name}: the bytes of fact ${idText(id)} are not that fact`)
        return undefined
      }
      facts.push(standingOf(decoded.value, fact, member))
    }
    const state = newState()
    const effects = new Map<FactId, readonly Effect[]>()
    foldFacts(books.programs, state, facts, NOTHING_EARLIER, (fact, made) => void effects.set(fact.id, made))
    if (this.#snapshot.unsound.includes(member)) {
      this.#unsound.push(member)
      this.#say(`${name}: its saved state is not what was written`)
    } else await this.#compare(saved, { name, state, facts, effects }, books)
    return state
  }

  async #compare({ tenant, member, state: bytes }: Saved, folded: Folded, books: TenantBooks): Promise<void> {
    const { programs, bounds, day } = books
    const { name, state, facts, effects } = folded
    const saved = bytes === null ? newState() : decodeState(bytes)
    if (
      saved === undefined ||
      outcomeText(saved) !== outcomeText(state) ||
      saved.goodwill !== state.goodwill
    ) {
      this.#foldMismatches++
      this.#say(
        `${name}: the saved state is not the fold of its ${facts.length} facts (saved ${saved === undefined ? 'in another format' : `balance ${spendable(saved)}`}, folded ${spendable(state)})`,
      )
    }
    const claims = await claimsOf(this.#read, tenant, member, this.#now)
    const fault = claimsFault(programs.program(hybridTime(this.#now)), state, claims)
    if (fault !== undefined) this.#breakLeases(`${name}: ${fault}`)
    const made = effects.values()
    const named = facts.flatMap((fact) => (fact.kind === 'redemption' && fact.hold > 0 ? [fact.hold] : []))
    const decisions = await this.#read.decisionsOf(member, named)
    const beyond = bounds.limitFault({ state, facts, made, claims, decisions, day })
    if (beyond !== undefined) this.#breakLeases(`${name}: ${beyond}`)
    const differing = await logFault(this.#read, member, effects, state)
    if (differing === undefined) return
    this.#effectMismatches++
    this.#say(`${name}: ${differing}`)
  }
}
