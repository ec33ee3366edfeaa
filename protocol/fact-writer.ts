// Hot: facts to CBOR, by code made once per kind from its shape, so that nothing is looked up or asked while a fact is written: which record, which
// field next, whether it may be null. It writes what the library writes (the recorded frames and a property test hold the two together) in a
// third of the time, and refuses what a shape does not know instead of leaving it out. Budget: 1 microsecond a sale of five lines.
import type { TSchema } from 'typebox'
import { RECORD_TAG_FIRST } from './precheck.ts'
import { assert, unreachable } from './result.ts'
import { notInFacts, partOf, wholeNames } from './shape-parts.ts'
import type { Part } from './shape-parts.ts'

/** Throws for what is not of the shape. The bytes are the caller's own. */
export type Write = (value: unknown) => Uint8Array

const SCRATCH_BYTES = 16 * 1024
/** A code point takes at most so many bytes of UTF-8, and the header of a text at most this. */
const CHAR_BYTES_MAX = 4
const HEADER_BYTES_MAX = 5
const NUMBER_BYTES_MAX = 9
const ASCII_LOOP_CHARS_MAX = 64

let scratch = Buffer.alloc(SCRATCH_BYTES)
let view = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength)

/** Sees to it that `size` more bytes fit at `at`. */
function room(at: number, size: number): void {
  if (at + size <= scratch.length) return
  const grown = Buffer.alloc(Math.max(2 * scratch.length, at + size))
  scratch.copy(grown)
  scratch = grown
  view = new DataView(grown.buffer, grown.byteOffset, grown.byteLength)
}

function constant(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < bytes.length; index++) scratch[at + index] = bytes[index] ?? 0
  return at + bytes.length
}

function byte(value: number, at: number): number {
  scratch[at] = value
  return at + 1
}

/** A header of a major type with its length, in the shortest form. */
function header(major: number, value: number, at: number): number {
  const type = major << 5
  if (value < 24) {
    scratch[at] = type | value
    return at + 1
  }
  if (value < 0x100) {
    scratch[at] = type | 24
    scratch[at + 1] = value
    return at + 2
  }
  if (value < 0x10000) {
    scratch[at] = type | 25
    scratch[at + 1] = value >> 8
    scratch[at + 2] = value
    return at + 3
  }
  scratch[at] = type | 26
  view.setUint32(at + 1, value)
  return at + 5
}

function integer(value: unknown, at: number): number {
  assert(Number.isSafeInteger(value), 'a number of a fact is a safe integer')
  const number = value as number
  if (number >= 0 && number <= 0xffff_ffff) return header(0, number, at)
  if (number < 0 && number >= -0x1_0000_0000) return header(1, -1 - number, at)
  scratch[at] = 0xfb
  view.setFloat64(at + 1, number)
  return at + 9
}

const TEXT_UNFIT = 'a text of a fact is one, and within its bound'

/** `max` code points are what room was made for. */
function text(value: unknown, max: number, at: number): number {
  assert(typeof value === 'string' && value.length <= 2 * max, TEXT_UNFIT)
  const { length } = value
  if (length > ASCII_LOOP_CHARS_MAX) return wideText(value, max, at)
  const start = length < 24 ? at + 1 : at + 2
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index)
    if (code > 0x7f) return wideText(value, max, at)
    scratch[start + index] = code
  }
  header(3, length, at)
  return start + length
}

function wideText(value: string, max: number, at: number): number {
  const size = Buffer.byteLength(value)
  assert(size <= CHAR_BYTES_MAX * max, TEXT_UNFIT)
  const start = header(3, size, at)
  return start + scratch.write(value, start, 'utf8')
}

function boolean(value: unknown, at: number): number {
  assert(typeof value === 'boolean', 'a yes or no of a fact is one')
  scratch[at] = value ? 0xf5 : 0xf4
  return at + 1
}

function fields(value: unknown, count: number): void {
  assert(typeof value === 'object' && value !== null && Object.keys(value).length === count, NOT_DECLARED)
}
const NOT_DECLARED = 'only declared record structures are encoded'

function done(at: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(at)
  bytes.set(scratch.subarray(0, at))
  return bytes
}

const PARTS = { room, constant, byte, header, integer, text, boolean, fields, done, assert } as const

