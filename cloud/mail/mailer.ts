// Empties the outbox (MAIL): what is due is composed from what is there, handed to the server, and marked with what became of it. One e-mail after the
// other; a fault of the server delays, and loses nothing.
import type { StoreId } from '../../protocol/ids.ts'
import type { Clock } from '../../protocol/time.ts'
import type { AccountRow } from '../collections/tables/accounts.ts'
import { bodyOf } from '../collections/documents.ts'
import { eq } from '../collections/query.ts'
import { CONFIGURATION } from '../collections/tables/configuration.ts'
import { ACCOUNTS } from '../collections/tables/accounts.ts'
import type { MailType } from '../domain/accounts/mail-types.ts'
import { isForCustomers, isForStaff } from '../domain/accounts/mail-types.ts'
import { staffTold } from '../domain/accounts/staff-mail.ts'
import { LETTER_TYPES } from '../platform/proofs.ts'
import type { Letter } from '../platform/proofs.ts'
import { businessProfile } from '../platform/tenants.ts'
import type { PersonId } from '../store/platform-port.ts'
import type { CloudStore } from '../store/port.ts'
import { matterOf, subjectOf } from './matter.ts'
import type { MailSubject } from './matter.ts'
import { messageOf } from './message.ts'
import type { MailStyle, Message } from './message.ts'
import type { Post } from './smtp.ts'
import { offerToken, unsubscribeToken } from './links.ts'

/** Tries of one e-mail, the wait before the second, e-mails of one look, and the pause between looks. */
export const MAIL_ATTEMPTS_MAX = 8
export const MAIL_RETRY_MS = 60_000
export const MAIL_LOOK_MAX = 100
export const MAIL_LOOK_MS = 5_000

export interface MailerParts {
  readonly store: CloudStore
  readonly clock: Clock
  readonly post: Post
  readonly after: (ms: number, call: () => void) => () => void
  readonly onFault: (cause: unknown) => void
  /** The address all e-mails come from. */
  readonly from: string
  /** How customers reach the node, for the link that ends the e-mails. */
  readonly publicUrl: string
  readonly secret: string
  /** The page that an e-mail with a secret leads to; its secret is made for this try. */
  readonly pathOf: (letter: Letter) => Promise<string>
}

const COLOR_DEFAULT = '#222222'

export class Mailer {
  readonly #parts: MailerParts
  #cancel: () => void = () => undefined
  #looking: Promise<number> = Promise.resolve(0)
  #stopped = false

  constructor(parts: MailerParts) {
    this.#parts = parts
  }

  start(): void {
    const { after, onFault } = this.#parts
    const again = (): void => {
      if (!this.#stopped)
        this.#cancel = after(MAIL_LOOK_MS, () => void this.look().catch(onFault).finally(again))
    }
    again()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#looking.catch(() => 0)
    this.#parts.post.close()
  }

  /** Works off what is due; gives how many e-mails were looked at. */
  look(): Promise<number> {
    this.#looking = this.#looking.catch(() => 0).then(() => this.#look())
    return this.#looking
  }

  async #look(): Promise<number> {
    const { store, clock } = this.#parts
    const due = await store.read.rows(ACCOUNTS.mails, {
      tenants: 'every',
      where: { at: ['due'], is: 'lte', value: clock.now() },
      order: [{ column: 'due' }],
      limit: MAIL_LOOK_MAX,
    })
    // Rows of a declared collection have its columns.
    for (const mail of due as unknown as readonly AccountRow<'mails'>[]) await this.#send(mail)
    return due.length
  }

