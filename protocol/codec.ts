// Facts and frames as CBOR records. The order is fixed (P-COD-3): the caller has verified the signature, then the structure is checked,
// then it is decoded, then the compiled schema decides. Encoding happens once per fact; after that only bytes move (P-FACT-2).
import { Decoder, Encoder } from 'cbor-x'
import type { TSchema } from 'typebox'
import { DOWN_SHAPES } from './down.ts'
import type { DownFrame } from './down.ts'
import { compileReader } from './fact-reader.ts'
import type { Read } from './fact-reader.ts'
import { compileWriter } from './fact-writer.ts'
import type { Write } from './fact-writer.ts'
import { FACT_KINDS, FACT_SHAPES, factFault } from './facts.ts'
import type { Fact, FactKind } from './facts.ts'
import { cborFault } from './precheck.ts'
import { assert } from './result.ts'
import { abridged, complete, grows, sinceOf } from './since.ts'
import { STRUCTURES } from './structures.ts'
import { UP_SHAPES } from './up.ts'
import type { UpFrame } from './up.ts'
import { validator } from './validation.ts'
import type { Validator } from './validation.ts'
import { PROTOCOL_VERSION } from './version.ts'

const RECORD_LENGTHS = STRUCTURES.map((fields) => fields.length)
const copyOfStructures = (): string[][] => STRUCTURES.map((fields) => [...fields])

const newEncoder = (): { library: Encoder; structures: string[][] } => {
  const structures = copyOfStructures()
  // Without tagUint8Array: false a plain Uint8Array travels under a tag that the structural check refuses, and a Buffer does not.
  const options = { structures, useRecords: true, mapsAsObjects: false, tagUint8Array: false }
  return { library: new Encoder(options), structures }
}
let encoder = newEncoder()
const decoder = new Decoder({ structures: copyOfStructures(), useRecords: true, mapsAsObjects: false })

/** Throws for what the other side would refuse, so that no such bytes are ever stored (P-COD-1, P-COD-4). */
function encode(value: unknown): Uint8Array {
  const bytes = encoder.library.encode(value)
  // The library adds structures it meets to the array it was given; the length tells that an object of an unknown shape went through.
  const declared = encoder.structures.length === STRUCTURES.length
  if (!declared) encoder = newEncoder()
  assert(declared, 'only declared record structures are encoded')
  const fault = cborFault(bytes, RECORD_LENGTHS)
  assert(fault === undefined, `what is encoded can be decoded, not ${fault}`)
  return bytes
}

export interface Malformed {
  readonly reason: string
}

export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly malformed: Malformed }

function decodeAny(bytes: Uint8Array): Decoded<unknown> {
  const fault = cborFault(bytes, RECORD_LENGTHS)
  if (fault !== undefined) return { ok: false, malformed: { reason: `cbor: ${fault}` } }
  try {
    return { ok: true, value: decoder.decode(bytes) }
  } catch (cause) {
    return {
      ok: false,
      malformed: { reason: `cbor: ${cause instanceof Error ? cause.message : 'undecodable'}` },
    }
  }
}

function decodeAs<T>(bytes: Uint8Array, tag: string, kinds: Kinds): Decoded<T> {
  const decoded = decodeAny(bytes)
  if (!decoded.ok) return decoded
  const value = decoded.value as Record<string, unknown> | null
  const name = typeof value === 'object' && value !== null ? value[tag] : undefined
  const known = typeof name === 'string' && Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (known === undefined) return { ok: false, malformed: { reason: `schema: ${tag} is not known` } }
  complete(known.shape, value)
  if (!known.validator.accepts(value)) {
    const { path, message } = known.validator.explain(value)
    return { ok: false, malformed: { reason: `schema: ${path} ${message}` } }
  }
  // The validator of this very kind accepted it.
  return { ok: true, value: value as T }
}

type Kinds = Readonly<Record<string, { readonly shape: TSchema; readonly validator: Validator<unknown> }>>

function kindsOf(shapes: Readonly<Record<string, TSchema>>): Kinds {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, validator: validator(shape) }]),
  )
}

const facts = kindsOf(FACT_SHAPES)
const upFrames = kindsOf(UP_SHAPES)
const downFrames = kindsOf(DOWN_SHAPES)
const factsGrow = Object.values(FACT_SHAPES).some(grows)

export function factValidator(kind: FactKind): Validator<unknown> {
  const found = facts[kind]
  assert(found !== undefined, `validator of ${kind}`)
  return found.validator
}

/** The code of each kind is made when the first fact of it comes by. */
const writers: Partial<Record<FactKind, Write>> = {}
/** By the number of the kind's record. */
const readers: (Read | undefined)[] = []
const kindOfRecord = new Map(
  FACT_KINDS.map((kind) => {
    const names = Object.keys(FACT_SHAPES[kind].properties).join()
    return [STRUCTURES.findIndex((fields) => fields.join() === names), kind] as const
  }),
)

export function encodeFact(fact: Fact): Uint8Array {
  const fault = factFault(fact)
  assert(fault === undefined, `only sound facts are encoded: ${fault}`)
  return (writers[fact.kind] ??= compileWriter(FACT_SHAPES[fact.kind], STRUCTURES))(fact)
}

/** A fact that is one, read in one pass; undefined for anything else, and then the three passes say why. */
function soundFact(bytes: Uint8Array): Fact | undefined {
  // Records up to 255 share the first two bytes of their tag.
  const record = bytes[2] ?? 0
  const read = readers[record] ?? readerOf(record)
  // The reader of its kind took it.
  const fact = read?.(bytes) as Fact | undefined
  return fact === undefined || factFault(fact) === undefined ? fact : undefined
}

function readerOf(record: number): Read | undefined {
  const kind = kindOfRecord.get(record)
  return kind === undefined ? undefined : (readers[record] = compileReader(FACT_SHAPES[kind], STRUCTURES))
}

export function decodeFact(bytes: Uint8Array): Decoded<Fact> {
  const sound = soundFact(bytes)
  if (sound !== undefined) return { ok: true, value: sound }
  const decoded = decodeAs<Fact>(bytes, 'kind', facts)
  if (!decoded.ok) return decoded
  const fault = factFault(decoded.value)
  return fault === undefined ? decoded : { ok: false, malformed: { reason: `schema: ${fault}` } }
}

/** For bytes that were checked when they were stored: no structural check, no schema. */
export function decodeStoredFact(bytes: Uint8Array): Fact {
  const fact = decoder.decode(bytes) as Fact
  if (factsGrow) complete(FACT_SHAPES[fact.kind], fact)
  return fact
}

export function encodeFrame(frame: UpFrame | DownFrame): Uint8Array {
  return encode(frame)
}

/** A frame as an edge of that version reads it; undefined where it knows none of its type and does without (P-VER-2). */
export function frameFor(version: number, frame: DownFrame): DownFrame | undefined {
  const shape = DOWN_SHAPES[frame.type]
  if (version >= PROTOCOL_VERSION) return frame
  return sinceOf(shape) > version ? undefined : (abridged(shape, frame, version) as DownFrame)
}

export function decodeUpFrame(bytes: Uint8Array): Decoded<UpFrame> {
  return decodeAs<UpFrame>(bytes, 'type', upFrames)
}

export function decodeDownFrame(bytes: Uint8Array): Decoded<DownFrame> {
  return decodeAs<DownFrame>(bytes, 'type', downFrames)
}
