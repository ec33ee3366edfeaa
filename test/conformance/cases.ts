// All conformance cases, by the file they run in: cases/*.json, each a list that runs in its order in a world of its own.
import { readFileSync, readdirSync } from 'node:fs'
import type { ConformanceCase } from './conformance-case.ts'

const FOLDER = new URL('cases/', import.meta.url)

export const CASES: Readonly<Record<string, readonly ConformanceCase[]>> = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => [
      name.replace('.json', ''),
      // The files are this project's own.
      JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as ConformanceCase[],
    ]),
)
