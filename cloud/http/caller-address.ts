// Where a call comes from, for counting guesses by (PL-27). Behind the proxy of a node that is reached over TLS every socket is the proxy's, and one guesser
// would use up everybody's guesses; there the last entry of X-Forwarded-For counts, which is the one that the proxy itself wrote.
import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'

/** `secure`: the node's public address is https. */
export function addressOf(
  {
    headers,
    socket,
  }: Pick<IncomingMessage, 'headers'> & {
    readonly socket: { readonly remoteAddress?: string | undefined }
  },
  secure: boolean,
): string {
  const last = secure ? headers['x-forwarded-for']?.toString().split(',').at(-1)?.trim() : undefined
  return last !== undefined && isIP(last) !== 0 ? last : (socket.remoteAddress ?? '')
}
