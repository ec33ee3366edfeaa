// Uses that met no voucher (CON-6): before its issue, for a clock ran ahead when it was issued, or behind where it was used; or years after its end, when
// it is forgotten. Such a use takes none of its uses. The voucher was handed in all the same: together with what was taken it may be more than it had.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import type { VoucherUse } from '../../../protocol/facts.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { GIVE_BACK_DAYS_MAX } from '../../../protocol/limits.ts'
import { assert } from '../../../protocol/result.ts'
import type { Effect, EffectKind } from '../../evaluation/effects.ts'
import { effectsSum } from '../../evaluation/fold.ts'
import type { Entitlement, MemberState } from '../../evaluation/state.ts'
import type { ActivityRow, FactRow, TenantId, Writes } from '../../store/port.ts'
import { raiseConflicts, settleConflict } from '../conflicts.ts'
import type { ConflictDraft } from '../conflicts.ts'
import type { ArrivedFact } from './accept.ts'
import type { Standing } from './standing.ts'

/** Where the uses of a commit's members are looked at, and what the fold has of their vouchers by now. */
export interface UsesScene {
  readonly tx: Writes
  readonly tenant: TenantId
  readonly arrivals: readonly ArrivedFact[]
  /** Log rows of the commit that have consequences. */
  readonly rows: readonly ActivityRow[]
  readonly standing: Pick<Standing, 'touched'>
  stateOf(member: MemberId): Promise<MemberState>
}

/** What may change how many uses a voucher has, or which of them are before its issue. */
const MOVING: Readonly<Partial<Record<EffectKind, true>>> = {
  voucher_issued: true,
  voucher_used: true,
  voucher_reused: true,
  given_back: true,
  entitlement: true,
}

/** Opens and ends the conflicts of uses before the issue, whichever order the facts came in. */
export async function settleEarlyUses(scene: UsesScene): Promise<ActivityRow[]> {
  const { tx, tenant } = scene
  const told = await withdrawGone(scene)
  const members = membersMoved(scene)
  if (members.size === 0) return told
  const open = await tx.hasOpenConflict(tenant, 'voucher_twice')
  for (const [member, by] of members) {
    const uses = (await tx.factsOfKind(member, 'voucher_use')).map(useIn)
    if (uses.length === 0) continue
    const { entitlements } = await scene.stateOf(member)
    const held = new Map(entitlements.map((one) => [one.code, one]))
    for (const [code, same] of Map.groupBy(uses, (use) => use.code))
      told.push(...(await settleUses(scene, { member, by, same, open, one: held.get(code) })))
  }
  return told
}

interface UsesOfOne {
  readonly member: MemberId
  /** The fact that moved something. */
  readonly by: FactId
  /** All counted uses of one voucher, in canonical order. */
  readonly same: readonly VoucherUse[]
  /** Some use is told of as a second one. */
  readonly open: boolean
  /** Undefined: not issued, or forgotten (E-MEM-2). */
  readonly one: Entitlement | undefined
}

async function settleUses(
  { tx, tenant }: UsesScene,
  { member, by, same, open, one }: UsesOfOne,
): Promise<ActivityRow[]> {
  const [only, another] = same
  if (!open && another === undefined && (one === undefined || one.usedBy === only?.id)) return []
  const cameTo = await effectsOf(tx, same)
  const missing = same.filter(({ id }) => !cameTo(id).some(isOfVoucher))
  const undone = missing.length === 0 ? NONE : await takenBackAmong(tx, same)
  const took = same.findIndex(({ id }) => !undone.has(id) && cameTo(id).some(isUse))
  const isForgotten = one === undefined && took >= 0
  const made = missing.filter(({ id }) => !undone.has(id))
  // A use behind one that took shows that the voucher was there before, and is forgotten.
  const late = new Set(made.filter((use) => took >= 0 && same.indexOf(use) > took))
  const early = new Set(made.filter((use) => !late.has(use)))
  const isBeyond = one !== undefined && early.size > one.uses
  const raised: ConflictDraft[] = []
  const told: ActivityRow[] = []
  for (const use of same) {
    const { id, store, at } = use
    const name = { tenant, kind: 'voucher_twice', subject: String(id) } as const
    const why = late.has(use) ? LATE : isBeyond && early.has(use) ? EARLY : undefined
    if (why !== undefined) {
      const text = `A voucher of member ${member} was used by fact ${id} ${why}`
      raised.push({ ...name, store, at, fact: id, member, text })
      continue
    }
    // What was told of one before the issue stays, once nobody knows any more how many uses were left.
    const stays = cameTo(id).some(({ kind }) => kind === 'voucher_reused') || (isForgotten && early.has(use))
    if (open && !stays) told.push(...(await settleConflict(tx, name, { decision: 'withdrawn', by, at })))
  }
  told.push(...(await raiseConflicts(tx, raised)))
  return told
}

