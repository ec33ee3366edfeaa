// One cloud node, put together: store, domain, fleet, sync, feed, HTTP. Tests, the simulation and main.ts all start it here. Stopping goes in this
// order: not ready and no new writes; edges and readers told to go; what was taken is committed; the store closed.
import { destination, pino } from 'pino'
import type { Logger } from 'pino'
import { exportPrivateKey, exportPublicKey, importPrivateKey, newKeyPair } from '../protocol/envelope.ts'
import type { KeyPair } from '../protocol/envelope.ts'
import { diskSentence } from './storage/faults.ts'
import type { Clock, Millis } from '../protocol/time.ts'
import type { LogLevel } from './config.ts'
import { Authority } from './domain/authority.ts'
import type { Dialect } from './dialects/frame/dialect.ts'
import { PEGKE_AUTH } from './dialects/pegke/auth.ts'
import { Configuration } from './domain/configuration/configuration.ts'
import { Entities } from './domain/configuration/entities.ts'
import { followStores } from './domain/configuration/follow.ts'
import { Accounts } from './domain/accounts/accounts.ts'
import { queueMailTo } from './domain/accounts/mail-queue.ts'
import { Draws } from './domain/draws.ts'
import { HqFacts } from './domain/hq-facts.ts'
import { Ingest } from './domain/ingest/ingest.ts'
import { Grants } from './domain/leases/grants.ts'
import { Recalls } from './domain/leases/recalls.ts'
import { openCloudEpoch } from './domain/lives.ts'
import { MemberLookup } from './domain/member-lookup.ts'
import { Moments } from './domain/moments.ts'
import { ProgramShelf } from './domain/programs.ts'
import { Resolutions } from './domain/resolutions.ts'
import { TotalsTaker } from './domain/totals.ts'
import { Certifier } from './fleet/certifier.ts'
import { Fleet } from './fleet/fleet.ts'
import { appOf } from './http/app.ts'
import { LiveFeed } from './http/feed/live-feed.ts'
import { loadHqToken } from './http/hq-token.ts'
import { Metrics } from './http/metrics.ts'
import { NodeNames } from './http/node-names.ts'
import { ROUTES } from './http/routes/routes.ts'
import { HttpServer } from './http/server.ts'
import type { Services } from './http/services.ts'
import { SyncPosts } from './http/sync-posts.ts'
import { Upgrades } from './http/upgrades.ts'
import { PERKVILLE_AUTH } from './dialects/perkville/auth.ts'
import { NATIVE_AUTH } from './platform/oauth/native-auth.ts'
import { Platform } from './platform/platform.ts'
import { foundTenant } from './platform/tenants.ts'
import { dialectFeedsOf, dialectsOf } from './served-dialects.ts'
import type { CloudStore, TenantId } from './store/port.ts'
import { startMail } from './mail/mail.ts'
import { openSqliteStore } from './store/sqlite/sqlite-store.ts'
import type { DiskStore } from './store/sqlite/sqlite-store.ts'
import { OpenerThread } from './opener.ts'
import { StorageKeeper } from './storage-keeper.ts'
import { SyncHub } from './sync/hub.ts'
import { realSystem, systemWith } from './system.ts'
import type { System } from './system.ts'
import { WhatIfs } from './what-if/what-ifs.ts'

export interface CloudOptions {
  readonly directory: string
  readonly port: number
  readonly host: string
  readonly clock?: Clock
  readonly logLevel: LogLevel
  /** How browsers reach the node, where that is not its own port: behind a proxy with TLS. */
  readonly publicUrl?: string | undefined
  /** Names it goes by besides. */
  readonly hostNames?: readonly string[]
  /** The server that takes e-mails, and the address they come from; left out: they wait. */
  readonly mail?: { readonly smtp: string; readonly from: string } | undefined
  /** Whether what falls due is booked by itself (DUE); left out: yes. */
  readonly moments?: boolean
  /** From the start to the first walk over the data (S-10); left out: `WALK_FIRST_MS`. */
  readonly walkAfterMs?: number | undefined
  /** Whether leases are given (U-6); left out: as `moments`, because they go by the machine's time too. */
  readonly leases?: boolean
  /** The storage failed: end the process, so that the next start looks at everything (S-4). */
  readonly onBroken?: () => void
}

