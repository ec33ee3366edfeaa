// Cookies of the login pages. Behind TLS their names begin with `__Host-`, which binds them to this host and to TLS; they are never readable by script.
// `Lax`, because the way into a login is a link from the app's site; every form has a token of its own besides (PL-7).
const PREFIX = '__Host-'

export function cookieOf(header: string | undefined, name: string, secure: boolean): string | undefined {
  const wanted = secure ? PREFIX + name : name
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === wanted) {
      const value = part.slice(at + 1).trim()
      return /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined
    }
  }
  return undefined
}

/** `seconds`: how long the browser keeps it; 0 takes it away. */
export function setCookie(name: string, value: string, seconds: number, secure: boolean): string {
  const parts = [
    `${secure ? PREFIX + name : name}=${value}`,
    'Path=/',
    `Max-Age=${seconds}`,
    'HttpOnly',
    'SameSite=Lax',
  ]
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ')
}
