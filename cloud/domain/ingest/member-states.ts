// The states of members: folded on from what is saved, saved with what the fold came to and with when time alone changes them next. States are kept
// decoded between commits, because the same members come again and again.
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Fact } from '../../../protocol/facts.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { assert } from '../../../protocol/result.ts'
import type { Clock, Millis } from '../../../protocol/time.ts'
import type { Programs } from '../../evaluation/programs.ts'
import { decodeState, encodeState, newState } from '../../evaluation/state.ts'
import type { Entitlement, MemberState } from '../../evaluation/state.ts'
import type { StateRow, TenantId, Writes } from '../../store/port.ts'
import type { ConflictDraft } from '../conflicts.ts'
import { dueOf } from '../due.ts'
import type { NextDue } from '../due.ts'
import { Aliases } from './aliases.ts'
import { lostMember } from './conflicts.ts'
import { foldedAnew, noMember, noteMended } from './mending.ts'
import { foldMember } from './refold.ts'
import type { ActivityDraft, Standing, Touch } from './standing.ts'

/** Member states kept decoded between groups. About 1 KiB each. */
export const STATES_CACHED_MAX = 50_000

export class MemberStates {
  readonly #clock: Clock
  readonly #nextDue: NextDue
  readonly #onMended: (member: MemberId) => void
  readonly #states = new Map<MemberId, MemberState>()
  #mended = 0

  /** `onMended` is told of every state that was not what was written, when it is made again. */
  constructor(clock: Clock, nextDue: NextDue, onMended: (member: MemberId) => void) {
    this.#clock = clock
    this.#nextDue = nextDue
    this.#onMended = onMended
  }

  /** Folds and saves all touched members; gives the log rows of what that came to. */
  async fold(
    tx: Writes,
    tenant: TenantId,
    programs: Programs,
    { touched, twins, retold }: Standing,
    changed: Set<MemberId>,
    conflicts: ConflictDraft[],
  ): Promise<ActivityDraft[]> {
    await this.#load(tx, [...touched.keys()])
    const departures: ActivityDraft[] = []
    const drafts: ActivityDraft[] = []
    const rows: Omit<StateRow, 'change'>[] = []
    const codes: { tenant: TenantId; code: string; member: MemberId }[] = []
    for (const [member, touch] of touched) {
      if (touch.added.length === 0 && touch.removed.length === 0) continue
      changed.add(member)
      const saved = this.#states.get(member) ?? null
      const lost = saved === null && (await this.#isLost(tx, member, touch))
      if (lost) drafts.push(await this.noted(tx, tenant, member))
      const orphan = saved === null && !lost ? orphanAmong(touch) : undefined
      if (orphan !== undefined) conflicts.push(lostMember(tenant, orphan))
      // A merged member has an empty state, and nothing is folded onto it; one that was enrolled twice has none.
      if (orphan !== undefined || saved?.facts === 0) await new Aliases(tx, tenant).proveRoot(member)
      const known = saved?.entitlements ?? []
      const folded = await foldMember({ tx, tenant, member, programs }, touch, saved, lost)
      const { state } = folded
      this.#remember(member, state)
      departures.push(...folded.departures)
      drafts.push(...folded.activities)
      if (twins.has(member)) {
        this.#states.delete(member)
        continue
      }
      await tx.insertCheckpoints(folded.checkpoints)
      rows.push({
        member,
        tenant,
        state: encodeState(state),
        due: this.#dueOf(programs, state, touch),
      })
      const fresh = state === saved ? newIn(state.entitlements, known) : state.entitlements
      codes.push(...fresh.map(({ code }) => ({ tenant, code, member })))
    }
    const again = [...retold].filter((member) => !changed.has(member) && !twins.has(member))
    const have = new Set((await tx.states(again)).map(({ member }) => member))
    for (const member of again)
      if (!have.has(member)) rows.push({ member, tenant, state: encodeState(newState()), due: null })
    await tx.saveStates(rows)
    await tx.saveVouchers(codes)
    await this.retell(tx, [...have], changed)
    for (const member of again) changed.add(member)
    return departures.length === 0 ? drafts : numbered([...departures, ...drafts])
  }

  /** The moment that will come has the wall clock of the store of the enrolment; the last fact that came is nearest to it. */
  #dueOf(programs: Programs, state: MemberState, { added }: Touch): Millis | null {
    let last = added[0]?.fact
    for (const { fact } of added) if (last !== undefined && compareCanonical(last, fact) < 0) last = fact
    return dueOf(this.#nextDue, programs, state, last?.offset ?? 0, this.#clock.now())
  }

  /** A member that has facts has a state: this one's is gone, or not what was written (S-12). */
  #isLost(tx: Writes, member: MemberId, { added, removed }: Touch): Promise<boolean> {
    return tx.hasOtherFacts(
      member,
      [...added.map(({ fact }) => fact), ...removed].map(({ id }) => id),
    )
  }

