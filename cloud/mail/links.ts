// Links of e-mails that need no login: each names one thing, and nobody can make one for another. One ends a business's e-mails to a customer (MAIL-2), one
// shows what a referral offers (MAIL-11).
import { createHmac, timingSafeEqual } from 'node:crypto'

const MAC_CHARS = 32

export function unsubscribeToken(secret: string, connection: number): string {
  return tokenOf(secret, 'unsubscribe', connection)
}

/** The connection that a token was made for; undefined for what was not made here. */
export function connectionOfToken(secret: string, token: string): number | undefined {
  return idOf(secret, 'unsubscribe', token)
}

export function offerToken(secret: string, referral: number): string {
  return tokenOf(secret, 'offer', referral)
}

export function referralOfToken(secret: string, token: string): number | undefined {
  return idOf(secret, 'offer', token)
}

type Purpose = 'unsubscribe' | 'offer'

function tokenOf(secret: string, purpose: Purpose, id: number): string {
  return `${id}.${macOf(secret, purpose, String(id))}`
}

function idOf(secret: string, purpose: Purpose, token: string): number | undefined {
  const [, id, mac] = /^([1-9][0-9]{0,15})\.([0-9a-f]{32})$/.exec(token) ?? []
  if (id === undefined || mac === undefined) return undefined
  return timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(secret, purpose, id))) ? Number(id) : undefined
}

function macOf(secret: string, purpose: Purpose, id: string): string {
  return createHmac('sha256', secret).update(`${purpose} ${id}`).digest('hex').slice(0, MAC_CHARS)
}
