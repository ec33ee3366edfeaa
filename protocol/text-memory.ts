// Hot: texts out of bytes. Short ones are remembered: a store sells the same things again and again, and a remembered text is not made anew and has
// its hash ready for the next look-up in a map. One slot per hash, the later text wins; nothing is ever wrong but only made once more.
import { isUtf8 } from 'node:buffer'

export const REMEMBERED_CHARS_MAX = 24
/** A power of two. */
const REMEMBERED_COUNT = 4_096

const remembered: string[] = Array.from({ length: REMEMBERED_COUNT }, () => '')

/** One step of the hash that `recall` is given; it begins with the size. */
export function hashed(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0
}

/** The text of ASCII bytes. */
export function recall(source: Buffer, start: number, size: number, hash: number): string {
  const slot = (hash ^ (hash >>> 15)) & (REMEMBERED_COUNT - 1)
  const before = remembered[slot] ?? ''
  if (before.length === size) {
    let index = 0
    while (index < size && before.charCodeAt(index) === source[start + index]) index++
    if (index === size) return before
  }
  return (remembered[slot] = source.toString('latin1', start, start + size))
}

/** The text of bytes that are not all ASCII; undefined when they are no UTF-8, or have not `min` to `max` code points. */
export function sizedText(
  source: Buffer,
  start: number,
  end: number,
  min: number,
  max: number,
): string | undefined {
  const bytes = source.subarray(start, end)
  if (!isUtf8(bytes)) return undefined
  const made = bytes.toString('utf8')
  let points = 0
  for (const _ of made) points++
  return points >= min && points <= max ? made : undefined
}