/** `structures`: the fields of each record, by its number. */
export function compileWriter(shape: TSchema, structures: readonly (readonly string[])[]): Write {
  const part = partOf(shape)
  const maker = new WriterMaker(structures, bytesMax(part))
  const body = `let at = 0; room(0, ${bytesMax(part)}); ${maker.write(part, 'value')} return done(at)`
  const names = [...Object.keys(PARTS), 'constants']
  // oxlint-disable-next-line typescript/no-implied-eval -- the code is made of our own shapes: names of fields, and numbers
  const make = new Function(...names, `return (value) => { ${body} }`) as (...given: unknown[]) => Write
  return make(...Object.values(PARTS), maker.constants)
}

class WriterMaker {
  readonly constants: Uint8Array[] = []
  readonly #structures: readonly (readonly string[])[]
  /** Room for everything that may follow a list. */
  readonly #restMax: number
  #depth = 0

  constructor(structures: readonly (readonly string[])[], restMax: number) {
    this.#structures = structures
    this.#restMax = restMax
  }

  /** Code that writes `value`, an expression, at `at`. */
  write(part: Part, value: string): string {
    switch (part.is) {
      case 'word':
        return this.#word(part.words, value)
      case 'text':
        return `at = text(${value}, ${part.max}, at);`
      case 'integer':
        return `at = integer(${value}, at);`
      case 'boolean':
        return `at = boolean(${value}, at);`
      case 'nullable':
        return `if (${value} === null) at = byte(0xf6, at); else { ${this.write(part.part, value)} }`
      case 'list':
        return this.#list(part, value)
      case 'record':
        return this.#record(part, value)
      case 'number':
      case 'either':
        return notInFacts(part)
      default:
        return unreachable(part)
    }
  }

  #word(words: readonly string[], value: string): string {
    const branches = words.map((word) => {
      const bytes = Buffer.from(word)
      assert(bytes.length < 24, 'a word is short')
      return `if (${value} === ${JSON.stringify(word)}) ${this.#constant(Buffer.concat([Buffer.of(0x60 | bytes.length), bytes]))}`
    })
    return `${branches.join(' else ')} else assert(false, 'a word of a fact is a declared one');`
  }

  #list({ part, max }: Part & { is: 'list' }, value: string): string {
    const [list, one] = [`list${this.#depth}`, `one${this.#depth}`]
    this.#depth++
    return (
      `{ const ${list} = ${value}; assert(Array.isArray(${list}) && ${list}.length <= ${max}, 'a list of a fact is within its bound');` +
      `room(at, ${HEADER_BYTES_MAX}); at = header(4, ${list}.length, at);` +
      `for (let index = 0; index < ${list}.length; index++) { const ${one} = ${list}[index]; room(at, ${bytesMax(part)}); ${this.write(part, one)} }` +
      `room(at, ${this.#restMax}); }`
    )
  }

  #record(part: Part & { is: 'record' }, value: string): string {
    const names = wholeNames(part)
    const number = this.#structures.findIndex((declared) => declared.join() === names.join())
    assert(number >= 0 && names.length < 256, NOT_DECLARED)
    const tag = RECORD_TAG_FIRST + number
    const count = names.length < 24 ? [0x80 | names.length] : [0x98, names.length]
    const start = this.#constant(Buffer.of(0xd9, tag >> 8, tag & 0xff, ...count))
    const written = part.fields.map((field) => this.write(field.part, `${value}.${field.name}`))
    return `fields(${value}, ${names.length}); ${start} ${written.join(' ')}`
  }

  #constant(bytes: Uint8Array): string {
    this.constants.push(bytes)
    return `at = constant(constants[${this.constants.length - 1}], at);`
  }
}

/** The most a part can take, its lists without their items. */
function bytesMax(part: Part): number {
  switch (part.is) {
    case 'word':
      return HEADER_BYTES_MAX + Math.max(...part.words.map((word) => word.length))
    case 'text':
      return HEADER_BYTES_MAX + CHAR_BYTES_MAX * part.max
    case 'integer':
      return NUMBER_BYTES_MAX
    case 'boolean':
      return 1
    case 'nullable':
      return Math.max(1, bytesMax(part.part))
    case 'list':
      return HEADER_BYTES_MAX
    case 'record':
      return HEADER_BYTES_MAX + part.fields.reduce((sum, field) => sum + bytesMax(field.part), 0)
    case 'number':
    case 'either':
      return notInFacts(part)
    default:
      return unreachable(part)
  }
}
