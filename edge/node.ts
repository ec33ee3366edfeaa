// One edge node, put together: ledger, till, link, feed, local API. Tests, the simulation and main.ts all start it here, with the machine or
// a stand-in for it. Stopping is in the order of H-4: first no new work, then every answer that is owed, then the lines, then the file.
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { CLOCK_LOOK_MS, DISK_LOOK_MS, STOP_MS_MAX, WALK_FIRST_MS, WALK_MS } from '../protocol/limits.ts'
import { assert } from '../protocol/result.ts'
import { diskSentence } from '../cloud/storage/faults.ts'
import { bindingOf } from './machine.ts'
import { enrolWith } from './enrol.ts'
import { Readers } from './feed/readers.ts'
import type { Address } from './http/ports.ts'
import { Attendance } from './http/attendance.ts'
import { KeptReceipts } from './http/kept-receipts.ts'
import { Metrics, Requests } from './http/metrics.ts'
import { routesOf } from './http/routes.ts'
import { IssuedTokens } from './http/pegke/issued-tokens.ts'
import { Server } from './http/server.ts'
import { Passcodes } from './http/passcodes.ts'
import { Tokens } from './http/tokens.ts'
import { LedgerRefused } from './ledger/database.ts'
import { flushTest } from './ledger/flush-test.ts'
import { openOrRecover } from './ledger/recovery.ts'
import type { Recovery } from './ledger/recovery.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { EdgeIdentity } from './ledger/meta.ts'
import { StartRefused } from './start-refused.ts'
import { Link } from './sync/link.ts'
import { postFactory, postUrl } from './sync/posts.ts'
import { attestationHeader, syncUrl, webSocketFactory } from './sync/socket.ts'
import type { SocketFactory } from './sync/socket.ts'
import { realSystem } from './system.ts'
import type { Cancel, System } from './system.ts'
import { Till } from './till/till.ts'
import { writeCertificate } from './tls/certificate-file.ts'
import { CertificateKeeper, newTlsKey } from './tls/certificate-keeper.ts'
import { ownNames } from './tls/own-names.ts'

export interface EdgeOptions {
  readonly directory: string
  readonly port: number
  /** Where plain HTTP is served. */
  readonly host: string
  /** Where TLS is served; nowhere when left out. */
  readonly tls?: Address | undefined
  readonly log: Logger
  /** The cloud's address; the one of the enrolment when left out. */
  readonly cloud?: string | undefined
  /** One-time code, used when the ledger has no identity. */
  readonly enrol?: string | undefined
  readonly backdateMs?: number | undefined
  /** Names the node goes by in browsers, besides addresses and local names. */
  readonly hostNames?: readonly string[]
  readonly system?: System
  /** How a line to the cloud is opened; a real WebSocket when left out. */
  readonly open?: SocketFactory
  /** The storage failed: end the process, so that the next start looks at everything (L-13). */
  readonly onBroken?: () => void
}

export interface EdgeNode {
  readonly port: number
  /** Null as long as nothing is served over TLS. */
  readonly tlsPort: number | null
  readonly identity: EdgeIdentity
  readonly till: Till
  readonly ledger: Ledger
  readonly link: Link
  stop(): Promise<void>
}

// The package's own file; its version is checked by npm.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}
export const SOFTWARE = `tillstream-edge/${version}`

/** Throws StartRefused or LedgerRefused with a sentence where a person must change something. */
export async function startEdge(options: EdgeOptions): Promise<EdgeNode> {
  try {
    return await startOn(options)
  } catch (cause) {
    const sentence = cause instanceof LedgerRefused ? undefined : diskSentence(options.directory, cause)
    throw sentence === undefined ? cause : new StartRefused(sentence, { cause })
  }
}

async function startOn(options: EdgeOptions): Promise<EdgeNode> {
  const { system = realSystem, log } = options
  const { ledger, recovery } = openOrRecover(options.directory, system.clock.now())
  if (recovery !== null) log.error(recovery, 'the ledger was damaged: what is proven was taken over')
  try {
    const told = recovery === null ? null : recoveryText(recovery, ledger, options.enrol !== undefined)
    await identify(ledger, options)
    const lost = recovery !== null && !isWhole(recovery)
    const node = await assemble(ledger, options, lost)
    if (told !== null) node.till.tellManagers(told)
    return node
  } catch (cause) {
    // The next start looks at all of it (L-13).
    ledger.failed(cause)
    ledger.close()
    throw cause
  }
}

