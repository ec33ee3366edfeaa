// One pass over raw CBOR before anything is decoded (P-COD-2). The decoder accepts duplicate keys, bad UTF-8, indefinite items, fractions
// and record definitions that grow its tables; a peer must not be able to send any of that. This reads headers only and allocates nothing.
import { isUtf8 } from 'node:buffer'
import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX } from './limits.ts'

export const RECORD_TAG_FIRST = 0xe000

export type CborFault =
  | 'truncated'
  | 'trailing_bytes'
  | 'too_deep'
  | 'too_many_items'
  | 'not_minimal'
  | 'indefinite'
  | 'map'
  | 'tag_unknown'
  | 'record_length'
  | 'number'
  | 'simple_value'
  | 'text_not_utf8'

export interface CborLimits {
  readonly depthMax: number
  readonly itemsMax: number
}

const LIMITS: CborLimits = { depthMax: CBOR_DEPTH_MAX, itemsMax: CBOR_ITEMS_MAX }
const MINIMAL_FROM = [0, 24, 0x100, 0x10000] as const

/** Undefined when the bytes are one well-formed item of the subset we speak; `recordLengths[i]` is the field count of record i. */
export function cborFault(
  bytes: Uint8Array,
  recordLengths: readonly number[],
  limits = LIMITS,
): CborFault | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length
  const open: number[] = []
  let position = 0
  let items = 0
  let recordLength = -1
  for (;;) {
    if (position >= end) return 'truncated'
    if (++items > limits.itemsMax) return 'too_many_items'
    const initial = bytes[position++] ?? 0
    const major = initial >> 5
    const info = initial & 31
    let value = info
    if (info > 27) return info === 31 ? 'indefinite' : 'number'
    if (info >= 24) {
      const width = 1 << (info - 24)
      if (position + width > end) return 'truncated'
      if (major !== 7) {
        if (width === 8) return 'number'
        value =
          width === 1
            ? view.getUint8(position)
            : width === 2
              ? view.getUint16(position)
              : view.getUint32(position)
        if (value < (MINIMAL_FROM[info - 23] ?? 0)) return 'not_minimal'
      } else if (width !== 8) return info === 24 ? 'simple_value' : 'number'
      position += width
    }
    if (recordLength >= 0 && (major !== 4 || value !== recordLength)) return 'record_length'
    recordLength = -1
    switch (major) {
      case 0:
      case 1:
        break
      case 2:
      case 3: {
        if (position + value > end) return 'truncated'
        if (major === 3) {
          for (let index = position; index < position + value; index++) {
            if ((bytes[index] ?? 0) >= 0x80) {
              if (!isUtf8(bytes.subarray(position, position + value))) return 'text_not_utf8'
              break
            }
          }
        }
        position += value
        break
      }
      case 4:
        if (value > 0) {
          if (open.length >= limits.depthMax) return 'too_deep'
          // An item takes at least a byte: a header that promises more than is left is a lie told to make the decoder allocate.
          if (value > end - position) return 'truncated'
          open.push(value)
          continue
        }
        break
      case 5:
        return 'map'
      case 6: {
        const length = recordLengths[value - RECORD_TAG_FIRST]
        if (length === undefined) return 'tag_unknown'
        recordLength = length
        items -= 1
        continue
      }
      default:
        if (info === 27) {
          const number = view.getFloat64(position - 8)
          if (!Number.isSafeInteger(number) || (number >= -0x1_0000_0000 && number <= 0xffff_ffff))
            return 'number'
        } else if (info < 20 || info > 22) return 'simple_value'
    }
    // The item is complete: close every array it was the last of.
    for (;;) {
      const depth = open.length - 1
      if (depth < 0) return position === end ? undefined : 'trailing_bytes'
      const left = (open[depth] ?? 0) - 1
      if (left > 0) {
        open[depth] = left
        break
      }
      open.pop()
    }
  }
}