  async #send(mail: AccountRow<'mails'>): Promise<void> {
    const { store, clock, post, from, publicUrl, secret } = this.#parts
    const composed = await this.#compose(mail)
    const now = clock.now()
    if (composed === null) {
      await store.write((tx) =>
        tx.saveAccountRow('mails', mail.id, { status: 'dropped', due: null, modified: now }),
      )
      return
    }
    const { message, connection } = composed
    const link = connection === null ? null : linkOf(publicUrl, secret, connection)
    const delivery = await post.send({
      from,
      to: mail.email,
      ...message,
      messageId: `<mail-${mail.id}@${from.slice(from.lastIndexOf('@') + 1).replace('>', '')}>`,
      headers:
        link === null
          ? {}
          : { 'List-Unsubscribe': `<${link}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
    })
    const attempts = mail.attempts + 1
    const over = delivery.done === 'refused' || attempts >= MAIL_ATTEMPTS_MAX
    const { kept } = composed
    const words = { subject: kept.subject, text_body: kept.text, html_body: kept.html }
    const became =
      delivery.done === 'taken'
        ? { ...words, status: 'sent', sent: now, due: null, fault: null }
        : {
            status: over ? 'failed' : 'waiting',
            due: over ? null : now + MAIL_RETRY_MS * 2 ** (attempts - 1),
            fault: delivery.why,
          }
    await store.write((tx) =>
      tx.saveAccountRow('mails', mail.id, { ...became, attempts, modified: clock.now() }),
    )
  }

  /** Null: nobody wants it any more, or it is no news. */
  async #compose(mail: AccountRow<'mails'>): Promise<Composed | null> {
    const { publicUrl, secret, pathOf, store } = this.#parts
    const { tenant, person, email, word } = mail
    // The outbox is written by `queueMailTo` alone.
    const type = mail.type as MailType
    const subject = await subjectOf(store.read, mail)
    const [connection] = await store.read.accountRows('connections', { tenant, person, hidden: false })
    if (!(await this.#isWanted(mail, type, subject, connection))) return null
    const matter = await matterOf(store.read, mail, subject, connection)
    const style = await this.#styleOf(tenant)
    const held = isForCustomers(type) ? connection : undefined
    const link = held === undefined ? null : linkOf(publicUrl, secret, held.id)
    const letter = LETTER_TYPES.find((known) => known === type)
    const kept = messageOf(type, style, { ...matter, link: isLinked(type) ? '…' : null }, link)
    if (type === 'REFERRAL_OFFER' && subject.referral !== undefined) {
      const offer = `${publicUrl}/offers?token=${offerToken(secret, subject.referral.id)}`
      const message = messageOf(type, style, { ...matter, link: offer }, link)
      return { message, kept, connection: held?.id ?? null }
    }
    if (letter === undefined) return { message: kept, kept, connection: held?.id ?? null }
    const path = await pathOf({ type: letter, tenant, person: person as PersonId, email, word })
    const message = messageOf(type, style, { ...matter, link: publicUrl + path }, null)
    return { message, kept, connection: null }
  }

  /** What somebody asks for themselves, or is asked to work for, they get whatever they want of the business. */
  async #isWanted(
    { tenant, person, location }: AccountRow<'mails'>,
    type: MailType,
    { transaction, held }: MailSubject,
    connection: AccountRow<'connections'> | undefined,
  ): Promise<boolean> {
    const { read } = this.#parts.store
    if (isForStaff(type)) {
      const told = await staffTold(read, tenant, { type, location: (location ?? 0) as StoreId })
      return told.some((one) => one.person === person)
    }
    if (!isForCustomers(type)) return true
    if (connection?.receives_emails === false) return false
    if (type === 'VOUCHER_EXPIRES' && held?.status !== 'unused' && held?.status !== 'clipped') return false
    // The business wants no e-mails about this perk (MAIL-8).
    const where = eq('id', transaction?.perk ?? held?.perk ?? 0)
    const [perk] = await read.rows(CONFIGURATION.perks, { tenants: [tenant], where, limit: 1 })
    return perk === undefined || bodyOf(perk).silent !== true
  }

  async #styleOf(tenant: number): Promise<MailStyle> {
    const business = await businessProfile(this.#parts.store.read, tenant)
    return {
      business: business.rewards_program_name ?? business.name,
      color: business.brand_color ?? COLOR_DEFAULT,
      logoUrl: business.logo_url ?? null,
    }
  }
}

/** It leads to a page that only its reader may open. */
function isLinked(type: MailType): boolean {
  return type === 'REFERRAL_OFFER' || LETTER_TYPES.some((known) => known === type)
}

/** A message, and as it is kept: without what only its reader may have. */
interface Composed {
  readonly message: Message
  readonly kept: Message
  readonly connection: number | null
}

function linkOf(publicUrl: string, secret: string, connection: number): string {
  return `${publicUrl}/unsubscribe?token=${unsubscribeToken(secret, connection)}`
}
