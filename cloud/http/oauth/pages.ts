// The pages of logging in, agreeing, taking an invitation, and being told that something is not so.
import { html } from 'hono/html'
import type { ScopeText } from '../../platform/oauth/auth-dialect.ts'
import { PASSWORD_CHARS_MIN } from '../../platform/limits.ts'
import type { BusinessProfile } from '../../platform/tenants.ts'
import type { Html, PageText } from './page.ts'

/** What every form carries: the token that says it is ours, and where it goes. */
export interface FormGround {
  readonly action: string
  readonly csrf: string
}

export const hidden = (csrf: string): Html => html`<input type="hidden" name="csrf" value="${csrf}" />`
export const wrong = (sentence: string | undefined): Html | '' =>
  sentence === undefined ? '' : html`<p class="wrong" role="alert">${sentence}</p>`

export function loginPage(
  business: BusinessProfile,
  { action, csrf }: FormGround,
  text: { readonly for: string; readonly email?: string; readonly wrong?: string },
): Pick<PageText, 'title' | 'business' | 'main'> {
  return {
    title: 'Log in',
    business,
    main: html`${wrong(text.wrong)}
      <p>${text.for}</p>
      <form method="post" action="${action}">
        ${hidden(csrf)}
        <label for="email">E-mail address</label>
        <input
          id="email"
          name="email"
          type="email"
          autocomplete="username"
          required
          maxlength="120"
          value="${text.email ?? ''}"
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          maxlength="200"
        />
        <button class="first" name="step" value="login">Log in</button>
      </form>
      <p><a href="/account/password">Forgot your password?</a></p>`,
  }
}

export function consentPage(
  business: BusinessProfile,
  { action, csrf }: FormGround,
  text: {
    readonly client: string
    readonly person: string
    readonly scopes: readonly ScopeText[]
    readonly to: string
  },
): Pick<PageText, 'title' | 'business' | 'main'> {
  return {
    title: `Let ${text.client} in?`,
    business,
    main: html`<p>${text.client} would like to:</p>
      <ul>
        ${text.scopes.map(({ says }) => html`<li>${says}</li>`)}
      </ul>
      <p class="small">You are logged in as ${text.person}. You will go on to ${text.to}.</p>
      <form method="post" action="${action}">
        ${hidden(csrf)}
        <div class="row">
          <button class="first" name="step" value="allow">Allow</button>
          <button name="step" value="deny">Do not allow</button>
        </div>
      </form>
      <form method="post" action="${action}">
        ${hidden(csrf)}
        <button class="quiet" name="step" value="logout">Not you? Log out</button>
      </form>`,
  }
}

export function invitationPage(
  business: BusinessProfile,
  { action, csrf }: FormGround,
  text: { readonly email: string; readonly known: boolean; readonly role: string; readonly wrong?: string },
): Pick<PageText, 'title' | 'business' | 'main'> {
  const names = html`<label for="first">First name</label>
    <input id="first" name="first_name" autocomplete="given-name" required maxlength="100" />
    <label for="last">Last name</label>
    <input id="last" name="last_name" autocomplete="family-name" required maxlength="100" />`
  return {
    title: `Join ${business.name}`,
    business,
    main: html`${wrong(text.wrong)}
      <p>${business.name} invites ${text.email} as ${text.role.toLowerCase().replace('_', ' ')}.</p>
      <form method="post" action="${action}">
        ${hidden(csrf)} ${text.known ? '' : names}
        <label for="password"
          >${text.known ? 'Your password' : `A password of at least ${PASSWORD_CHARS_MIN} characters`}</label
        >
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="${text.known ? 'current-password' : 'new-password'}"
          required
          maxlength="200"
        />
        <button class="first" name="step" value="accept">Accept</button>
      </form>`,
  }
}

export function messagePage(
  business: BusinessProfile,
  title: string,
  sentence: string,
): Pick<PageText, 'title' | 'business' | 'main'> {
  return { title, business, main: html`<p>${sentence}</p>` }
}
