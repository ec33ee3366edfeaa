// The protocol's version and the hash of everything it says on the wire. They move together (P-COD-5): a changed schema with an
// unchanged version would make two releases talk past each other.
import { createHash } from 'node:crypto'
import { DOWN_SHAPES } from './down.ts'
import { FACT_SHAPES } from './facts.ts'
import { STRUCTURES } from './structures.ts'
import { UP_SHAPES } from './up.ts'

export const PROTOCOL_VERSION = 1
export const PROTOCOL_VERSIONS_SPOKEN: readonly number[] = [1]

export function schemaHash(): string {
  const spoken = JSON.stringify([FACT_SHAPES, UP_SHAPES, DOWN_SHAPES, STRUCTURES])
  return createHash('sha256').update(spoken).digest('hex').slice(0, 16)
}
