// Transactions as rows: the lines of the facts that a commit changed and of their partners in void pairs, made so by inserting, changing and
// taking away (PROJ-1).
import { NO_FACT } from '../../../../protocol/ids.ts'
import type { FactId } from '../../../../protocol/ids.ts'
import { firstOf } from '../../../evaluation/spending/redemptions.ts'
import { voidable } from '../../../evaluation/spending/reversal.ts'
import type { OwnedView } from './fact-views.ts'
import { syncRow } from './row-sync.ts'
import type { MemberScene, ProjectionScene } from './scene.ts'
import { whoseOf } from './scene.ts'
import { linesOf, targetOf } from './transaction-lines.ts'
import type { TransactionLine } from './transaction-lines.ts'

export async function projectTransactions(scene: MemberScene): Promise<void> {
  const views = await withPartners(scene, scene.changed)
  const lines = linesOf(views)
  const ids = new Map<string, number>()
  for (const view of views) await writeFact(scene, view, lines.get(view.fact.id) ?? [], ids)
  const pairs = [...lines.values()].flat().filter(({ pair }) => pair !== null)
  for (const line of pairs) {
    const id = ids.get(keyOf(line))
    const reference = ids.get(keyOf({ ...line, fact: line.pair ?? NO_FACT })) ?? null
    if (id !== undefined) await scene.tx.saveAccountRow('transactions', id, { reference })
  }
}

/** Of facts that are nobody's any more nothing stays. */
export async function removeTransactions({ tx }: ProjectionScene, fact: FactId): Promise<void> {
  for (const { id } of await tx.accountRows('transactions', { fact }))
    await tx.deleteAccountRow('transactions', id)
}

const keyOf = ({ fact, rule, classification }: TransactionLine): string => `${fact} ${rule} ${classification}`

async function withPartners(
  { tx, views, connection }: MemberScene,
  changed: readonly OwnedView[],
): Promise<OwnedView[]> {
  const all = new Map<FactId, OwnedView>()
  const add = (list: readonly OwnedView[]): OwnedView[] =>
    list.filter((view) => {
      if (view.member !== connection.member || all.has(view.fact.id)) return false
      all.set(view.fact.id, view)
      return true
    })
  let open = add(changed)
  while (open.length > 0) {
    const wanted = new Set<FactId>()
    for (const { fact } of open) {
      wanted.add(targetOf(fact))
      if (fact.kind === 'redemption') wanted.add(firstOf(fact))
    }
    const taken = open.map(({ fact }) => fact).filter(voidable)
    const voids = await tx.factsAbout(
      taken.map(({ id }) => id),
      'void',
    )
    const firsts = taken.flatMap((fact) => (fact.kind === 'redemption' ? [firstOf(fact)] : []))
    const settling = firsts.length === 0 ? [] : await tx.factsAbout(firsts, 'redemption')
    await views.take([...voids, ...settling])
    for (const { id } of [...voids, ...settling]) wanted.add(id)
    wanted.delete(NO_FACT)
    open = add(await views.of([...wanted].filter((id) => !all.has(id))))
  }
  return [...all.values()]
}

async function writeFact(
  scene: MemberScene,
  { fact, fresh }: OwnedView,
  lines: readonly TransactionLine[],
  ids: Map<string, number>,
): Promise<void> {
  const { tx, tenant, programs, documents, now } = scene
  const rows = fresh && !scene.whole ? [] : await tx.accountRows('transactions', { fact: fact.id })
  const kept = new Set<number>()
  const [source] = lines.length > 0 && rows.length === 0 ? await sourceOf(scene, fact.id) : []
  for (const line of lines) {
    const row = rows.find(
      ({ rule, classification }) => rule === line.rule && classification === line.classification,
    )
    const { status, title, points, quantity, location, at, rule, classification } = line
    const id = await syncRow(
      tx,
      'transactions',
      row,
      {
        ...whoseOf(scene),
        fact: fact.id,
        rule,
        perk: await documents.idOf(tx, tenant, programs, 'perks', rule),
        classification,
        title,
        points,
        quantity,
        location,
        source_id: row === undefined ? (source?.source_id ?? null) : row.source_id,
        at,
        status,
        reference: line.pair === null ? null : (row?.reference ?? null),
        voucher: row?.voucher ?? null,
      },
      { created: now, now },
    )
    ids.set(keyOf(line), id)
    kept.add(id)
  }
  for (const { id } of rows) if (!kept.has(id)) await tx.deleteAccountRow('transactions', id)
}

function sourceOf({ tx }: MemberScene, fact: FactId) {
  return tx.accountRows('source_ids', { fact })
}
