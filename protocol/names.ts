// How people are found by name, at the cloud and in a store: each word of a name for itself, without case and accents, by how it begins.
import { NAME_WORDS_MAX } from './limits.ts'

const MARKS = /\p{M}+/gu
const BETWEEN = /[^\p{L}\p{N}]+/u
const WORD_CHARS_MAX = 40

/** The words by which a name is found, each once; none of a text without letters. */
export function nameWords(name: string): string[] {
  const folded = name.normalize('NFKD').replaceAll(MARKS, '').toLowerCase()
  const words = folded.split(BETWEEN).filter((word) => word !== '')
  return [...new Set(words.map((word) => word.slice(0, WORD_CHARS_MAX)))].slice(0, NAME_WORDS_MAX)
}

/** The end of all words that begin so, as they are sorted. */
export function wordsEnd(start: string): string {
  return `${start}\u{10ffff}`
}
