// Frames of the simulated world: a signature is a hash over the public key and the bytes in place of Ed25519, a fiftieth of its cost, and nothing is packed, which
// costs more than all else that is done with a frame. One that was altered, or signed with another key, is refused as ever; only that nobody could make one
// without the key is not shown here (that is S08's and P-ENV-1's), nor that frames unpack (P-ENV-3's, and the real worlds').
import crypto, { createPublicKey, hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import zlib from 'node:zlib'

const publics = new WeakMap<KeyObject, Buffer>()

function publicOf(key: KeyObject): Buffer {
  let bytes = publics.get(key)
  if (bytes === undefined) {
    const open = key.type === 'private' ? createPublicKey(key.export({ type: 'pkcs8', format: 'pem' })) : key
    publics.set(key, (bytes = open.export({ type: 'spki', format: 'der' })))
  }
  return bytes
}

const signatureOf = (bytes: Uint8Array, key: KeyObject): Buffer =>
  hash('sha512', Buffer.concat([publicOf(key), bytes]), 'buffer')

const REAL = { sign: crypto.sign, verify: crypto.verify }
const CHEAP = {
  sign: (_: unknown, bytes: Uint8Array, key: KeyObject): Buffer => signatureOf(bytes, key),
  verify: (_: unknown, bytes: Uint8Array, key: KeyObject, signature: Uint8Array): boolean =>
    signatureOf(bytes, key).equals(signature),
}

const { zstdCompressSync } = zlib
/** What is no shorter is sent as it is. */
const UNPACKED = (bytes: Uint8Array): Uint8Array => bytes

/** For this process, from here on. */
export function sealFor(real: boolean): void {
  Object.assign(crypto, real ? REAL : CHEAP)
  Object.assign(zlib, { zstdCompressSync: real ? zstdCompressSync : UNPACKED })
  syncBuiltinESMExports()
}
