// The names and addresses this machine is reached by inside the store: what its certificate is asked for with (TLS-2). Only local ones are certified, so only
// those are asked for; a public name is served by a proxy that has a certificate of its own.
import { hostname, networkInterfaces } from 'node:os'
import { CERTIFIED_NAMES_MAX } from '../../protocol/limits.ts'
import { isLocalAddress, isLocalName } from '../../protocol/local-names.ts'

const LOOPBACK = ['localhost', '127.0.0.1', '::1'] as const

/** `configured`: by --host-name, first, since the number of names is bounded. */
export function ownNames(configured: readonly string[]): string[] {
  // As the machine's own announcer (mDNS) says it.
  const announced = `${hostname().toLowerCase().replace(/\..*$/, '')}.local`
  // IPv6 addresses come and go by the day; who wants one certified names it by --host-name.
  const addresses = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address),
  )
  const names = [
    ...LOOPBACK,
    ...configured.filter((name) => isLocalName(name) || isLocalAddress(name)),
    announced,
  ]
  return [...new Set([...names, ...addresses.filter(isLocalAddress)])].slice(0, CERTIFIED_NAMES_MAX)
}
