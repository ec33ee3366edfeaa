// What stands between this edge and the cloud when a connection is refused before it is one: a hotel's login page, a proxy, somebody who answers in
// the cloud's name (N-9). Told by what came instead of the cloud's answer; an honest cloud refuses with a problem document.
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { PROBLEM_TYPE } from '../../protocol/problem.ts'

export const OBSTACLES = [
  'login',
  'proxy_login',
  'proxy',
  'impostor',
  'altered',
  'version_old',
  'version_new',
] as const
export type Obstacle = (typeof OBSTACLES)[number]

/** For whoever stands in the shop. */
export const OBSTACLE_WORDS: Readonly<Record<Obstacle, string>> = {
  login: 'the network asks for a login: open any web page on it and sign in',
  proxy_login: 'a proxy asks for a name and a password',
  proxy: 'a proxy or firewall does not let the connection through',
  impostor: 'something in between answers in the name of the cloud, with a certificate that is not its own',
  altered: 'what comes from the cloud is changed or cut off on the way',
  version_old:
    'the software of this store is too old for the cloud: upgrade it here; all that is recorded waits until then',
  version_new:
    'the software of this store is newer than the cloud’s: the cloud has to be upgraded; all that is recorded waits until then',
}

/** The head of an HTTP answer that was not the one hoped for. */
export interface StrangeAnswer {
  readonly status: number
  readonly contentType: string | undefined
}

/** Null where the cloud itself may have said that. */
export function obstacleOf({ status, contentType = '' }: StrangeAnswer): Obstacle | null {
  if (contentType.startsWith(PROBLEM_TYPE)) return null
  if (status === 511 || (status >= 300 && status < 400)) return 'login'
  if (status === 407) return 'proxy_login'
  if (status >= 200 && status < 300) return contentType.includes('html') ? 'login' : 'altered'
  return 'proxy'
}

/** The cloud's own word (P-VER-1), which lasts until somebody upgrades one of the two. */
export function versionObstacle(closeCode: number | undefined): Obstacle | null {
  if (closeCode === CLOSE_CODES.version_old) return 'version_old'
  return closeCode === CLOSE_CODES.version_new ? 'version_new' : null
}

/** Node's names of a TLS handshake that ended with somebody else's certificate, or with no TLS at all. */
const IMPOSTOR = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|ERR_SSL_|EPROTO|HOSTNAME_MISMATCH)/

export function obstacleOfFault(code: string | undefined): Obstacle | null {
  if (code === undefined) return null
  if (code.startsWith('HPE_')) return 'altered'
  return IMPOSTOR.test(code) ? 'impostor' : null
}

/** The seconds a `Retry-After` asks for, in ms; null where it says nothing that can be read. */
export function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^[0-9]{1,6}$/.test(header) ? Number(header) * 1000 : null
}
