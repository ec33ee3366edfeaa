// Names and addresses that mean something only inside a network: no public resolver hands them out and no public host is reached by them. A node is
// served under them without being told (edge H-11), and the tenant's CA certifies nothing else (G-11).
import { BlockList, isIP } from 'node:net'

export const LOCAL_ENDINGS = ['local', 'internal', 'home.arpa', 'lan', 'localhost'] as const

/** Loopback, link-local, private (RFC 1918, 4193) and shared (RFC 6598) networks. */
export const LOCAL_NETWORKS = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
] as const

const networks = new BlockList()
for (const network of LOCAL_NETWORKS) {
  const [address = '', prefix = ''] = network.split('/')
  networks.addSubnet(address, Number(prefix), familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** Ends in one of LOCAL_ENDINGS, or is one. In lower case. */
export function isLocalName(name: string): boolean {
  return LOCAL_ENDINGS.some((ending) => name === ending || name.endsWith(`.${ending}`))
}

/** In one of LOCAL_NETWORKS; IPv6 without a zone. */
export function isLocalAddress(address: string): boolean {
  return isIP(address) !== 0 && networks.check(address, familyOf(address))
}
