// A batch of transactions: each row for itself and answered in its place; what is said once holds for all of them (PK-4, PK-5).
import type { Refusal } from '../../../../protocol/result.ts'
import type { Json } from '../../../collections/collection.ts'
import { readInput } from '../../frame/input.ts'
import type { InputTable, InputValue } from '../../frame/input.ts'
import { objectOf } from '../../frame/object.ts'
import type { Fields } from '../../frame/object.ts'
import type { Outcome } from '../../frame/resource.ts'
import { wordsOf } from '../refusals.ts'
import { rowOf } from './access.ts'
import type { PerkvilleCall } from './access.ts'
import { batchOf, bodyOfRow } from './batches.ts'
import { requestOf } from './transactions.ts'

/** Rows of one batch. */
const TRANSACTIONS_MAX = 200

/** What a row may say, and how it is shown. */
export interface BatchRows {
  readonly input: InputTable
  readonly fields: Fields
}

export function postBatchOf(rows: BatchRows): (call: PerkvilleCall) => Promise<Outcome> {
  return async (call) => {
    const batch = await batchOf(call, 'transactions', TRANSACTIONS_MAX)
    if (!batch.ok) return batch
    const { tenant, list } = batch
    const results = await Promise.all(list.map((row) => postRow(call, tenant, row, rows)))
    if (call.input.send_email !== false) await batch.finished(results)
    return { ok: true, json: { business: tenant, transactions: results } }
  }
}

async function postRow(call: PerkvilleCall, tenant: number, row: Json, rows: BatchRows): Promise<Json> {
  const read = readInput(rows.input, bodyOfRow(row))
  if (!read.ok) return failed(read.refusals[0])
  const { send_email, voucher_start_as_unused, limit_to_once_per_calendar_day } = call.input
  const request = await requestOf(call, tenant, {
    ...read.value,
    send_email: send_email ?? true,
    limit_to_once_per_calendar_day: limit_to_once_per_calendar_day ?? false,
    ...(voucher_start_as_unused === true && (await redeems(call, tenant, read.value.perk))
      ? { voucher_start_as_unused }
      : {}),
  })
  if (!request.ok) return failed(request.refusal)
  const posted = await call.services.accounts.transactions.post(tenant, request.value)
  return posted.ok ? objectOf(rows.fields, posted.value[0], call.base, {}) : failed(posted.refusal)
}

/** The batch's word about vouchers is for its rows that make some. */
async function redeems(call: PerkvilleCall, tenant: number, perk: InputValue | undefined): Promise<boolean> {
  return (await rowOf(call, 'perks', tenant, Number(perk)))?.classification === 'REDEEM'
}

/** One object without a type (PK-6). */
function failed(refusal: Refusal | undefined): Json {
  return { errors: { code: wordsOf(refusal?.code ?? 'fault').code, message: refusal?.detail ?? '' } }
}
