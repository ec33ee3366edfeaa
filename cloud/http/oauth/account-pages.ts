// A person's own account in a browser: e-mail addresses, apps that were let in, agreements of a business, and what a secret from an e-mail opens. What was done is
// answered by a redirect to the page, which says so.
import { REFUSALS } from '../../../protocol/refusals.ts'
import type { Result } from '../../../protocol/result.ts'
import { accept } from '../../../protocol/result.ts'
import type { Accounts } from '../../domain/accounts/accounts.ts'
import type { ClientId, PersonId, PersonRow, ProofRow } from '../../store/platform-port.ts'
import type { TenantId } from '../../store/port.ts'
import { accountPage, addressPage, forgottenPage, passwordPage } from './account-views.ts'
import type { LetIn } from './account-views.ts'
import { PLAIN } from './page.ts'
import type { PageGround } from './page-ground.ts'
import { messagePage } from './pages.ts'
import type { Ctx, Form, Visit } from './visit.ts'

export type PageAccounts = Pick<Accounts, 'agreeing' | 'merging'>

/** What a step came to, in the words of the page. */
const SAID: Readonly<Record<string, string>> = {
  add: 'We have sent a page to this address; open it while you are logged in here.',
  main: 'This is your main address now.',
  remove: 'The address is removed.',
  revoke: 'The app is not let in any more.',
  agree: 'Saved.',
  mine: 'The address is yours now.',
}

export class AccountPages {
  readonly #ground: PageGround
  readonly #accounts: PageAccounts

  constructor(ground: PageGround, accounts: PageAccounts) {
    this.#ground = ground
    this.#accounts = accounts
  }

  async account(c: Ctx): Promise<Response> {
    const visit = await this.#ground.visit(c)
    const tenant = await this.#tenantOf(c)
    const business = await this.#ground.businessOf(tenant === undefined ? [] : [tenant])
    const login = { business, for: 'Log in to see your account.', targets: [] }
    let wrong: string | undefined
    if (c.req.method === 'POST') {
      const form = await visit.form()
      if (!form.ok) return this.#ground.refuse(visit, business, form.refusal)
      const stepped = await this.#ground.step(visit, form.value, login)
      if (stepped !== null) return stepped
      if (visit.person !== undefined) {
        const done = await this.#do(visit.person.id, tenant, form.value)
        if (done.ok) return visit.redirect(pathOf('/account', tenant, form.value.step))
        wrong = done.refusal.detail
      }
    }
    const { person } = visit
    if (person === undefined) return this.#ground.login(visit, login)
    const page = accountPage(business, visit.ground, {
      person: nameOf(person),
      emails: (await this.#ground.read.contactsOf(person.id)).filter(({ kind }) => kind === 'email'),
      apps: await this.#appsOf(person.id),
      agreements: tenant === undefined ? [] : await this.#accounts.agreeing.askedOf(tenant, person.id),
      passwordPath: pathOf('/account/password', tenant),
      said: c.req.method === 'POST' ? undefined : SAID[c.req.query('done') ?? ''],
      wrong,
    })
    return this.#ground.show(visit, page, wrong === undefined ? 200 : 400)
  }

  /** Who forgot the password is sent a page for another; the answer is the same for an address that nobody has. */
  async forgotten(c: Ctx): Promise<Response> {
    const visit = await this.#ground.visit(c)
    const tenant = await this.#tenantOf(c)
    const business = await this.#ground.businessOf(tenant === undefined ? [] : [tenant])
    if (c.req.method !== 'POST')
      return this.#ground.show(visit, forgottenPage(business, visit.ground, {}), 200)
    const form = await visit.form()
    if (!form.ok) return this.#ground.refuse(visit, business, form.refusal)
    const { proofs } = this.#ground.platform
    const sender = tenant ?? (await this.#first())
    const asked = await proofs.askPassword(sender, form.value.email ?? '', visit.address)
    if (asked.ok)
      return this.#ground.show(
        visit,
        messagePage(
          business,
          'Look into your e-mails',
          'If this is an address of ours, a page is on its way to it.',
        ),
        200,
      )
    const { code, detail } = asked.refusal
    const page = forgottenPage(business, visit.ground, { wrong: detail })
    return this.#ground.show(visit, page, REFUSALS[code].status)
  }

  /** Where a secret from an e-mail leads. Looking changes nothing, for mail programs look at links. */
  async proof(c: Ctx, secret: string): Promise<Response> {
    const visit = await this.#ground.visit(c)
    const row = await this.#ground.platform.proofs.proof(secret)
    if (row === undefined)
      return this.#ground.show(
        visit,
        messagePage(PLAIN, 'Not valid', 'This link is used, too old, or not one of ours.'),
        404,
      )
    return row.purpose === 'password' ? this.#password(visit, secret, row) : this.#address(visit, secret, row)
  }

