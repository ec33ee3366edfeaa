// What a hostile peer may send instead of a frame (S13). Each case is raw bytes, written by hand, and the fault it must be refused for.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeDownFrame, decodeFact, decodeUpFrame } from '../../protocol/codec.ts'
import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX } from '../../protocol/limits.ts'
import type { CborFault } from '../../protocol/precheck.ts'
import { RECORD_TAG_FIRST, cborFault } from '../../protocol/precheck.ts'

/** One record of two fields, as `d9e000 82 …`. */
const RECORDS = [2]
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const repeat = (text: string, times: number): Buffer => hex(text.repeat(times))
const faultOf = (bytes: Uint8Array): CborFault | 'sound' => cborFault(bytes, RECORDS) ?? 'sound'

const TABLE: readonly (readonly [what: string, bytes: Buffer, fault: CborFault | 'sound'])[] = [
  ['nothing at all', hex(''), 'truncated'],
  // Headers that promise more than there is, to make a decoder allocate.
  ['an array of 2^32-1 items', hex('9a ffffffff'), 'truncated'],
  ['an array of 2^64-1 items', hex('9b ffffffffffffffff'), 'number'],
  ['a byte string of 4 GiB', hex('5a ffffffff 00'), 'truncated'],
  ['a byte string of 2^63 bytes', hex('5b 8000000000000000'), 'number'],
  ['a text of 4 GiB', hex('7a ffffffff 61'), 'truncated'],
  ['an array one longer than its bytes', hex('84 01 02 03'), 'truncated'],
  ['a header cut in its length', hex('9a ffff'), 'truncated'],
  ['a byte string one longer than there is', hex('43 01 02'), 'truncated'],
  // Nesting.
  ['40 KB of nested arrays', Buffer.concat([repeat('81', 40_000), hex('01')]), 'too_deep'],
  ['200 KB of nested arrays', Buffer.concat([repeat('81', 200_000), hex('01')]), 'too_deep'],
  ['200 KB of nested indefinite arrays', repeat('9f', 200_000), 'indefinite'],
  ['200 KB of nested tags', repeat('c1', 200_000), 'tag_unknown'],
  ['60 KB of nested record tags', repeat('d9e000', 20_000), 'record_length'],
  ['nested records', repeat('d9e000 82 01', 2_000), 'too_deep'],
  ['one level too deep', Buffer.concat([repeat('81', CBOR_DEPTH_MAX + 1), hex('01')]), 'too_deep'],
  ['the deepest allowed', Buffer.concat([repeat('81', CBOR_DEPTH_MAX), hex('01')]), 'sound'],
  // Items.
  ['more items than allowed', Buffer.concat([hex('9a 00030d40'), repeat('00', 200_000)]), 'too_many_items'],
  ['200,000 empty arrays', Buffer.concat([hex('9a 00030d40'), repeat('80', 200_000)]), 'too_many_items'],
  // Indefinite lengths and the break.
  ['an indefinite array', hex('9f 01 ff'), 'indefinite'],
  ['an indefinite byte string', hex('5f 41 00 ff'), 'indefinite'],
  ['an indefinite text', hex('7f 61 61 ff'), 'indefinite'],
  ['an indefinite map', hex('bf ff'), 'indefinite'],
  ['a lone break', hex('ff'), 'indefinite'],
  // Maps: the only way to duplicate keys, or to say __proto__.
  ['an empty map', hex('a0'), 'map'],
  ['a map with a duplicate key', hex('a2 61 61 01 61 61 02'), 'map'],
  ['a map with __proto__', hex('a1 69 5f5f70726f746f5f5f a0'), 'map'],
  // Tags.
  ['a date tag', hex('c0 74 323031332d30332d32315432303a30343a30305a'), 'tag_unknown'],
  ['a bignum', hex('c2 49 010000000000000000'), 'tag_unknown'],
  ['a typed array', hex('d840 43 010203'), 'tag_unknown'],
  [
    "a record definition, which would grow the decoder's tables",
    hex('d9dfff 83 82 61 61 61 62 19e005 01'),
    'tag_unknown',
  ],
  ['a record that is not declared', hex('d9e001 82 01 02'), 'tag_unknown'],
  ['a tag of 32 bits', hex('da 0000e000 82 01 02'), 'not_minimal'],
  ['a tag of 64 bits', hex('db 000000000000e000 82 01 02'), 'number'],
  ['a record with a field too few', hex('d9e000 81 01'), 'record_length'],
  ['a record with a field too many', hex('d9e000 83 01 02 03'), 'record_length'],
  ['a record that is no array', hex('d9e000 42 0102'), 'record_length'],
  ['a record tag with nothing behind it', hex('d9e000'), 'truncated'],
  ['a record', hex('d9e000 82 01 02'), 'sound'],
  // Text.
  ['bad UTF-8: a lone continuation byte', hex('61 80'), 'text_not_utf8'],
  ['bad UTF-8: an overlong slash', hex('62 c0af'), 'text_not_utf8'],
  ['bad UTF-8: half a surrogate pair', hex('63 eda080'), 'text_not_utf8'],
  ['bad UTF-8: beyond U+10FFFF', hex('64 f4908080'), 'text_not_utf8'],
  ['bad UTF-8: cut in a character', hex('63 616161'.slice(0, 5) + '61e2'), 'text_not_utf8'],
  [
    'bad UTF-8 behind a long plain text',
    Buffer.concat([hex('79 0400'), repeat('61', 1_023), hex('80')]),
    'text_not_utf8',
  ],
  ['UTF-8', hex('62 c3a9'), 'sound'],
  // Lengths and numbers in more bytes than they need: a second spelling of the same value.
  ['23 in two bytes', hex('18 17'), 'not_minimal'],
  ['255 in three bytes', hex('19 00ff'), 'not_minimal'],
  ['65535 in five bytes', hex('1a 0000ffff'), 'not_minimal'],
  ['1 in nine bytes', hex('1b 0000000000000001'), 'number'],
  ['-1 in two bytes', hex('38 00'), 'not_minimal'],
  ['a short text with a long header', hex('78 01 61'), 'not_minimal'],
  ['an array with a long header', hex('98 01 00'), 'not_minimal'],
  // Numbers that are no safe integers, or have a shorter spelling.
  ['-2^64', hex('3b ffffffffffffffff'), 'number'],
  ['2^64-1', hex('1b ffffffffffffffff'), 'number'],
  ['half a float', hex('f9 3c00'), 'number'],
  ['a float of 32 bits', hex('fa 47c35000'), 'number'],
  ['NaN', hex('fb 7ff8000000000000'), 'number'],
  ['NaN with a payload', hex('fb 7ff0000000000001'), 'number'],
  ['infinity', hex('fb 7ff0000000000000'), 'number'],
  ['minus zero', hex('fb 8000000000000000'), 'number'],
  ['1.5', hex('fb 3ff8000000000000'), 'number'],
  ['1 as a float', hex('fb 3ff0000000000000'), 'number'],
  ['2^32-1 as a float', hex('fb 41efffffffe00000'), 'number'],
  ['2^53 as a float', hex('fb 4340000000000000'), 'number'],
  ['2^32 as a float', hex('fb 41f0000000000000'), 'sound'],
  ['2^53-1 as a float', hex('fb 433fffffffffffff'), 'sound'],
  ['-(2^53-1) as a float', hex('fb c33fffffffffffff'), 'sound'],
  // Simple values.
  ['undefined', hex('f7'), 'simple_value'],
  ['an unassigned simple value', hex('e0'), 'simple_value'],
  ['a simple value of two bytes', hex('f8 ff'), 'simple_value'],
  ['a reserved header', hex('1c'), 'number'],
  ['null', hex('f6'), 'sound'],
  // After the item.
  ['a trailing byte', hex('01 00'), 'trailing_bytes'],
  ['a second record', hex('d9e000 82 01 02 d9e000 82 01 02'), 'trailing_bytes'],
]

