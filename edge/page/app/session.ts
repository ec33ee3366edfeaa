// Who watches: a token that stands in this tab alone. It comes from the address (the demo and the admin hand it over behind the #), or from logging in by
// name and passcode. There is no cookie, so no other site can make this browser watch (H-9).
import { signal } from '@preact/signals'

const KEPT_UNDER = 'tillstream-token'

/** Null: somebody must log in. */
export const token = signal(takeToken())
/** Why the login is asked for, '' at first. */
export const refused = signal('')

function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given !== null) {
    sessionStorage.setItem(KEPT_UNDER, given)
    // The secret does not stay in the address bar or the history.
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem(KEPT_UNDER)
}

export function keepToken(text: string): void {
  sessionStorage.setItem(KEPT_UNDER, text)
  refused.value = ''
  token.value = text
}

export function forgetToken(why: string): void {
  sessionStorage.removeItem(KEPT_UNDER)
  refused.value = why
  token.value = null
}

/** By passcode; the sentence of the refusal, or null when it went well. */
export async function logIn(name: string, passcode: string): Promise<string | null> {
  try {
    const response = await fetch('/v1/sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, passcode }),
    })
    const told = (await response.json()) as { token?: string; detail?: string }
    if (!response.ok || told.token === undefined) return told.detail ?? 'The store did not let you in.'
    keepToken(told.token)
    return null
  } catch {
    return 'The store node does not answer. Is this device in the store’s network?'
  }
}

export async function logOut(): Promise<void> {
  // A terminal's token of role manager has no session to end; the answer does not matter.
  await ask('/v1/sessions', 'DELETE').catch(() => null)
  forgetToken('')
}

/** The store has no such thing. */
export class NotHere extends Error {}

/** The answer, or null where the store wants somebody to log in. Throws when it does not answer, or not well. */
export async function ask<T>(path: string, method = 'GET'): Promise<T | null> {
  const response = await fetch(path, { method, headers: { authorization: `Bearer ${token.value ?? ''}` } })
  if (response.status === 401 || response.status === 403) {
    const { detail = '' } = (await response.json()) as { detail?: string }
    forgetToken(detail)
    return null
  }
  if (response.status === 404) throw new NotHere()
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response.status === 204 ? null : ((await response.json()) as T)
}
