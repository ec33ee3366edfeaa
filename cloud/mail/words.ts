// What each e-mail says, as subject and lines. Pure; what came from people goes in as it is, and is escaped by the page.
import type { MailType } from '../domain/accounts/mail-types.ts'
import type { MailMatter } from './matter.ts'

interface Said {
  readonly subject: string
  readonly lines: readonly string[]
}

type Words = (matter: MailMatter, business: string) => Said

const refers: Words = ({ sender, note, link }, business) => ({
  subject: `${sender === '' ? 'A friend' : sender} recommends ${business}`,
  lines: [...(note === '' ? [`You are invited to ${business}.`] : [note]), ...(link === null ? [] : [link])],
})

const reports =
  (name: string): Words =>
  (matter, business) => ({
    subject: `${name} of ${business}, ${days(matter)}`,
    lines: [...activity(matter), `New customers: ${matter.joined}.`],
  })

export const WORDS: Readonly<Record<MailType, Words>> = {
  USER_EARN_ALERT: ({ title, points, balance }, business) => ({
    subject: `You earned ${points} points at ${business}`,
    lines: [`${title}: ${points} points.`, `Your balance is ${balance} points.`],
  }),
  USER_WARM_REG_REQUEST: ({ title, points, balance }, business) => ({
    subject: `${points} points are waiting for you at ${business}`,
    lines: [`${title}: ${points} points.`, `Join to use your ${balance} points.`],
  }),
  USER_REDEEM_ALERT: ({ title, points, balance, code }) => ({
    subject: `You redeemed: ${title}`,
    lines: [
      `${title}, for ${points} points.`,
      ...(code === null ? [] : [`Your voucher is ${code}.`]),
      `Your balance is ${balance} points.`,
    ],
  }),
  REFERRAL_OFFER: refers,
  BONUS_REFERRAL_INFORM: refers,
  CLAIMED_OFFER: ({ title, code }, business) => ({
    subject: `Your offer of ${business}: ${title}`,
    lines: [`${title} is yours.`, ...(code === null ? [] : [`Your voucher is ${code}.`])],
  }),
  POINT_EXPIRATION_WARN: ({ word, balance }, business) => ({
    subject: `${word} points expire soon at ${business}`,
    lines: [`${word} of your ${balance} points expire soon, if they are not used.`],
  }),
  VOUCHER_EXPIRES: ({ title, code, word }, business) => ({
    subject: `Your voucher expires soon at ${business}: ${title}`,
    lines: [`${title}: use it by ${word}.`, ...(code === null ? [] : [`Your voucher is ${code}.`])],
  }),
  CHALLENGE_PROGRESS_UPDATE: ({ word }) => ({
    subject: `You are getting on: ${word}`,
    lines: [`You came a step further in ${word}.`],
  }),
  CHALLENGE_COMPLETE: ({ word }) => ({
    subject: `You completed: ${word}`,
    lines: [`Well done: you completed ${word}.`],
  }),
  WEEKLY_CUSTOMER_REPORT: (matter, business) => ({
    subject: `Your week at ${business}, ${days(matter)}`,
    lines: [...activity(matter), `Your balance is ${matter.balance} points.`],
  }),
  BUSINESS_LIVE_ALERT: (_, business) => ({
    subject: `${business} is live`,
    lines: [`Customers can earn and redeem with ${business} from now on.`],
  }),
  BUSINESS_DAILY_STATS: reports('The day'),
  WEEKLY_BUSINESS_REPORT: reports('The week'),
  MONTHLY_BUSINESS_REPORT: reports('The month'),
  OBLIGATION: ({ title, points, code, sender }) => ({
    subject: `${sender} redeemed: ${title}`,
    lines: [
      `${sender} redeemed ${title} for ${points} points.`,
      ...(code === null ? [] : [`The voucher is ${code}.`]),
    ],
  }),
  COMPLETED_REFERRAL_ADMIN_INFORM: ({ sender, referred }, business) => ({
    subject: `A referral is complete at ${business}`,
    lines: [`${sender} referred ${referred}, who is a customer now.`],
  }),
  BATCH_UPLOAD_REPORT: ({ word }, business) => ({
    subject: `A batch was worked off at ${business}`,
    lines: [`Of the batch that you sent: ${word}.`],
  }),
  NOTIFY_LIMIT_EXCEEDED: ({ word }, business) => ({
    subject: `A batch was too long at ${business}`,
    lines: [`A batch was refused, and nothing of it was done: ${word}.`],
  }),
  USER_CONFIRM_EMAIL_REQUEST: ({ link }) => ({
    subject: 'Is this your e-mail address?',
    lines: ['Open this page to confirm it:', link ?? ''],
  }),
  USER_MERGE_REQUEST: ({ link }) => ({
    subject: 'Are these both you?',
    lines: [
      'This address belongs to an account, and another account asks to have it too. If both are yours, this page makes them one:',
      link ?? '',
      'If you do not know of this, do nothing.',
    ],
  }),
  USER_MERGE_OK: () => ({
    subject: 'Your accounts are one',
    lines: ['What you had with both is together from now on.'],
  }),
  BUSINESS_ADD_EMPLOYEE_INFORM: ({ word, link }, business) => ({
    subject: `${business} invites you`,
    lines: [`You are invited to work with ${business} as ${roleOf(word)}:`, link ?? ''],
  }),
  PASSWORD_RESET: ({ link }) => ({
    subject: 'A new password',
    lines: ['Set it on this page, within the hour:', link ?? '', 'If you did not ask for it, do nothing.'],
  }),
}

function activity({ earned, redeemed }: MailMatter): string[] {
  return [
    `Earned: ${earned.points} points, in transactions: ${earned.count}.`,
    `Redeemed: ${redeemed.points} points, in transactions: ${redeemed.count}.`,
  ]
}

/** `2026-06-02`, or from the first day to the last. */
function days({ word }: MailMatter): string {
  const [first = '', last = first] = word.split(' ')
  return first === last ? first : `${first} to ${last}`
}

/** Of an invitation's word the role, without the locations behind it. */
function roleOf(word: string): string {
  return (word.split(' ')[0] ?? '').toLowerCase().replace('_', ' ')
}
