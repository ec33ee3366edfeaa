// The stores of a tenant and the devices that serve them: one-time codes, enrolment, and how far each device is behind (G). A code is used
// up in the same transaction that makes the edge, so of two devices that race with one code exactly one wins (G-1).
import { importPublicKey } from '../../protocol/envelope.ts'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { CertificateRequest } from '../../protocol/frames/certify.ts'
import type { Held } from '../../protocol/frames/holds.ts'
import type { Life } from '../../protocol/lives.ts'
import type { Origin, ProgramVersion, Seq, StoreId } from '../../protocol/ids.ts'
import {
  ENROL_CODE_MS_MAX,
  ENROL_GUESSES_MAX,
  ENROL_GUESSES_TOTAL_MAX,
  ENROL_GUESS_WINDOW_MS,
} from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import { zoneKnown } from '../../protocol/time.ts'
import type { Unspoken } from '../../protocol/version.ts'
import type {
  CloudStore,
  ContactRow,
  EdgeId,
  EdgeRow,
  OriginRow,
  StoreRow,
  TenantId,
  Writes,
} from '../store/port.ts'
import { approveEdge, retireEdge } from '../domain/devices.ts'
import type { Ingest } from '../domain/ingest/ingest.ts'
import type { OwnFacts } from '../domain/ingest/own-facts.ts'
import { sparesOf } from '../domain/lives.ts'
import type { System } from '../system.ts'
import type { Certifier } from './certifier.ts'
import { CODE_BYTES, enrolCode, enrolCodeHash } from './enrol-code.ts'
import { Guesses } from '../guesses.ts'

export interface Enrolment {
  readonly edge: EdgeId
  readonly origin: Origin
  readonly epoch: number
  readonly store: StoreRow
  /** Base64 of the DER public key the cloud signs with. */
  readonly cloudPublicKey: string
  /** Lives the device may open by itself (P-LIFE-3). */
  readonly spares: readonly Life[]
  /** Our signature under all of this, for a cloud that does not know it any more (P-ATT-1). */
  readonly attestation: string
  /** For the key that was given with the request. */
  readonly tls?: Certified
}

export interface EnrolRequest {
  readonly code: string
  /** Base64 of the device's DER public key. */
  readonly public_key: string
  readonly software: string
  /** Asks for a certificate of the store's TLS (G-11). */
  readonly tls?: CertificateRequest
}

/** One line of the fleet list (G-3): the newest ledger life of an edge. */
export interface EdgeStanding {
  readonly edge: EdgeId
  readonly store: StoreRow
  readonly origin: Origin
  readonly epoch: number
  readonly connected: boolean
  /** What has to be upgraded before it is heard again, where its last hello was of a version that is not spoken here (P-VER-1). */
  readonly upgrade: 'store' | 'cloud' | null
  /** Last seq that is durable here, and the last the edge said it has. */
  readonly seq: Seq
  readonly saidSeq: Seq
  readonly lag: number
  readonly contactAt: Millis | null
  readonly software: string
  readonly program: ProgramVersion
  readonly state: EdgeRow['state']
  /** The device it is a copy of; null for one that was enrolled. */
  readonly copyOf: EdgeId | null
  /** By epoch, without those that were never begun. */
  readonly lives: readonly LifeStanding[]
  /** Of the store's TLS, as far as it got it from here. */
  /** The one it holds. */
  readonly certificate: Held | null
  readonly enrolledAt: Millis
}

/** What an enrolment wrote. */
interface Admitted {
  readonly edge: EdgeRow
  readonly origin: OriginRow
  readonly store: StoreRow
  readonly spares: readonly Life[]
}

/** One life of a ledger (G-3). */
export interface LifeStanding extends Pick<
  OriginRow,
  'origin' | 'epoch' | 'seq' | 'ended' | 'endedAt' | 'witnessed'
> {
  readonly open: boolean
  /** Facts that terminals hold receipts of and that never came, under these positions; an honest upper bound of what is lost. */
  readonly missing: number
}

/** What an edge last said, whether it is still connected or not. */
export type Contact = Pick<ContactRow, 'saidSeq' | 'contactAt' | 'software' | 'program'>

export interface FleetOptions {
  readonly store: CloudStore
  readonly system: System
  readonly cloudPublicKey: string
  /** HQ's word about a device is a fact. */
  readonly ingest: Pick<Ingest, 'record'>
  readonly certifier: Certifier
  readonly attest: (edge: EdgeRow, lives: readonly Life[]) => Promise<string>
  /** What is known of the connections that are open now. */
  readonly connected: () => ReadonlyMap<Origin, Contact>
  /** Devices whose version is not spoken here. */
  readonly unspoken?: () => ReadonlyMap<EdgeId, Unspoken['reason']>
  /** HQ has decided about a device: its connection is to hear it. */
  readonly decided?: (edge: EdgeId) => void
  /** What else is written in the transaction that makes a store. */
  readonly storeMade?: (tx: Writes, tenant: TenantId) => Promise<void>
}