export interface CloudNode {
  readonly port: number
  /** The HQ token, for whoever started the node in this process. */
  readonly token: string
  readonly store: CloudStore
  readonly platform: Platform
  /** The rows of other platforms' APIs that it serves. */
  readonly dialects: readonly Dialect<never>[]
  /** Every address that something answers at, by verb (`ALL`: any) or as an upgrade to a WebSocket; a `*` is any further name (S50). */
  readonly served: readonly string[]
  stop(): Promise<void>
}

/** A node that cannot start for a reason the operator can mend; the message is a sentence for him. */
export class StartRefused extends Error {}

export async function startCloud(options: CloudOptions): Promise<CloudNode> {
  const { directory, logLevel } = options
  // Synchronous: the last lines before a death are the ones that matter.
  const log = pino({ name: 'tillstream-cloud', level: logLevel }, destination({ fd: 2, sync: true }))
  const system = options.clock === undefined ? realSystem : systemWith(options.clock)
  const store = openStore(directory, (cause) => {
    log.fatal({ err: cause }, 'the storage failed: nothing more is acknowledged')
    options.onBroken?.()
  })
  const keeper = new StorageKeeper({ store, directory, system, log })
  try {
    const token = tokenIn(directory, system)
    const founded = await found(store, system)
    return await assemble(options, { store, directory, token, founded, system, log, keeper })
  } catch (cause) {
    await store.close()
    const sentence = diskSentence(directory, cause)
    throw sentence === undefined ? cause : new StartRefused(sentence, { cause })
  }
}

function tokenIn(directory: string, system: System): string {
  try {
    return loadHqToken(directory, system)
  } catch (cause) {
    const sentence = diskSentence(directory, cause)
    throw new StartRefused(sentence ?? (cause instanceof Error ? cause.message : ''), { cause })
  }
}

function openStore(directory: string, onBroken: (cause: unknown) => void): DiskStore {
  try {
    return openSqliteStore({ directory, onBroken })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown'
    const sentence = diskSentence(directory, cause) ?? `The store in ${directory} cannot be opened: ${why}`
    throw new StartRefused(sentence, { cause })
  }
}

interface Founded {
  readonly tenant: TenantId
  readonly epoch: number
  readonly keys: KeyPair
}

/** What the first start makes once: the tenant with the cloud's own origin, the signing key, the epoch of the database. */
async function found(store: CloudStore, { clock }: System): Promise<Founded> {
  return store.write(async (tx) => {
    let tenant = await tx.meta('tenant_default')
    if (tenant === undefined) {
      const made = await foundTenant(tx, 'default', null, clock.now() as Millis)
      tenant = String(made.id)
      await tx.saveMeta('tenant_default', tenant)
      await tx.saveMeta('cloud_epoch', '1')
    }
    let pem = await tx.meta('cloud_private_key')
    if (pem === undefined) {
      pem = exportPrivateKey(newKeyPair().privateKey)
      await tx.saveMeta('cloud_private_key', pem)
    }
    if ((await tx.meta('restored')) === '1') {
      const why = 'because a backup was put back'
      await openCloudEpoch(tx, await tx.tenants(), 0, clock.now() as Millis, why)
      await tx.saveMeta('restored', '0')
    }
    const epoch = Number((await tx.meta('cloud_epoch')) ?? '1')
    return { tenant: Number(tenant), epoch, keys: importPrivateKey(pem) }
  })
}

interface Parts {
  readonly store: DiskStore
  readonly directory: string
  readonly token: string
  readonly founded: Founded
  readonly system: System
  readonly log: Logger
  readonly keeper: StorageKeeper
}

interface Core {
  readonly ingest: Ingest
  readonly hub: SyncHub
  readonly opener: OpenerThread
  readonly moments: Moments
  readonly grants: Grants
  readonly feed: LiveFeed
  readonly services: Services
}

