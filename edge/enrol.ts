// The first start of an edge (G-1): it makes its own key pair, which never leaves the device, and exchanges the one-time code and its public
// key for an origin of its own, its store and the cloud's key. What comes back is checked before it is stored, for it is stored for good.
import { Type } from 'typebox'
import { exportPrivateKey, exportPublicKey, importPublicKey, newKeyPair } from '../protocol/envelope.ts'
import { ATTESTATION_CHARS_MAX, CONNECT_WAIT_MS_MAX, SPARES_MAX } from '../protocol/limits.ts'
import { LifeShape } from '../protocol/lives.ts'
import type { Life } from '../protocol/lives.ts'
import { NameShape, OriginShape, StoreIdShape } from '../protocol/shapes.ts'
import { zoneKnown } from '../protocol/time.ts'
import { validator } from '../protocol/validation.ts'
import { CertifiedShape } from '../protocol/frames/certificate.ts'
import type { Certified } from '../protocol/frames/certificate.ts'
import type { EdgeIdentity } from './ledger/meta.ts'
import { StartRefused } from './start-refused.ts'
import type { NewTlsKey } from './tls/certificate-keeper.ts'

const EnrolledShape = Type.Object({
  edge: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  origin: OriginShape,
  epoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  store: Type.Object({ id: StoreIdShape, name: NameShape, zone: Type.String() }),
  cloud_public_key: Type.String(),
  /** An older cloud gives them with its first welcome. */
  spares: Type.Optional(Type.Array(LifeShape, { maxItems: SPARES_MAX })),
  /** An older cloud gives it with its first welcome. */
  attestation: Type.Optional(Type.String({ maxLength: ATTESTATION_CHARS_MAX })),
  tls: Type.Optional(CertifiedShape),
})
const enrolled = validator(EnrolledShape)

export interface Enrolled {
  readonly identity: EdgeIdentity
  /** Lives it may begin by itself. */
  readonly spares: readonly Life[]
  /** For the TLS key that was sent along. */
  readonly certified: Certified | undefined
}

export async function enrolWith(
  cloud: string,
  code: string,
  software: string,
  tls: NewTlsKey,
): Promise<Enrolled> {
  const { privateKey, publicKey } = newKeyPair()
  const { status, body } = await post(`${cloud.replace(/\/$/, '')}/v1/enrol`, {
    code,
    public_key: exportPublicKey(publicKey),
    software,
    tls: tls.request,
  })
  if (status < 200 || status > 299)
    throw new StartRefused(
      `The cloud at ${cloud} does not enrol this edge: ${sentenceOf(body) ?? `status ${status}`}`,
    )
  if (
    !enrolled.accepts(body) ||
    importPublicKey(body.cloud_public_key) === undefined ||
    !zoneKnown(body.store.zone)
  )
    throw new StartRefused(
      `What answers at ${cloud} is not a Tillstream cloud of this version; check --cloud.`,
    )
  const identity: EdgeIdentity = {
    edge: body.edge,
    origin: body.origin,
    epoch: body.epoch,
    store: body.store,
    privateKey: exportPrivateKey(privateKey),
    cloudPublicKey: body.cloud_public_key,
    cloudUrl: cloud,
    attestation: body.attestation ?? null,
  }
  return { identity, spares: body.spares ?? [], certified: body.tls }
}

async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CONNECT_WAIT_MS_MAX),
    })
    const text = await response.text()
    return { status: response.status, body: jsonOf(text) }
  } catch (cause) {
    throw new StartRefused(`The cloud at ${new URL(url).origin} cannot be reached; is the address right?`, {
      cause,
    })
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sentenceOf(body: unknown): string | undefined {
  const detail = typeof body === 'object' && body !== null ? (body as { detail?: unknown }).detail : undefined
  return typeof detail === 'string' ? detail : undefined
}
