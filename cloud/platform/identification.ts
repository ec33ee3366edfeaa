// Identifying the customer in front of an app without acting for them: staff's token asks for an identify token, the customer's browser brings it to
// the business's page, and the app gets a short-lived code that names the person (PL-12). Nobody is asked for consent and nothing else is given.
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import type { PersonId, PlatformReads } from '../store/platform-port.ts'
import type { CloudStore, TenantId } from '../store/port.ts'
import type { System } from '../system.ts'
import { IDENTIFY_CODE_MS_MAX, IDENTIFY_TOKEN_MS_MAX, STATE_CHARS_MAX } from './limits.ts'
import { isStaffOf } from './principal.ts'
import type { Principal } from './principal.ts'
import { principalOf } from './principals.ts'
import { newSecret, secretHash } from './secrets.ts'

export interface IdentificationParts {
  readonly store: CloudStore
  readonly system: System
  /** Whether the person is a member of the business. */
  readonly connected: (tenant: TenantId, person: PersonId) => Promise<boolean>
}

export interface IdentifyToken {
  readonly token: string
  readonly expires: Millis
}

export class Identification {
  readonly #parts: IdentificationParts

  constructor(parts: IdentificationParts) {
    this.#parts = parts
  }

  /** A token for one identification. The caller's scope was looked at by its endpoint. */
  async begin(
    caller: Principal,
    { redirectUri, state }: { readonly redirectUri: string; readonly state: string },
  ): Promise<Result<IdentifyToken>> {
    const { store, system } = this.#parts
    const client = caller.client === null ? undefined : await store.read.client(caller.client)
    if (client === undefined || caller.person === null || caller.staff.every(({ role }) => role !== 'ADMIN'))
      return refuse('role_insufficient', 'Only a token of an administrator may identify customers')
    if (!client.redirectUris.includes(redirectUri))
      return refuse('input_invalid', 'This is no registered redirect URI of the client', 'redirect_uri')
    if (state === '' || state.length > STATE_CHARS_MAX)
      return refuse('input_invalid', `state has 1 to ${STATE_CHARS_MAX} characters`, 'state')
    const { text, hash } = newSecret(system)
    const expires = (system.clock.now() + IDENTIFY_TOKEN_MS_MAX) as Millis
    const row = { hash, family: caller.family, redirectUri, state, expires } as const
    await store.write((tx) =>
      tx.insertIdentification({ ...row, kind: 'token', tenant: caller.tenant, person: null }),
    )
    return accept({ token: text, expires })
  }

  /** The person is at the business's page: the address of the app to go to, with a code. The token is used up when this succeeds, and only then. */
  async visit(token: string, tenant: TenantId, person: PersonId, scope: string): Promise<Result<string>> {
    const { store, system } = this.#parts
    if (!(await this.#parts.connected(tenant, person))) return notPossible()
    const { text, hash } = newSecret(system)
    return store.write(async (tx) => {
      const now = system.clock.now()
      const row = await tx.identification(secretHash(token))
      if (row?.kind !== 'token' || row.expires <= now) return notPossible()
      const asker = await askerOf(tx, row.family)
      if (asker === undefined || !asker.scopes.has(scope) || !isStaffOf(asker, tenant, ['ADMIN']))
        return notPossible()
      await tx.takeIdentification(row.hash)
      await tx.insertIdentification({
        ...row,
        hash,
        kind: 'code',
        tenant,
        person,
        expires: (now + IDENTIFY_CODE_MS_MAX) as Millis,
      })
      const to = new URL(row.redirectUri)
      to.searchParams.set('code', text)
      to.searchParams.set('state', row.state)
      return accept(to.href)
    })
  }

  /** Whom a code names, for the token that asked; it may ask again until the code runs out. */
  async personOf(caller: Principal, code: string): Promise<PersonId | undefined> {
    const { store, system } = this.#parts
    const row = await store.read.identification(secretHash(code))
    if (row?.kind !== 'code' || row.expires <= system.clock.now() || row.family !== caller.family)
      return undefined
    return row.person ?? undefined
  }
}

/** Whoever asked, as that stands now: the token may have ended and the role may be gone. */
async function askerOf(
  read: Pick<PlatformReads, 'familyWhole'>,
  family: number,
): Promise<Principal | undefined> {
  const whole = await read.familyWhole(family)
  return whole === undefined || whole.of.ended || whole.client.disabled ? undefined : principalOf(whole)
}

/** One sentence for every reason: the page tells a stranger nothing. */
function notPossible(): ReturnType<typeof refuse> {
  return refuse('identification_not_possible', 'You could not be identified; start again in the app')
}
