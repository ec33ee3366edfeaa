// Certifies the TLS keys of the tenant's own devices (G-11), under local names and addresses only: a device that was taken over, and even the CA's key, can
// impersonate nothing that is public. What a device has is remembered, for the fleet list and for the day the CA changes (G-13).
import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { CertificateRequest } from '../../protocol/frames/certify.ts'
import { CERTIFICATE_DAYS } from '../../protocol/limits.ts'
import { isLocalAddress, isLocalName } from '../../protocol/local-names.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import type { CloudStore, EdgeId, TenantId, Writes } from '../store/port.ts'
import type { System } from '../system.ts'
import { Authorities, CURVE, newSerial, validity } from './authorities.ts'
import type { AuthorityStep, AuthorityView } from './authorities.ts'

/** A DNS name of letters, digits and hyphens, in lower case. */
const DNS_NAME = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/

/** The certificate a device has, as far as the cloud gave it. */
export interface Issued extends CertificateRequest {
  /** In hexadecimal. */
  readonly serial: string
  readonly until: Millis
  /** Name of the CA that proves it. */
  readonly ca: string
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
  readonly #authorities: Authorities
  /** Only this class writes them. */
  readonly #issued = new Map<TenantId, Promise<Map<EdgeId, Issued>>>()

  constructor({ store, system, onIssued }: CertifierOptions) {
    this.#store = store
    this.#system = system
    this.#onIssued = onIssued ?? (() => undefined)
    this.#authorities = new Authorities(store, system)
  }

  /** In PEM, all that devices should have; they are no secret. */
  async caCertificate(tenant: TenantId): Promise<string> {
    return (await this.#authorities.all(tenant)).map(({ certificate }) => certificate).join('')
  }

  /** G-13, each with how many devices it proves. */
  async authorities(tenant: TenantId): Promise<AuthorityView[]> {
    const issued = [...(await this.issued(tenant)).values()]
    return (await this.#authorities.all(tenant)).map(({ name, state, certificate, until }) => {
      return { name, state, certificate, until, devices: issued.filter(({ ca }) => ca === name).length }
    })
  }

  /** G-13. The devices are certified again by who calls (`again`). */
  async step(tenant: TenantId, step: AuthorityStep): Promise<Result<AuthorityView[]>> {
    const stepped = await this.#authorities.step(tenant, step)
    return stepped.ok ? accept(await this.authorities(tenant)) : stepped
  }

  /** What every device of the tenant has. */
  issued(tenant: TenantId): Promise<Map<EdgeId, Issued>> {
    let issued = this.#issued.get(tenant)
    if (issued === undefined) {
      issued = this.#loadIssued(tenant)
      this.#issued.set(tenant, issued)
      issued.catch(() => this.#issued.delete(tenant))
    }
    return issued
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
    const ca = await this.#authorities.signing(tenant)
    // Loaded by who needs it: most starts of a node certify nothing.
    const { serverCertificate } = await import('./x509.ts')
    const bytes = newSerial(this.#system)
    const span = validity(this.#system, CERTIFICATE_DAYS)
    const subject = `Tillstream edge ${edge}`
    const draft = { serial: bytes, subject, issuer: ca.name, publicKey, ...span }
    const certificate = serverCertificate(draft, names, ca.privateKey)
    const serial = Buffer.from(bytes).toString('hex')
    const { until } = span
    await this.#remember(tenant, edge, { serial, until, ca: ca.name, public_key: request.public_key, names })
    this.#onIssued({ edge, serial, names, until })
    return accept({ certificate, ca: ca.certificate })
  }

  /** G-13: another certificate for the key a device has, where a CA proves it that signs no more; undefined where nothing is to be done. */
  async again(tenant: TenantId, edge: EdgeId): Promise<Certified | undefined> {
    const held = (await this.issued(tenant)).get(edge)
    if (held === undefined || held.ca === (await this.#authorities.signing(tenant)).name) return undefined
    const { public_key, names } = held
    const made = await this.certify(tenant, edge, { public_key, names })
    return made.ok ? made.value : undefined
  }

  async #remember(tenant: TenantId, edge: EdgeId, issued: Issued): Promise<void> {
    const all = await this.issued(tenant)
    await this.#store.write((tx) => tx.saveMeta(metaOf(edge), JSON.stringify(issued)))
    all.set(edge, issued)
  }

  async #loadIssued(tenant: TenantId): Promise<Map<EdgeId, Issued>> {
    const edges = await this.#store.read.edges(tenant)
    const load = async (tx: Writes): Promise<Map<EdgeId, Issued>> => {
      const all = new Map<EdgeId, Issued>()
      for (const { id } of edges) {
        const text = await tx.meta(metaOf(id))
        // Only this file writes it.
        if (text !== undefined) all.set(id, JSON.parse(text) as Issued)
      }
      return all
    }
    return this.#store.write(load)
  }
}

const metaOf = (edge: EdgeId): string => `tls_issued_${edge}`

function importTlsKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVE ? key : undefined
  } catch {
    return undefined
  }
}