export class Fleet {
  readonly #store: CloudStore
  readonly #system: System
  readonly #cloudPublicKey: string
  readonly #ingest: FleetOptions['ingest']
  readonly #certifier: Certifier
  readonly #attest: FleetOptions['attest']
  readonly #connected: FleetOptions['connected']
  readonly #unspoken: NonNullable<FleetOptions['unspoken']>
  readonly #decided: (edge: EdgeId) => void
  readonly #guesses: Guesses
  readonly #storeMade: NonNullable<FleetOptions['storeMade']>

  constructor(options: FleetOptions) {
    const { store, system, cloudPublicKey, ingest, certifier, attest, connected, decided, storeMade } =
      options
    this.#attest = attest
    this.#ingest = ingest
    this.#storeMade = storeMade ?? (async () => undefined)
    this.#decided = decided ?? (() => undefined)
    this.#store = store
    this.#system = system
    this.#cloudPublicKey = cloudPublicKey
    this.#certifier = certifier
    this.#connected = connected
    this.#unspoken = options.unspoken ?? (() => new Map())
    this.#guesses = new Guesses(system.clock, {
      windowMs: ENROL_GUESS_WINDOW_MS,
      eachMax: ENROL_GUESSES_MAX,
      totalMax: ENROL_GUESSES_TOTAL_MAX,
    })
  }

  async addStore(tenant: TenantId, name: string, zone: string): Promise<Result<StoreRow>> {
    if (!zoneKnown(zone))
      return refuse(
        'input_invalid',
        `"${zone}" is not a time zone; use a name such as Europe/London`,
        '/zone',
      )
    const made = await this.#store.write(async (tx) => {
      const store = await tx.insertStore(tenant, name, zone)
      await this.#storeMade(tx, tenant)
      return store
    })
    return accept(made)
  }

  stores(tenant: TenantId): Promise<StoreRow[]> {
    return this.#store.read.stores(tenant)
  }

  /** The code is in this answer and nowhere else. */
  async newCode(tenant: TenantId, store: StoreId): Promise<Result<{ code: string; expires: Millis }>> {
    const code = enrolCode(this.#system.randomBytes(CODE_BYTES))
    const expires = (this.#system.clock.now() + ENROL_CODE_MS_MAX) as Millis
    const known = await this.#store.write(async (tx) => {
      const found = (await tx.stores(tenant)).some(({ id }) => id === store)
      if (found) await tx.insertCode({ hash: enrolCodeHash(code), tenant, store, expires, usedBy: null })
      return found
    })
    return known ? accept({ code, expires }) : refuse('store_not_found', `There is no store ${store}`)
  }

  /**
   * Exchanges a code for an identity (G-1). `caller` is the network address the guess is counted against. The device that used a code
   * may ask again with the same key and gets the same answer, because its first answer may have been lost on the way.
   */
  async enrol(request: EnrolRequest, caller: string): Promise<Result<Enrolment>> {
    const wait = this.#guesses.begin(caller)
    if (wait > 0)
      return {
        ok: false,
        refusal: {
          code: 'too_many_requests',
          detail: `Too many enrolment codes were wrong; try again in ${wait} s`,
          retryAfterS: wait,
        },
      }
    if (importPublicKey(request.public_key) === undefined) {
      this.#guesses.forgive(caller)
      return refuse('input_invalid', 'Not an Ed25519 public key in base64 of DER', '/public_key')
    }
    const enrolment = await this.#exchange(request)
    if (!enrolment.ok) return enrolment
    this.#guesses.forgive(caller)
    if (request.tls === undefined) return enrolment
    // The code is used up by now: a request that cannot be certified does not undo the enrolment, and the device may ask again over its line.
    const { edge, store } = enrolment.value
    const tls = await this.#certifier.certify(store.tenant, edge, request.tls)
    return tls.ok ? accept({ ...enrolment.value, tls: tls.value }) : enrolment
  }

  async #exchange({ code, public_key, software }: EnrolRequest): Promise<Result<Enrolment>> {
    const hash = enrolCodeHash(code)
    const now = this.#system.clock.now() as Millis
    // Unknown, used and expired look alike from outside: whoever guesses learns nothing.
    const unknown = refuse(
      'code_unknown',
      'This code is not known, was used, or has expired; ask HQ for a new one',
    )
    const made = await this.#store.write(async (tx): Promise<Result<Admitted> | { usedBy: EdgeId }> => {
      const row = await tx.code(hash)
      if (row === undefined || row.expires <= now) return unknown
      if (row.usedBy !== null) return { usedBy: row.usedBy }
      const store = (await tx.stores(row.tenant)).find(({ id }) => id === row.store)
      if (store === undefined) return unknown
      const draft = { tenant: row.tenant, store: row.store }
      const edge = await tx.insertEdge({ ...draft, publicKey: public_key, enrolledAt: now })
      const origin = await tx.insertOrigin({ ...draft, edge: edge.id })
      const spares = await sparesOf(tx, edge)
      await tx.useCode(hash, edge.id)
      await tx.saveContact({
        origin: origin.origin,
        saidSeq: 0 as Seq,
        contactAt: now,
        software,
        program: 0 as ProgramVersion,
      })
      return accept({ edge, origin, store, spares })
    })
    if ('ok' in made) return made.ok ? accept(await this.#enrolment(made.value)) : made
    const again = await this.#admittedBefore(made.usedBy, public_key)
    return again === undefined ? unknown : accept(await this.#enrolment(again))
  }

  async #admittedBefore(id: EdgeId, publicKey: string): Promise<Admitted | undefined> {
    return this.#store.write(async (tx) => {
      const edge = await tx.edge(id)
      if (edge === undefined || edge.publicKey !== publicKey) return undefined
      const origin = (await tx.livesOf(edge.tenant, id)).findLast(({ state }) => state === 'open')
      const store = (await tx.stores(edge.tenant)).find((row) => row.id === edge.store)
      if (origin === undefined || store === undefined) return undefined
      return { edge, origin, store, spares: await sparesOf(tx, edge) }
    })
  }

  async #enrolment({ edge, origin, store, spares }: Admitted): Promise<Enrolment> {
    return {
      attestation: await this.#attest(edge, [origin, ...spares]),
      spares,
      edge: edge.id,
      origin: origin.origin,
      epoch: origin.epoch,
      store,
      cloudPublicKey: this.#cloudPublicKey,
    }
  }

  /** G-9: a copy becomes a device of its own. */
  approve(tenant: TenantId, id: EdgeId): Promise<Result<EdgeRow>> {
    return this.#decide(tenant, id, async (tx, own, edge) => {
      if (edge.state !== 'pending')
        return refuse('edge_settled', `Edge ${id} is ${edge.state}: there is nothing to approve`)
      await approveEdge(tx, own, edge)
      return accept({ ...edge, state: 'active' })
    })
  }

  /** G-9: nothing of a device is taken any more. */
  retire(tenant: TenantId, id: EdgeId): Promise<Result<EdgeRow>> {
    return this.#decide(tenant, id, async (tx, own, edge) => {
      if (edge.state === 'retired') return refuse('edge_settled', `Edge ${id} is retired already`)
      await retireEdge(tx, own, edge, this.#system.clock.now() as Millis)
      return accept({ ...edge, state: 'retired' })
    })
  }

  async #decide(
    tenant: TenantId,
    id: EdgeId,
    decide: (tx: Writes, own: OwnFacts, edge: EdgeRow) => Promise<Result<EdgeRow>>,
  ): Promise<Result<EdgeRow>> {
    const decided = await this.#ingest.record(tenant, async (tx, own): Promise<Result<EdgeRow>> => {
      const edge = await tx.edge(id)
      if (edge?.tenant !== tenant) return refuse('edge_unknown', `There is no edge ${id}`)
      return decide(tx, own, edge)
    })
    if (decided.ok) this.#decided(id)
    return decided
  }

  /** G-3, in order of enrolment. */
  async edges(tenant: TenantId): Promise<EdgeStanding[]> {
    const { read } = this.#store
    const [held, edges, origins, contacts, stores] = await Promise.all([
      this.#certifier.held(tenant),
      read.edges(tenant),
      read.origins(tenant),
      read.contacts(tenant),
      read.stores(tenant),
    ])
    const connected = this.#connected()
    const unspoken = this.#unspoken()
    return edges.flatMap((edge): EdgeStanding[] => {
      const lives = origins.filter((row) => row.edge === edge.id && row.state !== 'spare').map(lifeStanding)
      const origin = lives.at(-1) ?? NO_LIFE
      const store = stores.find(({ id }) => id === edge.store)
      if (store === undefined) return []
      const live = connected.get(origin.origin)
      const contact: Contact | undefined = live ?? contacts.find((row) => row.origin === origin.origin)
      const saidSeq = Math.max(contact?.saidSeq ?? 0, origin.seq) as Seq
      return [
        {
          edge: edge.id,
          store,
          origin: origin.origin,
          epoch: origin.epoch,
          connected: live !== undefined,
          upgrade: upgradeOf(unspoken.get(edge.id)),
          seq: origin.seq,
          saidSeq,
          lag: saidSeq - origin.seq,
          contactAt: contact?.contactAt ?? null,
          software: contact?.software ?? '',
          program: contact?.program ?? (0 as ProgramVersion),
          state: edge.state,
          copyOf: edge.copyOf,
          lives,
          certificate: held.get(edge.id) ?? null,
          enrolledAt: edge.enrolledAt,
        },
      ]
    })
  }
}

function upgradeOf(refused: Unspoken['reason'] | undefined): EdgeStanding['upgrade'] {
  if (refused === undefined) return null
  return refused === 'version_old' ? 'store' : 'cloud'
}

/** A device that HQ has not decided about has none. */
const NO_LIFE = { origin: 0 as Origin, epoch: 0, seq: 0 as Seq }

function lifeStanding({ origin, epoch, seq, state, ended, endedAt, witnessed }: OriginRow): LifeStanding {
  const missing = Math.max(0, witnessed - seq)
  return { origin, epoch, seq, open: state === 'open', ended, endedAt, witnessed, missing }
}