/** Everything behind the network. */
async function coreOf(
  { store, directory, token, founded, system, log, keeper }: Parts,
  stopping: () => boolean,
): Promise<Core> {
  const { clock } = system
  const shelf = new ProgramShelf(store, clock)
  const ingest = new Ingest(store, shelf, clock, {
    onMended: (member) =>
      log.error(
        { member },
        'what was saved of a member was not what had been written: it is made again from its facts; have the disk looked at',
      ),
  })
  const refolded = await ingest.bringStatesUp()
  if (refolded > 0) log.info({ members: refolded }, 'states of an earlier release folded again')
  const after = (ms: number, call: () => void): (() => void) => system.after(ms, call)
  const recalls = new Recalls({ ingest, shelf, after, reaches: (origin) => hub.reached().has(origin) })
  const grants = new Grants({
    store,
    ingest,
    shelf,
    clock,
    after,
    reached: () => hub.reached(),
    drains: () => hub.load.draining > 0,
    onFault: (cause) => log.error({ err: cause }, 'a look for leases broke'),
  })
  const authority = new Authority(store, shelf, clock, recalls)
  const certifier = new Certifier({
    store,
    system,
    onIssued: (issued) => log.info(issued, 'a certificate was issued'),
  })
  const accounts = new Accounts({ store, ingest, shelf, authority, clock })
  await accounts.projections.resume()
  const platform = new Platform({
    store,
    system,
    operatorToken: token,
    firstTenant: founded.tenant,
    dialects: [NATIVE_AUTH, PERKVILLE_AUTH, PEGKE_AUTH],
    accounts: accounts.projections,
    letters: (tx, { type, word, ...to }) =>
      queueMailTo(tx, to, { type, fact: null, location: 0, word, now: clock.now() as Millis }),
    onFault: (cause) => log.error({ err: cause }, 'a sweep of what ran out broke'),
  })
  const opener = new OpenerThread((cause) =>
    log.error({ err: cause }, 'the thread that opens frames broke: they are opened without it'),
  )
  const hub: SyncHub = new SyncHub({
    opener,
    store,
    ingest,
    certify: (tenant, edge, request) => certifier.certify(tenant, edge, request),
    holds: (tenant, edge, certificate) => certifier.holds(tenant, edge, certificate),
    certifyAgain: (tenant, edge) => certifier.again(tenant, edge),
    clients: {
      of: (tenant) => platform.clients.ofStores(tenant),
      onChanged: (listener) => platform.clients.onChanged(listener),
    },
    authority,
    onReached: (tenant, reachedIn, away) => grants.inReach(tenant, reachedIn, away),
    onSeen: (tenant, seenIn, member) => grants.seen(tenant, seenIn, member),
    storeMade: (tx, tenant) => followStores(tx, tenant, { now: clock.now(), by: 'HQ' }),
    shelf,
    system,
    privateKey: founded.keys.privateKey,
    onFault: (edge, cause) => log.error({ edge, err: cause }, 'a sync connection broke'),
  })
  const feed = await LiveFeed.open({
    read: store.read,
    shelf,
    system,
    epoch: founded.epoch,
    onFault: (cause) => log.error({ err: cause }, 'a feed frame broke'),
  })
  const moments = new Moments({
    store,
    ingest,
    shelf,
    clock,
    after,
    onFault: (cause) => log.error({ err: cause }, 'a look for what is due broke'),
  })
  const metrics = new Metrics({
    edgesConnected: () => hub.connected().size,
    feedReaders: () => feed.readerCount,
    batchesWaiting: () => ingest.queueLength,
    edgesDraining: () => hub.load.draining,
    edgesQueued: () => hub.load.queued,
    syncBytesWaiting: () => hub.load.waitingBytes,
    framesRefused: () => hub.refusedFrames,
    diskFreeBytes: () => keeper.freeBytes,
    readOnly: () => keeper.readOnly,
    walkFaults: () => keeper.faults,
    statesMended: () => ingest.statesMended,
  })
  store.onAccessChanged(() => void feed.lookAtTokens())
  ingest.onCommitted(({ activities }) => {
    metrics.committed(activities)
    feed.committed(activities)
  })
  const services: Services = {
    read: store.read,
    shelf,
    fleet: new Fleet({
      store,
      system,
      cloudPublicKey: exportPublicKey(founded.keys.publicKey),
      certifier,
      ingest,
      attest: (edge, lives) => hub.attest(edge, lives),
      connected: () => hub.connected(),
      unspoken: () => hub.unspoken,
      storeMade: (tx, tenant) => followStores(tx, tenant, { now: clock.now(), by: 'HQ' }),
      decided: (edge) => hub.closeEdge(edge, 'HQ decided about this device; say hello again'),
    }),
    platform,
    caCertificate: () => certifier.caCertificate(founded.tenant),
    certifier: {
      authorities: (tenant) => certifier.authorities(tenant),
      async step(tenant, step) {
        const stepped = await certifier.step(tenant, step)
        if (stepped.ok) hub.certifyAgain(tenant)
        return stepped
      },
    },
    accounts,
    entities: new Entities(store, clock),
    hqFacts: new HqFacts(store, ingest, shelf, clock),
    members: new MemberLookup(store.read, shelf, clock),
    resolutions: new Resolutions(ingest, shelf),
    draws: new Draws(ingest, shelf, clock),
    whatIfs: new WhatIfs(directory),
    totals: new TotalsTaker(store.read, shelf, clock),
    feed,
    metrics,
    clock,
    readOnly: () => keeper.readOnly,
    stopping,
  }
  return { ingest, hub, opener, moments, grants, feed, services }
}

