// What customers agreed to: a row for each time, as the person and the text were then (CFG-6). It is never changed; a later word about the same agreement
// is another row.
import type { MemberId } from '../../../../protocol/ids.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Clock } from '../../../../protocol/time.ts'
import type { Row } from '../../../collections/collection.ts'
import { among, and, eq } from '../../../collections/query.ts'
import { ACCOUNTS } from '../../../collections/tables/accounts.ts'
import { CONFIGURATION } from '../../../collections/tables/configuration.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { CloudStore, TenantId, Writes } from '../../../store/port.ts'

/** Agreements that one page asks for. */
export const AGREEMENTS_ASKED_MAX = 20

/** An active text, and whether the person agreed to just this one. */
export interface AskedAgreement {
  readonly version: number
  readonly label: string
  readonly text: string
  readonly required: boolean
  readonly agreed: boolean
}

export class Agreeing {
  readonly #store: CloudStore
  readonly #clock: Clock

  constructor(store: CloudStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** What HQ has on paper. */
  async agreedByMember(tenant: TenantId, member: MemberId, version: number): Promise<Result<Row>> {
    const [customer] = await this.#store.read.accountRows('connections', { tenant, member, hidden: false })
    if (customer === undefined)
      return refuse('member_not_found', 'There is no such member among those listed to other APIs', 'id')
    return this.#store.write(async (tx) => {
      const [row] = await this.#record(tx, tenant, customer.person as PersonId, [version])
      return row === undefined
        ? refuse('record_not_found', 'There is no such version of an agreement', '/agreement_version')
        : accept(row)
    })
  }

  /** What a customer agreed to on a page: texts that are asked for now, and were not agreed to before. */
  async agreedByPerson(tenant: TenantId, person: PersonId, versions: readonly number[]): Promise<void> {
    const asked = await this.askedOf(tenant, person)
    const given = asked.filter(({ version, agreed }) => !agreed && versions.includes(version))
    const ids = given.map(({ version }) => version)
    if (ids.length > 0) await this.#store.write((tx) => this.#record(tx, tenant, person, ids))
  }

  /** The active texts of a business, for a customer of it; none for anybody else. */
  async askedOf(tenant: TenantId, person: PersonId): Promise<AskedAgreement[]> {
    const { read } = this.#store
    const tenants = [tenant]
    const [customer] = await read.rows(ACCOUNTS.connections, {
      tenants,
      where: and(eq('person', person), eq('hidden', false)),
      limit: 1,
    })
    if (customer === undefined) return []
    const versions = await read.rows(CONFIGURATION.agreement_versions, {
      tenants,
      where: eq('is_active', true),
      limit: AGREEMENTS_ASKED_MAX,
    })
    const agreements = await read.rows(CONFIGURATION.agreements, {
      tenants,
      where: among(
        'id',
        versions.map(({ agreement }) => Number(agreement)),
      ),
      limit: AGREEMENTS_ASKED_MAX,
    })
    const types = new Map(agreements.map(({ id, type }) => [id, type]))
    const given = await read.rows(CONFIGURATION.user_agreements, {
      tenants,
      where: and(
        eq('person', person),
        among(
          'agreement_version',
          versions.map(({ id }) => Number(id)),
        ),
      ),
      limit: GIVEN_MAX,
    })
    return versions.map(({ id, agreement, label, body }) => ({
      version: Number(id),
      label: typeof label === 'string' ? label : '',
      // A version's body is written by `Entities`, whose border checks it.
      text: (body as { readonly text?: string }).text ?? '',
      required: types.get(agreement ?? null) === 'REQUIRED-OPT-IN',
      agreed: given.some((row) => row.agreement_version === id),
    }))
  }

  async #record(tx: Writes, tenant: TenantId, person: PersonId, versions: readonly number[]): Promise<Row[]> {
    const query = { tenants: [tenant], where: among('id', versions), limit: versions.length }
    const found = await tx.rows(CONFIGURATION.agreement_versions, query)
    const whole = await tx.person(person)
    if (found.length === 0 || whole === undefined) return []
    const email = (await tx.contactsOf(person)).find(({ kind, main }) => kind === 'email' && main)
    const ids = await tx.nextIds(found.length)
    const rows = found.map((version, index) => ({
      id: ids[index] ?? 0,
      tenant,
      person,
      agreement: Number(version.agreement),
      agreement_version: Number(version.id),
      email: email?.value ?? '',
      first_name: whole.firstName,
      last_name: whole.lastName,
      at: this.#clock.now(),
    }))
    await tx.insertRows(CONFIGURATION.user_agreements, rows)
    return rows
  }
}

/** Times one customer agreed to the texts that are asked for now. */
const GIVEN_MAX = 1_000
