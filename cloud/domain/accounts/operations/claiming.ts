// What a referral offers the one who was referred (OP-14): the perk of the business's promotion for the place, given once, for nothing. Its voucher comes
// from an award, which the key of its fact ties to the referral.
import type { FactId, MemberId, RuleId } from '../../../../protocol/ids.ts'
import { accept, assert, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import type { Row } from '../../../collections/collection.ts'
import { bodyOf } from '../../../collections/documents.ts'
import { eq } from '../../../collections/query.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import { CONFIGURATION } from '../../../collections/tables/configuration.ts'
import { voucherCode } from '../../../evaluation/spending/entitlements.ts'
import type { CloudStore, Reads, TenantId } from '../../../store/port.ts'
import { checkRequest } from '../../hq-checks.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { HQ_STORE, ownHeader } from '../../ingest/own-facts.ts'
import type { ProgramShelf } from '../../programs.ts'
import { queueMail } from '../mail-queue.ts'
import { tellStaff } from '../staff-mail.ts'
import { headerOf } from './scene.ts'
import type { OperationScene, When } from './scene.ts'
import { lookUp, makeCustomer } from './who.ts'

const PROMOTIONS_MAX = 1_000

/** The promotion for referrals at a place: its own, where one names it, else one for all locations. */
export async function offerAt(
  read: Pick<Reads, 'rows'>,
  tenant: TenantId,
  location: number | null,
): Promise<Row | undefined> {
  const all = await read.rows(CONFIGURATION.promotions, {
    tenants: [tenant],
    where: eq('type', 'REFERRAL'),
    limit: PROMOTIONS_MAX,
  })
  const names = (row: Row): boolean => {
    const { eligible_at_all_locations: everywhere, eligible_locations: list } = bodyOf(row)
    return everywhere === false && Array.isArray(list) && list.includes(location)
  }
  return all.find(names) ?? all.find((row) => bodyOf(row).eligible_at_all_locations !== false)
}

export interface Offer {
  readonly tenant: TenantId
  readonly title: string
  readonly detail: string
  readonly finePrint: string
}

export class Claiming {
  readonly #store: CloudStore
  readonly #ingest: Ingest
  readonly #shelf: ProgramShelf
  readonly #clock: Clock

  constructor(store: CloudStore, ingest: Ingest, shelf: ProgramShelf, clock: Clock) {
    this.#store = store
    this.#ingest = ingest
    this.#shelf = shelf
    this.#clock = clock
  }

  /** Undefined where a referral offers nothing: there is none, it is void, or the business promotes nothing any more. */
  async offered(id: number): Promise<Offer | undefined> {
    const { read } = this.#store
    const [referral] = await read.accountRows('referrals', { id })
    if (referral === undefined || referral.status === 'VOID') return undefined
    const { tenant, location } = referral
    const promotion = await offerAt(read, tenant, location)
    if (promotion === undefined) return undefined
    const { title, detail, fine_print: finePrint } = bodyOf(promotion)
    return { tenant, title: textOf(title), detail: textOf(detail), finePrint: textOf(finePrint) }
  }

  /** The voucher; asked for again, the same. */
  async claim(id: number): Promise<Result<AccountRow<'entitlements'>>> {
    const [referral] = await this.#store.read.accountRows('referrals', { id })
    if (referral === undefined) return NOTHING
    const { tenant } = referral
    const programs = await this.#shelf.of(tenant)
    const done = await this.#ingest.record(tenant, (tx, own) =>
      this.#record({ tx, own, tenant, programs, now: this.#clock.now() as Millis }, referral),
    )
    if (!done.ok) return done
    const [voucher] = await this.#store.read.accountRows('entitlements', { tenant, code: done.value })
    assert(voucher !== undefined, 'what was awarded has its row')
    await this.#store.write((tx) => tx.saveAccountRow('referrals', id, { voucher: voucher.id }))
    return accept(voucher)
  }

  async #record(scene: OperationScene, referral: AccountRow<'referrals'>): Promise<Result<string>> {
    const { tx, own, tenant, programs } = scene
    const { id, location, to_email: email } = referral
    const [now] = await tx.accountRows('referrals', { id })
    if (now === undefined || now.status === 'VOID' || email === null) return NOTHING
    const key = `referral-offer-${referral.fact}`
    const before = await own.find(key)
    if (now.voucher !== null || before.own !== undefined) return this.#claimed(scene, now, before.own?.id)
    const rule = await perkOf(tx, tenant, await offerAt(tx, tenant, location))
    const store = (await tx.stores(tenant)).find((one) => one.id === location)
    const when: When = { store: store?.id ?? HQ_STORE, zone: store?.zone ?? 'UTC', at: null }
    const subject = await lookUp(scene, { ...namesOf(referral), email })
    if (!subject.ok) return subject
    const request = { kind: 'award', perk: rule, reason: 'the offer of a referral' } as const
    // Asked before somebody is made a customer for nothing.
    const known = (subject.value.connection?.member ?? 0) as MemberId
    const first = await headerOf(scene, when, known)
    const program = programs.program(first.at)
    const asked = { tx, tenant, program, member: known, header: first, now: scene.now }
    const may = await checkRequest(request, asked)
    if (!may.ok) return may
    const connection = await makeCustomer(scene, subject.value, when, 'PENDING')
    const header = { ...(await headerOf(scene, when, connection.member as MemberId)), key }
    const { perk, reason } = request
    await own.append({ ...ownHeader('award', header), perk, from: null, until: null, reason })
    assert(program !== null, 'without a program nothing is awarded')
    const code = voucherCode(program.document.voucher_secret, header.id, rule, 0)
    const order = { fact: header.id, location: when.store, word: code, now: scene.now }
    await queueMail(tx, connection, { ...order, type: 'CLAIMED_OFFER' })
    await tellStaff(tx, tenant, { ...order, type: 'OBLIGATION' })
    return accept(code)
  }

  /** Also where the node died between the award and the referral's row. */
  async #claimed(
    { tx }: OperationScene,
    { voucher, tenant }: AccountRow<'referrals'>,
    award: FactId | undefined,
  ): Promise<Result<string>> {
    const [held] =
      voucher === null
        ? await tx.accountRows('entitlements', { tenant, fact: award ?? 0 })
        : await tx.accountRows('entitlements', { id: voucher })
    return held === undefined ? NOTHING : accept(held.code)
  }
}

const NOTHING = refuse('referral_not_possible', 'This referral offers nothing, or no longer')

async function perkOf(
  read: Pick<Reads, 'rows'>,
  tenant: TenantId,
  promotion: Row | undefined,
): Promise<RuleId> {
  const where = eq('id', Number(promotion?.perk ?? 0))
  const [perk] = await read.rows(CONFIGURATION.perks, { tenants: [tenant], where, limit: 1 })
  return Number(perk?.rule ?? 0) as RuleId
}

function namesOf({ to_first_name: first, to_last_name: last }: AccountRow<'referrals'>): {
  readonly firstName?: string
  readonly lastName?: string
} {
  return { ...(first === null ? {} : { firstName: first }), ...(last === null ? {} : { lastName: last }) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
