// Hot: JSON to a value of a shape in one pass over the bytes, by code made once per shape: UTF-8, JSON and schema at once, with no text of the whole and
// no tree in between. It only ever says "this is a sound value" or nothing: for nothing, and for what is sound but unusual (an escape, an exponent),
// JSON.parse and the schema's check decide and say what is wrong. What was left out is there as undefined, so that all values of a shape look alike
// to the code after it. Budget: 1.5 microseconds a sale of five lines.
import type { TSchema } from 'typebox'
import { unreachable } from './result.ts'
import { partOf } from './shape-parts.ts'
import type { Field, Part } from './shape-parts.ts'
import { REMEMBERED_CHARS_MAX, hashed, recall, sizedText } from './text-memory.ts'

/** Undefined for anything that is not plainly right. */
export type ReadJson = (bytes: Buffer) => unknown

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [MINUS, POINT, ZERO, NINE] = [0x2d, 0x2e, 0x30, 0x39]
const [LIST, LIST_END, RECORD, RECORD_END] = [0x5b, 0x5d, 0x7b, 0x7d]
const SPACE = 0x20
/** All integers of so many digits are exact. */
const DIGITS_MAX = 15

let source: Buffer = Buffer.alloc(0)
let end = 0
let at = 0

/** Thrown for whatever is not plainly right; never leaves this file. */
const UNFIT = new Error('unfit')

function fail(): never {
  throw UNFIT
}

/** The next byte that is no white space, without taking it; 0 at the end. */
function peek(): number {
  const code = source[at] ?? 0
  return code > SPACE && at < end ? code : afterSpace()
}

function afterSpace(): number {
  for (; at < end; at++) {
    const code = source[at] ?? 0
    if (code > SPACE) return code
    if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) fail()
  }
  return 0
}

function take(code: number): void {
  if (peek() !== code) fail()
  at++
}

/** Says whether `code` stands here, and takes it. */
function taken(code: number): boolean {
  if (peek() !== code) return false
  at++
  return true
}

function literal(spelled: string): boolean {
  if (peek() !== spelled.charCodeAt(0) || at + spelled.length > end) return false
  for (let index = 1; index < spelled.length; index++)
    if (source[at + index] !== spelled.charCodeAt(index)) return false
  at += spelled.length
  return true
}

function text(min: number, max: number, known: boolean, pattern: RegExp | null): string {
  take(QUOTE)
  // Loops run over locals: a variable of the module is read and written in memory at every step.
  const bytes = source
  const start = at
  let hash = 0
  let seen = 0
  let place = start
  for (; ; place++) {
    const code = bytes[place]
    if (code === undefined || code < SPACE || code === BACKSLASH) fail()
    if (code === QUOTE) break
    seen |= code
    hash = hashed(hash, code)
  }
  at = place + 1
  const size = place - start
  if (seen > 0x7f) return checked(sizedText(bytes, start, place, min, max), pattern)
  if (size < min || size > max) fail()
  return checked(
    known && size <= REMEMBERED_CHARS_MAX
      ? recall(bytes, start, size, hash)
      : bytes.toString('latin1', start, place),
    pattern,
  )
}

function checked(made: string | undefined, pattern: RegExp | null): string {
  return made !== undefined && (pattern === null || pattern.test(made)) ? made : fail()
}

/** Which of the names, each in its quotes, stands here; takes it and the colon. They mostly come in the order of the shape, so `next` is tried first. */
function field(names: readonly Uint8Array[], next: number): number {
  if (peek() !== QUOTE) fail()
  for (let tried = 0; tried < names.length; tried++) {
    const index = next + tried < names.length ? next + tried : next + tried - names.length
    if (!begins(names[index] ?? NO_NAME)) continue
    take(COLON)
    return index
  }
  return fail()
}
const NO_NAME = new Uint8Array(0)

function begins(spelled: Uint8Array): boolean {
  const bytes = source
  const start = at
  const size = spelled.length
  for (let index = 1; index < size; index++) if (bytes[start + index] !== spelled[index]) return false
  at = start + size
  return true
}

function word(words: readonly string[]): string {
  const made = text(0, REMEMBERED_CHARS_MAX, true, null)
  for (const one of words) if (one === made) return one
  return fail()
}

/** Digits without a leading zero; their value. */
function digits(): number {
  const bytes = source
  const start = at
  let place = start
  let value = 0
  for (; ; place++) {
    const code = bytes[place] ?? 0
    if (code < ZERO || code > NINE) break
    value = value * 10 + (code - ZERO)
  }
  at = place
  const size = place - start
  if (size === 0 || size > DIGITS_MAX || (size > 1 && bytes[start] === ZERO)) fail()
  return value
}

