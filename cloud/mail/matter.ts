// What an e-mail tells of, looked up when it is composed.
import { DAY_MS } from '../../protocol/time.ts'
import type { AccountRow } from '../collections/tables/accounts.ts'
import { activityIn } from '../domain/accounts/views/activity.ts'
import { NO_ACTIVITY } from '../store/account-port.ts'
import type { Activity } from '../store/account-port.ts'
import type { PersonId } from '../store/platform-port.ts'
import type { Reads } from '../store/port.ts'

export interface MailMatter extends Activity {
  readonly name: string
  readonly title: string
  readonly points: number
  readonly balance: number
  readonly code: string | null
  /** A referral's own words, who sent it or redeemed something, and who was referred. */
  readonly note: string
  readonly sender: string
  readonly referred: string
  /** What no row says: a challenge's name, points that expire, a role, the days of a report. */
  readonly word: string
  /** The page that it leads to. */
  readonly link: string | null
}

/** The rows of what an e-mail is about. */
export interface MailSubject {
  readonly transaction: AccountRow<'transactions'> | undefined
  readonly referral: AccountRow<'referrals'> | undefined
  readonly held: AccountRow<'entitlements'> | undefined
}

type Mail = AccountRow<'mails'>

/** E-mails whose word is something else than what they say. */
const REPORTS = [
  'WEEKLY_CUSTOMER_REPORT',
  'BUSINESS_DAILY_STATS',
  'WEEKLY_BUSINESS_REPORT',
  'MONTHLY_BUSINESS_REPORT',
]

export async function subjectOf(read: Reads, { type, fact, tenant, word }: Mail): Promise<MailSubject> {
  const [transaction] = fact === null ? [] : await read.accountRows('transactions', { fact })
  const [referral] = fact === null ? [] : await read.accountRows('referrals', { fact })
  const id = type === 'VOUCHER_EXPIRES' ? Number(word) : (transaction?.voucher ?? null)
  // What was claimed has no transaction; its word is the code.
  const claimed = transaction === undefined && (type === 'CLAIMED_OFFER' || type === 'OBLIGATION')
  const key = claimed ? { code: word ?? '' } : id === null ? null : { id }
  const [held] = key === null ? [] : await read.accountRows('entitlements', { tenant, ...key })
  return { transaction, referral, held }
}

export async function matterOf(
  read: Reads,
  mail: Mail,
  { transaction, referral, held }: MailSubject,
  connection: AccountRow<'connections'> | undefined,
): Promise<MailMatter> {
  const { type, tenant } = mail
  const word = mail.word ?? ''
  const doer = referral?.person ?? (type === 'OBLIGATION' ? (transaction ?? held)?.person : undefined)
  // Who was referred has a name that the referrer gave; staff who hear of it have their own.
  const invited = type === 'REFERRAL_OFFER' || type === 'BONUS_REFERRAL_INFORM'
  const activity = REPORTS.includes(type)
    ? await activityIn(read, tenant, type === 'WEEKLY_CUSTOMER_REPORT' ? (connection?.id ?? 0) : null, {
        first: dayOf(word.slice(0, DATE_CHARS)),
        last: dayOf(word.slice(-DATE_CHARS)),
      })
    : NO_ACTIVITY
  return {
    ...activity,
    name: (invited ? referral?.to_first_name : null) ?? (await firstNameOf(read, mail.person)),
    title: transaction?.title ?? held?.title ?? '',
    points: transaction?.points ?? 0,
    balance: connection?.balance ?? 0,
    code: held?.external_code ?? held?.code ?? null,
    note: referral?.content ?? '',
    sender: doer === undefined ? '' : await nameOf(read, doer),
    referred: referral === undefined ? '' : nameOfReferred(referral),
    word: type === 'VOUCHER_EXPIRES' ? dateOf((held?.expires ?? 0) - 1) : word,
    link: null,
  }
}

const DATE_CHARS = 'YYYY-MM-DD'.length

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, DATE_CHARS)
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS
}

async function firstNameOf(read: Reads, person: number): Promise<string> {
  return person > 0 ? ((await read.person(person as PersonId))?.firstName ?? '') : ''
}

async function nameOf(read: Reads, id: number): Promise<string> {
  const person = await read.person(id as PersonId)
  return person === undefined ? '' : `${person.firstName} ${person.lastName}`.trim()
}

function nameOfReferred({
  to_first_name: first,
  to_last_name: last,
  to_email: email,
}: AccountRow<'referrals'>): string {
  const name = `${first ?? ''} ${last ?? ''}`.trim()
  return name === '' ? (email ?? '') : name
}
