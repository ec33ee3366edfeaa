// The cloud's signed word that a device was enrolled for a store, and which lives it was given (P-ATT-1). The device keeps the latest and shows it with every
// connection: a cloud that was restored from before finds its own signature on it, so that neither the store nor the device has to be set up again by hand,
// and its facts keep the ids by which other stores name them.
import type { KeyObject } from 'node:crypto'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { SIGNATURE_BYTES, seal, unseal } from './envelope.ts'
import { ATTESTATION_CHARS_MAX, SPARES_MAX } from './limits.ts'
import { LifeShape } from './lives.ts'
import { unpack } from './packing.ts'
import { NameShape, StoreIdShape, closed } from './shapes.ts'
import { validator } from './validation.ts'

/** Of the requests that open a link. */
export const ATTESTATION_HEADER = 'tillstream-attestation'

const AttestationShape = Type.Object(
  {
    /** No frame is one, so that neither can be shown as the other. */
    type: Type.Literal('attestation'),
    tenant: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    edge: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    /** The life of the cloud that signed it. */
    cloud_epoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    public_key: Type.String({ maxLength: 200 }),
    store: Type.Object({ id: StoreIdShape, name: NameShape, zone: Type.String({ maxLength: 64 }) }, closed),
    /** The open one, and those it may begin by itself; a copy that waits for HQ has none. */
    lives: Type.Array(LifeShape, { maxItems: 1 + SPARES_MAX }),
  },
  closed,
)
export type Attestation = Readonly<Static<typeof AttestationShape>>
const attestation = validator(AttestationShape)

/** What an attestation says, before the signature. */
export type Attested = Omit<Attestation, 'type'>

/** In base64url, at most ATTESTATION_CHARS_MAX. */
export function attest(what: Attested, privateKey: KeyObject): string {
  return Buffer.from(seal(textOf(what), privateKey)).toString('base64url')
}

/** Whether what we signed before and kept says just this. Looks at no signature. */
export function stillSays(kept: string, what: Attested): boolean {
  const said = unpack(Buffer.from(kept, 'base64url').subarray(SIGNATURE_BYTES))
  return said !== undefined && textOf(what).equals(said)
}

const textOf = (what: Attested): Buffer => Buffer.from(JSON.stringify({ type: 'attestation', ...what }))

/** Undefined for what was not signed with that key, or says something else. */
export function attested(text: string, publicKey: KeyObject): Attestation | undefined {
  if (text.length > ATTESTATION_CHARS_MAX) return undefined
  const bytes = unseal(Buffer.from(text, 'base64url'), publicKey)
  if (bytes === undefined) return undefined
  try {
    const said: unknown = JSON.parse(Buffer.from(bytes).toString())
    return attestation.accepts(said) ? said : undefined
  } catch {
    return undefined
  }
}