async function assemble(options: CloudOptions, parts: Parts): Promise<CloudNode> {
  const { store, token, system, log, keeper } = parts
  const secure = options.publicUrl?.startsWith('https:') === true
  let stops = false
  const stopping = (): boolean => stops
  const { ingest, hub, opener, moments, grants, feed, services } = await coreOf(parts, stopping)
  const mailSecret = await mailSecretOf(parts)
  const names = new NodeNames(options.hostNames ?? [], options.publicUrl)
  const upgrades = new Upgrades({
    read: store.read,
    hub,
    feed,
    principals: services.platform.principals,
    system,
    log,
    stopping,
    names,
    secure,
    dialectFeeds: dialectFeedsOf(store, system.clock),
  })
  const posts = new SyncPosts({ hub, system, log, stopping })
  const configuration = new Configuration({
    store,
    shelf: services.shelf,
    clock: system.clock,
    randomBytes: (count) => system.randomBytes(count),
  })
  await configuration.catchUp()
  const dialects = dialectsOf({ services, store, clock: system.clock, configuration })
  const mounts = dialects.map(({ mount }) => mount({ log, metrics: services.metrics, stopping, secure }))
  const app = appOf({
    routes: ROUTES,
    services,
    secure,
    log,
    mounts,
    mail: { store, clock: system.clock, secret: mailSecret },
  })
  const server = new HttpServer({ app, upgrades, posts, names, secure })
  let port: number
  try {
    port = await server.listen(options.host, options.port)
  } catch (cause) {
    feed.stop()
    upgrades.cut()
    throw new StartRefused(listenSentence(options, cause), { cause })
  }
  services.platform.start()
  const mail =
    options.mail === undefined
      ? undefined
      : startMail({
          ...options.mail,
          store,
          clock: system.clock,
          after: (ms, call) => system.after(ms, call),
          onFault: (cause) => log.error({ err: cause }, 'a look at the outbox broke'),
          publicUrl: options.publicUrl ?? `http://${options.host}:${port}`,
          secret: mailSecret,
          pathOf: (letter) => services.platform.proofs.pathOf(letter),
        })
  keeper.start(options.walkAfterMs)
  if (options.moments !== false) moments.start()
  if (options.leases ?? options.moments !== false) grants.start()
  log.info({ port, host: options.host, directory: options.directory }, 'listening')

  const drain = async (): Promise<void> => {
    stops = true
    log.info('stopping')
    keeper.stop()
    feed.stop()
    await services.platform.stop()
    await mail?.stop()
    await moments.stop()
    await services.accounts.transactions.idle()
    await grants.stop()
    await hub.stop()
    await opener.stop()
    await services.whatIfs.stop()
    await server.close()
    await ingest.idle()
    await store.close()
    log.info('stopped')
  }
  let drained: Promise<void> | undefined
  return {
    port,
    token,
    store,
    platform: services.platform,
    dialects: dialects.map(({ dialect }) => dialect),
    served: [
      ...app.routes.map(({ method, path }) => `${method} ${path}`),
      ...upgrades.paths.map((path) => `UPGRADE ${path}`),
    ],
    stop: () => (drained ??= drain()),
  }
}

/** What the links of e-mails are made with; made once. */
async function mailSecretOf({ store, system }: Parts): Promise<string> {
  return store.write(async (tx) => {
    const known = await tx.meta('mail_secret')
    const secret = known ?? Buffer.from(system.randomBytes(32)).toString('hex')
    if (known === undefined) await tx.saveMeta('mail_secret', secret)
    return secret
  })
}

function listenSentence({ host, port }: CloudOptions, cause: unknown): string {
  const code = (cause as { code?: string }).code
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is taken: stop what listens there, or choose another with --port.`
  if (code === 'EACCES')
    return `Port ${port} may not be opened by this user: choose one above 1023 with --port.`
  return `Cannot listen on ${host} port ${port}: ${cause instanceof Error ? cause.message : 'unknown'}.`
}
