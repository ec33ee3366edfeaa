// Which e-mails are to be sent: a row in the commit of what they tell of, so that neither is there without the other (MAIL-1). They are composed when
// their turn comes.
import type { FactId, StoreId } from '../../../protocol/ids.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { AccountRow } from '../../collections/tables/accounts.ts'
import type { PersonId } from '../../store/platform-port.ts'
import type { Writes } from '../../store/port.ts'
import type { MailType } from './mail-types.ts'

export interface MailOrder {
  readonly type: MailType
  /** What it tells of; null: nothing of the fold. */
  readonly fact: FactId | null
  readonly location: StoreId | 0
  /** What its fact does not say: a challenge's name, points that expire, the role of an invitation, the days of a report. */
  readonly word?: string | null
  readonly now: Millis
}

/** Only to who has an address and wants e-mails of this business (MAIL-2). */
export async function queueMail(
  tx: Writes,
  { tenant, person, receives_emails: wanted }: AccountRow<'connections'>,
  order: MailOrder,
): Promise<void> {
  if (wanted) await queueMailToPerson(tx, tenant, person, order)
}

/** To their main address; somebody who has none gets nothing. */
export async function queueMailToPerson(
  tx: Writes,
  tenant: number,
  person: number,
  order: MailOrder,
): Promise<void> {
  const contacts = await tx.contactsOf(person as PersonId)
  const email = contacts.find(({ kind, main }) => kind === 'email' && main)
  if (email !== undefined) await queueMailTo(tx, { tenant, person, email: email.value }, order)
}

export async function queueMailTo(
  tx: Writes,
  to: { readonly tenant: number; readonly person: number; readonly email: string },
  { type, fact, location, word = null, now }: MailOrder,
): Promise<void> {
  await tx.insertAccountRow('mails', {
    ...to,
    type,
    location: location > 0 ? location : null,
    fact,
    word,
    subject: null,
    text_body: null,
    html_body: null,
    status: 'waiting',
    attempts: 0,
    due: now,
    sent: null,
    fault: null,
    created: now,
    modified: now,
  })
}
