// A node that was given an SMTP server: what waits is sent, and what time brings is told of. Without a server, reports would only pile up.
import { Digests } from './digests.ts'
import { Mailer } from './mailer.ts'
import type { MailerParts } from './mailer.ts'
import { smtpPost } from './smtp.ts'

export function startMail({ smtp, ...parts }: Omit<MailerParts, 'post'> & { readonly smtp: string }): {
  stop(): Promise<void>
} {
  const mailer = new Mailer({ ...parts, post: smtpPost(smtp) })
  const digests = new Digests(parts)
  mailer.start()
  digests.start()
  return {
    async stop() {
      await digests.stop()
      await mailer.stop()
    },
  }
}
