// Where the link of an e-mail leads (MAIL-2): looking changes nothing, for mail programs look at links; the button of the page, or the mail program's own
// (RFC 8058), ends this business's e-mails to the customer.
import { html } from 'hono/html'
import type { Clock } from '../../protocol/time.ts'
import { connectionOfToken } from '../mail/links.ts'
import { businessProfile } from '../platform/tenants.ts'
import type { CloudStore } from '../store/port.ts'
import type { App, Serve } from './oauth/oauth-app.ts'
import { PLAIN, pageResponse } from './oauth/page.ts'
import { messagePage } from './oauth/pages.ts'

export interface UnsubscribeParts {
  readonly store: CloudStore
  readonly clock: Clock
  readonly secret: string
}

const PATH = '/unsubscribe'

export function mountUnsubscribe(app: App, { store, clock, secret }: UnsubscribeParts, serve: Serve): void {
  app.on(['GET', 'POST'], PATH, (c) =>
    serve(c, PATH, async () => {
      const connection = connectionOfToken(secret, c.req.query('token') ?? '')
      const [row] =
        connection === undefined ? [] : await store.read.accountRows('connections', { id: connection })
      if (row === undefined)
        return pageResponse({
          ...messagePage(PLAIN, 'Not found', 'This link is not one of ours.'),
          status: 404,
        })
      const business = await businessProfile(store.read, row.tenant)
      if (c.req.method === 'GET')
        return pageResponse({
          title: 'E-mails',
          business,
          main: html`<p>E-mails of ${business.name} about your points and rewards.</p>
            <form method="post"><button class="first">Send me no more of them</button></form>`,
        })
      const changes = { receives_emails: false, modified: clock.now() }
      await store.write((tx) => tx.saveAccountRow('connections', row.id, changes))
      return pageResponse(messagePage(business, 'Done', 'You get no more e-mails from this business.'))
    }),
  )
}
