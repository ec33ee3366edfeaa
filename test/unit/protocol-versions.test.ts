// How the protocol grows: which versions are spoken, and how what an older version said is read and said. Real releases, three and four apart, are rig
// `releases-apart`.
import { Decoder, Encoder } from 'cbor-x'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { frameFor } from '../../protocol/codec.ts'
import { DOWN_SHAPES } from '../../protocol/down.ts'
import { closed, orNull } from '../../protocol/shapes.ts'
import { abridged, complete, grows, since, sinceOf, structuresOf } from '../../protocol/since.ts'
import type { Millis } from '../../protocol/time.ts'
import { UP_SHAPES } from '../../protocol/up.ts'
import { validator } from '../../protocol/validation.ts'
import { PROTOCOL_VERSION, spokenBy, unspoken } from '../../protocol/version.ts'

test('P-VER-1 a version is spoken with the three before it', () => {
  expect([1, 2, 4, 5, 9].map(spokenBy)).toEqual([[1], [1, 2], [1, 2, 3, 4], [2, 3, 4, 5], [6, 7, 8, 9]])
})

test('P-VER-1 P-SYNC-6 who is too old or too new is told so, and what to do', () => {
  for (const version of [2, 3, 4, 5]) expect(unspoken(version, 5)).toBeUndefined()
  expect(unspoken(1, 5)).toEqual({
    reason: 'version_old',
    text: 'the store speaks version 1, the cloud 2, 3, 4, 5: upgrade the store',
  })
  expect(unspoken(6, 5)).toEqual({
    reason: 'version_new',
    text: 'the store speaks version 6, the cloud 2, 3, 4, 5: upgrade the cloud',
  })
  expect(unspoken(PROTOCOL_VERSION)).toBeUndefined()
  // A close reason has 123 bytes (RFC 6455, section 5.5).
  expect((unspoken(65_535, 60_000)?.text ?? '').length).toBeLessThan(124)
})

const Line = Type.Object({ sku: Type.String(), unit: since(3, orNull(Type.String()), null) }, closed)
const Sale = Type.Object(
  {
    kind: Type.Literal('sale'),
    channel: since(2, Type.String(), 'till'),
    best: orNull(Line),
    lines: Type.Array(Line),
    note: since(3, orNull(Type.String()), null),
  },
  closed,
)
const Greeting = since(2, Type.Object({ text: Type.String() }, closed))
const NOW = {
  kind: 'sale',
  channel: 'web',
  best: { sku: 'a', unit: 'kg' },
  lines: [{ sku: 'a', unit: 'kg' }],
  note: 'n',
}
const SAID = {
  1: { kind: 'sale', best: { sku: 'a' }, lines: [{ sku: 'a' }] },
  2: { kind: 'sale', channel: 'web', best: { sku: 'a' }, lines: [{ sku: 'a' }] },
  3: NOW,
} as const

test('P-VER-2 what is added stands behind all earlier structures, which stay', () => {
  expect(structuresOf([Line, Sale, Greeting])).toEqual([
    ['sku'],
    ['kind', 'best', 'lines'],
    ['kind', 'channel', 'best', 'lines'],
    ['text'],
    ['sku', 'unit'],
    ['kind', 'channel', 'best', 'lines', 'note'],
  ])
  expect([Line, Sale, Greeting].map(sinceOf)).toEqual([1, 1, 2])
  expect([Line, Sale, Greeting].map(grows)).toEqual([true, true, false])
})

test('P-VER-2 what an older version said is filled in, what it does not know is left out', () => {
  const structures = structuresOf([Line, Sale, Greeting])
  const known = structures.map((names) => [...names])
  const encoder = new Encoder({ structures: known, useRecords: true })
  const decoder = new Decoder({ structures, useRecords: true, mapsAsObjects: false })
  for (const version of [1, 2, 3] as const) {
    expect(abridged(Sale, NOW, version)).toEqual(SAID[version])
    const read: unknown = decoder.decode(encoder.encode(SAID[version]))
    complete(Sale, read)
    expect(validator(Sale).accepts(read)).toBe(true)
    expect(abridged(Sale, read, version)).toEqual(SAID[version])
    expect(read).toMatchObject({ channel: version === 1 ? 'till' : 'web' })
  }
  expect(known).toHaveLength(6)
  expect(abridged(Sale, { ...NOW, best: null }, 1)).toEqual({ ...SAID[1], best: null })
})

test('P-VER-2 what no version could have said is not made sound by filling in', () => {
  for (const value of [{ kind: 'sale' }, { kind: 'sale', best: 1, lines: [[]] }, [], 7, null]) {
    complete(Sale, value)
    expect(validator(Sale).accepts(value)).toBe(false)
  }
})

test('P-VER-2 an edge of our version hears all, one from before a frame was there nothing of it', () => {
  const time = { type: 'time', time: 1 as Millis, question: null } as const
  expect(frameFor(PROTOCOL_VERSION, time)).toBe(time)
  expect(frameFor(sinceOf(DOWN_SHAPES.time) - 1, time)).toBeUndefined()
})

test('P-VER-3 challenge, hello and time are of the first version', () => {
  for (const shape of [DOWN_SHAPES.challenge, UP_SHAPES.hello, DOWN_SHAPES.time])
    expect([sinceOf(shape), grows(shape)]).toEqual([1, false])
})
