import { Type } from 'typebox'
import type { Static } from 'typebox'
import { CERTIFIED_NAMES_MAX } from '../limits.ts'
import { closed } from '../shapes.ts'

/** What a certificate is asked for with, at enrolment and later: a P-256 key and the names it is served under (G-11). */
export const CertificateRequestShape = Type.Object(
  {
    public_key: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'P-256 public key: base64 of the DER form',
    }),
    names: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
      minItems: 1,
      maxItems: CERTIFIED_NAMES_MAX,
      description: 'Local names and addresses the device is reached by',
    }),
  },
  closed,
)
export type CertificateRequest = Readonly<Static<typeof CertificateRequestShape>>

/** Asks for a certificate of the store's TLS; the envelope's signature says which device asks. */
export const CertifyShape = Type.Object(
  { type: Type.Literal('certify'), ...CertificateRequestShape.properties },
  closed,
)
export type Certify = Readonly<Static<typeof CertifyShape>>