/** An exponent, or a fraction where none may be: JSON.parse knows what it comes to. */
function numberEnds(): void {
  const next = at < end ? (source[at] ?? 0) : SPACE
  if (next > SPACE && next !== COMMA && next !== LIST_END && next !== RECORD_END) fail()
}

function integer(min: number, max: number): number {
  const negative = taken(MINUS)
  const size = digits()
  numberEnds()
  // -0 is not 0.
  if (negative && size === 0) fail()
  const value = negative ? -size : size
  return value >= min && value <= max ? value : fail()
}

function number(min: number, max: number): number {
  peek()
  const start = at
  let value = digits()
  if (at < end && source[at] === POINT) {
    const from = ++at
    while (at < end && (source[at] ?? 0) >= ZERO && (source[at] ?? 0) <= NINE) at++
    if (at === from) fail()
    value = Number(source.toString('latin1', start, at))
  }
  numberEnds()
  return value >= min && value <= max ? value : fail()
}

function boolean(): boolean {
  return literal('true') || (literal('false') ? false : fail())
}

const PARTS = { peek, take, taken, literal, text, field, word, integer, number, boolean, fail } as const

export function compileJsonReader(shape: TSchema): ReadJson {
  const maker = new JsonReaderMaker()
  const body = maker.read(partOf(shape))
  const names = [...Object.keys(PARTS), 'given']
  // oxlint-disable-next-line typescript/no-implied-eval -- the code is made of our own shapes: names of fields, and numbers
  const make = new Function(...names, `${maker.code} return () => (${body})`) as (
    ...given: unknown[]
  ) => () => unknown
  const read = make(...Object.values(PARTS), maker.given)
  return (bytes) => {
    source = bytes
    end = bytes.length
    at = 0
    try {
      const value = read()
      return peek() === 0 && at === end ? value : undefined
    } catch (cause) {
      if (cause === UNFIT) return undefined
      throw cause
    }
  }
}

class JsonReaderMaker {
  /** Functions that read lists and records. */
  code = ''
  readonly given: unknown[] = []
  #functions = 0

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
      case 'number':
        return `${part.is}(${part.min}, ${part.max})`
      case 'boolean':
        return 'boolean()'
      case 'nullable':
        return `(literal('null') ? null : ${this.read(part.part)})`
      case 'either':
        return `(peek() === ${QUOTE} ? ${this.read(part.text)} : ${this.read(part.record)})`
      case 'list':
        return this.#list(part)
      case 'record':
        return this.#record(part.fields)
      default:
        return unreachable(part)
    }
  }

  #list({ part, min, max }: Part & { is: 'list' }): string {
    const one = this.read(part)
    return this.#function(
      `take(${LIST}); const all = []; if (!taken(${LIST_END})) { do { if (all.length === ${max}) fail(); all.push(${one}) } ` +
        `while (taken(${COMMA})); take(${LIST_END}) } if (all.length < ${min}) fail(); return all`,
    )
  }

  /** A field that comes twice, or that nobody knows, is not plainly right. */
  #record(fields: readonly Field[]): string {
    const names = fields.map(({ name }) => name)
    const spelled = this.#give(names.map((name) => Buffer.from(JSON.stringify(name))))
    const cases = fields.map(
      ({ name, part }, index) =>
        `case ${index}: if (${name}_ !== undefined) fail(); ${name}_ = ${this.read(part)}; break;`,
    )
    const missing = fields.filter(({ optional }) => !optional).map(({ name }) => `${name}_ === undefined`)
    return this.#function(
      `let ${names.map((name) => `${name}_`).join(', ')}, next = 0; take(${RECORD}); if (!taken(${RECORD_END})) { do { ` +
        `const index = field(${spelled}, next); next = index + 1; switch (index) { ${cases.join(' ')} } } while (taken(${COMMA})); ` +
        `take(${RECORD_END}) } if (${missing.join(' || ') || 'false'}) fail(); ` +
        `return { ${names.map((name) => `${name}: ${name}_`).join(', ')} }`,
    )
  }

  #function(body: string): string {
    const called = `read${this.#functions++}`
    this.code += `function ${called}() { ${body} }\n`
    return `${called}()`
  }

  #give(value: unknown): string {
    this.given.push(value)
    return `given[${this.given.length - 1}]`
  }
}
