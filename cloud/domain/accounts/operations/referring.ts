// Referring somebody by e-mail (OP-9): the referral is SENT, and COMPLETED at once where staff says so of two who are customers already. Its words are
// the referral's own; what becomes of it is said by facts.
import type { Identity } from '../../../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER } from '../../../../protocol/ids.ts'
import type { FactId, StoreId } from '../../../../protocol/ids.ts'
import { accept, assert, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { CloudStore, TenantId } from '../../../store/port.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { HQ_STORE, ownHeader } from '../../ingest/own-facts.ts'
import type { ProgramShelf } from '../../programs.ts'
import { queueMailTo } from '../mail-queue.ts'
import { foldedContact } from '../projection/persons.ts'
import { headerOf } from './scene.ts'
import type { OperationScene, When } from './scene.ts'
import { isEmail, lookUp, memberOf } from './who.ts'

export interface ReferralRequest {
  readonly from: PersonId
  readonly toEmail: string
  readonly toFirstName: string
  readonly toLastName: string
  readonly content: string
  readonly location: StoreId | null
  /** How it came about, in the platform's word. */
  readonly source: string
  readonly sendEmail: boolean
  /** Staff may refer one customer to another; a customer only somebody new. */
  readonly byStaff: boolean
}

export const REFERRAL_CONTENT_CHARS_MAX = 2_000

export class Referring {
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

  async refer(tenant: TenantId, request: ReferralRequest): Promise<Result<AccountRow<'referrals'>>> {
    if (!isEmail(request.toEmail))
      return refuse('input_invalid', 'This is no e-mail address', 'referral_to_email')
    if (request.content.length > REFERRAL_CONTENT_CHARS_MAX)
      return refuse('input_invalid', `At most ${REFERRAL_CONTENT_CHARS_MAX} characters`, 'referral_content')
    const programs = await this.#shelf.of(tenant)
    const done = await this.#ingest.record(tenant, (tx, own) =>
      this.#record({ tx, own, tenant, programs, now: this.#clock.now() as Millis }, request),
    )
    if (!done.ok) return done
    const [row] = await this.#store.read.accountRows('referrals', { fact: done.value })
    assert(row !== undefined, 'a referral that was sent has its row')
    return accept(row)
  }

  async #record(scene: OperationScene, request: ReferralRequest): Promise<Result<FactId>> {
    const { tx, tenant } = scene
    const store = (await tx.stores(tenant)).find(({ id }) => id === request.location)
    if (request.location !== null && store === undefined)
      return refuse('store_not_found', 'The business has no such location', 'location')
    const referrer = await lookUp(scene, { person: request.from })
    if (!referrer.ok) return referrer
    const referee = await lookUp(scene, { email: request.toEmail })
    if (!referee.ok) return referee
    const known = memberOf(referee.value)
    if (referee.value.person === request.from)
      return refuse('referral_not_possible', 'Nobody refers himself', 'referral_to_email')
    if (known !== NO_MEMBER && !request.byStaff)
      return refuse('referral_not_possible', 'This is a customer already', 'referral_to_email')
    const when: When = { store: store?.id ?? HQ_STORE, zone: store?.zone ?? 'UTC', at: null }
    const claim: Identity = {
      kind: 'email',
      value: foldedContact({ kind: 'email', value: request.toEmail }),
    }
    const { source } = request
    const { own } = scene
    const sent = await headerOf(scene, when, memberOf(referrer.value))
    await own.append({ ...ownHeader('referral', sent), stage: 'sent', of: NO_FACT, source })
    const received = await headerOf(scene, when, known)
    await own.append({
      ...ownHeader('referral', known === NO_MEMBER ? { ...received, claim } : received),
      stage: 'received',
      of: sent.id,
      source,
    })
    if (known !== NO_MEMBER) {
      const completed = await headerOf(scene, when, sent.member)
      await own.append({ ...ownHeader('referral', completed), stage: 'completed', of: sent.id, source })
    }
    await this.#keepWords(scene, sent.id, {
      request,
      connection: referrer.value.connection,
      person: referee.value.person,
    })
    return accept(sent.id)
  }

  async #keepWords(
    { tx, tenant, now }: OperationScene,
    fact: FactId,
    {
      request,
      connection,
      person,
    }: {
      readonly request: ReferralRequest
      readonly connection: AccountRow<'connections'> | null
      readonly person: PersonId | null
    },
  ): Promise<void> {
    assert(connection !== null, 'only customers refer')
    await tx.insertAccountRow('referrals', {
      tenant,
      connection: connection.id,
      person: connection.person,
      member: connection.member,
      fact,
      to_person: person,
      to_email: request.toEmail,
      to_first_name: request.toFirstName,
      to_last_name: request.toLastName,
      content: request.content,
      source: request.source,
      status: 'SENT',
      referrer_status: connection.status,
      location: request.location,
      completed: null,
      voucher: null,
      created: now,
      modified: now,
    })
    if (request.sendEmail)
      await queueMailTo(
        tx,
        { tenant, person: person ?? 0, email: request.toEmail },
        { type: 'REFERRAL_OFFER', fact, location: request.location ?? HQ_STORE, now },
      )
  }
}