const EARLY = 'before the time of its issue, and it was used up without that'
const LATE = `again, more than ${GIVE_BACK_DAYS_MAX} days after its end`
const NONE: ReadonlySet<FactId> = new Set()

const isUse = ({ kind }: Effect): boolean => kind === 'voucher_used'

function isOfVoucher(effect: Effect): boolean {
  return isUse(effect) || effect.kind === 'voucher_reused' || effect.kind === 'entitlement_conflict'
}

/** Those that a void took back (E-ENT-8). */
async function takenBackAmong(tx: Writes, uses: readonly VoucherUse[]): Promise<ReadonlySet<FactId>> {
  const voids = await tx.factsAbout(
    uses.map(({ id }) => id),
    'void',
  )
  const cameTo = await effectsOf(tx, voids)
  const gone = voids.flatMap(({ id }) => cameTo(id).filter(({ kind }) => kind === 'given_back'))
  return new Set(gone.map(({ of }) => of as FactId))
}

async function effectsOf(
  tx: Writes,
  facts: readonly Pick<FactRow, 'id'>[],
): Promise<(id: FactId) => readonly Effect[]> {
  const rows = await tx.activitiesOfFacts(facts.map(({ id }) => id))
  const byFact = Map.groupBy(rows, ({ fact }) => fact)
  return (id) => effectsSum((byFact.get(id) ?? []).map(({ effects }) => effects))
}

/** Members something of whose vouchers moved, each with a fact that did it. */
function membersMoved({ rows, standing }: UsesScene): Map<MemberId, FactId> {
  const members = new Map<MemberId, FactId>()
  for (const [member, { added }] of standing.touched)
    for (const { fact } of added) if (fact.kind === 'voucher_use') members.set(member, fact.id)
  for (const { fact, cause, member, effects } of rows)
    if (member > 0 && effects.some(({ kind }) => MOVING[kind] === true))
      members.set(member, cause > 0 ? cause : fact)
  return members
}

/** A use that counts no longer, because its key had another fact before it (I-3), took nothing: no row of the log says so. */
async function withdrawGone({ tx, tenant, arrivals, standing }: UsesScene): Promise<ActivityRow[]> {
  const gone: FactId[] = []
  for (const { removed } of standing.touched.values()) gone.push(...removed.map(({ id }) => id))
  if (gone.length === 0 || !(await tx.hasOpenConflict(tenant, 'voucher_twice'))) return []
  const told: ActivityRow[] = []
  for (const { id, kind, status, store, key, at } of await tx.factsByIds(gone)) {
    if (kind !== 'voucher_use' || status === 'counted') continue
    const by = arrivals.find(({ fact }) => fact.store === store && fact.key === key)?.id ?? id
    const name = { tenant, kind: 'voucher_twice', subject: String(id) } as const
    told.push(...(await settleConflict(tx, name, { decision: 'withdrawn', by, at })))
  }
  return told
}

function useIn({ bytes }: FactRow): VoucherUse {
  const fact = decodeStoredFact(bytes)
  assert(fact.kind === 'voucher_use', 'only uses were asked for')
  return fact
}
