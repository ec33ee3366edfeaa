// A caller of a store's node over TLS that trusts one CA.
import { request as requestTls } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { EdgeNode } from '../../edge/node.ts'

interface Got {
  readonly status: number | undefined
  readonly body: string
  readonly serial: string
}

/** GET over TLS; rejects where the node is not believed. */
export function get(
  port: number,
  path: string,
  { ca, host = '127.0.0.1' }: { ca: string; host?: string },
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const call = requestTls({ host, port, path, ca, agent: false }, (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
      let body = ''
      response.on('data', (piece: Buffer) => (body += piece.toString()))
      response.on('end', () => resolve({ status: response.statusCode, body, serial: serialNumber }))
    })
    call.on('error', reject)
    call.end()
  })
}

export const portOf = (node: EdgeNode): number => {
  if (node.tlsPort === null) throw new Error('TLS is not served')
  return node.tlsPort
}
