// The CSV reader against csv-parse, which is slow and known to be right, and on what csv-parse refuses.
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CsvReader, RECORD_CHARS_MAX } from '../../cloud/demo/replay/csv.ts'

function read(pieces: readonly string[]): { rows: string[][]; malformed: { text: string; why: string }[] } {
  const rows: string[][] = []
  const malformed: { text: string; why: string }[] = []
  const reader = new CsvReader({
    fields: (fields) => void rows.push(fields),
    malformed: (text, why) => void malformed.push({ text, why }),
  })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return { rows, malformed }
}

const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`
const field = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ',', '"', '\n', '\r\n', '7'), maxLength: 6 })
const written = fc
  .tuple(field, fc.boolean())
  .map(([text, force]) => (force || /[",\r\n]/.test(text) ? quoted(text) : text))
const record = fc.array(written, { minLength: 2, maxLength: 5 }).map((fields) => fields.join(','))
const file = fc
  .tuple(fc.array(record, { minLength: 1, maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([records, end, closed]) => records.join(end) + (closed ? end : ''))

describe('reading CSV', () => {
  test('any well-formed text, cut into any pieces, reads as csv-parse reads it', () => {
    const cuts = fc.array(fc.nat(200), { maxLength: 6 })
    fc.assert(
      fc.property(file, cuts, (text, places) => {
        const at = [
          0,
          ...places.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b),
          text.length,
        ]
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
        const expected: string[][] = parse(text, { relax_column_count: true, skip_empty_lines: true })
        expect(read(pieces)).toEqual({ rows: expected, malformed: [] })
      }),
      { numRuns: 500 },
    )
  })

  test('a quote inside a plain field is an ordinary character', () => {
    expect(read(['A,12" RULER,B\n'])).toEqual({ rows: [['A', '12" RULER', 'B']], malformed: [] })
  })

  test('text after a closing quote spoils its own line only', () => {
    const { rows, malformed } = read(['1,"A"B,2\n3,C,4\n'])
    expect(rows).toEqual([['3', 'C', '4']])
    expect(malformed).toEqual([{ text: '1,"A"B,2', why: 'text after a closing quote' }])
  })

  test('a quote that is never closed does not swallow the file', () => {
    const { rows, malformed } = read(['1,"A,2\n', '3,C,4\n', '5,D,6\n'])
    expect(malformed).toEqual([{ text: '1,"A,2', why: 'a quote is never closed' }])
    expect(rows).toEqual([
      ['3', 'C', '4'],
      ['5', 'D', '6'],
    ])
  })

  test('a quoted field over the bound is malformed, and what follows is read', () => {
    const { rows, malformed } = read([`1,"${'x\n'.repeat(RECORD_CHARS_MAX)}",2\n3,4\n`])
    expect(malformed[0]).toEqual({ text: '1,"x', why: 'a quote is never closed' })
    expect(rows.at(-1)).toEqual(['3', '4'])
  })

  test('empty lines are no rows', () => {
    expect(read(['a,b\n\n\r\nc,d\n\n']).rows).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })
})
