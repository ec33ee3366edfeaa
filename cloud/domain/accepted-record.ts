// A fact that was set aside, as HQ wants it to count (CON-4): the bytes as they came, or a record that HQ wrote down in the wire's own names. Either
// passes every check that an arriving fact passes, except the zone offset of its store, which is HQ's to forgive; and it keeps its position, because the
// position is its identity.
import type { TSchema } from 'typebox'
import { decodeFact, encodeFact, factValidator } from '../../protocol/codec.ts'
import { FACT_KINDS, FACT_SHAPES, factFault } from '../../protocol/facts.ts'
import type { Fact, FactKind } from '../../protocol/facts.ts'
import { FACT_BYTES_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { QuarantineRow, Writes } from '../store/port.ts'
import { faultOfReadmitted } from './ingest/accept.ts'
import type { Cursor } from './ingest/accept.ts'

export interface Accepted {
  readonly fact: Fact
  readonly bytes: Uint8Array
}

/** `record`: what HQ wrote; undefined: the bytes as they came. `cursor` is of the fact's own origin. */
export async function acceptedOf(
  tx: Writes,
  row: QuarantineRow,
  cursor: Pick<Cursor, 'row' | 'store'>,
  record: unknown,
): Promise<Result<Accepted>> {
  const bytes = record === undefined ? accept(row.bytes) : bytesOfRecord(record)
  if (!bytes.ok) return bytes
  // What counts is carried by the resolution, whole.
  if (bytes.value.length > FACT_BYTES_MAX) return unsound('larger than a fact may be')
  const decoded = decodeFact(bytes.value)
  if (!decoded.ok) return unsound(decoded.malformed.reason)
  const fault = await faultOfReadmitted(tx, decoded.value, row.id, cursor)
  return fault === null ? accept({ fact: decoded.value, bytes: bytes.value }) : unsound(fault)
}

/** What HQ wrote down, as a fact's bytes. */
export function bytesOfRecord(record: unknown): Result<Uint8Array> {
  const kind = typeof record === 'object' && record !== null && 'kind' in record ? record.kind : undefined
  const known = FACT_KINDS.find((name) => name === kind)
  if (known === undefined) return unsound('/kind names no kind of fact')
  const ordered = inOrder(FACT_SHAPES[known], record)
  const validator = factValidator(known satisfies FactKind)
  if (!validator.accepts(ordered)) {
    const { path, message } = validator.explain(ordered)
    return unsound(`${path} ${message}`)
  }
  // The validator of this very kind accepted it.
  const fact = ordered as Fact
  const fault = factFault(fact)
  return fault === undefined ? accept(encodeFact(fact)) : unsound(fault)
}

function unsound(why: string): Result<never> {
  return refuse('record_unsound', `It cannot count as it is: ${why}`, '/record')
}

/** The fields of a record in the order of the wire, which JSON does not keep; what the shape does not know stays, to be refused. */
function inOrder(shape: TSchema, value: unknown): unknown {
  const { properties, items, anyOf } = shape as {
    properties?: Record<string, TSchema>
    items?: TSchema
    anyOf?: TSchema[]
  }
  if (typeof value !== 'object' || value === null) return value
  const inner = anyOf?.find((one) => 'properties' in one || 'items' in one)
  if (inner !== undefined) return inOrder(inner, value)
  if (Array.isArray(value))
    return items === undefined ? value : (value as unknown[]).map((item) => inOrder(items, item))
  if (properties === undefined) return value
  const given = value as Record<string, unknown>
  const names = [...Object.keys(properties).filter((name) => name in given), ...Object.keys(given)]
  return Object.fromEntries(
    [...new Set(names)].map((name) => {
      const of = properties[name]
      return [name, of === undefined ? given[name] : inOrder(of, given[name])]
    }),
  )
}
