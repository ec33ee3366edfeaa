// Which names this node goes by in a browser (H-11). A page of another site that has its own name resolve to this node (DNS rebinding), or that opens
// a socket to it, is told apart by the names it sends: `Host` must be one of ours, and `Origin`, where there is one, must be the host's.
import { isIP } from 'node:net'
import { isLocalName } from '../../protocol/local-names.ts'

/** `host`: the header, with its port. `names`: further names, by configuration. */
export function hostAllowed(host: string, names: readonly string[]): boolean {
  const name = hostName(host)
  if (name === '') return false
  return isIP(name) !== 0 || !name.includes('.') || names.includes(name) || isLocalName(name)
}

/** Of this machine itself; IPv6 as the server's library writes it, in full. */
export function isLoopback(address: string): boolean {
  return (
    address.startsWith('127.') || address === '::1' || address === '0000:0000:0000:0000:0000:0000:0000:0001'
  )
}

/** No `Origin` means no browser page is speaking. */
export function originAllowed(origin: string, host: string): boolean {
  if (origin === '') return true
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}

function hostName(host: string): string {
  const address = `http://${host}`
  if (!/^[A-Za-z0-9.\-:[\]]+$/.test(host) || !URL.canParse(address)) return ''
  return new URL(address).hostname.replace(/^\[|\]$/g, '')
}
