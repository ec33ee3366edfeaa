// The link that ends a business's e-mails to a customer: it needs no login, names one connection, and nobody can make one for another (MAIL-2).
import { createHmac, timingSafeEqual } from 'node:crypto'

const MAC_CHARS = 32

export function unsubscribeToken(secret: string, connection: number): string {
  return `${connection}.${macOf(secret, String(connection))}`
}

/** The connection that a token was made for; undefined for what was not made here. */
export function connectionOfToken(secret: string, token: string): number | undefined {
  const [, id, mac] = /^([1-9][0-9]{0,15})\.([0-9a-f]{32})$/.exec(token) ?? []
  if (id === undefined || mac === undefined) return undefined
  return timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(secret, id))) ? Number(id) : undefined
}

function macOf(secret: string, id: string): string {
  return createHmac('sha256', secret).update(`unsubscribe ${id}`).digest('hex').slice(0, MAC_CHARS)
}
