// The pages of a person's own account: what they have agreed to, their addresses, a new password. Every list entry is a form with one button, so that all of
// it works without script.
import { html } from 'hono/html'
import type { AskedAgreement } from '../../domain/accounts/operations/agreeing.ts'
import { PASSWORD_CHARS_MIN } from '../../platform/limits.ts'
import type { BusinessProfile } from '../../platform/tenants.ts'
import type { ContactOfPerson } from '../../store/platform-port.ts'
import type { Html } from './page.ts'
import type { Shown } from './page-ground.ts'
import { hidden, wrong } from './pages.ts'
import type { FormGround } from './pages.ts'

/** An app that was let in, and what it may do. */
export interface LetIn {
  readonly client: number
  readonly name: string
  readonly may: readonly string[]
}

export interface AccountText {
  readonly person: string
  readonly emails: readonly ContactOfPerson[]
  readonly apps: readonly LetIn[]
  readonly agreements: readonly AskedAgreement[]
  readonly passwordPath: string
  readonly said: string | undefined
  readonly wrong: string | undefined
}

export function accountPage(business: BusinessProfile, ground: FormGround, text: AccountText): Shown {
  return {
    title: 'Your account',
    business,
    main: html`${wrong(text.wrong)} ${text.said === undefined ? '' : html`<p role="status">${text.said}</p>`}
      <p class="small">You are logged in as ${text.person}.</p>
      ${agreementsPart(ground, text.agreements)}
      <h2>E-mail addresses</h2>
      <ul>
        ${text.emails.map((email) => html`<li>${email.value}${email.main ? ' (main)' : others(ground, email)}</li>`)}
      </ul>
      <form method="post" action="${ground.action}">
        ${hidden(ground.csrf)}
        <label for="email">Another address</label>
        <input id="email" name="email" type="email" autocomplete="off" required maxlength="120" />
        <button name="step" value="add">Add it</button>
      </form>
      <h2>Apps you let in</h2>
      ${
        text.apps.length === 0
          ? html`<p>None.</p>`
          : html`<ul>
              ${text.apps.map((app) => appPart(ground, app))}
            </ul>`
      }
      <p><a href="${text.passwordPath}">Set a new password</a></p>
      <form method="post" action="${ground.action}">
        ${hidden(ground.csrf)}
        <button class="quiet" name="step" value="logout">Log out</button>
      </form>`,
  }
}

const named = (ground: FormGround, name: string, value: string, buttons: Html): Html =>
  html`<form class="inline" method="post" action="${ground.action}">
    ${hidden(ground.csrf)}<input type="hidden" name="${name}" value="${value}" />${buttons}
  </form>`

function others(ground: FormGround, { folded, value }: ContactOfPerson): Html {
  return named(
    ground,
    'address',
    folded,
    html`<button class="quiet" name="step" value="main" aria-label="Make ${value} the main address">
        Make it the main one
      </button>
      <button class="quiet" name="step" value="remove" aria-label="Remove ${value}">Remove</button>`,
  )
}

function appPart(ground: FormGround, { client, name, may }: LetIn): Html {
  const button = html`<button class="quiet" name="step" value="revoke" aria-label="Take it back from ${name}">
    Take it back
  </button>`
  return html`<li>
    ${name} may:
    <ul>
      ${may.map((says) => html`<li>${says}</li>`)}
    </ul>
    ${named(ground, 'client', String(client), button)}
  </li>`
}

function agreementsPart(ground: FormGround, agreements: readonly AskedAgreement[]): Html | '' {
  if (agreements.length === 0) return ''
  const open = agreements.filter(({ agreed }) => !agreed)
  return html`<h2>Agreements</h2>
    <form method="post" action="${ground.action}">
      ${hidden(ground.csrf)}
      ${agreements.map(
        ({ version, label, text, required, agreed }) =>
          html`<h3>${label}</h3>
            <p class="text">${text}</p>
            ${
              agreed
                ? html`<p class="small">You agreed to this.</p>`
                : html`<label
                    ><input
                      type="checkbox"
                      name="agree_${version}"
                      value="yes"
                      ${required ? 'required' : ''}
                    />
                    I agree${required ? '' : ' (if you like)'}</label
                  >`
            }`,
      )}
      ${open.length === 0 ? '' : html`<button class="first" name="step" value="agree">Save</button>`}
    </form>`
}

export function forgottenPage(
  business: BusinessProfile,
  { action, csrf }: FormGround,
  text: { readonly wrong?: string },
): Shown {
  return {
    title: 'A new password',
    business,
    main: html`${wrong(text.wrong)}
      <p>We send a page to your e-mail address on which you set it.</p>
      <form method="post" action="${action}">
        ${hidden(csrf)}
        <label for="email">E-mail address</label>
        <input id="email" name="email" type="email" autocomplete="username" required maxlength="120" />
        <button class="first" name="step" value="send">Send it</button>
      </form>`,
  }
}

export function passwordPage(
  business: BusinessProfile,
  { action, csrf }: FormGround,
  text: { readonly email: string; readonly wrong?: string },
): Shown {
  return {
    title: 'A new password',
    business,
    main: html`${wrong(text.wrong)}
      <p>For the account with ${text.email}. Whoever is logged in there now is logged out.</p>
      <form method="post" action="${action}">
        ${hidden(csrf)}
        <input type="hidden" name="username" autocomplete="username" value="${text.email}" />
        <label for="password">A password of at least ${PASSWORD_CHARS_MIN} characters</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="new-password"
          required
          maxlength="200"
        />
        <button class="first" name="step" value="set">Set it</button>
      </form>`,
  }
}

export function addressPage(
  business: BusinessProfile,
  { action, csrf }: FormGround,
  text: { readonly email: string; readonly person: string; readonly known: boolean; readonly wrong?: string },
): Shown {
  const { email, person, known } = text
  return {
    title: known ? 'Is this you twice?' : 'Is this your address?',
    business,
    main: html`${wrong(text.wrong)}
      <p>
        ${
          known
            ? `There is an account with ${email}. It and yours, ${person}, become one: points, vouchers, roles and addresses of both. This cannot be undone here.`
            : `${email} becomes an address of your account, ${person}.`
        }
      </p>
      <form method="post" action="${action}">
        ${hidden(csrf)}
        <div class="row">
          <button class="first" name="step" value="mine">${known ? 'Make them one' : 'It is mine'}</button>
        </div>
      </form>`,
  }
}