/** L-16. Throws where the store cannot go on by itself. */
function recoveryText(recovery: Recovery, ledger: Ledger, enrols: boolean): string {
  const { fault, kept, facts, claimed } = recovery
  const found = `The ledger was damaged (${fault}) and is kept in ${kept}.`
  if (ledger.identity() === undefined && enrols) return `${found} Nothing in it could be proven.`
  if (isWhole(recovery) && ledger.identity() !== undefined)
    return `${found} All ${facts} records were proven and taken over; the members' states come from the cloud again.`
  if (ledger.identity() === undefined)
    throw new StartRefused(
      `${found} Nothing in it can be proven. Ask HQ for a new enrolment code of the store and start once with --cloud URL --enrol CODE: the cloud has ` +
        'what was synced, and terminals have their receipts.',
    )
  const proven = `${found} ${facts} of ${claimed ?? 'an unknown number of'} records were proven`
  if (ledger.lives.spares().length > 0)
    return `${proven} and taken over. What is missing comes back from the cloud and from the terminals; the members' states come from the cloud again.`
  throw new StartRefused(
    `${proven}, so this ledger cannot go on as if nothing were missing. ` +
      `Move ledger.db away, ask HQ for a new enrolment code of the store, and start once with --cloud URL --enrol CODE.`,
  )
}

/** Nothing can be missing. */
function isWhole({ facts, claimed }: Recovery): boolean {
  return claimed !== null && facts >= claimed
}

async function identify(
  ledger: Ledger,
  { directory, cloud, enrol, log, hostNames }: EdgeOptions,
): Promise<void> {
  if (ledger.identity() !== undefined) {
    if (enrol !== undefined) log.info('enrolled already, the code was not used')
    return
  }
  if (enrol === undefined || cloud === undefined)
    throw new StartRefused(
      'This edge belongs to no store yet. Ask HQ for an enrolment code of the store (POST /v1/stores/:id/codes at the cloud) and ' +
        'start once with --cloud URL --enrol CODE.',
    )
  const tls = newTlsKey(ownNames(hostNames ?? []))
  const { identity, spares, certified } = await enrolWith(cloud, enrol, SOFTWARE, tls)
  ledger.enrol(identity, spares)
  if (certified !== undefined) writeCertificate(directory, tls.privateKey, certified)
  log.info('enrolled')
}

