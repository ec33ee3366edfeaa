// Where the e-mail about a referral leads (MAIL-11): it shows what the business offers; the button takes it, once. Looking changes nothing, for mail programs look
// at links.
import { html } from 'hono/html'
import type { Claiming } from '../domain/accounts/operations/claiming.ts'
import { referralOfToken } from '../mail/links.ts'
import { businessProfile } from '../platform/tenants.ts'
import type { CloudStore } from '../store/port.ts'
import type { App, Serve } from './oauth/oauth-app.ts'
import { PLAIN, pageResponse } from './oauth/page.ts'
import { messagePage } from './oauth/pages.ts'

export interface OfferParts {
  readonly store: CloudStore
  readonly claiming: Claiming
  readonly secret: string
}

const PATH = '/offers'

export function mountOffers(app: App, { store, claiming, secret }: OfferParts, serve: Serve): void {
  app.on(['GET', 'POST'], PATH, (c) =>
    serve(c, PATH, async () => {
      const referral = referralOfToken(secret, c.req.query('token') ?? '')
      const offer = referral === undefined ? undefined : await claiming.offered(referral)
      if (referral === undefined || offer === undefined)
        return pageResponse({
          ...messagePage(PLAIN, 'Not found', 'There is no such offer, or no longer.'),
          status: 404,
        })
      const business = await businessProfile(store.read, offer.tenant)
      if (c.req.method === 'GET')
        return pageResponse({
          title: offer.title,
          business,
          main: html`<p>${offer.detail}</p>
            <p><small>${offer.finePrint}</small></p>
            <form method="post"><button class="first">Take it</button></form>`,
        })
      const claimed = await claiming.claim(referral)
      if (!claimed.ok)
        return pageResponse({ ...messagePage(business, offer.title, claimed.refusal.detail), status: 409 })
      const { external_code: external, code } = claimed.value
      const sentence = `Your voucher is ${external ?? code}.`
      return pageResponse(messagePage(business, offer.title, sentence))
    }),
  )
}
