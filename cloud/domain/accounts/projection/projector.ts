// What platforms list of a tenant's members, kept beside the facts in the commit that brings them (PROJ). Everything written here is a function of the
// facts: whatever order they come in, the rows come to the same but for their ids and the times they were written at.
import type { FactId, MemberId } from '../../../../protocol/ids.ts'
import { assert } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import type { Programs } from '../../../evaluation/programs.ts'
import type { MemberState } from '../../../evaluation/state.ts'
import type { ActivityRow, TenantId, Writes } from '../../../store/port.ts'
import type { ArrivedFact } from '../../ingest/accept.ts'
import type { Standing } from '../../ingest/standing.ts'
import { projectAttributes } from './attribute-rows.ts'
import { connectionOf, hideConnection, passConnection, updateConnection } from './connection-rows.ts'
import { DocumentsOfRules } from './documents-of-rules.ts'
import { concernsEntitlements, projectEntitlements, removeEntitlements } from './entitlement-rows.ts'
import type { OwnedView } from './fact-views.ts'
import { FactViews } from './fact-views.ts'
import { projectProgress } from './progress-rows.ts'
import { projectReferral, sentOf } from './referral-rows.ts'
import type { MemberScene, ProjectionScene } from './scene.ts'
import { tellByMail } from './told-by-mail.ts'
import { projectTransactions, removeTransactions } from './transaction-rows.ts'

/** Members that one transaction of filling up takes, and their facts at most (one member at least). */
export const FILL_MEMBERS_MAX = 50
export const FILL_FACTS_MAX = 2_000

/** What a commit came to. */
export interface Settled {
  readonly programs: Programs
  readonly arrivals: readonly ArrivedFact[]
  readonly standing: Pick<Standing, 'touched' | 'twins' | 'retold'>
  readonly activities: readonly ActivityRow[]
  readonly stateOf: (member: MemberId) => Promise<MemberState>
}

