// Conflicts that facts and their effects show, and those that later facts end (CON-3): a voucher used twice, something taken back that nobody sold, and
// the merge of two members who were enrolled with one identity. All of it by what is in the tables, so a replay opens and ends the same ones.
import type { Fact } from '../../../protocol/facts.ts'
import type { FactId } from '../../../protocol/ids.ts'
import type { Effect } from '../../evaluation/effects.ts'
import type { ActivityRow, TenantId, Writes } from '../../store/port.ts'
import { pairSubject, raiseConflicts, settleConflict } from '../conflicts.ts'
import type { ConflictDraft } from '../conflicts.ts'
import type { ArrivedFact } from './accept.ts'

/** `rows` are the log rows of the commit that have consequences. */
export async function settleConflicts(
  tx: Writes,
  tenant: TenantId,
  arrivals: readonly ArrivedFact[],
  rows: readonly ActivityRow[],
): Promise<ActivityRow[]> {
  const told: ActivityRow[] = []
  const facts = arrivals.map(({ fact }) => fact)
  const lost = arrivals.flatMap(({ fact, awaitsMember }) =>
    awaitsMember === true ? [lostMember(tenant, fact)] : [],
  )
  told.push(...(await raiseConflicts(tx, [...lost, ...(await orphansOf(tx, tenant, facts))])))
  told.push(...(await findOrphans(tx, tenant, facts)))
  for (const row of rows) if (row.effects.some(isReuse)) told.push(...(await usedTwice(tx, tenant, row)))
  for (const fact of facts) {
    if (fact.kind === 'resolution') {
      const { conflict: kind, subject, decision, at } = fact
      told.push(...(await settleConflict(tx, { tenant, kind, subject }, { decision, by: fact.id, at })))
    }
    if (fact.kind !== 'merge') continue
    const subject = pairSubject(fact.member, fact.merged)
    const end = { decision: 'corrected', by: fact.id, at: fact.at } as const
    told.push(...(await settleConflict(tx, { tenant, kind: 'identity_twice', subject }, end)))
    const orphan = { tenant, kind: 'orphan_member', subject: String(fact.merged) } as const
    told.push(...(await settleConflict(tx, orphan, end)))
  }
  return told
}

const isReuse = ({ kind }: Effect): boolean => kind === 'voucher_reused'

/** A second use, or one that a late fact made the first. */
async function usedTwice(tx: Writes, tenant: TenantId, row: ActivityRow): Promise<ActivityRow[]> {
  const { store, at, fact, member, cause } = row
  const name = { tenant, kind: 'voucher_twice', subject: String(fact) } as const
  // It may be the second after another one now.
  const more = row.effects.filter(isReuse).reduce((sum, { amount }) => sum + amount, 0)
  if (more < 0) return settleConflict(tx, name, { decision: 'withdrawn', by: cause, at })
  if (more === 0) return []
  const text = `A voucher of member ${member} was used again by fact ${fact}`
  return raiseConflicts(tx, [{ ...name, store, at, fact, member, text }])
}

/** The earlier facts that a return or void names. */
export function namedBy(fact: Fact): FactId[] {
  if (fact.kind === 'void') return [fact.fact]
  return fact.kind === 'return' ? fact.lines.flatMap(({ sale }) => (sale > 0 ? [sale] : [])) : []
}

/** An orphan is found by what it names: whoever brings that fact ends the conflict. */
async function orphansOf(tx: Writes, tenant: TenantId, facts: readonly Fact[]): Promise<ConflictDraft[]> {
  const naming = facts.filter(({ kind }) => kind === 'return' || kind === 'void')
  if (naming.length === 0) return []
  const named = [...new Set(naming.flatMap(namedBy))]
  const known = new Set(
    (await tx.factsByIds(named)).filter((row) => row.tenant === tenant).map(({ id }) => id),
  )
  return naming.flatMap((fact) =>
    namedBy(fact)
      .filter((id) => !known.has(id))
      .map((id) => ({
        tenant,
        store: fact.store,
        kind: 'orphan_return' as const,
        subject: String(id),
        at: fact.at,
        member: fact.member,
        fact: fact.id,
        text: `Fact ${fact.id} takes back fact ${id}, which nobody knows yet`,
      })),
  )
}

async function findOrphans(tx: Writes, tenant: TenantId, facts: readonly Fact[]): Promise<ActivityRow[]> {
  const told: ActivityRow[] = []
  for (const kind of ['orphan_return', 'orphan_member'] as const) {
    if (!(await tx.hasOpenConflict(tenant, kind))) continue
    for (const { id, at } of facts) {
      const name = { tenant, kind, subject: String(id) }
      told.push(...(await settleConflict(tx, name, { decision: 'withdrawn', by: id, at })))
    }
  }
  return told
}

/** I-9, I-13. */
export function lostMember(tenant: TenantId, { id, store, at, member }: Fact): ConflictDraft {
  const text = `Fact ${id} is of member ${member}, whose enrolment nobody has brought here yet`
  return { tenant, store, kind: 'orphan_member', subject: String(member), at, member, fact: id, text }
}
