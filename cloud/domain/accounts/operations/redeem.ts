// Redeeming, where the authority is: decided, held and booked in one commit (OP-6). Where only leases of stores are in the way, the caller asks for
// them outside of the commit and comes again.
import type { Decision } from '../../../../protocol/frames/decision.ts'
import { NO_FACT } from '../../../../protocol/ids.ts'
import type { FactId } from '../../../../protocol/ids.ts'
import type { RefusalCode } from '../../../../protocol/refusals.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { RedeemPerk, Program } from '../../../evaluation/compile.ts'
import { voucherCode } from '../../../evaluation/spending/entitlements.ts'
import type { Authority, Shortage } from '../../authority.ts'
import { HQ_STORE, ownHeader } from '../../ingest/own-facts.ts'
import { headerOf } from './scene.ts'
import type { OperationScene, When } from './scene.ts'
import type { Subject } from './who.ts'
import { memberOf } from './who.ts'

export interface Redeeming {
  readonly program: Program
  readonly perk: RedeemPerk
  readonly subject: Subject
  readonly when: When
  readonly voucherStatus: 'used' | 'unused' | null
}

/** So many redemptions with their vouchers, or none: every one is decided on what those before it hold. */
export async function redeem(
  scene: OperationScene,
  authority: Pick<Authority, 'askIn'>,
  redeeming: Redeeming,
  count: number,
): Promise<Result<FactId[]> | Shortage> {
  const decisions: Decision[] = []
  for (let piece = 0; piece < count; piece++) {
    const decision = await decide(scene, authority, redeeming, piece)
    if ('leased' in decision || decision.refused !== null) {
      await scene.tx.deleteHolds(decisions.map(({ hold }) => hold))
      // A decision's refusal is one of our codes.
      return 'leased' in decision
        ? decision
        : refuse(decision.refused as RefusalCode, decision.detail, fieldOf(decision.refused))
    }
    decisions.push(decision)
  }
  const facts: FactId[] = []
  for (const decision of decisions) facts.push(await book(scene, redeeming, decision))
  return accept(facts)
}

/** Whether it is the place that does not fit, or the perk. */
export function fieldOf(code: string | null): 'location' | 'perk' {
  return code === 'perk_not_here' ? 'location' : 'perk'
}

async function decide(
  scene: OperationScene,
  authority: Pick<Authority, 'askIn'>,
  { perk, subject, when }: Redeeming,
  piece: number,
): Promise<Decision | Shortage> {
  const { id, at, member, offset } = await headerOf(scene, when, memberOf(subject))
  return authority.askIn(scene.tx, scene.tenant, when.store, {
    type: 'authorise',
    question: 1,
    // The place may be the next one's too: of what is refused no hold is left.
    key: `account-hold-${id}-${piece}`,
    member,
    at,
    offset,
    perk: perk.id,
    points: null,
    basket: null,
    voucher: null,
  })
}

async function book(
  scene: OperationScene,
  redeeming: Redeeming,
  { points, hold }: Decision,
): Promise<FactId> {
  const { own } = scene
  const { perk, subject, when } = redeeming
  const header = await headerOf(scene, when, memberOf(subject))
  await own.append({
    ...ownHeader('redemption', header),
    stage: 'captured',
    of: NO_FACT,
    perk: perk.id,
    points,
    hold,
    rights: [],
    risk: null,
  })
  await begin(scene, redeeming, header.id)
  return header.id
}

/** A voucher that is to start otherwise than its perk says: it is used at once, or reinstated from what it was issued as. */
async function begin(
  scene: OperationScene,
  { program, perk, subject, when, voucherStatus }: Redeeming,
  redemption: FactId,
): Promise<void> {
  const { own } = scene
  const { voucher } = perk.document
  if (voucher === undefined || voucherStatus === null) return
  const { initial_status: initial = 'unused' } = voucher
  const header = async () => headerOf(scene, { ...when, store: HQ_STORE }, memberOf(subject))
  const code = voucherCode(program.document.voucher_secret, redemption, perk.id, 0)
  if (voucherStatus === 'used' && initial !== 'used')
    await own.append({ ...ownHeader('voucher_use', await header()), code, hold: 0, rights: [], risk: null })
  if (voucherStatus === 'unused' && (initial === 'used' || initial === 'issued'))
    await own.append({
      ...ownHeader('entitlement', await header()),
      code,
      action: 'reinstate',
      until: null,
      reason: 'asked for when it was redeemed',
    })
}
