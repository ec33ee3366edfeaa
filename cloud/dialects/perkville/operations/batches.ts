// What batches have in common: whose they are, how long they may be (PK-49), and that staff hear how they went (PK-72).
import { refuse } from '../../../../protocol/result.ts'
import type { Json } from '../../../collections/collection.ts'
import type { Body } from '../../frame/input.ts'
import type { Outcome } from '../../frame/resource.ts'
import { NOT_STAFF, refused, staffedBusiness } from './access.ts'
import type { PerkvilleCall } from './access.ts'

/** Rows that are counted at all; how many a batch may have, its own limit says. */
export const ROWS_SENT_MAX = 100_000

interface Batch {
  readonly ok: true
  readonly tenant: number
  readonly list: readonly Json[]
  /** Tells whoever sent it what became of its rows. */
  readonly finished: (results: readonly Json[]) => Promise<void>
}

export async function batchOf(
  call: PerkvilleCall,
  field: string,
  most: number,
): Promise<Batch | Extract<Outcome, { ok: false }>> {
  const tenant = staffedBusiness(call)
  if (tenant === undefined) return NOT_STAFF
  const { batchNews } = call.services.accounts
  const given = call.input[field]
  const list = Array.isArray(given) ? (given as readonly Json[]) : []
  if (list.length > most) {
    await batchNews.tooLong(tenant, list.length, most)
    return refused(refuse('input_invalid', `Enter a list of at most ${most}.`, field).refusal)
  }
  const finished = (results: readonly Json[]): Promise<void> => {
    const failed = results.filter((one) => typeof one === 'object' && one !== null && 'errors' in one)
    return batchNews.finished(tenant, call.principal.person, list.length, failed.length)
  }
  return { ok: true, tenant, list, finished }
}

export function bodyOfRow(row: Json): Body {
  // What is no object and no list is an object of JSON.
  return typeof row === 'object' && row !== null && !Array.isArray(row) ? (row as Body) : {}
}
