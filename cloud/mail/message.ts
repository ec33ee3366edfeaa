// One e-mail as values: what is said, in text and HTML, in the style of the business (MAIL-3). Pure. What came from people is escaped here and nowhere else.
import type { MailType } from '../domain/accounts/mail-types.ts'
import type { MailMatter } from './matter.ts'
import { WORDS } from './words.ts'

export interface MailStyle {
  readonly business: string
  /** `#rrggbb` */
  readonly color: string
  readonly logoUrl: string | null
}

export interface Message {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export function messageOf(
  type: MailType,
  style: MailStyle,
  matter: MailMatter,
  unsubscribe: string | null,
): Message {
  const { subject, lines } = WORDS[type](matter, style.business)
  const greeting = matter.name === '' ? 'Hello,' : `Hello ${matter.name},`
  const end = unsubscribe === null ? [] : [`No more e-mails from ${style.business}: ${unsubscribe}`]
  return {
    subject: oneLine(subject),
    text: [greeting, ...lines, style.business, ...end].join('\n\n'),
    html: page(style, [greeting, ...lines], matter.link, unsubscribe),
  }
}

/** No text of people starts another header, and no control character is in one (RFC 5322 has no place for them). */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 200)
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
