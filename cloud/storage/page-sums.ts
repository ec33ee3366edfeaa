// A sum for every page of a closed file (L-14, S-5). SQLite checks no page of a database, and a flipped bit in an answer or a state breaks no rule that it
// knows; the chain covers the facts alone. So an orderly close leaves a CRC-32 of each page beside the file, and the next open compares. A file that
// was written since says so by its change counter, or by the log that lies beside it; then there is nothing to compare.
import {
  closeSync,
  fsyncSync,
  openSync,
  readSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { crc32 } from 'node:zlib'

const SUFFIX = '.sums'
const PAGE_BYTES = 4096
const PAGES_PER_READ = 256
/** Where SQLite counts the writes of the file, big-endian. */
const COUNTER_AT = 24
const WORD = 4
/** Size in pages and change counter, then a word a page, then the sum of all before. */
const HEAD_WORDS = 2

/** Of a file that nobody has open. Best effort, for a disk may be full: without it the next open only knows less. */
export function leavePageSums(path: string): void {
  try {
    writeSums(path)
  } catch {
    forgetPageSums(path)
  }
}

function writeSums(path: string): void {
  const words = wordsOf(path)
  if (words === undefined) return
  const bytes = Buffer.alloc((words.length + 1) * WORD)
  words.forEach((word, at) => bytes.writeUInt32BE(word, at * WORD))
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -WORD)), words.length * WORD)
  writeFileSync(path + SUFFIX, bytes, { mode: 0o600 })
  const file = openSync(path + SUFFIX, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Before a file is written: from then on its sums say nothing. Not before it was believed, or a start that breaks off would leave nothing to tell by. */
export function forgetPageSums(path: string): void {
  rmSync(path + SUFFIX, { force: true })
}

/** Numbers of the pages that are not as they were left, from 1; undefined where there is nothing to compare with. */
export function pagesChanged(path: string): number[] | undefined {
  const left = readSums(path + SUFFIX)
  if (left === undefined || sizeOf(`${path}-wal`) > 0) return undefined
  const now = wordsOf(path)
  if (now === undefined) return [1]
  const [pages = 0, counter] = left
  if (now[1] !== counter) return undefined
  const changed: number[] = []
  for (let page = 1; page <= Math.max(pages, now[0] ?? 0); page++)
    if (now[HEAD_WORDS + page - 1] !== left[HEAD_WORDS + page - 1]) changed.push(page)
  return changed
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function readSums(path: string): number[] | undefined {
  if (sizeOf(path) === 0) return undefined
  const bytes = readFileSync(path)
  const last = bytes.length - WORD
  if (bytes.length % WORD !== 0 || crc32(bytes.subarray(0, last)) !== bytes.readUInt32BE(last))
    return undefined
  return Array.from({ length: last / WORD }, (_, at) => bytes.readUInt32BE(at * WORD))
}

function wordsOf(path: string): number[] | undefined {
  if (sizeOf(path) < PAGE_BYTES) return undefined
  const file = openSync(path, 'r')
  try {
    const words = [0, 0]
    const buffer = Buffer.alloc(PAGE_BYTES * PAGES_PER_READ)
    for (let read = readSync(file, buffer, 0, buffer.length, null); read > 0;) {
      if (words.length === HEAD_WORDS) words[1] = buffer.readUInt32BE(COUNTER_AT)
      for (let at = 0; at < read; at += PAGE_BYTES)
        words.push(crc32(buffer.subarray(at, Math.min(at + PAGE_BYTES, read))))
      read = readSync(file, buffer, 0, buffer.length, null)
    }
    words[0] = words.length - HEAD_WORDS
    return words
  } finally {
    closeSync(file)
  }
}
