// What a member holds, as rows: one for each entitlement of its state, found by its code, which it keeps whoever its member becomes.
import { NO_FACT } from '../../../../protocol/ids.ts'
import type { Fact } from '../../../../protocol/facts.ts'
import type { FactId, StoreId } from '../../../../protocol/ids.ts'
import { millisOf } from '../../../../protocol/time.ts'
import type { EffectKind } from '../../../evaluation/effects.ts'
import { firstOf } from '../../../evaluation/spending/redemptions.ts'
import type { Entitlement } from '../../../evaluation/state.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import { syncRow } from './row-sync.ts'
import type { MemberScene } from './scene.ts'
import { whoseOf } from './scene.ts'

const ABOUT_ENTITLEMENTS: ReadonlySet<EffectKind> = new Set([
  'voucher_issued',
  'voucher_used',
  'entitlement',
  'given_back',
])

export function concernsEntitlements({ whole, changed, logged }: MemberScene): boolean {
  return (
    whole ||
    changed.some(({ fact }) => fact.kind === 'redemption') ||
    logged.some(({ effects }) => effects.some(({ kind }) => ABOUT_ENTITLEMENTS.has(kind)))
  )
}

export async function projectEntitlements(scene: MemberScene): Promise<void> {
  const { tx, tenant, state, connection } = scene
  const rows = new Map(
    (await tx.accountRows('entitlements', { member: connection.member })).map((row) => [row.code, row]),
  )
  for (const one of state.entitlements) {
    // It may have been another member's until now.
    const row = rows.get(one.code) ?? (await tx.accountRows('entitlements', { tenant, code: one.code }))[0]
    await writeOne(scene, one, row)
  }
}

/** What the member does not hold any more, and nobody has taken over. */
export async function removeEntitlements({ tx, state, connection }: MemberScene): Promise<void> {
  const held = new Set(state.entitlements.map(({ code }) => code))
  for (const { id, code } of await tx.accountRows('entitlements', { member: connection.member }))
    if (!held.has(code)) await tx.deleteAccountRow('entitlements', id)
}

async function writeOne(
  scene: MemberScene,
  one: Entitlement,
  row: AccountRow<'entitlements'> | undefined,
): Promise<void> {
  const { tx, now } = scene
  const expires = one.expires > 0 ? one.expires : null
  const redeemed = scene.changed.some(({ fact }) => fact.kind === 'redemption')
  // What is not of the status stays, but where all is written anew (S-15).
  if (row?.fact === one.fact && !redeemed && !scene.whole) {
    const changed = { ...row, ...whoseOf(scene), status: one.status, expires }
    await syncRow(tx, 'entitlements', row, changed, { created: row.created, now })
    return
  }
  const [issuing] = await scene.views.of([one.fact])
  const fact = issuing?.fact
  const document = issuing?.program?.redeemPerks.get(one.perk)?.document
  const redemption = await boughtBy(scene, fact?.kind === 'redemption' ? firstOf(fact) : one.fact, one.perk)
  const at = fact === undefined ? now : millisOf(fact.at)
  const id = await syncRow(
    tx,
    'entitlements',
    row,
    {
      ...whoseOf(scene),
      code: one.code,
      rule: one.perk,
      perk: await scene.documents.idOf(tx, scene.tenant, scene.programs, 'perks', one.perk),
      fact: one.fact,
      redemption: redemption?.id ?? null,
      location: row?.fact === one.fact ? row.location : placeOf(fact),
      title: document?.title ?? '',
      points: redemption?.points ?? 0,
      status: one.status,
      external_code: document?.voucher?.external_code ?? null,
      external_url: document?.voucher?.external_url ?? null,
      expires,
    },
    { created: at, now },
  )
  if (redemption !== undefined) await tx.saveAccountRow('transactions', redemption.id, { voucher: id })
}

/** Until the business names another place: where it was issued. */
function placeOf(issuing: Fact | undefined): StoreId | null {
  return issuing !== undefined && issuing.store > 0 ? issuing.store : null
}

async function boughtBy(
  { tx }: MemberScene,
  fact: FactId,
  perk: number,
): Promise<AccountRow<'transactions'> | undefined> {
  if (fact === NO_FACT) return undefined
  const rows = await tx.accountRows('transactions', { fact })
  return rows.find(
    ({ rule, classification, status }) =>
      rule === perk && classification === 'REDEEM' && status !== 'VOID_REF',
  )
}
