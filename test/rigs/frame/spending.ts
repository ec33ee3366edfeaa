// Members who spend what they have in several stores, and what that came to: every call and answer in the outside log, and afterwards the cloud's file
// compared with what was granted and what the merchant had agreed to risk (figure O).
import { crc32 } from 'node:zlib'
import { ask, askOk, codeOf, fieldOf, pick } from '../../../cloud/demo/ask.ts'
import { PERKS, sampleProgram } from '../../../cloud/demo/program.ts'
import type { Shop } from '../../../cloud/demo/shops.ts'
import { decodeState } from '../../../cloud/evaluation/state.ts'
import { openSnapshot } from '../../../cloud/store/sqlite/sqlite-store.ts'
import { decodeStoredFact } from '../../../protocol/codec.ts'
import type { Redemption, VoucherUse } from '../../../protocol/facts.ts'
import type { MemberId, StoreId } from '../../../protocol/ids.ts'
import type { ShopsUnderLoad } from './shops-under-load.ts'
import { until } from './shops-under-load.ts'

/** Price of PERKS.welcomeDrink. */
export const DRINK_POINTS = 60
const PAGE = 10_000

export interface OfflineRules {
  readonly share_percent: number
  readonly redemption_max: number
  readonly total_max: number
  readonly stores_max: number
  readonly risk: {
    readonly per_member: number
    readonly per_store: number
    readonly per_outage: number
    readonly uses_per_outage: number
  }
}

/** The sample program with other rules for spending offline, in force in every store. */
export async function publishOffline(load: ShopsUnderLoad, offline: OfflineRules): Promise<void> {
  const { cloud, hqToken: token, shops } = load.shops
  await askOk(`${cloud.url}/v1/programs`, {
    method: 'POST',
    token,
    body: { document: { ...sampleProgram, offline } },
  })
  for (const { node, managerToken } of shops)
    await until('the program arrived', async () => {
      const { body } = await ask(`${node.url}/v1/status`, { token: managerToken })
      return Number(fieldOf(fieldOf(body, 'program'), 'version')) >= 2
    })
}

/** Answered with a receipt, or told why not. */
export type Spent =
  { readonly code: string } | { readonly authority: string; readonly vouchers: readonly string[] }

export class Spenders {
  readonly #load: ShopsUnderLoad
  #calls = 0
  readonly tally: Record<string, number> = {}

  constructor(load: ShopsUnderLoad) {
    this.#load = load
  }

  enrol(shop: Shop, card: string): Promise<unknown> {
    return this.#done(shop, '/v1/members', { identities: [{ kind: 'card', value: card }] })
  }

  grant(shop: Shop, card: string, points: number): Promise<unknown> {
    return this.#done(shop, '/v1/grants', { member: { kind: 'card', value: card }, points })
  }

  visit(shop: Shop, card: string): Promise<unknown> {
    const lines = [{ sku: 'S1', quantity: 1, amount: 100 }]
    return this.#done(shop, '/v1/sales', { member: { kind: 'card', value: card }, lines })
  }

  drink(shop: Shop, card: string): Promise<Spent> {
    return this.#spend(shop, '/v1/redemptions', {
      member: { kind: 'card', value: card },
      perk: PERKS.welcomeDrink,
    })
  }

  use(shop: Shop, code: string): Promise<Spent> {
    return this.#spend(shop, `/v1/vouchers/${code}/use`, {})
  }

  async #spend(shop: Shop, path: string, body: object): Promise<Spent> {
    const told = await this.#call(shop, path, body)
    const code = codeOf(told)
    const vouchers = code === undefined ? pick(told, 'list', 'vouchers') : []
    const authority = fieldOf(fieldOf(told, 'redemption'), 'authority')
    const word = code ?? (typeof authority === 'string' ? authority : 'used')
    this.tally[word] = (this.tally[word] ?? 0) + 1
    return code === undefined
      ? { authority: word, vouchers: vouchers.map((voucher) => pick(voucher, 'string', 'code')) }
      : { code }
  }

  async #done(shop: Shop, path: string, body: object): Promise<unknown> {
    const told = await this.#call(shop, path, body)
    if (codeOf(told) !== undefined) throw new Error(`${path}: ${JSON.stringify(told)}`)
    return told
  }

  /** Repeated under its key until it comes to an end. */
  async #call(shop: Shop, path: string, body: object): Promise<unknown> {
    const { log } = this.#load
    const key = `spender-${++this.#calls}`
    log.attempt(shop.number, key)
    let end: unknown
    await until(`${path} answered`, async () => {
      const token = shop.terminalTokens[0] ?? ''
      const { status, body: told } = await ask(shop.node.url + path, { method: 'POST', token, key, body })
      if (status >= 500 || status === 429 || codeOf(told) === 'key_in_flight') return false
      end = told
      return true
    })
    const code = codeOf(end)
    if (code === undefined) {
      const text = JSON.stringify(end)
      const [id, hash] = [pick(end, 'string', 'receipt', 'id'), pick(end, 'string', 'receipt', 'hash')]
      log.record(shop.number, { key, id, hash, checksum: crc32(text) })
    } else log.refuse(shop.number, key, code)
    return end
  }
}

