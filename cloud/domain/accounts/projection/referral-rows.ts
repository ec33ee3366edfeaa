// Referrals as rows of whoever referred: one for each `sent` fact. What became of it is the canonically last of its `completed` and `void` facts.
import { decodeStoredFact } from '../../../../protocol/codec.ts'
import type { Referral } from '../../../../protocol/facts.ts'
import type { FactId, MemberId } from '../../../../protocol/ids.ts'
import { millisOf } from '../../../../protocol/time.ts'
import { tellStaff } from '../staff-mail.ts'
import { syncRow } from './row-sync.ts'
import type { ProjectionScene } from './scene.ts'
import { MAIL_NEWS_MS_MAX } from './told-by-mail.ts'

export async function projectReferral(scene: ProjectionScene, sent: FactId): Promise<void> {
  const { tx, tenant, now } = scene
  const row = await tx.fact(sent)
  const [known] = await tx.accountRows('referrals', { fact: sent })
  const [connection] =
    row?.status === 'counted' && row.member > 0
      ? await tx.accountRows('connections', { member: row.member })
      : []
  const fact = row === undefined ? undefined : decodeStoredFact(row.bytes)
  if (row === undefined || connection === undefined || fact?.kind !== 'referral' || fact.stage !== 'sent') {
    if (known !== undefined) await tx.deleteAccountRow('referrals', known.id)
    return
  }
  let status = 'SENT'
  let completed: number | null = null
  let received: { readonly fact: Referral; readonly member: MemberId } | undefined
  for (const { bytes, member, at } of await tx.factsAbout([sent], 'referral')) {
    const about = decodeStoredFact(bytes)
    if (about.kind !== 'referral') continue
    if (about.stage === 'received') received ??= { fact: about, member }
    if (about.stage === 'completed') [status, completed] = ['COMPLETED', millisOf(at)]
    if (about.stage === 'void') [status, completed] = ['VOID', null]
  }
  const [referee] =
    received !== undefined && received.member > 0
      ? await tx.accountRows('connections', { member: received.member })
      : []
  const claim = received?.fact.claim
  if (completed !== null && known?.status !== 'COMPLETED' && now - completed <= MAIL_NEWS_MS_MAX)
    await tellOfCompletion(scene, sent)
  await syncRow(
    tx,
    'referrals',
    known,
    {
      tenant,
      connection: connection.id,
      person: connection.person,
      member: connection.member,
      fact: sent,
      to_person: referee?.person ?? known?.to_person ?? null,
      to_email: known?.to_email ?? (claim?.kind === 'email' ? claim.value : null),
      to_first_name: known?.to_first_name ?? null,
      to_last_name: known?.to_last_name ?? null,
      content: known?.content ?? '',
      source: known?.source ?? fact.source,
      status,
      referrer_status: known?.referrer_status ?? connection.status,
      location: known?.location ?? (fact.store > 0 ? fact.store : null),
      completed,
      voucher: known?.voucher ?? null,
    },
    { created: millisOf(fact.at), now },
  )
}

/** Once, however often it is completed again. */
async function tellOfCompletion({ tx, tenant, now }: ProjectionScene, fact: FactId): Promise<void> {
  const type = 'COMPLETED_REFERRAL_ADMIN_INFORM'
  const before = await tx.accountRows('mails', { tenant, type, fact })
  if (before.length === 0) await tellStaff(tx, tenant, { type, fact, location: 0, now })
}

/** The `sent` fact that a fact of a referral is about; undefined for any other fact. */
export function sentOf(fact: { readonly kind: string }): FactId | undefined {
  if (fact.kind !== 'referral') return undefined
  // Its kind says so.
  const { id, of, stage } = fact as Referral
  return stage === 'sent' ? id : of
}
