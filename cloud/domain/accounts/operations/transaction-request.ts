// A transaction as somebody posts it, and the checks that ask nothing of the member (OP-2, OP-3).
import type { RuleId, StoreId } from '../../../../protocol/ids.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import { DAY_MS } from '../../../../protocol/time.ts'
import type { Millis } from '../../../../protocol/time.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { OperationScene } from './scene.ts'
import type { Who } from './who.ts'

/** A business's own number of a transaction; how far back one may be dated; redemptions of one request. */
export const SOURCE_ID_CHARS_MAX = 128
export const BACKDATED_DAYS_MAX = 366
export const REDEEMED_AT_ONCE_MAX = 50

export interface TransactionRequest {
  readonly who: Who
  readonly location: StoreId
  /** In the program. */
  readonly perk: RuleId
  readonly quantity: number
  /** Empty: none. */
  readonly sourceId: string
  readonly at: Millis | null
  /** What the caller may do. */
  readonly mayEarn: boolean
  readonly mayRedeem: boolean
  /** The caller may redeem for this person only. */
  readonly onlyFor: PersonId | null
  readonly oncePerDay: boolean
  /** Instead of the status that the perk's voucher starts with. */
  readonly voucherStatus: 'used' | 'unused' | null
  readonly sendEmail: boolean
}

export function checkTime({ at }: TransactionRequest, { now }: OperationScene): Result<null> {
  if (at !== null && at > now)
    return refuse('time_out_of_range', 'It cannot have happened in the future', 'transaction_dt')
  if (at !== null && at < now - BACKDATED_DAYS_MAX * DAY_MS)
    return refuse('time_out_of_range', 'It is more than a year ago', 'transaction_dt')
  return accept(null)
}

/** A number is used once, for ever. */
export async function checkSource(
  { sourceId }: TransactionRequest,
  { tx, tenant }: OperationScene,
): Promise<Result<null>> {
  if (sourceId.length > SOURCE_ID_CHARS_MAX)
    return refuse('input_invalid', `At most ${SOURCE_ID_CHARS_MAX} characters`, 'trans_source_id')
  if (sourceId === '') return accept(null)
  const [taken] = await tx.accountRows('source_ids', { tenant, source_id: sourceId })
  return taken === undefined
    ? accept(null)
    : refuse('source_id_taken', 'A transaction of the business has this number already', 'trans_source_id')
}
