// Which document stands for a rule of the program. Documents are made with the program version that has them, so what was looked up holds until the
// next version.
import { CONFIGURATION } from '../../../collections/tables/configuration.ts'
import { eq } from '../../../collections/query.ts'
import type { Programs } from '../../../evaluation/programs.ts'
import type { TenantId, Writes } from '../../../store/port.ts'

type Kind = 'perks' | 'levels' | 'challenges' | 'challenge_requirements'

export class DocumentsOfRules {
  readonly #byTenant = new Map<TenantId, { version: number; ids: Map<string, number | null> }>()

  async idOf(
    tx: Writes,
    tenant: TenantId,
    programs: Pick<Programs, 'latest'>,
    kind: Kind,
    rule: number,
  ): Promise<number | null> {
    let known = this.#byTenant.get(tenant)
    if (known?.version !== programs.latest) {
      known = { version: programs.latest, ids: new Map() }
      this.#byTenant.set(tenant, known)
    }
    const key = `${kind} ${rule}`
    const found = known.ids.get(key)
    if (found !== undefined) return found
    const [row] = await tx.rows(CONFIGURATION[kind], {
      tenants: [tenant],
      where: eq('rule', rule),
      limit: 1,
    })
    const id = row === undefined ? null : Number(row.id)
    known.ids.set(key, id)
    return id
  }

  /** After documents were written without a program, or not written after all. */
  forget(): void {
    this.#byTenant.clear()
  }
}
