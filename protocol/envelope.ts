// Every frame travels as signature || bytes (P-ENV-1). Ed25519 over the raw bytes, verified before the decoder sees anything: a peer
// without the key cannot reach the parser.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { pack, unpack } from './packing.ts'

export const SIGNATURE_BYTES = 64
export const NONCE_BYTES = 16

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function newKeyPair(): KeyPair {
  return generateKeyPairSync('ed25519')
}

export function exportPrivateKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}

export function importPrivateKey(pem: string): KeyPair {
  const privateKey = createPrivateKey(pem)
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

/** The public key as 44 bytes of DER in base64: short enough for a JSON field or a table column. */
export function exportPublicKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64')
}

/** Undefined when the text is no Ed25519 public key. */
export function importPublicKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })
    return key.asymmetricKeyType === 'ed25519' ? key : undefined
  } catch {
    return undefined
  }
}

const FOR_ITSELF = new Uint8Array(0)

/** `address` is signed before the frame and not sent (P-ENV-2). */
export function seal(frame: Uint8Array, key: KeyObject, address: Uint8Array = FOR_ITSELF): Uint8Array {
  const packed = pack(frame)
  return Buffer.concat([sign(null, Buffer.concat([address, packed]), key), packed])
}

/** The frame's bytes, or undefined when the signature does not fit or what it signs does not unpack. */
export function unseal(
  sealed: Uint8Array,
  key: KeyObject,
  address: Uint8Array = FOR_ITSELF,
): Uint8Array | undefined {
  if (sealed.length <= SIGNATURE_BYTES) return undefined
  const packed = sealed.subarray(SIGNATURE_BYTES)
  const signed = Buffer.concat([address, packed])
  return verify(null, signed, key, sealed.subarray(0, SIGNATURE_BYTES)) ? unpack(packed) : undefined
}
