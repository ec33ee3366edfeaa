// The wire, both ways: whatever is encoded comes back, and whatever comes in is either what some honest peer would have sent, byte for
// byte, or is refused. Nothing that comes in throws.
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Decoded } from '../../protocol/codec.ts'
import {
  decodeDownFrame,
  decodeFact,
  decodeUpFrame,
  encodeFact,
  encodeFrame,
  factValidator,
} from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { compileReader } from '../../protocol/fact-reader.ts'
import { FACT_KINDS, FACT_SHAPES } from '../../protocol/facts.ts'
import type { Fact } from '../../protocol/facts.ts'
import { STRUCTURES } from '../../protocol/structures.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { DOWN_TYPES, UP_TYPES, downFramesOf, factsOf, fuzzSeed, upFramesOf } from '../support/generators.ts'

const seed = fuzzSeed('protocol-codec')

interface Spoken<T> {
  readonly name: string
  readonly values: fc.Arbitrary<T>
  readonly encode: (value: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Decoded<T>
}

const facts = FACT_KINDS.map((kind): Spoken<Fact> => ({
  name: `fact ${kind}`,
  values: factsOf(kind),
  encode: encodeFact,
  decode: decodeFact,
}))
const up = UP_TYPES.map((type): Spoken<UpFrame> => ({
  name: `frame up ${type}`,
  values: upFramesOf(type),
  encode: encodeFrame,
  decode: decodeUpFrame,
}))
const down = DOWN_TYPES.map((type): Spoken<DownFrame> => ({
  name: `frame down ${type}`,
  values: downFramesOf(type),
  encode: encodeFrame,
  decode: decodeDownFrame,
}))
// Each is checked with its own type; the list only needs "something that is encoded and decoded".
const spoken = [...facts, ...up, ...down] as unknown as Spoken<unknown>[]

/** Flipped bits that were taken, of all kinds together: a message of few bits, such as an empty list, may have none. */
let flips = 0
let flipsTaken = 0
afterAll(() => {
  if (flips > 0) expect(flipsTaken).toBeGreaterThan(0)
})

/** Byte strings come back as another class of bytes; as text they compare alike. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}

describe.each(spoken)('$name', ({ values, encode, decode }) => {
  test('P-COD-4 P-FACT-1: decodes to the same value and encodes to the same bytes', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value)
        const decoded = decode(bytes)
        if (!decoded.ok) throw new Error(decoded.malformed.reason)
        expect(plain(decoded.value)).toEqual(plain(value))
        expect(Buffer.from(encode(decoded.value)).equals(bytes)).toBe(true)
      }),
      { seed, numRuns: 100 },
    )
  })

  test('P-COD-2: every truncation and every trailing byte is refused', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 255 }), (value, extra) => {
        const bytes = encode(value)
        for (let length = 0; length < bytes.length; length++)
          expect(decode(bytes.subarray(0, length)).ok).toBe(false)
        expect(decode(Buffer.concat([bytes, Buffer.of(extra)])).ok).toBe(false)
      }),
      { seed, numRuns: 8 },
    )
  })

  test('P-COD-2 P-COD-3: every flipped bit is refused or gives what an honest peer would have sent', () => {
    let refused = 0
    fc.assert(
      fc.property(values, (value) => {
        const bytes = Buffer.from(encode(value))
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const flipped = Buffer.from(bytes)
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          const decoded = decode(flipped)
          flips += 1
          if (!decoded.ok) refused += 1
          else {
            flipsTaken += 1
            // Accepted by the schema (decoding checked it), and no second spelling of the same value is accepted.
            if (!Buffer.from(encode(decoded.value)).equals(flipped))
              throw new Error(`bit ${bit}: ${flipped.toString('hex')} is a second spelling`)
          }
        }
      }),
      { seed, numRuns: 4 },
    )
    expect(refused).toBeGreaterThan(0)
  })
})

describe.each(FACT_KINDS)('fact %s in one pass', (kind) => {
  const read = compileReader(FACT_SHAPES[kind], STRUCTURES)
  const { accepts } = factValidator(kind)

  test('P-COD-7: every sound fact is read, and whatever is read is of the schema', () => {
    let flippedRead = 0
    fc.assert(
      fc.property(factsOf(kind), (fact) => {
        const bytes = Buffer.from(encodeFact(fact))
        expect(plain(read(bytes))).toEqual(plain(fact))
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const flipped = Buffer.from(bytes)
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          const value = read(flipped)
          if (value === undefined) continue
          flippedRead += 1
          if (!accepts(value)) throw new Error(`bit ${bit}: ${flipped.toString('hex')} is not of the schema`)
        }
      }),
      { seed, numRuns: 20 },
    )
    expect(flippedRead).toBeGreaterThan(0)
  })
})

test('P-COD-2: random bytes never throw, and hardly any are a fact', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const decoded of [decodeFact(bytes), decodeUpFrame(bytes), decodeDownFrame(bytes)])
        expect(decoded.ok).toBe(false)
    }),
    { seed, numRuns: 2_000 },
  )
})

test('P-COD-3: a fact is no frame and a frame is no fact', () => {
  fc.assert(
    fc.property(factsOf('checkin'), upFramesOf('find_member'), (fact, frame) => {
      expect(decodeUpFrame(encodeFact(fact)).ok).toBe(false)
      expect(decodeDownFrame(encodeFrame(frame)).ok).toBe(false)
      expect(decodeFact(encodeFrame(frame)).ok).toBe(false)
      expect(factValidator('checkin').accepts(fact)).toBe(true)
    }),
    { seed, numRuns: 50 },
  )
})