export class Projector {
  readonly #clock: Clock
  readonly #documents = new DocumentsOfRules()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The last step of a commit; of a tenant that nobody lists nothing is kept. */
  async follow(tx: Writes, tenant: TenantId, settled: Settled): Promise<void> {
    const projection = await tx.projection(tenant)
    if (projection.state === 'off') return
    const { standing, programs } = settled
    const scene = this.#scene(tx, tenant, programs)
    const noted = new Set(scene.views.note(settled.activities, settled.arrivals))
    // What came to nothing has no row of the log, and may have gone to another member.
    for (const { added, removed } of standing.touched.values()) {
      for (const { fact } of added) noted.add(fact.id)
      for (const { id } of removed) noted.add(id)
    }
    const changed = await scene.views.of([...noted])
    const byMember = Map.groupBy(changed, ({ member }) => member)
    const touched = new Set([
      ...byMember.keys(),
      ...standing.touched.keys(),
      ...standing.twins,
      ...standing.retold,
    ])
    const reached = (member: MemberId): boolean => projection.state === 'on' || member <= projection.upTo
    const heirs = new Set<MemberId>()
    for (const twin of standing.twins) for (const heir of await this.#pass(scene, twin)) heirs.add(heir)
    const roots = new Map((await tx.aliases([...touched])).map(({ member, root }) => [member, root]))
    const logged = Map.groupBy(settled.activities, ({ member }) => member)
    const members: MemberScene[] = []
    for (const member of touched) {
      if (standing.twins.has(member) || (roots.get(member) ?? member) !== member || !reached(member)) continue
      const change: Change = {
        facts: heirs.has(member) ? 'all' : (byMember.get(member) ?? []),
        rows: logged.get(member) ?? [],
        lost: (standing.touched.get(member)?.removed.length ?? 0) > 0,
      }
      members.push(...(await this.#sceneOf(scene, member, change, settled.stateOf)))
    }
    for (const fact of withoutRows(noted, changed, members)) await removeTransactions(scene, fact)
    await projectMembers(members)
    for (const [member, root] of roots)
      if (root !== member) {
        await hideConnection(scene, member, root)
        await clear(scene, member)
      }
    for (const twin of standing.twins) await clear(scene, twin)
    const sent = new Set(changed.flatMap(({ fact }) => sentOf(fact) ?? []))
    for (const id of sent) await projectReferral(scene, id)
    await tellByMail(scene, settled.activities)
  }

  /** Projects the members after a place; gives the new place, null when there are no more. */
  async fill(
    tx: Writes,
    tenant: TenantId,
    after: MemberId,
    { programs, stateOf }: Pick<Settled, 'programs' | 'stateOf'>,
  ): Promise<MemberId | null> {
    const scene = this.#scene(tx, tenant, programs)
    const members = await tx.enrolmentsAfter(tenant, after, FILL_MEMBERS_MAX)
    let facts = 0
    for (const id of members) {
      const member = id as number as MemberId
      const [alias] = await tx.aliases([member])
      if (alias === undefined || alias.root === member) {
        const scenes = await this.#sceneOf(scene, member, EVERYTHING, stateOf)
        await projectMembers(scenes)
        for (const { changed } of scenes) facts += changed.length
      }
      if (facts >= FILL_FACTS_MAX) return member
    }
    return members.length < FILL_MEMBERS_MAX ? null : ((members.at(-1) ?? 0) as number as MemberId)
  }

  /** All rows of one member as they are made for one that is listed for the first time, where they are not so (S-15). */
  async again(
    tx: Writes,
    tenant: TenantId,
    member: MemberId,
    { programs, stateOf }: Pick<Settled, 'programs' | 'stateOf'>,
  ): Promise<void> {
    const scene = this.#scene(tx, tenant, programs)
    const [alias] = await tx.aliases([member])
    if (alias === undefined || alias.root === member)
      await projectMembers(await this.#sceneOf(scene, member, EVERYTHING, stateOf))
    else await hideConnection(scene, member, alias.root)
  }

  /** What was looked up may have been rolled back. */
  forget(): void {
    this.#documents.forget()
  }

  #scene(tx: Writes, tenant: TenantId, programs: Programs): ProjectionScene {
    return {
      tx,
      tenant,
      programs,
      documents: this.#documents,
      views: new FactViews(tx, programs),
      now: this.#clock.now() as Millis,
    }
  }

  /** None of a member whose enrolment has not come. */
  async #sceneOf(
    scene: ProjectionScene,
    member: MemberId,
    { facts, rows, lost }: Change,
    stateOf: Settled['stateOf'],
  ): Promise<MemberScene[]> {
    const connection = await connectionOf(scene, member)
    if (connection === undefined) return []
    const { tx, programs } = scene
    const whole = connection.made || facts === 'all'
    let changed = facts === 'all' ? [] : facts
    if (whole) {
      const all = await tx.factsOfMemberAfter(member, null)
      await scene.views.take(all)
      changed = await scene.views.of(all.map(({ id }) => id))
      for (const sent of changed.flatMap(({ fact }) => sentOf(fact) ?? [])) await projectReferral(scene, sent)
    }
    const state = await stateOf(member)
    const program = programs.program(state.at)
    return [{ ...scene, connection: connection.row, state, program, changed, logged: rows, lost, whole }]
  }

  /** Gives the member that has its first connection by this: what it had before has no rows yet. */
  async #pass({ tx, ...scene }: ProjectionScene, twin: MemberId): Promise<MemberId[]> {
    const row = await tx.fact(twin as number as FactId)
    assert(row?.status === 'duplicate', 'a twin is the member of an enrolment that counts no longer')
    return (await passConnection({ tx, ...scene }, twin, row.member)) ? [row.member] : []
  }
}

/** What a commit changed of a member. */
interface Change {
  /** All, where none has its rows for sure. */
  readonly facts: readonly OwnedView[] | 'all'
  readonly rows: readonly ActivityRow[]
  readonly lost: boolean
}

const EVERYTHING: Change = { facts: 'all', rows: [], lost: false }

/** Facts of nobody, and of members who have no rows until their enrolment or their turn comes: they may have been another's. */
function withoutRows(
  noted: ReadonlySet<FactId>,
  changed: readonly OwnedView[],
  members: readonly MemberScene[],
): FactId[] {
  const listed = new Set(members.map(({ connection }) => connection.member))
  const kept = new Set(
    changed.filter(({ member, fresh }) => fresh || listed.has(member)).map(({ fact }) => fact.id),
  )
  return [...noted].filter((fact) => !kept.has(fact))
}

/** Lines and entitlements may go from one of them to another: a step is done for all before the next looks at what each has. */
async function projectMembers(members: readonly MemberScene[]): Promise<void> {
  for (const of of members) await projectTransactions(of)
  const entitled = members.filter(concernsEntitlements)
  for (const of of entitled) await projectEntitlements(of)
  for (const of of entitled) await removeEntitlements(of)
  for (const of of members) {
    await projectProgress(of)
    if (of.whole || of.lost || of.state.more !== null) await projectAttributes(of)
    await updateConnection(of)
  }
}

const OF_ONE_MEMBER = [
  'entitlements',
  'challenge_connections',
  'requirement_summaries',
  'frequency_progress',
  'connection_attributes',
] as const

/** Nothing of a member that is another's now stays listed; what went to the other has its name by now. */
async function clear({ tx }: ProjectionScene, member: MemberId): Promise<void> {
  for (const table of OF_ONE_MEMBER)
    for (const { id } of await tx.accountRows(table, { member })) await tx.deleteAccountRow(table, id)
}
