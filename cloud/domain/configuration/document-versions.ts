// What became of a business's configuration: every version of every document, who made it and when, in the order of changes. Whoever copies the configuration asks
// again after the last change it has seen, and misses none (COL-4).
import type { Row } from '../../collections/collection.ts'
import { bodyOf } from '../../collections/documents.ts'
import { CONFIGURATION } from '../../collections/tables/configuration.ts'
import type { Page, Reads, TenantId } from '../../store/port.ts'
import { timeText } from '../views.ts'

export interface DocumentVersion {
  readonly kind: string
  readonly id: number
  readonly version: number
  readonly change: number
  readonly at: string
  readonly by: string
  /** The whole document as it was then: columns and members of the body alike. */
  readonly values: Row
}

export const DOCUMENT_KINDS: readonly string[] = Object.values(CONFIGURATION).flatMap(
  ({ name, versioned }) => (versioned ? [name] : []),
)

/** What every document has, and is told of beside its values. */
const HEAD = new Set(['id', 'tenant', 'body', 'version', 'created', 'modified', 'change'])

/** Of one document, or of all of the business; `after` is a change. One more than asked for. */
export async function documentVersions(
  read: Pick<Reads, 'versions'>,
  tenant: TenantId,
  { after, limit }: Page,
  one: { readonly kind: string; readonly id: number } | null,
): Promise<DocumentVersion[]> {
  const of = one === null ? {} : { of: { collection: one.kind, id: one.id } }
  const rows = await read.versions(tenant, { ...of, after, limit: limit + 1 })
  return rows.map(({ collection: kind, id, version, change, at, by, row }) => ({
    kind,
    id,
    version,
    change,
    at: timeText(at),
    by,
    values: valuesOf(row),
  }))
}

function valuesOf(row: Row): Row {
  const columns = Object.entries(row).filter(([name]) => !HEAD.has(name))
  return { ...Object.fromEntries(columns), ...(bodyOf(row) as Row) }
}
