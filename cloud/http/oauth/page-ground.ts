// What all pages of persons stand on: the visit, logging in and out on the way, and the answers that any of them may give.
import { REFUSALS } from '../../../protocol/refusals.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Platform } from '../../platform/platform.ts'
import { businessProfile } from '../../platform/tenants.ts'
import type { BusinessProfile } from '../../platform/tenants.ts'
import type { Reads, TenantId } from '../../store/port.ts'
import { PLAIN, pageResponse } from './page.ts'
import type { PageText } from './page.ts'
import { loginPage, messagePage } from './pages.ts'
import { Visit } from './visit.ts'
import type { Ctx, Form } from './visit.ts'

export type Shown = Pick<PageText, 'title' | 'business' | 'main'>

/** Why somebody is asked to log in, and where the page's forms may lead. */
export interface LoginWish {
  readonly business: BusinessProfile
  readonly for: string
  readonly targets: readonly string[]
}

export class PageGround {
  readonly read: Reads
  readonly platform: Platform
  readonly #secure: boolean

  constructor(read: Reads, platform: Platform, secure: boolean) {
    this.read = read
    this.platform = platform
    this.#secure = secure
  }

  visit(c: Ctx): Promise<Visit> {
    return Visit.of(c, this.platform.logins, this.#secure)
  }

  login(visit: Visit, wish: LoginWish): Promise<Response> {
    return this.show(visit, loginPage(wish.business, visit.ground, wish), 200, wish.targets)
  }

  /** Logging in and out, which every page with a login has; null for another step. */
  async step(visit: Visit, form: Form, wish: LoginWish): Promise<Response | null> {
    if (form.step === 'logout') {
      await visit.end()
      return visit.redirect(visit.here)
    }
    if (form.step !== 'login') return null
    const email = form.email ?? ''
    const checked = await this.platform.logins.check(email, form.password ?? '', visit.from)
    if (checked.ok) {
      await visit.begin(checked.value.id)
      return visit.redirect(visit.here)
    }
    const { code, detail } = checked.refusal
    const page = loginPage(wish.business, visit.ground, { ...wish, email, wrong: detail })
    return this.show(visit, page, REFUSALS[code].status, wish.targets)
  }

  noBusiness(visit: Visit): Promise<Response> {
    return this.show(visit, messagePage(PLAIN, 'Not found', 'There is no such business here.'), 404)
  }

  /** The look of the one business that is asked for; of several, and of none, the node's own. */
  async businessOf([tenant, ...more]: readonly TenantId[]): Promise<BusinessProfile> {
    return tenant === undefined || more.length > 0 ? PLAIN : businessProfile(this.read, tenant)
  }

  refuse(visit: Visit, business: BusinessProfile, { code, detail }: Refusal): Promise<Response> {
    return this.show(visit, messagePage(business, REFUSALS[code].title, detail), REFUSALS[code].status)
  }

  async show(
    visit: Visit,
    page: Shown,
    status: number,
    formTargets: readonly string[] = [],
  ): Promise<Response> {
    return visit.answer(await pageResponse({ ...page, status, formTargets }))
  }
}
