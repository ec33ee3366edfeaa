// Everything about who may do what, put together over one store. Nodes make one; borders and dialects are given it.
import type { Millis } from '../../protocol/time.ts'
import { and, eq } from '../collections/query.ts'
import { ACCOUNTS } from '../collections/tables/accounts.ts'
import type { PersonId } from '../store/platform-port.ts'
import type { CloudStore, TenantId } from '../store/port.ts'
import type { System } from '../system.ts'
import { Clients } from './clients.ts'
import { Identification } from './identification.ts'
import { PLATFORM_SWEEP_MAX, PLATFORM_SWEEP_MS } from './limits.ts'
import { Logins } from './logins.ts'
import type { AuthDialect } from './oauth/auth-dialect.ts'
import { Issuer } from './oauth/issuer.ts'
import { Passwords } from './passwords.ts'
import { People } from './people.ts'
import { Principals } from './principals.ts'
import { Proofs } from './proofs.ts'
import type { ProofParts } from './proofs.ts'
import { secretHash } from './secrets.ts'
import { Tenants } from './tenants.ts'
import type { AccountRows } from './tenants.ts'

export interface PlatformParts {
  readonly store: CloudStore
  readonly system: System
  readonly operatorToken: string
  readonly firstTenant: TenantId
  readonly dialects: readonly AuthDialect[]
  readonly accounts: AccountRows
  readonly letters: ProofParts['queue']
  readonly onFault: (cause: unknown) => void
}

export class Platform {
  readonly dialects: readonly AuthDialect[]
  readonly principals: Principals
  readonly logins: Logins
  readonly issuer: Issuer
  readonly people: People
  readonly proofs: Proofs
  readonly identification: Identification
  readonly tenants: Tenants
  readonly clients: Clients
  readonly #parts: PlatformParts
  #cancel: () => void = () => undefined
  #sweeping: Promise<void> = Promise.resolve()

  constructor(parts: PlatformParts) {
    const { store, system, operatorToken, firstTenant, dialects } = parts
    this.#parts = parts
    this.dialects = dialects
    const passwords = new Passwords()
    this.logins = new Logins({ store, system, passwords })
    this.principals = new Principals({
      read: store.read,
      clock: system.clock,
      operatorHash: secretHash(operatorToken),
      firstTenant,
      keyDialects: new Set(dialects.flatMap(({ name, keysAreTokens }) => (keysAreTokens ? [name] : []))),
    })
    this.issuer = new Issuer({ store, system, logins: this.logins })
    this.people = new People({ store, system, passwords })
    this.proofs = new Proofs({ store, system, passwords, queue: parts.letters })
    this.identification = new Identification({
      store,
      system,
      connected: (tenant, person) => connected(store, tenant, person),
    })
    this.tenants = new Tenants({
      store,
      system,
      dialects: dialects.map(({ name }) => name).filter((name) => name !== 'native'),
      accounts: parts.accounts,
      onEnabled: (tenant) => this.clients.changed([tenant]),
    })
    this.clients = new Clients({ store, system, dialects })
  }

  /** What ran out is taken away from time to time; nothing depends on when. */
  start(): void {
    this.#cancel = this.#parts.system.after(PLATFORM_SWEEP_MS, () => {
      this.#sweeping = this.#sweep()
      this.start()
    })
  }

  async stop(): Promise<void> {
    this.#cancel()
    await this.#sweeping
  }

  async #sweep(): Promise<void> {
    const { store, system, onFault } = this.#parts
    const now = system.clock.now() as Millis
    await store.write((tx) => tx.sweepPlatform(now, PLATFORM_SWEEP_MAX)).catch(onFault)
  }
}

/** Whether the person has a connection to the business; where it keeps none, whether an address or number of theirs is a member's. */
async function connected({ read }: CloudStore, tenant: TenantId, person: PersonId): Promise<boolean> {
  const where = and(eq('person', person), eq('hidden', false))
  const rows = await read.rows(ACCOUNTS.connections, { tenants: [tenant], where, limit: 1 })
  if (rows.length > 0) return true
  for (const { kind, folded } of await read.contactsOf(person))
    if ((await read.memberByIdentity(tenant, kind, folded)) !== undefined) return true
  return false
}
