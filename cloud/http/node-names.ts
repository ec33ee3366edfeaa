// Under which names the node is served. A page of another site that has its own name resolve to this node (DNS rebinding) would see its pages, and the
// cookies that it itself planted there, as its own; it is told by the `Host` that its browser must send.
import type { IncomingMessage } from 'node:http'
import { hostAllowed } from '../../protocol/host-names.ts'
import { refuse } from '../../protocol/result.ts'
import type { Refusal } from '../../protocol/result.ts'

/** What stores call, by whichever name their device was given: a key or a code proves who they are, and no browser is asked for either. */
export const OF_STORES: readonly string[] = ['/v1/sync', '/v1/enrol']

export class NodeNames {
  readonly #names: readonly string[]
  /** The last header that was let through: nearly all calls have the same. */
  #heard = ''

  /** `names`: of configuration, besides addresses and local names; `publicUrl`: its host is one too. */
  constructor(names: readonly string[], publicUrl: string | undefined) {
    const given = publicUrl === undefined ? names : [...names, new URL(publicUrl).hostname]
    this.#names = given.map((name) => name.toLowerCase())
  }

  /** Null where the node goes by the name that the request has. */
  refusalFor({ url = '', headers: { host = '' } }: Pick<IncomingMessage, 'url' | 'headers'>): Refusal | null {
    if (host === this.#heard && host !== '') return null
    if (OF_STORES.includes(url.split('?', 1)[0] ?? '')) return null
    if (!hostAllowed(host, this.#names))
      return refuse(
        'host_unknown',
        'Use the address of this node, or start it with --public-url URL or --host-name NAME.',
        'Host',
      ).refusal
    this.#heard = host
    return null
  }
}
