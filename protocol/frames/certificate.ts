import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed } from '../shapes.ts'

const PemShape = Type.String({ minLength: 1, maxLength: 8_192, description: 'A certificate in PEM' })

/** A certificate for the key that was asked with, and the one it is proven by (G-11). */
export const CertifiedShape = Type.Object({ certificate: PemShape, ca: PemShape }, closed)
export type Certified = Readonly<Static<typeof CertifiedShape>>

export const CertificateShape = Type.Object(
  { type: Type.Literal('certificate'), ...CertifiedShape.properties },
  closed,
)
export type CertificateFrame = Readonly<Static<typeof CertificateShape>>
