// Hot: CBOR to facts in one pass, by code made once per kind from its shape: the structural check, the decoding and the schema (P-COD-2, P-COD-3) at
// once. It only ever says "this is a sound fact" or nothing; why something is none is worked out by the three passes one after the other, so that
// the reasons are said in one place. Budget: 1.5 microseconds a sale of five lines.
import type { TSchema } from 'typebox'
import { RECORD_TAG_FIRST } from './precheck.ts'
import { assert, unreachable } from './result.ts'
import { notInFacts, partOf, wholeNames } from './shape-parts.ts'
import type { Part } from './shape-parts.ts'
import { REMEMBERED_CHARS_MAX, hashed, recall, sizedText } from './text-memory.ts'

/** Undefined for bytes that are not the only spelling of a value of the shape. */
export type Read = (bytes: Uint8Array) => unknown

const MINIMAL_FROM = [24, 0x100, 0x10000] as const

let source: Buffer = Buffer.alloc(0)
let end = 0
let at = 0

/** Thrown for whatever is not plainly right; never leaves this file. */
const UNFIT = new Error('unfit')

function fail(): never {
  throw UNFIT
}

function byteNext(): number {
  if (at >= end) fail()
  return source[at++] ?? 0
}

/** The value behind a header of one major type, below 2^32 and in its shortest form. */
function argument(initial: number): number {
  const info = initial & 31
  if (info < 24) return info
  const width = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : fail()
  if (at + width > end) fail()
  let value = 0
  for (let index = 0; index < width; index++) value = value * 256 + (source[at++] ?? 0)
  if (value < (MINIMAL_FROM[info - 24] ?? 0)) fail()
  return value
}

function constant(bytes: Uint8Array): void {
  if (at + bytes.length > end) fail()
  for (let index = 0; index < bytes.length; index++) if (source[at + index] !== bytes[index]) fail()
  at += bytes.length
}

/** Says whether null stands here, and takes it. */
function nothing(): boolean {
  if (source[at] !== 0xf6 || at >= end) return false
  at++
  return true
}

function boolean(): boolean {
  const initial = byteNext()
  return initial === 0xf5 || (initial === 0xf4 ? false : fail())
}

function integer(min: number, max: number): number {
  const initial = byteNext()
  const value = initial < 24 ? initial : wideInteger(initial)
  return value >= min && value <= max ? value : fail()
}

function wideInteger(initial: number): number {
  if (initial === 0xfb) {
    if (at + 8 > end) fail()
    const value = source.readDoubleBE(at)
    at += 8
    const short = value >= -0x1_0000_0000 && value <= 0xffff_ffff
    return Number.isSafeInteger(value) && !short ? value : fail()
  }
  const major = initial >> 5
  if (major > 1) fail()
  const value = argument(initial)
  return major === 0 ? value : -1 - value
}

function count(min: number, max: number): number {
  const initial = byteNext()
  if (initial >> 5 !== 4) fail()
  const value = argument(initial)
  // An item takes at least a byte: what promises more than there is must not make anybody allocate.
  return value >= min && value <= max && value <= end - at ? value : fail()
}

/** `known`: worth remembering; `pattern`: what else it must be. */
function text(min: number, max: number, known: boolean, pattern: RegExp | null): string {
  const initial = byteNext()
  if (initial >> 5 !== 3) fail()
  const size = argument(initial)
  if (size > end - at) fail()
  const start = at
  at += size
  let hash = size
  for (let index = start; index < at; index++) {
    const code = source[index] ?? 0
    if (code > 0x7f) return checked(sizedText(source, start, at, min, max), pattern)
    hash = hashed(hash, code)
  }
  if (size < min || size > max) fail()
  const short = known && size <= REMEMBERED_CHARS_MAX
  return checked(short ? recall(source, start, size, hash) : source.toString('latin1', start, at), pattern)
}

function checked(made: string | undefined, pattern: RegExp | null): string {
  return made !== undefined && (pattern === null || pattern.test(made)) ? made : fail()
}

function word(words: readonly string[]): string {
  const made = text(0, REMEMBERED_CHARS_MAX, true, null)
  for (const one of words) if (one === made) return one
  return fail()
}

const PARTS = { constant, nothing, boolean, integer, count, text, word } as const

/** `structures`: the fields of each record, by its number. */
export function compileReader(shape: TSchema, structures: readonly (readonly string[])[]): Read {
  const maker = new ReaderMaker(structures)
  const body = maker.read(partOf(shape))
  const names = [...Object.keys(PARTS), 'given']
  const code = `${maker.code} return () => (${body})`
  // oxlint-disable-next-line typescript/no-implied-eval -- the code is made of our own shapes: names of fields, and numbers
  const make = new Function(...names, code) as (...given: unknown[]) => () => unknown
  const read = make(...Object.values(PARTS), maker.given)
  return (bytes) => {
    source = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    end = source.length
    at = 0
    try {
      const value = read()
      return at === end ? value : undefined
    } catch (cause) {
      if (cause === UNFIT) return undefined
      throw cause
    }
  }
}

class ReaderMaker {
  /** Functions that read the items of lists. */
  code = ''
  readonly given: unknown[] = []
  readonly #structures: readonly (readonly string[])[]
  #lists = 0

  constructor(structures: readonly (readonly string[])[]) {
    this.#structures = structures
  }

  /** An expression that reads the part at `at`. */
  read(part: Part): string {
    switch (part.is) {
      case 'word':
        return `word(${this.#give(part.words)})`
      case 'text': {
        const pattern = part.pattern === null ? 'null' : this.#give(new RegExp(part.pattern, 'u'))
        return `text(${part.min}, ${part.max}, ${part.pattern === null}, ${pattern})`
      }
      case 'integer':
        return `integer(${part.min}, ${part.max})`
      case 'boolean':
        return 'boolean()'
      case 'nullable':
        return `(nothing() ? null : ${this.read(part.part)})`
      case 'list':
        return this.#list(part)
      case 'record':
        return this.#record(part)
      case 'number':
      case 'either':
        return notInFacts(part)
      default:
        return unreachable(part)
    }
  }

  #list({ part, min, max }: Part & { is: 'list' }): string {
    const name = `list${this.#lists++}`
    const one = this.read(part)
    this.code += `function ${name}() { const size = count(${min}, ${max}); const all = []; for (let n = 0; n < size; n++) all.push(${one}); return all }\n`
    return `${name}()`
  }

  #record(part: Part & { is: 'record' }): string {
    const names = wholeNames(part)
    const number = this.#structures.findIndex((declared) => declared.join() === names.join())
    assert(number >= 0 && names.length < 256, 'only declared record structures are decoded')
    const tag = RECORD_TAG_FIRST + number
    const length = names.length < 24 ? [0x80 | names.length] : [0x98, names.length]
    const start = this.#give(Buffer.of(0xd9, tag >> 8, tag & 0xff, ...length))
    const read = part.fields.map((field) => `${field.name}: ${this.read(field.part)}`)
    return `(constant(${start}), { ${read.join(', ')} })`
  }

  #give(value: unknown): string {
    this.given.push(value)
    return `given[${this.given.length - 1}]`
  }
}
