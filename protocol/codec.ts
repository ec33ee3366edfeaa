// Facts and frames as CBOR records. The order is fixed (P-COD-3): the caller has verified the signature, then the structure is checked,
// then it is decoded, then the compiled schema decides. Encoding happens once per fact; after that only bytes move (P-FACT-2).
import { Decoder, Encoder } from 'cbor-x'
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
import { STRUCTURES } from './structures.ts'
import { UP_SHAPES } from './up.ts'
import type { UpFrame } from './up.ts'
import { validator } from './validation.ts'
import type { Validator } from './validation.ts'

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

function decodeAs<T>(
  bytes: Uint8Array,
  tag: string,
  validators: Readonly<Record<string, Validator<unknown>>>,
): Decoded<T> {
  const decoded = decodeAny(bytes)
  if (!decoded.ok) return decoded
  const value = decoded.value as Record<string, unknown> | null
  const name = typeof value === 'object' && value !== null ? value[tag] : undefined
  const known = typeof name === 'string' && Object.hasOwn(validators, name) ? validators[name] : undefined
  if (known === undefined) return { ok: false, malformed: { reason: `schema: ${tag} is not known` } }
  if (!known.accepts(value)) {
    const { path, message } = known.explain(value)
    return { ok: false, malformed: { reason: `schema: ${path} ${message}` } }
  }
  // The validator of this very kind accepted it.
  return { ok: true, value: value as T }
}

function validatorsOf(
  shapes: Readonly<Record<string, Parameters<typeof validator>[0]>>,
): Record<string, Validator<unknown>> {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, validator(shape)]))
}

const factValidators = validatorsOf(FACT_SHAPES)
const upValidators = validatorsOf(UP_SHAPES)
const downValidators = validatorsOf(DOWN_SHAPES)

export function factValidator(kind: FactKind): Validator<unknown> {
  const found = factValidators[kind]
  assert(found !== undefined, `validator of ${kind}`)
  return found
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
  const decoded = decodeAs<Fact>(bytes, 'kind', factValidators)
  if (!decoded.ok) return decoded
  const fault = factFault(decoded.value)
  return fault === undefined ? decoded : { ok: false, malformed: { reason: `schema: ${fault}` } }
}

/** For bytes that were checked when they were stored: no structural check, no schema. */
export function decodeStoredFact(bytes: Uint8Array): Fact {
  return decoder.decode(bytes) as Fact
}

export function encodeFrame(frame: UpFrame | DownFrame): Uint8Array {
  return encode(frame)
}

export function decodeUpFrame(bytes: Uint8Array): Decoded<UpFrame> {
  return decodeAs<UpFrame>(bytes, 'type', upValidators)
}

export function decodeDownFrame(bytes: Uint8Array): Decoded<DownFrame> {
  return decodeAs<DownFrame>(bytes, 'type', downValidators)
}
