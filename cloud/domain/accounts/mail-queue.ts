// Which e-mails are to be sent: a row in the commit of what they tell of, so that neither is there without the other (MAIL-1). They are composed when
// their turn comes.
import type { FactId, StoreId } from '../../../protocol/ids.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { AccountRow } from '../../collections/tables/accounts.ts'
import type { PersonId } from '../../store/platform-port.ts'
import type { Writes } from '../../store/port.ts'

/** Those of the tracked types that something here sends. */
export const MAIL_TYPES = [
  'USER_WARM_REG_REQUEST',
  'USER_EARN_ALERT',
  'USER_REDEEM_ALERT',
  'REFERRAL_OFFER',
  'BONUS_REFERRAL_INFORM',
  'POINT_EXPIRATION_WARN',
  'CHALLENGE_PROGRESS_UPDATE',
  'CHALLENGE_COMPLETE',
  'USER_CONFIRM_EMAIL_REQUEST',
  'USER_MERGE_REQUEST',
  'USER_MERGE_OK',
  'BUSINESS_ADD_EMPLOYEE_INFORM',
  'PASSWORD_RESET',
] as const
export type MailType = (typeof MAIL_TYPES)[number]

/** What platforms list; nobody but the person knows of the others. */
export const TRACKED_MAIL_TYPES = MAIL_TYPES.filter((type) => type !== 'PASSWORD_RESET')

export interface MailOrder {
  readonly type: MailType
  /** What it tells of; null: nothing of the fold. */
  readonly fact: FactId | null
  readonly location: StoreId | 0
  /** What its fact does not say: a challenge's name, points that expire, the role of an invitation. */
  readonly word?: string | null
  readonly now: Millis
}

/** Only to who has an address and wants e-mails of this business (MAIL-2). */
export async function queueMail(
  tx: Writes,
  { tenant, person, receives_emails: wanted }: AccountRow<'connections'>,
  order: MailOrder,
): Promise<void> {
  if (!wanted) return
  const contacts = await tx.contactsOf(person as PersonId)
  const email = contacts.find(({ kind, main }) => kind === 'email' && main)
  if (email === undefined) return
  await queueMailTo(tx, { tenant, person, email: email.value }, order)
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