  async #password(visit: Visit, secret: string, { email }: ProofRow): Promise<Response> {
    if (visit.c.req.method !== 'POST')
      return this.#ground.show(visit, passwordPage(PLAIN, visit.ground, { email }), 200)
    const form = await visit.form()
    if (!form.ok) return this.#ground.refuse(visit, PLAIN, form.refusal)
    const set = await this.#ground.platform.proofs.setPassword(secret, form.value.password ?? '')
    if (!set.ok) {
      const page = passwordPage(PLAIN, visit.ground, { email, wrong: set.refusal.detail })
      return this.#ground.show(visit, page, REFUSALS[set.refusal.code].status)
    }
    await visit.begin(set.value)
    return this.#ground.show(visit, messagePage(PLAIN, 'Done', 'Your new password is set.'), 200)
  }

  /** Both are proven: the address by the secret, the account by being logged in to it. */
  async #address(visit: Visit, secret: string, { email, person: asked }: ProofRow): Promise<Response> {
    const { platform, read } = this.#ground
    const login = { business: PLAIN, for: 'Log in to the account that asks for the address.', targets: [] }
    if (visit.c.req.method === 'POST') {
      const form = await visit.form()
      if (!form.ok) return this.#ground.refuse(visit, PLAIN, form.refusal)
      const stepped = await this.#ground.step(visit, form.value, login)
      if (stepped !== null) return stepped
    }
    const { person } = visit
    if (person === undefined) return this.#ground.login(visit, login)
    if (person.id !== asked)
      return this.#ground.show(
        visit,
        messagePage(PLAIN, 'Another account', 'You are logged in to another account than the one that asks.'),
        403,
      )
    if (visit.c.req.method === 'POST') {
      const proven = await platform.proofs.proveAddress(secret, person.id)
      if (!proven.ok) return this.#ground.refuse(visit, PLAIN, proven.refusal)
      const { also } = proven.value
      const merged = also === null ? accept(null) : await this.#accounts.merging.merge(person.id, also)
      return merged.ok
        ? visit.redirect('/account?done=mine')
        : this.#ground.refuse(visit, PLAIN, merged.refusal)
    }
    const known = (await read.personByContact('email', email)) !== undefined
    const page = addressPage(PLAIN, visit.ground, { email, person: nameOf(person), known })
    return this.#ground.show(visit, page, 200)
  }

  async #do(person: PersonId, tenant: TenantId | undefined, form: Form): Promise<Result<null>> {
    const { people, proofs } = this.#ground.platform
    switch (form.step) {
      case 'add':
        return proofs.askAddress(tenant ?? (await this.#first()), person, form.email ?? '')
      case 'main':
        return people.makeMain(person, form.address ?? '')
      case 'remove':
        return people.removeAddress(person, form.address ?? '')
      case 'revoke':
        await people.takeBack(person, Number(form.client) as ClientId)
        return accept(null)
      default: {
        const versions = Object.keys(form).flatMap(
          (name) => /^agree_([1-9][0-9]{0,14})$/.exec(name)?.[1] ?? [],
        )
        if (tenant !== undefined)
          await this.#accounts.agreeing.agreedByPerson(tenant, person, versions.map(Number))
        return accept(null)
      }
    }
  }

  async #appsOf(person: PersonId): Promise<LetIn[]> {
    const { read, platform } = this.#ground
    const apps = await Promise.all(
      (await read.consentsOf(person)).map(async ({ client, scopes }) => {
        const row = await read.client(client)
        const dialect = platform.dialects.find(({ name }) => name === row?.dialect)
        const may = (dialect?.scopes ?? []).filter(({ name }) => scopes.includes(name))
        return row && { client, name: row.name, may: may.map(({ says }) => says) }
      }),
    )
    return apps.filter((app) => app !== undefined)
  }

  /** The business whose page it is; undefined for one that is none. */
  async #tenantOf(c: Ctx): Promise<TenantId | undefined> {
    const given = c.req.query('business') ?? ''
    const id = /^[1-9][0-9]{0,14}$/.test(given) ? Number(given) : 0
    return (await this.#ground.read.tenant(id))?.id
  }

  /** In whose name the node writes where no business is asked for. */
  async #first(): Promise<TenantId> {
    const [first] = await this.#ground.read.tenantList({ after: 0, limit: 1 })
    if (first === undefined) throw new Error('a node has a business from its first start on')
    return first.id
  }
}

function pathOf(path: string, tenant: TenantId | undefined, done?: string): string {
  const params = new URLSearchParams({
    ...(tenant === undefined ? {} : { business: String(tenant) }),
    ...(done === undefined ? {} : { done }),
  })
  return params.size === 0 ? path : `${path}?${params.toString()}`
}

function nameOf({ firstName, lastName }: PersonRow): string {
  return `${firstName} ${lastName}`.trim()
}
