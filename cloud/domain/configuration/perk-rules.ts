// Perks from outside into a program (CFG-3): a new perk as a rule, and changes of a perk on the rule it has. The rest of the program stays as it is written.
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import type { RuleId, StoreId } from '../../../protocol/ids.ts'
import type { ProgramDocument } from '../../evaluation/document/program.ts'
import type { BonusDocument, EarnPerkDocument } from '../../evaluation/document/earning.ts'
import type { EntitlementDocument, RedeemPerkDocument } from '../../evaluation/document/spending.ts'

/** What a perk may be made of, or changed in; left out: unchanged, or the usual. */
export interface PerkChanges {
  readonly title?: string
  readonly points?: number
  readonly status?: 'ACTIVE' | 'INACTIVE'
  /** Null: everywhere. */
  readonly stores?: readonly number[] | null
  readonly completesReferral?: boolean
  readonly externalCode?: string | null
  readonly initialStatus?: 'unused' | 'used' | 'issued'
}

export interface NewPerk extends PerkChanges {
  readonly classification: 'EARN' | 'REDEEM'
  readonly title: string
  readonly points: number
}

export function withNewPerk(document: ProgramDocument, id: RuleId, perk: NewPerk): Result<ProgramDocument> {
  if (perk.classification === 'REDEEM') {
    const rule: RedeemPerkDocument = { id, title: perk.title, points: perk.points, voucher: {} }
    return mapped(changedRedeemPerk(rule, perk), (made) => ({
      ...document,
      redeem_perks: [...document.redeem_perks, made],
    }))
  }
  const rule: EarnPerkDocument = {
    id,
    title: perk.title,
    type: 'STANDARD',
    award: { kind: 'fixed', points: perk.points },
    completes_referral: perk.completesReferral ?? true,
  }
  return mapped(changedEarnPerk(rule, perk), (made) => ({
    ...document,
    earn_perks: [...document.earn_perks, made],
  }))
}

export function withChangedPerk(
  document: ProgramDocument,
  id: RuleId,
  changes: PerkChanges,
): Result<ProgramDocument> {
  const earn = document.earn_perks.find((perk) => perk.id === id)
  if (earn !== undefined)
    return mapped(changedEarnPerk(earn, changes), (made) => ({
      ...document,
      earn_perks: document.earn_perks.map((perk) => (perk.id === id ? made : perk)),
    }))
  const redeem = document.redeem_perks.find((perk) => perk.id === id)
  if (redeem !== undefined)
    return mapped(changedRedeemPerk(redeem, changes), (made) => ({
      ...document,
      redeem_perks: document.redeem_perks.map((perk) => (perk.id === id ? made : perk)),
    }))
  const bonus = document.bonuses.find((perk) => perk.id === id)
  if (bonus !== undefined)
    return mapped(changedBonus(bonus, changes), (made) => ({
      ...document,
      bonuses: document.bonuses.map((perk) => (perk.id === id ? made : perk)),
    }))
  return refuse('perk_not_found', 'The perk is no longer in the program')
}

function mapped<A, B>(result: Result<A>, map: (value: A) => B): Result<B> {
  return result.ok ? accept(map(result.value)) : result
}

/** Title, status and places, which all perks have. */
function shared<T extends { title: string; stores?: readonly StoreId[]; status?: 'ACTIVE' | 'INACTIVE' }>(
  rule: T,
  { title, status, stores }: PerkChanges,
): T {
  const { stores: before, ...rest } = rule
  const places = stores === undefined ? before : (stores ?? undefined)
  // What was taken out is put back unless it is to be gone; numbers of stores are checked by the caller.
  return {
    ...rest,
    ...(title === undefined ? {} : { title }),
    ...(status === undefined ? {} : { status }),
    ...(places === undefined ? {} : { stores: places }),
  } as T
}

const POINTS_NEEDED = 'Enter a whole number above 0.'

function changedEarnPerk(rule: EarnPerkDocument, changes: PerkChanges): Result<EarnPerkDocument> {
  const { points, stores, completesReferral } = changes
  if (stores !== undefined && stores !== null)
    return refuse('input_invalid', 'Only redeem perks and bonuses are limited to places.', 'stores')
  if (completesReferral === true && rule.type !== 'STANDARD')
    return refuse('input_invalid', 'Only STANDARD perks complete referrals.', 'completes_referral')
  if (points !== undefined && points < 1) return refuse('input_invalid', POINTS_NEEDED, 'points')
  return accept({
    ...shared(rule, changes),
    ...(points === undefined ? {} : { award: { ...rule.award, points } }),
    ...(completesReferral === undefined || rule.type !== 'STANDARD'
      ? {}
      : { completes_referral: completesReferral }),
  })
}

function changedBonus(rule: BonusDocument, changes: PerkChanges): Result<BonusDocument> {
  const { points, completesReferral } = changes
  if (completesReferral === true)
    return refuse('input_invalid', 'Only STANDARD perks complete referrals.', 'completes_referral')
  if (points === undefined) return accept(shared(rule, changes))
  if (rule.award.kind !== 'fixed')
    return refuse('input_invalid', 'This bonus multiplies; it has no points of its own.', 'points')
  if (points < 1) return refuse('input_invalid', POINTS_NEEDED, 'points')
  return accept({ ...shared(rule, changes), award: { kind: 'fixed', points } })
}

function changedRedeemPerk(rule: RedeemPerkDocument, changes: PerkChanges): Result<RedeemPerkDocument> {
  const { points, externalCode, initialStatus } = changes
  if (points !== undefined && points < 0)
    return refuse('input_invalid', 'Enter a whole number from 0.', 'points')
  const { external_code: before, ...entitlement } = rule.voucher ?? {}
  const code =
    externalCode === undefined
      ? before
      : externalCode === null || externalCode === ''
        ? undefined
        : externalCode
  const voucher: EntitlementDocument = {
    ...entitlement,
    ...(code === undefined ? {} : { external_code: code }),
    ...(initialStatus === undefined ? {} : { initial_status: initialStatus }),
  }
  return accept({
    ...shared(rule, changes),
    ...(points === undefined ? {} : { points }),
    ...(rule.voucher === undefined && externalCode === undefined && initialStatus === undefined
      ? {}
      : { voucher }),
  })
}
