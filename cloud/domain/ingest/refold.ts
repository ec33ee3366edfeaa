// Third step: the fold of one touched member (I-5). In order: forward from the saved state. Otherwise: back to the last checkpoint, forward again over
// everything, and the difference to what the log says is appended as corrections, never written over.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Fact, FactKind } from '../../../protocol/facts.ts'
import { NO_FACT, idText } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { CHECKPOINT_AGAIN_FACTS, CHECKPOINT_FACTS } from '../../../protocol/limits.ts'
import { movesPoints } from '../../evaluation/effects.ts'
import type { Effect } from '../../evaluation/effects.ts'
import { canonically, effectsDifference, effectsSum, foldFacts } from '../../evaluation/fold.ts'
import type { Programs } from '../../evaluation/programs.ts'
import type { PastFact, PastFacts } from '../../evaluation/spending/reversal.ts'
import { decodeState, encodeState, newState } from '../../evaluation/state.ts'
import type { MemberState } from '../../evaluation/state.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { CheckpointRow, FactPlace, FactRow, TenantId, Writes } from '../../store/port.ts'
import { namedBy } from './conflicts.ts'
import type { ActivityDraft, Touch } from './standing.ts'
import { standingOf } from './standing.ts'

export interface Folded {
  readonly state: MemberState
  /** Log rows of the facts that left the member, then of those that are its own. */
  readonly departures: readonly ActivityDraft[]
  readonly activities: readonly ActivityDraft[]
  readonly checkpoints: readonly CheckpointRow[]
}

export interface FoldContext {
  readonly tx: Writes
  readonly tenant: TenantId
  readonly member: MemberId
  readonly programs: Programs
}

/**
 * `saved` is the member's state as of now (null: none yet); it is changed and returned where the fold goes forward from it. `lost`: there was one, and what is
 * left of it is not what was written (S-12).
 */
export async function foldMember(
  context: FoldContext,
  touch: Touch,
  saved: MemberState | null,
  lost: boolean,
): Promise<Folded> {
  const facts = canonically(touch.added.map(({ fact }) => fact))
  const [first] = facts
  const inOrder =
    !lost &&
    touch.removed.length === 0 &&
    touch.added.every(({ seen }) => !seen) &&
    first !== undefined &&
    (saved === null || compareCanonical({ at: saved.at, id: saved.last }, first) < 0)
  return inOrder
    ? foldForward(context, facts, saved ?? newState())
    : foldAgain(context, touch, factsIn(touch, saved))
}

/** How many facts the member has after a group; null where there is no state to go by. */
function factsIn({ added, removed }: Touch, saved: MemberState | null): number | null {
  return saved === null ? null : saved.facts + added.filter(({ back }) => !back).length - removed.length
}

async function foldForward(
  context: FoldContext,
  facts: readonly Fact[],
  state: MemberState,
): Promise<Folded> {
  const activities: ActivityDraft[] = []
  const checkpoints: CheckpointRow[] = []
  const past = await pastOf(context, facts)
  foldFacts(context.programs, state, facts, past, (fact, effects, now) => {
    activities.push(activityOf(context, fact, 0, NO_FACT, effects, effects))
    checkpoint(context, fact, now, checkpoints)
  })
  return { state, departures: [], activities, checkpoints }
}

/** `count`: of the member's facts by now. One that its index misses would be lost in silence (S-14). */
async function foldAgain(context: FoldContext, touch: Touch, count: number | null): Promise<Folded> {
  const { tx, member } = context
  const places = [...touch.removed, ...touch.added.map(({ fact }) => fact)].toSorted(compareCanonical)
  const earliest = places[0] ?? { at: 0, id: 0 }
  const cause = earliest.id as FactId
  const restart = await restartPoint(context, earliest as FactPlace)
  await tx.deleteCheckpointsFrom(member, earliest as FactPlace)
  const facts = (await tx.factsOfMemberAfter(member, restart.place)).map((row) => factOf(row, member))
  // What lies before comes to what it did (E-DOC-2): its log need not be read.
  const changing = facts.filter((fact) => compareCanonical(fact, earliest as FactPlace) >= 0)
  const logged = await loggedEffects(
    context,
    [...changing, ...touch.removed].map(({ id }) => id),
  )
  const fresh = new Set(touch.added.filter(({ seen }) => !seen).map(({ fact }) => fact.id))
  const activities: ActivityDraft[] = []
  const checkpoints: CheckpointRow[] = []
  const past = await pastOf(context, facts)
  const { state } = restart
  if (count !== null && state.facts + facts.length !== count)
    throw new UnsoundRow(
      `of ${count} facts of member ${idText(member)} ${state.facts + facts.length} are found`,
    )
  let left = facts.length
  foldFacts(context.programs, state, facts, past, (fact, effects, now) => {
    left -= 1
    checkpoint(context, fact, now, checkpoints, left < CHECKPOINT_FACTS)
    if (left >= changing.length) return
    const before = logged.get(fact.id)
    if (before === undefined && count !== null && !fresh.has(fact.id)) throw notLogged(fact.id)
    if (before === undefined) activities.push(activityOf(context, fact, 0, NO_FACT, effects, effects))
    else {
      const difference = effectsDifference(before.effects, effects)
      if (difference.length > 0)
        activities.push(activityOf(context, fact, before.revision + 1, cause, difference, effects))
    }
  })
  const departures: ActivityDraft[] = []
  for (const row of await tx.factsByIds(touch.removed.map(({ id }) => id))) {
    const before = logged.get(row.id)
    if (before === undefined || before.effects.length === 0) continue
    const fact = factOf(row, member)
    departures.push(
      activityOf(context, fact, before.revision + 1, cause, effectsDifference(before.effects, []), []),
    )
  }
  return { state, departures, activities, checkpoints }
}

