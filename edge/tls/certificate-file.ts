// The store's certificate as one file of the data directory (TLS-1): its private key, the certificate, the CA's. One file, so that key and certificate never
// come from two renewals; the server's library reads each of them out of it. It is in no backup: a node that was put back asks for another.
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { Held } from '../../protocol/frames/holds.ts'
import type { Millis } from '../../protocol/time.ts'

export const TLS_FILE = 'tls.pem'

export interface HeldCertificate {
  readonly path: string
  /** What both sides call it. */
  readonly word: Held
  /** Names and addresses it was issued for; addresses as the machine writes them. */
  covers(name: string): boolean
  readonly from: number
  readonly until: number
  /** The CA's certificate, in PEM. */
  readonly ca: string
}

const KEY_BLOCK = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g

/** Undefined where there is none, or what is there is none. */
export function readCertificate(directory: string): HeldCertificate | undefined {
  const path = join(directory, TLS_FILE)
  try {
    const text = readFileSync(path, 'utf8')
    const [certificate, ca] = text.match(BLOCK) ?? []
    if (certificate === undefined || ca === undefined) return undefined
    const x509 = proven(createPublicKey(createPrivateKey(text)).export(SPKI), { certificate, ca })
    return x509 === undefined ? undefined : held(path, x509, ca)
  } catch {
    return undefined
  }
}

/** The private key that is held, in PEM; undefined where there is none. */
export function heldKey(directory: string): string | undefined {
  try {
    return KEY_BLOCK.exec(readFileSync(join(directory, TLS_FILE), 'utf8'))?.[0]
  } catch {
    return undefined
  }
}

/** Undefined, and nothing is written, where the certificate is not for this key or not the CA's. */
export function writeCertificate(
  directory: string,
  privateKey: string,
  certified: Certified,
): HeldCertificate | undefined {
  const publicKey = createPublicKey(createPrivateKey(privateKey)).export(SPKI)
  const x509 = proven(publicKey, certified)
  if (x509 === undefined) return undefined
  const path = join(directory, TLS_FILE)
  const file = openSync(`${path}.new`, 'w', 0o600)
  try {
    writeSync(file, [privateKey, certified.certificate, certified.ca].join(''))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  return held(path, x509, certified.ca)
}

const COMMON_NAME = /^CN=(.{1,64})$/m
const SPKI = { type: 'spki', format: 'der' } as const

function proven(publicKey: Buffer, { certificate, ca }: Certified): X509Certificate | undefined {
  try {
    const x509 = new X509Certificate(certificate)
    const authority = new X509Certificate(ca)
    const fits = x509.publicKey.export(SPKI).equals(publicKey) && x509.checkIssued(authority)
    return fits && x509.verify(authority.publicKey) ? x509 : undefined
  } catch {
    return undefined
  }
}

function held(path: string, x509: X509Certificate, ca: string): HeldCertificate {
  return {
    path,
    word: {
      serial: x509.serialNumber.toLowerCase(),
      ca: COMMON_NAME.exec(x509.issuer)?.[1] ?? '',
      until: Date.parse(x509.validTo) as Millis,
    },
    covers: (name) => (isIP(name) === 0 ? x509.checkHost(name) : x509.checkIP(name)) !== undefined,
    from: Date.parse(x509.validFrom),
    until: Date.parse(x509.validTo),
    ca,
  }
}