  /** S-12: makes a state again that no fact touches, and tells it. Gives why that was not possible. */
  async mend(
    tx: Writes,
    tenant: TenantId,
    member: MemberId,
    programs: Programs,
  ): Promise<string | undefined> {
    const fault = (await noMember(tx, member)) ?? (await this.remake(tx, tenant, member, programs))
    if (fault === undefined) await tx.appendActivities([await this.noted(tx, tenant, member)])
    return fault
  }

  /** The same for one that was what an earlier release wrote (S-13). */
  async remake(
    tx: Writes,
    tenant: TenantId,
    member: MemberId,
    programs: Programs,
  ): Promise<string | undefined> {
    const made = await foldedAnew({ tx, tenant, member, programs })
    if (typeof made === 'string') return made
    const { state, offset } = made
    const due = dueOf(this.#nextDue, programs, state, offset, this.#clock.now())
    await tx.saveStates([{ member, tenant, state: encodeState(state), due }])
    return undefined
  }

  /** What tells that something saved of a member was made again. */
  noted(tx: Writes, tenant: TenantId, member: MemberId): Promise<ActivityDraft> {
    this.#mended += 1
    this.#onMended(member)
    return noteMended(tx, tenant, member, this.#clock.now() as Millis)
  }

  /** States that were made again, since the start. */
  get mended(): number {
    return this.#mended
  }

  /** Sends states out again that did not change (D-1). */
  async retell(tx: Writes, members: readonly MemberId[], changed: Set<MemberId>): Promise<void> {
    if (members.length === 0) return
    for (const member of members) changed.add(member)
    await tx.saveStates(await tx.states(members))
  }

  /** As it is saved; of a member without facts a new one. */
  async of(tx: Writes, member: MemberId): Promise<MemberState> {
    await this.#load(tx, [member])
    return this.#states.get(member) ?? newState()
  }

  /** What a group changed was not saved. */
  forget(members: Iterable<MemberId>): void {
    for (const member of members) this.#states.delete(member)
  }

  async #load(tx: Writes, members: readonly MemberId[]): Promise<void> {
    const missing = members.filter((member) => !this.#states.has(member))
    for (const row of await tx.soundStates(missing)) {
      const state = decodeState(row.state)
      assert(
        state !== undefined,
        'saved states are of our format: the first start of a release folds them again (S-13)',
      )
      this.#remember(row.member, state)
    }
  }

  /** The cache forgets the states it has not seen for longest. */
  #remember(member: MemberId, state: MemberState): void {
    this.#states.delete(member)
    this.#states.set(member, state)
    if (this.#states.size > STATES_CACHED_MAX) {
      const [oldest] = this.#states.keys()
      if (oldest !== undefined) this.#states.delete(oldest)
    }
  }
}

/** The first fact of a member that comes without the enrolment (I-9). */
function orphanAmong({ added }: Touch): Fact | undefined {
  return added.some(({ fact }) => fact.kind === 'enrolment') ? undefined : added[0]?.fact
}

/** A fact that goes from one member to another is corrected for both in one commit: the revisions follow each other. */
function numbered(drafts: readonly ActivityDraft[]): ActivityDraft[] {
  const last = new Map<FactId, number>()
  return drafts.map((draft) => {
    const revision = Math.max(draft.revision, (last.get(draft.fact) ?? -1) + 1)
    last.set(draft.fact, revision)
    return revision === draft.revision ? draft : { ...draft, revision }
  })
}

/** What was issued since: a state's list is replaced by one with the same entitlements but those that are forgotten, and the new ones last. */
function newIn(now: readonly Entitlement[], before: readonly Entitlement[]): readonly Entitlement[] {
  return now === before ? [] : now.slice(now.findLastIndex((one) => before.includes(one)) + 1)
}
