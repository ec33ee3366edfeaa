// Referring somebody by e-mail (OP-9): the referral is SENT, and COMPLETED at once where staff says so of two who are customers already. Its words are
// the referral's own; what becomes of it is said by facts.
import type { Identity } from '../../../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER } from '../../../../protocol/ids.ts'
import type { FactId, MemberId, StoreId } from '../../../../protocol/ids.ts'
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
import { offerAt } from './claiming.ts'
import { headerOf } from './scene.ts'
import type { OperationScene, When } from './scene.ts'
import { isEmail, lookUp, makeCustomer, memberOf } from './who.ts'

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
  /** Staff may refer one customer to another, and for somebody who is none yet; a customer only somebody new. */
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
    const when: When = { store: store?.id ?? HQ_STORE, zone: store?.zone ?? 'UTC', at: null }
    const referrer = await lookUp(scene, { person: request.from })
    if (!referrer.ok && !request.byStaff) return referrer
    const referee = await lookUp(scene, { email: request.toEmail })
    if (!referee.ok) return referee
    const known = memberOf(referee.value)
    if (referee.value.person === request.from)
      return refuse('referral_not_possible', 'Nobody refers himself', 'referral_to_email')
    if (known !== NO_MEMBER && !request.byStaff)
      return refuse('referral_not_possible', 'This is a customer already', 'referral_to_email')
    const connection = referrer.ok ? referrer.value.connection : await newReferrer(scene, request.from, when)
    assert(connection !== null, 'only customers refer')
    const claim: Identity = {
      kind: 'email',
      value: foldedContact({ kind: 'email', value: request.toEmail }),
    }
    const { source } = request
    const { own } = scene
    const sent = await headerOf(scene, when, connection.member as MemberId)
    await own.append({ ...ownHeader('referral', sent), stage: 'sent', of: NO_FACT, source })
    if (known !== NO_MEMBER && referrer.ok) {
      // Nothing is open afterwards that what the referee earns next would complete again.
      const completed = await headerOf(scene, when, sent.member)
      await own.append({ ...ownHeader('referral', completed), stage: 'completed', of: sent.id, source })
    } else {
      const received = await headerOf(scene, when, known)
      const header = known === NO_MEMBER ? { ...received, claim } : received
      await own.append({ ...ownHeader('referral', header), stage: 'received', of: sent.id, source })
    }
    await keepWords(scene, sent.id, {
      request,
      connection,
      status: referrer.ok ? connection.status : 'NOCONN',
      person: referee.value.person,
    })
    return accept(sent.id)
  }
}

/** Somebody whom staff know from elsewhere: a customer from now on, who was none when it was sent. */
async function newReferrer(
  scene: OperationScene,
  person: PersonId,
  when: When,
): Promise<AccountRow<'connections'>> {
  const subject = { who: { person }, person, connection: null, link: null }
  return makeCustomer(scene, subject, when, 'PENDING')
}

interface Words {
  readonly request: ReferralRequest
  readonly connection: AccountRow<'connections'>
  /** Of the referrer, when it was sent. */
  readonly status: string
  /** Who was referred, if the node knows them. */
  readonly person: PersonId | null
}

async function keepWords(
  { tx, tenant, now }: OperationScene,
  fact: FactId,
  { request, connection, status, person }: Words,
): Promise<void> {
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
    referrer_status: status,
    location: request.location,
    completed: null,
    voucher: null,
    created: now,
    modified: now,
  })
  if (!request.sendEmail) return
  const offer = await offerAt(tx, tenant, request.location)
  await queueMailTo(
    tx,
    { tenant, person: person ?? 0, email: request.toEmail },
    {
      type: offer === undefined ? 'BONUS_REFERRAL_INFORM' : 'REFERRAL_OFFER',
      fact,
      location: request.location ?? HQ_STORE,
      now,
    },
  )
}
