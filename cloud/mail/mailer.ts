// Empties the outbox (MAIL): what is due is composed from what is there, handed to the server, and marked with what became of it. One e-mail after the
// other; a fault of the server delays, and loses nothing.
import type { Clock } from '../../protocol/time.ts'
import type { AccountRow } from '../collections/tables/accounts.ts'
import { ACCOUNTS } from '../collections/tables/accounts.ts'
import type { MailType } from '../domain/accounts/mail-queue.ts'
import { businessProfile } from '../platform/tenants.ts'
import type { PersonId } from '../store/platform-port.ts'
import type { CloudStore } from '../store/port.ts'
import { messageOf } from './message.ts'
import type { MailMatter, Message } from './message.ts'
import type { Post } from './smtp.ts'
import { unsubscribeToken } from './unsubscribe.ts'

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
    const words = { subject: message.subject, text_body: message.text, html_body: message.html }
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

  /** Null: nobody wants it any more. */
  async #compose(mail: AccountRow<'mails'>): Promise<{ message: Message; connection: number | null } | null> {
    const { read } = this.#parts.store
    const { tenant, person, fact, type } = mail
    const business = await businessProfile(read, tenant)
    const [connection] = await read.accountRows('connections', { tenant, person, hidden: false })
    if (connection?.receives_emails === false) return null
    const [transaction] = fact === null ? [] : await read.accountRows('transactions', { fact })
    const [referral] = fact === null ? [] : await read.accountRows('referrals', { fact })
    const voucher = transaction?.voucher ?? null
    const [held] = voucher === null ? [] : await read.accountRows('entitlements', { id: voucher })
    const known = person > 0 ? await read.person(person as PersonId) : undefined
    const sender = referral === undefined ? undefined : await read.person(referral.person as PersonId)
    const matter: MailMatter = {
      name: referral?.to_first_name ?? known?.firstName ?? '',
      title: transaction?.title ?? '',
      points: transaction?.points ?? 0,
      balance: connection?.balance ?? 0,
      code: held?.external_code ?? held?.code ?? null,
      note: referral?.content ?? '',
      sender: sender === undefined ? '' : `${sender.firstName} ${sender.lastName}`.trim(),
    }
    const style = {
      business: business.rewards_program_name ?? business.name,
      color: business.brand_color ?? COLOR_DEFAULT,
      logoUrl: business.logo_url ?? null,
    }
    const { publicUrl, secret } = this.#parts
    const link = connection === undefined ? null : linkOf(publicUrl, secret, connection.id)
    // The outbox is written by `queueMail` alone.
    return { message: messageOf(type as MailType, style, matter, link), connection: connection?.id ?? null }
  }
}

function linkOf(publicUrl: string, secret: string, connection: number): string {
  return `${publicUrl}/unsubscribe?token=${unsubscribeToken(secret, connection)}`
}
