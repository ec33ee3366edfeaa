// One browser's request to a login page: who is logged in, and whether a form is ours. A form is ours if its token fits the browser's cookie and its
// session, and, where the browser says where it comes from, if that is this host (PL-7).
import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import type { HttpBindings } from '@hono/node-server'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { FORM_BYTES_MAX } from '../../../protocol/limits.ts'
import { BROWSER_SESSION_MS_MAX, KNOWN_BROWSER_MS_MAX } from '../../platform/limits.ts'
import type { Logins, Origin } from '../../platform/logins.ts'
import { sameSecret, secretHash } from '../../platform/secrets.ts'
import type { PersonId, PersonRow } from '../../store/platform-port.ts'
import { readBody } from '../body.ts'
import { addressOf } from '../caller-address.ts'
import { cookieOf, setCookie } from './cookies.ts'

export type Ctx = Context<{ Bindings: HttpBindings }>
export type Form = Readonly<Record<string, string>>

const SESSION = 'till_session'
const CSRF = 'till_form'
const KNOWN = 'till_known'
const SESSION_SECONDS = BROWSER_SESSION_MS_MAX / 1000
const KNOWN_SECONDS = KNOWN_BROWSER_MS_MAX / 1000

export class Visit {
  readonly c: Ctx
  readonly person: PersonRow | undefined
  readonly #session: string | undefined
  readonly #csrf: string
  readonly #logins: Logins
  readonly #secure: boolean
  readonly #cookies: string[] = []

  private constructor(
    c: Ctx,
    logins: Logins,
    secure: boolean,
    known: { person: PersonRow | undefined; session: string | undefined; csrf: string | undefined },
  ) {
    this.c = c
    this.person = known.person
    this.#session = known.person === undefined ? undefined : known.session
    this.#logins = logins
    this.#secure = secure
    this.#csrf = known.csrf ?? randomBytes(32).toString('base64url')
    if (known.csrf === undefined) this.#cookies.push(setCookie(CSRF, this.#csrf, SESSION_SECONDS, secure))
  }

  static async of(c: Ctx, logins: Logins, secure: boolean): Promise<Visit> {
    const header = c.req.header('cookie')
    const session = cookieOf(header, SESSION, secure)
    const person = session === undefined ? undefined : await logins.personOf(session)
    return new Visit(c, logins, secure, { person, session, csrf: cookieOf(header, CSRF, secure) })
  }

  get address(): string {
    return addressOf(this.c.env.incoming, this.#secure)
  }

  /** Where a password in this request comes from. */
  get from(): Origin {
    return { address: this.address, mark: cookieOf(this.c.req.header('cookie'), KNOWN, this.#secure) }
  }

  /** This very address, for a form to come back to. */
  get here(): string {
    const { pathname, search } = new URL(this.c.req.url)
    return pathname + search
  }

  get ground(): { readonly action: string; readonly csrf: string } {
    return { action: this.here, csrf: secretHash(this.#csrf + (this.#session ?? '')) }
  }

  async form(): Promise<Result<Form>> {
    const { req } = this.c
    const origin = req.header('origin')
    const site = req.header('sec-fetch-site')
    if ((site !== undefined && site !== 'same-origin') || (origin !== undefined && !this.#isHere(origin)))
      return refuse('origin_refused', 'This form came from another page')
    const form = await readForm(this.c)
    if (!form.ok) return form
    const given = form.value.csrf ?? ''
    const ours = /^[0-9a-f]{64}$/.test(given) && sameSecret(this.#csrf + (this.#session ?? ''), given)
    return ours ? form : refuse('origin_refused', 'This form is too old or not ours; open the page again')
  }

  /** The browser is this person's from the next request on. */
  async begin(person: PersonId): Promise<void> {
    if (this.#session !== undefined) await this.#logins.close(this.#session)
    const { session, mark } = await this.#logins.open(person)
    this.#cookies.push(setCookie(SESSION, session, SESSION_SECONDS, this.#secure))
    if (mark !== undefined) this.#cookies.push(setCookie(KNOWN, mark, KNOWN_SECONDS, this.#secure))
  }

  async end(): Promise<void> {
    if (this.#session !== undefined) await this.#logins.close(this.#session)
    this.#cookies.push(setCookie(SESSION, '', 0, this.#secure))
  }

  /** Sends the browser on, by a GET. */
  redirect(to: string): Response {
    return this.answer(new Response(null, { status: 303, headers: { Location: to } }))
  }

  answer(response: Response): Response {
    for (const cookie of this.#cookies) response.headers.append('Set-Cookie', cookie)
    return response
  }

  #isHere(origin: string): boolean {
    if (!URL.canParse(origin)) return false
    const { host, protocol } = new URL(origin)
    // Where this host speaks TLS, a page of it that came without is somebody's in between.
    return host === this.c.req.header('host') && (!this.#secure || protocol === 'https:')
  }
}

/** A form's fields; one that comes twice is refused, because it is unclear which counts. */
export async function readForm(c: Ctx): Promise<Result<Form>> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(type.trim()))
    return refuse('body_malformed', 'The body must be application/x-www-form-urlencoded')
  const bytes = await readBody(c.env.incoming, FORM_BYTES_MAX)
  if (!bytes.ok) return bytes
  const params = new URLSearchParams(Buffer.from(bytes.value).toString('utf8'))
  const names = [...params.keys()]
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  return twice === undefined
    ? accept(Object.fromEntries(params))
    : refuse('input_invalid', `"${twice.slice(0, 64)}" is given twice`, twice.slice(0, 64))
}
