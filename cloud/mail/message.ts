// One e-mail as values: what is said, in text and HTML, in the style of the business (MAIL-3). Pure. What came from people is escaped here and nowhere else.
import { unreachable } from '../../protocol/result.ts'
import type { MailType } from '../domain/accounts/mail-queue.ts'

export interface MailStyle {
  readonly business: string
  /** `#rrggbb` */
  readonly color: string
  readonly logoUrl: string | null
}

/** What an e-mail may tell of. */
export interface MailMatter {
  readonly name: string
  readonly title: string
  readonly points: number
  readonly balance: number
  readonly code: string | null
  /** A referral's own words, and who sent it. */
  readonly note: string
  readonly sender: string
  /** What no row says: a challenge's name, points that expire, a role. */
  readonly word: string
  /** The page that it leads to. */
  readonly link: string | null
}

export interface Message {
  readonly subject: string
  readonly text: string
  readonly html: string
}

interface Said {
  readonly subject: string
  readonly lines: readonly string[]
}

export function messageOf(
  type: MailType,
  style: MailStyle,
  matter: MailMatter,
  unsubscribe: string | null,
): Message {
  const { subject, lines } = said(type, style.business, matter)
  const greeting = matter.name === '' ? 'Hello,' : `Hello ${matter.name},`
  const end = unsubscribe === null ? [] : [`No more e-mails from ${style.business}: ${unsubscribe}`]
  return {
    subject: oneLine(subject),
    text: [greeting, ...lines, style.business, ...end].join('\n\n'),
    html: page(style, [greeting, ...lines], matter.link, unsubscribe),
  }
}

function said(type: MailType, business: string, matter: MailMatter): Said {
  const { title, points, balance, code, note, sender, word } = matter
  const link = matter.link ?? ''
  switch (type) {
    case 'USER_EARN_ALERT':
      return {
        subject: `You earned ${points} points at ${business}`,
        lines: [`${title}: ${points} points.`, `Your balance is ${balance} points.`],
      }
    case 'USER_WARM_REG_REQUEST':
      return {
        subject: `${points} points are waiting for you at ${business}`,
        lines: [`${title}: ${points} points.`, `Join to use your ${balance} points.`],
      }
    case 'USER_REDEEM_ALERT':
      return {
        subject: `You redeemed: ${title}`,
        lines: [
          `${title}, for ${points} points.`,
          ...(code === null ? [] : [`Your voucher is ${code}.`]),
          `Your balance is ${balance} points.`,
        ],
      }
    case 'REFERRAL_OFFER':
    case 'BONUS_REFERRAL_INFORM':
      return {
        subject: `${sender === '' ? 'A friend' : sender} recommends ${business}`,
        lines: note === '' ? [`You are invited to ${business}.`] : [note],
      }
    case 'POINT_EXPIRATION_WARN':
      return {
        subject: `${word} points expire soon at ${business}`,
        lines: [`${word} of your ${balance} points expire soon, if they are not used.`],
      }
    case 'CHALLENGE_PROGRESS_UPDATE':
      return { subject: `You are getting on: ${word}`, lines: [`You came a step further in ${word}.`] }
    case 'CHALLENGE_COMPLETE':
      return { subject: `You completed: ${word}`, lines: [`Well done: you completed ${word}.`] }
    case 'USER_CONFIRM_EMAIL_REQUEST':
      return { subject: 'Is this your e-mail address?', lines: ['Open this page to confirm it:', link] }
    case 'USER_MERGE_REQUEST':
      return {
        subject: 'Are these both you?',
        lines: [
          'This address belongs to an account, and another account asks to have it too. If both are yours, this page makes them one:',
          link,
          'If you do not know of this, do nothing.',
        ],
      }
    case 'USER_MERGE_OK':
      return { subject: 'Your accounts are one', lines: ['What you had with both is together from now on.'] }
    case 'BUSINESS_ADD_EMPLOYEE_INFORM':
      return {
        subject: `${business} invites you`,
        lines: [`You are invited to work with ${business} as ${word.toLowerCase().replace('_', ' ')}:`, link],
      }
    case 'PASSWORD_RESET':
      return {
        subject: 'A new password',
        lines: ['Set it on this page, within the hour:', link, 'If you did not ask for it, do nothing.'],
      }
    default:
      return unreachable(type)
  }
}

/** No text of people starts another header. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t\v\f]+/g, ' ').slice(0, 200)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign)
}

function page(
  { business, color, logoUrl }: MailStyle,
  lines: readonly string[],
  link: string | null,
  unsubscribe: string | null,
): string {
  const paragraphs = lines.map((line) => `<p>${line === link ? anchor(line) : paragraph(line)}</p>`).join('')
  const logo = logoUrl === null ? '' : `<img src="${escaped(logoUrl)}" alt="" height="48"> `
  const end =
    unsubscribe === null
      ? ''
      : `<p><small><a href="${escaped(unsubscribe)}">No more e-mails from ${escaped(business)}</a></small></p>`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(business)}</title><body style="font-family:sans-serif;max-width:36em;margin:auto"><h1 style="color:${escaped(color)};font-size:1.25em">${logo}${escaped(business)}</h1>${paragraphs}${end}</body></html>`
}

function paragraph(line: string): string {
  return escaped(line).replaceAll('\n', '<br>')
}

function anchor(address: string): string {
  return `<a href="${escaped(address)}">${escaped(address)}</a>`
}