/** `lost`: records of the ledger may be missing. */
async function assemble(ledger: Ledger, options: EdgeOptions, lost: boolean): Promise<EdgeNode> {
  const { directory, log, backdateMs, system = realSystem } = options
  const identity = ledger.identity()
  assert(identity !== undefined, 'enrolled')
  const tokens = new Tokens(ledger.terminals, (hash) => ledger.managers.session(hash, system.clock.now()))
  const passcodes = new Passcodes(ledger.managers, () => system.clock.now())
  tokens.ensureAdmin(directory)
  const flush = flushTest(directory)
  if (flush.verdict === 'too_fast') log.warn(flush, 'the disk says "stored" faster than a disk can store')
  const till = new Till({
    ledger,
    system,
    software: SOFTWARE,
    flush,
    onFault: (cause) => log.error({ err: cause }, 'till fault'),
    ...(backdateMs === undefined ? {} : { backdateMs }),
  })
  till.resume(bindingOf(directory), lost)
  // A copy becomes another device while it runs (P-LIFE-6).
  const edge = (): number => ledger.identity()?.edge ?? identity.edge
  const cloud = options.cloud ?? identity.cloudUrl
  const onFault = (cause: Error): void => log.debug({ err: cause }, 'link socket')
  const shown = () => attestationHeader(ledger.identity()?.attestation ?? null)
  const bySocket = webSocketFactory(() => syncUrl(cloud, edge()), shown, onFault)
  const byPost = postFactory(() => postUrl(cloud, edge()), shown, onFault)
  const open: SocketFactory =
    options.open ?? ((events, via) => (via === 'socket' ? bySocket : byPost)(events, via))
  const keeper: CertificateKeeper = new CertificateKeeper({
    directory,
    system,
    now: () => till.clock.now(),
    names: () => ownNames(options.hostNames ?? []),
    needed: options.tls !== undefined,
    ask: (request) => link.aboutCertificate({ type: 'certify', ...request }),
    say: (certificate) => void link.aboutCertificate({ type: 'holds', certificate }),
    onChanged: () =>
      void serveTls().catch((cause: unknown) => log.error({ err: cause }, 'TLS is not served')),
    onEnding: (until) => till.tellManagers(endingText(until)),
  })
  const link = new Link({ ledger, till, system, open, software: SOFTWARE, log, certificates: keeper })
  till.connect(link)
  const readers = new Readers(till.feed)
  till.onClientGone(({ key }) => readers.revoke(key))
  const requests = new Requests()
  const metrics = new Metrics(
    {
      facts: () => ledger.head().seq,
      unsynced: () => ledger.unsynced,
      commits: () => link.commits,
      readers: () => readers.count,
      readersCut: () => readers.cut,
      link: () => link.state,
      lastWordAt: () => link.lastWordAt(),
      refusedFrames: () => link.refusedFrames,
      certifiedUntil: () => keeper.held?.until ?? null,
    },
    requests,
  )
  let ready = true
  const routes = routesOf({
    till,
    tokens,
    passcodes,
    readers,
    metrics,
    software: SOFTWARE,
    ca: () => keeper.held?.ca,
    issued: new IssuedTokens(ledger.clients, system),
    ready: () => ready,
  })
  const server = new Server({
    routes,
    tokens,
    readers,
    requests,
    system,
    log,
    hostNames: options.hostNames ?? [],
    receipts: new KeptReceipts((receipt) => void till.witness(receipt)),
    onFault: (cause) => void ledger.failed(cause),
  })
  const port = await listen(server, () => server.listen({ host: options.host, port: options.port }))
  let tlsPort: number | null = null
  const serveTls = async (): Promise<void> => {
    const { tls } = options
    const { held } = keeper
    if (tls === undefined || held === undefined) return
    tlsPort = await server.listenTls({ host: tls.host, port: tlsPort ?? tls.port }, held.path)
    log.info({ port: tlsPort, until: new Date(held.until) }, 'TLS is served')
  }
  await listen(server, serveTls)
  if (options.tls !== undefined && tlsPort === null)
    log.warn('TLS is served once the cloud was reached and has certified this node')
  const attendance = new Attendance({
    system,
    takeHeard: () => tokens.takeHeard(),
    tell: (terminal, text) => till.tellOfTerminal(terminal, text),
  })
  link.start()
  keeper.start()
  attendance.start()
  const stopLooking = lookAround(system, till, ledger, log)
  ledger.onBroken((cause) => {
    ready = false
    log.fatal({ err: cause }, 'the storage failed: nothing more is acknowledged')
    options.onBroken?.()
  })

  const stop = async (): Promise<void> => {
    ready = false
    stopLooking()
    keeper.stop()
    attendance.stop()
    await till.drain()
    await settledOrLate(server, system)
    readers.stop()
    link.stop()
    server.close()
    ledger.close()
  }
  let stopping: Promise<void> | undefined
  return {
    port,
    get tlsPort() {
      return tlsPort
    },
    /** As it is now: a life may have begun. */
    get identity() {
      return ledger.identity() ?? identity
    },
    till,
    ledger,
    link,
    stop: () => (stopping ??= stop()),
  }
}

function endingText(until: number): string {
  return (
    `The certificate of this store's TLS ends at ${new Date(until).toISOString().slice(0, 16)}Z: browsers will warn from then on. ` +
    'It is renewed as soon as the cloud is reached.'
  )
}

/** What is looked at by the clock while the node runs; returns what ends it. */
function lookAround(system: System, till: Till, ledger: Ledger, log: Logger): Cancel {
  const walk = (): void => {
    ledger.walk().then(
      (faults) => log[faults.length > 0 ? 'fatal' : 'info']({ faults }, 'the ledger was walked'),
      (cause: unknown) => log.error({ err: cause }, 'the ledger could not be walked'),
    )
  }
  const cancels = [
    every(system, CLOCK_LOOK_MS, () => till.lookAtClock()),
    every(system, DISK_LOOK_MS, () => till.lookAtDisk()),
    system.after(WALK_FIRST_MS, walk),
    every(system, WALK_MS, walk),
  ]
  till.lookAtDisk()
  return () => cancels.forEach((cancel) => cancel())
}

/** Calls again and again until the returned function is called. */
function every(system: System, ms: number, call: () => void): Cancel {
  const next = (): Cancel =>
    system.after(ms, () => {
      cancel = next()
      call()
    })
  let cancel = next()
  return () => cancel()
}

/** A caller that does not take its answer cannot hold the stop up. */
async function settledOrLate(server: Server, system: System): Promise<void> {
  let cancel: Cancel = () => undefined
  const late = new Promise<void>((resolve) => (cancel = system.after(STOP_MS_MAX, resolve)))
  await Promise.race([server.settled(), late])
  cancel()
}

async function listen<T>(server: Server, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    server.close()
    throw new StartRefused(cause instanceof Error ? cause.message : 'A port cannot be opened.', { cause })
  }
}
