// Which calls came without TLS (PL-25). The node itself speaks plain HTTP: TLS ends in a proxy before it, which says in X-Forwarded-Proto how the caller came. Only
// what comes from this very machine, or the proxy of a node that is reached over TLS, may say "https"; "http" is believed of anybody.
import type { IncomingMessage } from 'node:http'
import { refuse } from '../../protocol/result.ts'
import type { Refusal } from '../../protocol/result.ts'

export const TLS_REQUIRED: Refusal = refuse('tls_required', 'This is answered over https only.').refusal

/** `secure`: the node's public address is https. */
export function cameWithoutTls(
  {
    headers,
    socket,
  }: Pick<IncomingMessage, 'headers'> & {
    readonly socket: { readonly remoteAddress?: string | undefined }
  },
  secure: boolean,
): boolean {
  const local = isLoopback(socket.remoteAddress ?? '')
  const forwarded = headers['x-forwarded-proto']?.toString().split(',')[0]?.trim().toLowerCase()
  if (forwarded === undefined) return !local
  return forwarded !== 'https' || !(local || secure)
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return plain === '::1' || /^127(?:\.\d{1,3}){3}$/.test(plain)
}
