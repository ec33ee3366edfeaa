// All of Pegke's cases, in the order they run in.
import { readFileSync, readdirSync } from 'node:fs'
import type { PegkeCase } from './case.ts'

const FOLDER = new URL('../cases/pegke/', import.meta.url)

export const CASES: readonly PegkeCase[] = readdirSync(FOLDER)
  .toSorted()
  // The files are this project's own.
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as PegkeCase[])
