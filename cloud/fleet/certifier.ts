// Certifies the TLS keys of the tenant's own devices (G-11), under local names and addresses only: a device that was taken over, and even the CA's key, can
// impersonate nothing that is public. What was given out and what a device says it holds are remembered, for the fleet list and for the day the CA changes
// (G-13): a certificate that was sent may be lost with its line.
import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { CertificateRequest } from '../../protocol/frames/certify.ts'
import type { Held } from '../../protocol/frames/holds.ts'
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

/** The last certificate a device was given, and the one it says it holds. */
interface Issued extends CertificateRequest, Held {
  /** Null: none. Left out: it said nothing yet. */
  readonly holds?: Held | null
}

/** Until a device says what it holds, that is what it was given. */
const holding = (issued: Issued): Held | null => (issued.holds === undefined ? issued : issued.holds)

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
    const held = await this.held(tenant)
    return (await this.#authorities.all(tenant)).map(({ name, state, certificate, until }) => {
      return {
        name,
        state,
        certificate,
        until,
        devices: [...held.values()].filter(({ ca }) => ca === name).length,
      }
    })
  }

  /** G-13. The devices are certified again by who calls (`again`). */
  async step(tenant: TenantId, step: AuthorityStep): Promise<Result<AuthorityView[]>> {
    const stepped = await this.#authorities.step(tenant, step)
    return stepped.ok ? accept(await this.authorities(tenant)) : stepped
  }

  /** What the tenant's devices hold, as far as they have one. */
  async held(tenant: TenantId): Promise<Map<EdgeId, Held>> {
    const all = new Map<EdgeId, Held>()
    for (const [edge, issued] of await this.#issuedTo(tenant)) {
      const held = holding(issued)
      if (held !== null) all.set(edge, held)
    }
    return all
  }

  /** A device's own word. */
  async holds(tenant: TenantId, edge: EdgeId, said: Held | null): Promise<void> {
    const known = (await this.#issuedTo(tenant)).get(edge)
    if (known === undefined || (known.holds !== undefined && known.holds?.serial === said?.serial)) return
    await this.#remember(tenant, edge, (issued) => ({ ...(issued ?? known), holds: said }))
  }

  #issuedTo(tenant: TenantId): Promise<Map<EdgeId, Issued>> {
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
    const { public_key } = request
    const given = { serial, until, ca: ca.name, public_key, names }
    await this.#remember(tenant, edge, (issued) =>
      issued?.holds === undefined ? given : { ...given, holds: issued.holds },
    )
    this.#onIssued({ edge, serial, names, until })
    return accept({ certificate, ca: ca.certificate })
  }

  /** G-13: another certificate for the key a device has, where it holds one of a CA that does not sign; undefined where nothing is to be done. */
  async again(tenant: TenantId, edge: EdgeId): Promise<Certified | undefined> {
    const issued = (await this.#issuedTo(tenant)).get(edge)
    const held = issued === undefined ? null : holding(issued)
    if (issued === undefined || held === null) return undefined
    if (held.ca === (await this.#authorities.signing(tenant)).name) return undefined
    const { public_key, names } = issued
    const made = await this.certify(tenant, edge, { public_key, names })
    return made.ok ? made.value : undefined
  }

  /** What is changed is read in the transaction: a word of the device and another certificate for it may come together. */
  async #remember(
    tenant: TenantId,
    edge: EdgeId,
    change: (issued: Issued | undefined) => Issued,
  ): Promise<void> {
    const all = await this.#issuedTo(tenant)
    const changed = await this.#store.write(async (tx) => {
      const next = change(parsed(await tx.meta(metaOf(edge))))
      await tx.saveMeta(metaOf(edge), JSON.stringify(next))
      return next
    })
    all.set(edge, changed)
  }

  async #loadIssued(tenant: TenantId): Promise<Map<EdgeId, Issued>> {
    const edges = await this.#store.read.edges(tenant)
    const load = async (tx: Writes): Promise<Map<EdgeId, Issued>> => {
      const all = new Map<EdgeId, Issued>()
      for (const { id } of edges) {
        const issued = parsed(await tx.meta(metaOf(id)))
        if (issued !== undefined) all.set(id, issued)
      }
      return all
    }
    return this.#store.write(load)
  }
}

const metaOf = (edge: EdgeId): string => `tls_issued_${edge}`

// Only this file writes it.
const parsed = (text: string | undefined): Issued | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as Issued)

function importTlsKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVE ? key : undefined
  } catch {
    return undefined
  }
}
