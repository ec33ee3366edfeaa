// A tenant's certificate authorities (G-11, G-13). Their keys lie beside the cloud's signing key in the store, so that they are in every backup. One signs; the
// next may wait until devices trust it, and the one before stays known until no device needs it.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { CA_DAYS } from '../../protocol/limits.ts'
import { LOCAL_ENDINGS, LOCAL_NETWORKS } from '../../protocol/local-names.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { DAY_MS } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { CloudStore, TenantId } from '../store/port.ts'
import type { System } from '../system.ts'

/** RFC 5280 allows 20 bytes, the first of them below 128. */
const SERIAL_BYTES = 16
export const CURVE = 'prime256v1'

export const AUTHORITY_STATES = ['signing', 'next', 'previous'] as const
/** `announce`: a next one is made; `change`: it signs, and the one that did is previous; `forget`: the previous one is known no more. */
export const AUTHORITY_STEPS = ['announce', 'change', 'forget'] as const
export type AuthorityStep = (typeof AUTHORITY_STEPS)[number]

interface Authority {
  readonly name: string
  readonly state: (typeof AUTHORITY_STATES)[number]
  /** PEM. */
  readonly key: string
  readonly certificate: string
  readonly until: Millis
}

/** An authority without its key, and how many devices it proves. */
export interface AuthorityView extends Omit<Authority, 'key'> {
  readonly devices: number
}

export interface SigningAuthority extends Authority {
  readonly privateKey: KeyObject
}

export class Authorities {
  readonly #store: CloudStore
  readonly #system: System
  readonly #loaded = new Map<TenantId, Promise<readonly Authority[]>>()

  constructor(store: CloudStore, system: System) {
    this.#store = store
    this.#system = system
  }

  /** The one that signs first; the first time it is made. */
  all(tenant: TenantId): Promise<readonly Authority[]> {
    let all = this.#loaded.get(tenant)
    if (all === undefined) {
      all = this.#write(tenant, (kept) => accept(kept)).then((written) => (written.ok ? written.value : []))
      this.#loaded.set(tenant, all)
      // What could not be read or written is tried again by the next who asks.
      all.catch(() => this.#loaded.delete(tenant))
    }
    return all
  }

  async signing(tenant: TenantId): Promise<SigningAuthority> {
    const signing = (await this.all(tenant)).find(({ state }) => state === 'signing')
    if (signing === undefined) throw new Error(`tenant ${tenant} has no CA that signs`)
    return { ...signing, privateKey: createPrivateKey(signing.key) }
  }

  /** G-13. Refused where it is not the next step. */
  async step(tenant: TenantId, step: AuthorityStep): Promise<Result<readonly Authority[]>> {
    const made = step === 'announce' ? await this.#make('next') : undefined
    const stepped = await this.#write(tenant, (all) => stepOf(all, step, made))
    if (stepped.ok) this.#loaded.set(tenant, Promise.resolve(stepped.value))
    return stepped
  }

  async #write(
    tenant: TenantId,
    change: (all: readonly Authority[]) => Result<readonly Authority[]>,
  ): Promise<Result<readonly Authority[]>> {
    const meta = `tls_ca_${tenant}`
    return this.#store.write(async (tx) => {
      const text = await tx.meta(meta)
      // Only this file writes it.
      const kept = text === undefined ? [await this.#make('signing')] : (JSON.parse(text) as Authority[])
      const changed = change(kept)
      if (changed.ok && (text === undefined || changed.value !== kept))
        await tx.saveMeta(meta, JSON.stringify(changed.value))
      return changed
    })
  }

  async #make(state: Authority['state']): Promise<Authority> {
    const { caCertificate } = await import('./x509.ts')
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: CURVE })
    const serial = newSerial(this.#system)
    // The number tells the CAs of two clouds apart on a manager's device.
    const name = `Tillstream stores ${Buffer.from(serial).toString('hex').slice(0, 8)}`
    const span = validity(this.#system, CA_DAYS)
    const draft = { serial, subject: name, issuer: name, publicKey, ...span }
    return {
      name,
      state,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      certificate: caCertificate(draft, LOCAL_ENDINGS, LOCAL_NETWORKS, privateKey),
      until: span.until,
    }
  }
}

function stepOf(
  all: readonly Authority[],
  step: AuthorityStep,
  made: Authority | undefined,
): Result<readonly Authority[]> {
  const of = (state: Authority['state']): Authority | undefined => all.find((one) => one.state === state)
  const [signing, next, previous] = [of('signing'), of('next'), of('previous')]
  if (made !== undefined)
    return next === undefined && previous === undefined
      ? accept([...all, made])
      : refuse('input_invalid', 'The last change of the CA is not over: change or forget first', '/step')
  if (step === 'forget')
    return previous === undefined
      ? refuse('input_invalid', 'There is no CA to forget', '/step')
      : accept(all.filter((one) => one !== previous))
  if (next === undefined || signing === undefined)
    return refuse('input_invalid', 'There is no CA to change to: announce one first', '/step')
  return accept([
    { ...next, state: 'signing' },
    { ...signing, state: 'previous' },
  ])
}

/** Positive, and never shorter than it looks. */
export function newSerial(system: System): Uint8Array {
  const serial = system.randomBytes(SERIAL_BYTES)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial
}

/** From a day ago, for whose clock is behind; in whole seconds, as certificates have them. */
export function validity(system: System, days: number): { from: Millis; until: Millis } {
  const now = Math.floor(system.clock.now() / 1000) * 1000
  return { from: (now - DAY_MS) as Millis, until: (now + (days - 1) * DAY_MS) as Millis }
}
