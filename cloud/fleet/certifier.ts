// The tenant's certificate authority (G-11): its key is made once and lies beside the cloud's signing key in the store, so that it is in every backup. It
// certifies the TLS keys of the tenant's own devices, under local names and addresses only; a device that was taken over, and even this key, can
// impersonate nothing that is public.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { CertificateRequest } from '../../protocol/frames/certify.ts'
import { CA_DAYS, CERTIFICATE_DAYS } from '../../protocol/limits.ts'
import { LOCAL_ENDINGS, LOCAL_NETWORKS, isLocalAddress, isLocalName } from '../../protocol/local-names.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { DAY_MS } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { CloudStore, EdgeId, TenantId } from '../store/port.ts'
import type { System } from '../system.ts'

/** RFC 5280 allows 20 bytes, the first of them below 128. */
const SERIAL_BYTES = 16
const CURVE = 'prime256v1'
/** A DNS name of letters, digits and hyphens, in lower case. */
const DNS_NAME = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/

interface Ca {
  readonly name: string
  readonly key: KeyObject
  readonly certificate: string
}

/** As it is kept. */
interface KeptCa {
  readonly name: string
  readonly key: string
  readonly certificate: string
}

export interface CertifierOptions {
  readonly store: CloudStore
  readonly system: System
  /** Told of each certificate that is given out. */
  readonly onIssued?: (issued: {
    edge: EdgeId
    serial: string
    names: readonly string[]
    until: Millis
  }) => void
}

export class Certifier {
  readonly #store: CloudStore
  readonly #system: System
  readonly #onIssued: NonNullable<CertifierOptions['onIssued']>
  readonly #cas = new Map<TenantId, Promise<Ca>>()

  constructor({ store, system, onIssued }: CertifierOptions) {
    this.#store = store
    this.#system = system
    this.#onIssued = onIssued ?? (() => undefined)
  }

  /** In PEM; it is no secret. */
  async caCertificate(tenant: TenantId): Promise<string> {
    return (await this.#ca(tenant)).certificate
  }

  /** G-11. Names that are not local are left out; what is refused has no name left, or no P-256 key. */
  async certify(tenant: TenantId, edge: EdgeId, request: CertificateRequest): Promise<Result<Certified>> {
    const publicKey = importTlsKey(request.public_key)
    if (publicKey === undefined)
      return refuse('input_invalid', 'Not a P-256 public key in base64 of DER', '/public_key')
    const names = [...new Set(request.names)].filter(
      (name) => isLocalAddress(name) || (isIP(name) === 0 && DNS_NAME.test(name) && isLocalName(name)),
    )
    if (names.length === 0)
      return refuse('input_invalid', 'Only local names and addresses are certified', '/names')
    const ca = await this.#ca(tenant)
    // Loaded by who needs it: most starts of a node certify nothing.
    const { serverCertificate } = await import('./x509.ts')
    const serial = this.#serial()
    const validity = this.#validity(CERTIFICATE_DAYS)
    const subject = `Tillstream edge ${edge}`
    const draft = { serial, subject, issuer: ca.name, publicKey, ...validity }
    const certificate = serverCertificate(draft, names, ca.key)
    this.#onIssued({ edge, serial: Buffer.from(serial).toString('hex'), names, until: validity.until })
    return accept({ certificate, ca: ca.certificate })
  }

  #ca(tenant: TenantId): Promise<Ca> {
    let ca = this.#cas.get(tenant)
    if (ca === undefined) {
      ca = this.#load(tenant)
      this.#cas.set(tenant, ca)
      // What could not be read or written is tried again by the next who asks.
      ca.catch(() => this.#cas.delete(tenant))
    }
    return ca
  }

  async #load(tenant: TenantId): Promise<Ca> {
    const meta = `tls_ca_${tenant}`
    const text = await this.#store.write(async (tx) => {
      const kept = await tx.meta(meta)
      if (kept !== undefined) return kept
      const made = JSON.stringify(await this.#make())
      await tx.saveMeta(meta, made)
      return made
    })
    // Only this file writes it.
    const kept = JSON.parse(text) as KeptCa
    return { ...kept, key: createPrivateKey(kept.key) }
  }

  async #make(): Promise<KeptCa> {
    const { caCertificate } = await import('./x509.ts')
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: CURVE })
    const serial = this.#serial()
    // The number tells the CAs of two clouds apart on a manager's device.
    const name = `Tillstream stores ${Buffer.from(serial).toString('hex').slice(0, 8)}`
    const draft = { serial, subject: name, issuer: name, publicKey, ...this.#validity(CA_DAYS) }
    return {
      name,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      certificate: caCertificate(draft, LOCAL_ENDINGS, LOCAL_NETWORKS, privateKey),
    }
  }

  #serial(): Uint8Array {
    const serial = this.#system.randomBytes(SERIAL_BYTES)
    // Positive, and never shorter than it looks.
    serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
    return serial
  }

  /** From a day ago, for whose clock is behind. */
  #validity(days: number): { from: Millis; until: Millis } {
    const now = this.#system.clock.now()
    return { from: (now - DAY_MS) as Millis, until: (now + (days - 1) * DAY_MS) as Millis }
  }
}

function importTlsKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVE ? key : undefined
  } catch {
    return undefined
  }
}