export interface Overspending {
  /** Points beyond what was granted and what the merchant risks. */
  readonly O: number
  readonly granted: number
  readonly spentOfLeases: number
  readonly risked: number
  /** Below zero, of all members together. */
  readonly deficit: number
  readonly faults: readonly string[]
}

/** From the file of a cloud that has stopped. `allowed`: what may have been spent twice, all members together; null: what was booked as risk inside its limits. */
export async function overspent(
  cloudDirectory: string,
  rules: OfflineRules,
  allowed: number | null = null,
): Promise<Overspending> {
  const snapshot = openSnapshot(cloudDirectory)
  try {
    const { read } = snapshot
    const [tenant = 1] = await read.tenants()
    const page = { after: 0, limit: PAGE }
    const leases = await read.leaseList(tenant, {}, page)
    const facts = (await read.facts(tenant, {}, page)).filter(({ status }) => status === 'counted')
    const spendings = facts
      .map(({ bytes }) => decodeStoredFact(bytes))
      .filter(
        (fact): fact is Redemption | VoucherUse => fact.kind === 'redemption' || fact.kind === 'voucher_use',
      )
    const risks = new Map<StoreId, number>()
    const riskOf = new Map<MemberId, number>()
    for (const { store, member, risk } of spendings) {
      risks.set(store, (risks.get(store) ?? 0) + (risk ?? 0))
      riskOf.set(member, (riskOf.get(member) ?? 0) + (risk ?? 0))
    }
    let deficit = 0
    let unbooked = 0
    for (const { id, state } of await read.members(tenant, page)) {
      const below = Math.max(0, -((state === null ? undefined : decodeState(state))?.balance ?? 0))
      deficit += below
      unbooked += Math.max(0, below - (riskOf.get(id) ?? 0))
    }
    const beyondLease = leases.reduce((sum, { spent, granted }) => sum + Math.max(0, spent - granted), 0)
    const beyondRisk = [...risks.values()].reduce(
      (sum, risk) => sum + Math.max(0, risk - rules.risk.per_outage),
      0,
    )
    const wrong = new Set([
      'books_do_not_add_up',
      ...(allowed === null ? ['spent_beyond_lease', 'spent_without_authority'] : []),
    ])
    const conflicts = (await read.conflicts(tenant, false, page)).filter(({ kind }) => wrong.has(kind))
    return {
      O:
        beyondRisk +
        (allowed === null
          ? beyondLease + unbooked + twice(spendings)
          : Math.max(0, beyondLease - allowed, deficit - allowed)),
      granted: leases.reduce((sum, { granted }) => sum + granted, 0),
      spentOfLeases: leases.reduce((sum, { spent }) => sum + spent, 0),
      risked: [...risks.values()].reduce((sum, risk) => sum + risk, 0),
      deficit,
      faults: conflicts.map(({ text }) => text),
    }
  } finally {
    snapshot.close()
  }
}

/** Points of vouchers that were used more than once where no use was at risk. */
function twice(spendings: readonly (Redemption | VoucherUse)[]): number {
  const uses = spendings.filter(
    (fact): fact is VoucherUse => fact.kind === 'voucher_use' && fact.risk === null,
  )
  const codes = new Set(uses.map(({ code }) => code))
  return (uses.length - codes.size) * DRINK_POINTS
}
