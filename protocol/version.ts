// The protocol's version and the hash of everything it says on the wire. They move together (P-COD-5): a changed schema with an
// unchanged version would make two releases talk past each other.
import { createHash } from 'node:crypto'
import type { CloseReason } from './close-codes.ts'
import { DOWN_SHAPES } from './down.ts'
import { FACT_SHAPES } from './facts.ts'
import { STRUCTURES } from './structures.ts'
import { UP_SHAPES } from './up.ts'

export const PROTOCOL_VERSION = 1
/** A store has that many releases' time to be upgraded behind its cloud. */
export const PROTOCOL_VERSIONS_BACK = 3

/** What a cloud of a version understands: its own and those before it (P-VER-1). */
export function spokenBy(version: number): number[] {
  const first = Math.max(1, version - PROTOCOL_VERSIONS_BACK)
  return Array.from({ length: version - first + 1 }, (_, index) => first + index)
}

export const PROTOCOL_VERSIONS_SPOKEN: readonly number[] = spokenBy(PROTOCOL_VERSION)

export interface Unspoken {
  readonly reason: CloseReason & `version_${string}`
  /** For logs; a close reason has 123 bytes. */
  readonly text: string
}

/** Why a cloud of the version `own` does not hear an edge of that version, and what is to be done; undefined where it does. */
export function unspoken(version: number, own = PROTOCOL_VERSION): Unspoken | undefined {
  const spoken = spokenBy(own)
  if (spoken.includes(version)) return undefined
  const said = `the store speaks version ${version}, the cloud ${spoken.join(', ')}`
  return version > own
    ? { reason: 'version_new', text: `${said}: upgrade the cloud` }
    : { reason: 'version_old', text: `${said}: upgrade the store` }
}

export function schemaHash(): string {
  const spoken = JSON.stringify([FACT_SHAPES, UP_SHAPES, DOWN_SHAPES, STRUCTURES])
  return createHash('sha256').update(spoken).digest('hex').slice(0, 16)
}
