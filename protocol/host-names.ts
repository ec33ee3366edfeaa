// Which names a node goes by, from the `Host` of a request (S19). A page of another site that has its own name resolve to this node (DNS rebinding) is told apart
// by that name; an address, or a name that only a network of its own resolves, is nobody's site.
import { isIP } from 'node:net'
import { isLocalName } from './local-names.ts'

/** `host`: the header, with its port. `names`: further names, by configuration, in lower case. */
export function hostAllowed(host: string, names: readonly string[]): boolean {
  const name = hostName(host)
  if (name === '') return false
  return isIP(name) !== 0 || !name.includes('.') || names.includes(name) || isLocalName(name)
}

function hostName(host: string): string {
  const address = `http://${host}`
  if (!/^[A-Za-z0-9.\-:[\]]+$/.test(host) || !URL.canParse(address)) return ''
  return new URL(address).hostname.replace(/^\[|\]$/g, '')
}