describe('P-COD-2: the structural check', () => {
  test.each(TABLE)('%s', (_, bytes, fault) => {
    expect(faultOf(bytes)).toBe(fault)
  })

  test('names every fault there is at least once', () => {
    // A Record, so that a new fault does not compile before it has a case above.
    const FAULTS: Record<CborFault, true> = {
      truncated: true,
      trailing_bytes: true,
      too_deep: true,
      too_many_items: true,
      not_minimal: true,
      indefinite: true,
      map: true,
      tag_unknown: true,
      record_length: true,
      number: true,
      simple_value: true,
      text_not_utf8: true,
    }
    const seen = new Set(TABLE.map(([, , fault]) => fault))
    expect(Object.keys(FAULTS).filter((fault) => !seen.has(fault as CborFault))).toEqual([])
    expect(RECORD_TAG_FIRST).toBe(0xe000)
    expect(CBOR_ITEMS_MAX).toBe(200_000)
  })

  test('S13: every malformed case is refused by the decoders too, within 50 ms', () => {
    for (const [what, bytes] of TABLE) {
      for (const decode of [decodeFact, decodeUpFrame, decodeDownFrame]) {
        // The quickest of three: the machine's other work is not what is measured.
        const times = [1, 2, 3].map(() => {
          const start = performance.now()
          expect(decode(bytes).ok, what).toBe(false)
          return performance.now() - start
        })
        expect(Math.min(...times), what).toBeLessThan(50)
      }
    }
  })

  test('S13: a process with a heap of 256 MB refuses frames of the largest size and stays under 150 MB', () => {
    const program = `
      import { decodeUpFrame } from './protocol/codec.ts'
      import { FRAME_BYTES_MAX } from './protocol/limits.ts'
      const fills = [0x81, 0x9f, 0xc1, 0xa1, 0x80, 0x00, 0x5a, 0x9a, 0xff]
      const bytes = Buffer.alloc(FRAME_BYTES_MAX)
      let slowest = 0
      // Not maxRSS: that begins with the size of the process this one was forked from.
      let rss = 0
      function refuse() {
        // The quickest of three: the machine's other work is not what is measured.
        const times = [1, 2, 3].map(() => {
          const start = performance.now()
          if (decodeUpFrame(bytes).ok) process.exit(3)
          return performance.now() - start
        })
        slowest = Math.max(slowest, Math.min(...times))
        rss = Math.max(rss, process.memoryUsage.rss())
      }
      for (const fill of fills) {
        bytes.fill(fill)
        refuse()
      }
      // Announces all its items, so that only counting them stops it.
      bytes.fill(0x80)
      bytes[0] = 0x9a
      bytes.writeUInt32BE(FRAME_BYTES_MAX - 5, 1)
      refuse()
      console.log(JSON.stringify({ slowest, rssMb: rss / 2 ** 20 }))`
    const run = spawnSync(
      process.execPath,
      ['--max-old-space-size=256', '--input-type=module', '--eval', program],
      {
        cwd: join(import.meta.dirname, '..', '..'),
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
      },
    )
    expect(run.status, run.stderr).toBe(0)
    const { slowest, rssMb } = JSON.parse(run.stdout) as { slowest: number; rssMb: number }
    expect(slowest).toBeLessThan(50)
    expect(rssMb).toBeLessThan(150)
  })
})
