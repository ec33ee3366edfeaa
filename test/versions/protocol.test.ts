// What was said on the wire by a release is understood for as long as its version is spoken. A change of a shape fails here first, on purpose.
import type { TSchema } from 'typebox'
import { expect, test } from 'vitest'
import { DOWN_SHAPES } from '../../protocol/down.ts'
import { FACT_SHAPES } from '../../protocol/facts.ts'
import { UP_SHAPES } from '../../protocol/up.ts'
import { abridged } from '../../protocol/since.ts'
import { PROTOCOL_VERSION, PROTOCOL_VERSIONS_SPOKEN, schemaHash } from '../../protocol/version.ts'
import {
  decodeRecorded,
  encodeRecorded,
  folderOf,
  namesNow,
  readHash,
  readRecorded,
  recordedVersions,
  saidText,
  writeRecorded,
} from './recording.ts'

const shapes = { fact: FACT_SHAPES, up: UP_SHAPES, down: DOWN_SHAPES }
const everything = Object.entries(shapes)
  .flatMap(([group, list]) => Object.keys(list).map((kind) => `${group}.${kind}`))
  .toSorted()

test('P-COD-5 schema hash and protocol version are pinned together', () => {
  expect(
    schemaHash(),
    `The wire is not what version ${PROTOCOL_VERSION} was recorded with. Raise PROTOCOL_VERSION, say of what was added since which version ` +
      `it is there, and record with "npm run record". (While no shop runs version ${PROTOCOL_VERSION} yet: delete ${folderOf(PROTOCOL_VERSION)} and record.)`,
  ).toBe(readHash(PROTOCOL_VERSION))
})

test('P-COD-5 every spoken version is recorded, and of this one everything there is', () => {
  expect(recordedVersions()).toEqual(expect.arrayContaining([...PROTOCOL_VERSIONS_SPOKEN]))
  expect(
    recordedVersions().filter(
      (version) => !PROTOCOL_VERSIONS_SPOKEN.includes(version) && version >= PROTOCOL_VERSION,
    ),
  ).toEqual([])
  expect(namesNow()).toEqual(everything)
  expect(
    readRecorded(PROTOCOL_VERSION)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(everything)
})

function shapeOf(name: string): TSchema {
  const [group = '', kind = ''] = name.split('.')
  const list: Readonly<Record<string, Readonly<Record<string, TSchema>>>> = shapes
  const shape = list[group]?.[kind]
  if (shape === undefined) throw new Error(`${name} is spoken no more`)
  return shape
}

const recorded = PROTOCOL_VERSIONS_SPOKEN.flatMap((version) =>
  readRecorded(version).map((one) => ({ version, ...one })),
)

test.each(recorded)(
  'P-SYNC-6 P-COD-4 version $version: $name says what it said, in the same bytes',
  ({ version, name, bytes, said }) => {
    const decoded = decodeRecorded(name, bytes)
    if (!decoded.ok) throw new Error(`${name}: ${decoded.malformed.reason}`)
    const value = abridged(shapeOf(name), decoded.value, version)
    expect(saidText(value)).toBe(said)
    // Facts are written in our version alone; frames down in each (P-VER-2).
    if (version === PROTOCOL_VERSION || name.startsWith('down.'))
      expect(Buffer.from(encodeRecorded(name, value)).toString('hex')).toBe(
        Buffer.from(bytes).toString('hex'),
      )
  },
)

test('P-COD-5 a recorded version is not written over', () => {
  expect(() => writeRecorded(PROTOCOL_VERSION)).toThrow('not written over')
})
