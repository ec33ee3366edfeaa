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

const edge = newKeyPair()
const cloud = newKeyPair()

test('P-ENV-1: what was sealed is unsealed with the key of its pair only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (frame) => {
      const sealed = seal(frame, edge.privateKey)
      expect(sealed.length).toBe(SIGNATURE_BYTES + frame.length)
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
