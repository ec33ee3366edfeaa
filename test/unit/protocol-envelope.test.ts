import { sign } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  SIGNATURE_BYTES,
  exportPrivateKey,
  exportPublicKey,
  importPrivateKey,
  importPublicKey,
  newKeyPair,
  seal,
  unseal,
} from '../../protocol/envelope.ts'
import { encodeFrame } from '../../protocol/codec.ts'
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts'
import { OriginWriter } from '../support/origin-writer.ts'

const edge = newKeyPair()
const cloud = newKeyPair()

test('P-ENV-1: what was sealed is unsealed with the key of its pair only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (frame) => {
      const sealed = seal(frame, edge.privateKey)
      expect(sealed.length).toBeLessThanOrEqual(SIGNATURE_BYTES + frame.length)
      expect(Buffer.from(unseal(sealed, edge.publicKey) ?? []).equals(Buffer.from(frame))).toBe(true)
      expect(unseal(sealed, cloud.publicKey)).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

test('P-ENV-1: any one flipped bit, of the signature or the frame, is refused', () => {
  const sealed = seal(Buffer.from('a frame of some thirty bytes …'), edge.privateKey)
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(unseal(flipped, edge.publicKey), `bit ${bit}`).toBeUndefined()
  }
})

test('P-ENV-1: a cut, an extended, an empty and an unsigned frame are refused', () => {
  const sealed = seal(Buffer.from('frame'), edge.privateKey)
  for (let length = 0; length < sealed.length; length++)
    expect(unseal(sealed.subarray(0, length), edge.publicKey)).toBeUndefined()
  expect(unseal(Buffer.concat([sealed, Buffer.of(0)]), edge.publicKey)).toBeUndefined()
  expect(unseal(Buffer.alloc(SIGNATURE_BYTES + 5), edge.publicKey)).toBeUndefined()
  expect(unseal(seal(Buffer.alloc(0), edge.privateKey), edge.publicKey)).toBeUndefined()
})

test('P-ENV-1: a signature of another frame does not fit', () => {
  const one = seal(Buffer.from('one'), edge.privateKey)
  const two = seal(Buffer.from('two'), edge.privateKey)
  const mixed = Buffer.concat([one.subarray(0, SIGNATURE_BYTES), two.subarray(SIGNATURE_BYTES)])
  expect(unseal(mixed, edge.publicKey)).toBeUndefined()
})

test('P-ENV-1: keys survive being written down', () => {
  const again = importPrivateKey(exportPrivateKey(edge.privateKey))
  const text = exportPublicKey(again.publicKey)
  const key = importPublicKey(text)
  expect(text).toBe(exportPublicKey(edge.publicKey))
  expect(text.length).toBe(60)
  if (key === undefined) throw new Error('a public key is read back')
  expect(unseal(seal(Buffer.from('frame'), again.privateKey), key)).toBeDefined()
})

test.each(['', 'no key', 'AAAA', exportPublicKey(edge.publicKey).slice(4)])(
  'P-ENV-1: "%s" is no public key',
  (text) => {
    expect(importPublicKey(text)).toBeUndefined()
  },
)

test('P-ENV-1: the signature is Ed25519 as RFC 8032 has it (section 7.1, test 2)', () => {
  const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'
  const pkcs8 = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex').toString('base64')
  const { privateKey, publicKey } = importPrivateKey(
    `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  )
  expect(Buffer.from(exportPublicKey(publicKey), 'base64').subarray(-32).toString('hex')).toBe(
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  )
  expect(Buffer.from(seal(Buffer.of(0x72), privateKey)).toString('hex')).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00' +
      '72',
  )
})

test('P-ENV-3: a batch of facts travels in under half of its bytes, and comes back as it was', () => {
  const writer = new OriginWriter(3, 1)
  for (let sale = 0; sale < 200; sale++)
    writer.sale({ at: Date.UTC(2026, 0, 5, 10) + sale * 977 }, [
      { sku: `S${sale % 40}`, amount: 100 + sale },
      { sku: 'TEA', category: 'BAG', amount: 250 },
    ])
  const frame = encodeFrame(writer.batch())
  const sealed = seal(frame, edge.privateKey)
  expect(sealed.length).toBeLessThan(frame.length / 2)
  expect(Buffer.from(unseal(sealed, edge.publicKey) ?? []).equals(Buffer.from(frame))).toBe(true)
})

test('P-ENV-3 S14: what would unpack to more than a frame, and what does not unpack, is no frame', () => {
  const signed = (packed: Uint8Array): Uint8Array =>
    Buffer.concat([sign(null, packed, edge.privateKey), packed])
  const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))
  expect(bomb.length).toBeLessThan(16 * 1024)
  const before = process.memoryUsage().arrayBuffers
  const start = performance.now()
  for (let time = 0; time < 10; time++) expect(unseal(signed(bomb), edge.publicKey)).toBeUndefined()
  expect((performance.now() - start) / 10).toBeLessThan(500)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * FRAME_BYTES_MAX)
  const broken = Buffer.concat([bomb.subarray(0, 4), Buffer.alloc(40, 0xff)])
  expect(unseal(signed(broken), edge.publicKey)).toBeUndefined()
  const within = zstdCompressSync(Buffer.alloc(FRAME_BYTES_MAX))
  expect(unseal(signed(within), edge.publicKey)).toHaveLength(FRAME_BYTES_MAX)
})