/** The last checkpoint before a place, or the beginning. */
async function restartPoint(
  { tx, member }: FoldContext,
  place: FactPlace,
): Promise<{ state: MemberState; place: FactPlace | null }> {
  const row = await tx.checkpointBefore(member, place)
  const state = row === undefined ? undefined : decodeState(row.state)
  return row === undefined || state === undefined
    ? { state: newState(), place: null }
    : { state, place: { at: row.at, id: row.id } }
}

/** One late fact is seldom the last, and the next most likely belongs near the end too: `dense` has more of them there (I-6). */
export function checkpoint(
  { member }: FoldContext,
  fact: Fact,
  state: MemberState,
  into: CheckpointRow[],
  dense = false,
): void {
  if (state.facts % (dense ? CHECKPOINT_AGAIN_FACTS : CHECKPOINT_FACTS) === 0)
    into.push({ member, at: fact.at, id: fact.id, state: encodeState(state) })
}

/** The fact of a row, which is found by what its bytes say. */
export function factOf(row: FactRow, member: MemberId): Fact {
  const fact = decodeStoredFact(row.bytes)
  const { id, store, key, kind, at } = row
  if (fact.id !== id || fact.store !== store || fact.key !== key || fact.kind !== kind || fact.at !== at)
    throw new UnsoundRow(`the row of fact ${idText(id)} is not what its bytes say`)
  return standingOf(fact, row, member)
}

const notLogged = (id: FactId): UnsoundRow => new UnsoundRow(`what fact ${idText(id)} came to is lost`)

/** What the log says each fact came to for this member, and its last revision (for whichever member). */
async function loggedEffects(
  { tx, member }: FoldContext,
  ids: readonly FactId[],
): Promise<Map<FactId, { effects: Effect[]; revision: number }>> {
  const revisions = new Map<FactId, { effects: Effect[][]; revision: number }>()
  for (const row of await tx.activitiesOfFacts(ids)) {
    const entry = revisions.get(row.fact) ?? { effects: [], revision: row.revision }
    if (row.member === member) entry.effects.push([...row.effects])
    entry.revision = Math.max(entry.revision, row.revision)
    revisions.set(row.fact, entry)
  }
  return new Map(
    [...revisions].map(
      ([id, { effects, revision }]) => [id, { effects: effectsSum(effects), revision }] as const,
    ),
  )
}

const LOOKS_BACK: ReadonlySet<FactKind> = new Set(['return', 'void', 'redemption'])

/** What a return and a void take back (E-RET-6), and what a later stage of a redemption names: however old, it was begun (E-MEM-1). */
function lookedBackAt(fact: Fact): FactId[] {
  if (fact.kind !== 'redemption') return namedBy(fact)
  return fact.of === NO_FACT ? [] : [fact.of]
}

const NOTHING_PAST: PastFacts = { find: () => undefined }

/** The earlier facts that some among `facts` look back at, fetched before the fold, which does not wait. */
async function pastOf(context: FoldContext, facts: readonly Fact[]): Promise<PastFacts> {
  if (!facts.some(({ kind }) => LOOKS_BACK.has(kind))) return NOTHING_PAST
  const wanted = new Set(facts.flatMap(lookedBackAt))
  const own = new Set(facts.map(({ id }) => id))
  const ids = [...wanted].filter((id) => !own.has(id))
  const found = new Map<FactId, PastFact>()
  if (ids.length > 0) {
    const rows = (await context.tx.factsByIds(ids)).filter(
      ({ status, member }) => status === 'counted' && member === context.member,
    )
    const logged = await loggedEffects(
      context,
      rows.map(({ id }) => id),
    )
    for (const row of rows) {
      const effects = logged.get(row.id)?.effects
      if (effects === undefined) throw notLogged(row.id)
      found.set(row.id, {
        fact: factOf(row, context.member),
        effects,
        program: context.programs.program(row.at),
      })
    }
  }
  return { find: (id) => found.get(id) }
}

/** The log row of a fact at a revision: what it adds, and what the fact comes to with it. */
export function activityOf(
  { tenant, member }: Pick<FoldContext, 'tenant' | 'member'>,
  fact: Fact,
  revision: number,
  cause: FactId,
  adds: readonly Effect[],
  total: readonly Effect[],
): ActivityDraft {
  let points = 0
  let goodwill = 0
  for (const { kind, index, amount } of total) {
    if (kind === 'goodwill') goodwill += amount
    else if (movesPoints({ kind, index })) points += amount
  }
  return {
    tenant,
    store: fact.store,
    kind: revision === 0 ? fact.kind : 'correction',
    at: fact.at,
    fact: fact.id,
    revision,
    member,
    cause,
    amount: fact.kind === 'sale' || fact.kind === 'return' ? fact.amount : null,
    points,
    goodwill,
    effects: adds,
    notice: null,
    tell: revision > 0 || fact.promised !== points,
  }
}
