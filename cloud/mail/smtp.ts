// The one file that knows the SMTP library. What the server says becomes a value: taken, refused for good, or not now (MAIL-4).
import { createTransport } from 'nodemailer'

export interface Envelope {
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly messageId: string
  readonly headers: Readonly<Record<string, string>>
}

export type Delivery =
  | { readonly done: 'taken' }
  | { readonly done: 'refused'; readonly why: string }
  | { readonly done: 'later'; readonly why: string }

export interface Post {
  send(envelope: Envelope): Promise<Delivery>
  close(): void
}

const CONNECT_MS_MAX = 10_000
const FAULT_CHARS_MAX = 300

/** `url`: smtp://user:password@host:port, or smtps://. */
export function smtpPost(url: string): Post {
  const transport = createTransport({
    url,
    connectionTimeout: CONNECT_MS_MAX,
    greetingTimeout: CONNECT_MS_MAX,
    socketTimeout: CONNECT_MS_MAX,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send(envelope) {
      try {
        await transport.sendMail({ ...envelope, headers: { ...envelope.headers } })
        return { done: 'taken' }
      } catch (cause) {
        const { responseCode = 0, message = 'unknown' } = cause as { responseCode?: number; message?: string }
        const why = message.slice(0, FAULT_CHARS_MAX)
        return responseCode >= 500 ? { done: 'refused', why } : { done: 'later', why }
      }
    },
    close: () => transport.close(),
  }
}
