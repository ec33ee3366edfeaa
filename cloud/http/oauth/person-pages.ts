// What persons do in a browser: log in and agree to an app, be identified to one, take an invitation. Each is one address that answers GET with a
// page and POST with what its form says; a POST that did something answers with a redirect, so that reloading repeats nothing.
import { REFUSALS } from '../../../protocol/refusals.ts'
import type { AuthDialect } from '../../platform/oauth/auth-dialect.ts'
import { faultRedirect, readAuthorization } from '../../platform/oauth/authorization.ts'
import type { AuthorizationRequest } from '../../platform/oauth/authorization.ts'
import { businessProfile } from '../../platform/tenants.ts'
import type { PersonRow } from '../../store/platform-port.ts'
import type { TenantId } from '../../store/port.ts'
import { secretHash } from '../../platform/secrets.ts'
import { PLAIN } from './page.ts'
import type { PageGround } from './page-ground.ts'
import { consentPage, invitationPage, messagePage } from './pages.ts'
import type { Ctx, Form, Visit } from './visit.ts'

export class PersonPages {
  readonly #ground: PageGround

  constructor(ground: PageGround) {
    this.#ground = ground
  }

  async authorize(c: Ctx, dialect: AuthDialect): Promise<Response> {
    const { read, platform } = this.#ground
    const { issuer } = platform
    const visit = await this.#ground.visit(c)
    const asked = await readAuthorization(read, dialect, new URL(c.req.url).searchParams)
    if (asked.kind === 'page')
      return this.#ground.show(visit, messagePage(PLAIN, 'This does not work', asked.sentence), 400)
    if (asked.kind === 'redirect') return visit.redirect(asked.to)
    const { request } = asked
    const business = await this.#ground.businessOf(request.client.tenants)
    const targets = [request.redirectUri]
    const login = { business, for: `Log in to go on to ${request.client.name}.`, targets }
    if (c.req.method === 'POST') {
      const form = await visit.form()
      if (!form.ok) return this.#ground.refuse(visit, business, form.refusal)
      const done = await this.#ground.step(visit, form.value, login)
      if (done !== null) return done
      if (visit.person !== undefined) return this.#decide(visit, dialect, request, visit.person, form.value)
    }
    const { person } = visit
    if (person === undefined) return this.#ground.login(visit, login)
    if (await issuer.agreedBefore(request, person.id))
      return visit.redirect(await issuer.authorize(dialect, request, person.id, visit.address))
    const to = new URL(request.redirectUri)
    const page = consentPage(business, visit.ground, {
      client: request.client.name,
      person: `${person.firstName} ${person.lastName}`.trim(),
      scopes: request.scopes,
      to: to.host === '' ? to.protocol : to.host,
    })
    return this.#ground.show(visit, page, 200, targets)
  }

  /** PL-12: no consent, and no word about why it failed. */
  async identify(c: Ctx, dialect: AuthDialect, tenant: TenantId): Promise<Response> {
    const { read, platform } = this.#ground
    const visit = await this.#ground.visit(c)
    if ((await read.tenant(tenant)) === undefined) return this.#ground.noBusiness(visit)
    const business = await businessProfile(read, tenant)
    const token = new URL(c.req.url).searchParams.get('token') ?? ''
    const row = await read.identification(secretHash(token))
    const targets = row === undefined ? [] : [row.redirectUri]
    const login = { business, for: `Log in so that ${business.name} knows who you are.`, targets }
    if (c.req.method === 'POST') {
      const form = await visit.form()
      if (!form.ok) return this.#ground.refuse(visit, business, form.refusal)
      const done = await this.#ground.step(visit, form.value, login)
      if (done !== null) return done
    }
    const { person } = visit
    if (person === undefined) return this.#ground.login(visit, login)
    const to = await platform.identification.visit(token, tenant, person.id, dialect.identifyScope ?? '')
    return visit.redirect(to.ok ? to.value : `${profilePath(dialect, tenant)}?error=identify`)
  }

  async profile(c: Ctx, tenant: TenantId): Promise<Response> {
    const visit = await this.#ground.visit(c)
    const row = await this.#ground.read.tenant(tenant)
    if (row === undefined) return this.#ground.noBusiness(visit)
    const business = await businessProfile(this.#ground.read, tenant)
    const failed = new URL(c.req.url).searchParams.has('error')
    const page = failed
      ? messagePage(business, 'That did not work', 'You could not be identified. Start again in the app.')
      : messagePage(business, business.name, business.fine_print ?? 'Welcome.')
    return this.#ground.show(visit, page, 200)
  }

  async invitation(c: Ctx, secret: string): Promise<Response> {
    const { people, logins } = this.#ground.platform
    const visit = await this.#ground.visit(c)
    const invited = await people.invitation(secret)
    if (invited === undefined)
      return this.#ground.show(
        visit,
        messagePage(PLAIN, 'Not valid', 'This invitation is used, too old, or not one of ours.'),
        404,
      )
    const business = await this.#ground.businessOf([invited.tenant])
    const known = invited.person !== undefined && invited.person.password !== null
    const text = { email: invited.email, known, role: invited.role }
    if (c.req.method !== 'POST')
      return this.#ground.show(visit, invitationPage(business, visit.ground, text), 200)
    const form = await visit.form()
    if (!form.ok) return this.#ground.refuse(visit, business, form.refusal)
    const { password = '', first_name = '', last_name = '' } = form.value
    const checked = known ? await logins.check(invited.email, password, visit.from) : undefined
    const taken =
      checked === undefined
        ? await people.acceptInvitation(secret, { firstName: first_name, lastName: last_name, password })
        : checked.ok
          ? await people.acceptInvitation(secret, { person: checked.value })
          : checked
    if (!taken.ok) {
      const page = invitationPage(business, visit.ground, { ...text, wrong: taken.refusal.detail })
      return this.#ground.show(visit, page, REFUSALS[taken.refusal.code].status)
    }
    await visit.begin(taken.value.person)
    return this.#ground.show(visit, messagePage(business, 'Welcome', 'You can log in from now on.'), 200)
  }

  async #decide(
    visit: Visit,
    dialect: AuthDialect,
    request: AuthorizationRequest,
    person: PersonRow,
    { step }: Form,
  ): Promise<Response> {
    if (step === 'allow')
      return visit.redirect(
        await this.#ground.platform.issuer.authorize(dialect, request, person.id, visit.address),
      )
    const fault = { error: 'access_denied', description: 'The person did not allow it' }
    return visit.redirect(faultRedirect(request.redirectUri, request.state, fault))
  }
}

export function profilePath({ paths }: AuthDialect, tenant: TenantId): string {
  return (paths.profile ?? '/').replace(':business', String(tenant))
}
