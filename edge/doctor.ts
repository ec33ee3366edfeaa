// Looks a store's data directory over and says in plain words what is wrong and what to do (DR-1). It may run beside the node and changes nothing.
// Everything it says is about the machine and the file: no name, no member, no key (DR-2), so that its words may be sent to anybody.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CERTIFICATE_WARN_DAYS } from '../protocol/limits.ts'
import { RESTORED_MARK } from '../protocol/restored.ts'
import { DAY_MS, millisOf } from '../protocol/time.ts'
import type { HybridTime } from '../protocol/time.ts'
import { hasFailed } from '../cloud/storage/failure-mark.ts'
import { diskSentence, isUnwritable } from '../cloud/storage/faults.ts'
import { directoryFinding, diskFinding, well, wrong } from '../cloud/storage/findings.ts'
import type { Finding as FindingAbout } from '../cloud/storage/findings.ts'
import { OFF_MS_MAX } from './clock.ts'
import type { CloudWord } from './doctor-cloud.ts'
import { LEDGER_FILE, LedgerRefused, lockDirectory, openForReading } from './ledger/database.ts'
import type { Database } from './ledger/database.ts'
import { flushTest } from './ledger/flush-test.ts'
import { Leases } from './ledger/leases.ts'
import { UNSYNCED } from './ledger/unsynced.ts'
import { SCHEMA_VERSION } from './ledger/schema.ts'
import { readCertificate } from './tls/certificate-file.ts'
import { verify } from './verify.ts'

export type Finding = FindingAbout<
  | 'directory'
  | 'disk'
  | 'flush'
  | 'lock'
  | 'schema'
  | 'chain'
  | 'damage'
  | 'sync'
  | 'cloud'
  | 'leases'
  | 'clock'
  | 'identity'
  | 'certificate'
>

/** Unsynced for longer, a store needs somebody who looks at its internet. */
const WORD_MS_MAX = DAY_MS
/** Shorter than this, and nobody may come in time to bring the store online. */
const LEASE_WARN_MS = 60 * 60_000
const KEEPER = { node: 'edge', holds: 'device’s key' }
/** Of a cloud's data, to tell whose directory it is. */
const CLOUD_FILE = 'cloud.db'

/** `ask`: how the cloud at an address is asked whether it answers; `cloud`: its address, where that is not the one of the enrolment. */
export async function doctor(
  directory: string,
  now: number,
  ask?: (url: string) => Promise<CloudWord>,
  cloud?: string,
): Promise<Finding[]> {
  const absent = absence(directory)
  if (absent !== null) return [absent]
  const path = join(directory, LEDGER_FILE)
  const findings: Finding[] = [
    directoryFinding(path, KEEPER),
    diskFinding(path, KEEPER),
    looked('flush', directory, () => flushFinding(directory)),
    looked('lock', directory, () => lockFinding(directory)),
    certificateFinding(directory, now),
  ]
  findings.push(...damageFindings(directory))
  let address = cloud
  let open
  try {
    open = openForReading(directory)
    findings.push(
      schemaFinding(open.database),
      identityFinding(open.database),
      ...standingFindings(open.database, now),
    )
    address ??= open.database.prepare<[], string>('SELECT cloud_url FROM edge').pluck().get()
    if (isCurrent(open.database)) findings.push(leaseFinding(open.database, now))
  } catch (cause) {
    findings.push(
      isUnwritable(cause)
        ? wrong('damage', 'The ledger cannot be looked at by this user, or on this disk.', AS_THE_NODE)
        : wrong('damage', 'The ledger cannot be read: it is empty, damaged or no ledger.', RESTART),
    )
  } finally {
    open?.close()
  }
  findings.push(await chainFinding(directory))
  if (ask !== undefined && address !== undefined) findings.push({ about: 'cloud', ...(await ask(address)) })
  return findings
}

const AS_THE_NODE = 'Run as the user the edge runs as; the disk must be mounted to be written.'

/** Nothing to look at, or it may not be looked at. */
function absence(directory: string): Finding | null {
  try {
    const names = readdirSync(directory)
    if (names.includes(LEDGER_FILE)) return null
    if (names.includes(CLOUD_FILE))
      return wrong(
        'directory',
        'These are the data of a cloud, not of a store.',
        'tillstream doctor --data DIR looks at them; a bundle is made of a store’s.',
      )
    return wrong(
      'directory',
      `There is no ledger in ${directory}.`,
      'Is --data right? A new edge makes one when it is enrolled.',
    )
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    return code === 'EACCES' || code === 'EPERM'
      ? wrong('directory', `This user may not look into ${directory}.`, AS_THE_NODE)
      : wrong('directory', `There is no directory ${directory}.`, 'Is --data right?')
  }
}

/** A look that the disk does not allow is a finding too. */
function looked(about: Finding['about'], directory: string, look: () => Finding): Finding {
  try {
    return look()
  } catch (cause) {
    const sentence = diskSentence(directory, cause)
    if (sentence === undefined) throw cause
    return wrong(about, 'It cannot be looked at.', sentence)
  }
}

const RESTART =
  'Start the edge: it puts a damaged file aside, takes over what is proven, and says what else to do.'

function flushFinding(directory: string): Finding {
  const { ms, verdict } = flushTest(directory)
  if (verdict === 'honest') return well('flush', `The disk flushes in ${ms} ms.`)
  return verdict === 'memory'
    ? wrong(
        'flush',
        'The data directory lies in memory: a power cut loses all of it.',
        'Put --data on a disk.',
      )
    : wrong(
        'flush',
        `The disk says "stored" after ${ms} ms, faster than a disk can store.`,
        'Turn its write cache off, or use another disk: a power cut may lose acknowledged sales.',
      )
}

function lockFinding(directory: string): Finding {
  try {
    lockDirectory(directory)()
    return wrong('lock', 'No edge runs on this directory.', 'Start it: tillstream edge --data DIR.')
  } catch (cause) {
    if (cause instanceof LedgerRefused) return well('lock', 'An edge runs on this directory.')
    throw cause
  }
}

function certificateFinding(directory: string, now: number): Finding {
  const held = readCertificate(directory)
  if (held === undefined)
    return well('certificate', 'This node has no certificate; with --tls-port it asks the cloud for one.')
  const until = new Date(held.until).toISOString().slice(0, 10)
  return held.until - now >= CERTIFICATE_WARN_DAYS * DAY_MS
    ? well('certificate', `The certificate of TLS lasts until ${until}.`)
    : wrong(
        'certificate',
        `The certificate of TLS ${held.until < now ? 'ended' : 'ends'} on ${until}.`,
        'Bring the store back in touch with the cloud: it is renewed then by itself.',
      )
}

function damageFindings(directory: string): Finding[] {
  const kept = readdirSync(directory).filter((name) => name.startsWith('damaged-'))
  const findings: Finding[] = []
  if (hasFailed(join(directory, LEDGER_FILE)))
    findings.push(
      wrong('damage', 'The storage failed while the edge ran, and it has not started since.', RESTART),
    )
  if (kept.length > 0)
    findings.push(
      wrong(
        'damage',
        `Damaged files are kept in ${kept.join(', ')}.`,
        'Have the disk looked at. When HQ misses nothing, the folders may be deleted.',
      ),
    )
  return findings
}

function schemaFinding(database: Database): Finding {
  const version = database.pragma('user_version', { simple: true }) as number
  if (version > SCHEMA_VERSION)
    return wrong(
      'schema',
      `The ledger is of version ${version}, this software knows ${SCHEMA_VERSION}.`,
      'Install the newer software again.',
    )
  return well(
    'schema',
    version === SCHEMA_VERSION
      ? `The ledger is of version ${version}.`
      : `The ledger is of version ${version} and is brought to ${SCHEMA_VERSION} at the next start.`,
  )
}

const isCurrent = (database: Database): boolean =>
  database.pragma('user_version', { simple: true }) === SCHEMA_VERSION

/** What may be spent here while the cloud is out of reach (P-LEASE), which only it can renew. */
function leaseFinding(database: Database, now: number): Finding {
  if (isRestored(database))
    return well(
      'leases',
      'What was set apart for this store before the backup was put back is void: the cloud lends anew.',
    )
  const { leases, points, vouchers, until } = new Leases(database).sums(now)
  if (leases === 0 || until === null)
    return well('leases', 'Nothing is set apart for this store to be spent without the cloud.')
  const what = `Without the cloud this store may give out ${points} points and ${vouchers} vouchers, the first of them until ${new Date(until).toISOString()}`
  return until - now > LEASE_WARN_MS
    ? well('leases', `${what}.`)
    : wrong(
        'leases',
        `${what}, which is soon.`,
        'Bring the store back in touch with the cloud: what members may spend here is renewed then by itself.',
      )
}

function identityFinding(database: Database): Finding {
  const row = database.prepare<[], { edge: number; epoch: number }>('SELECT edge, epoch FROM edge').get()
  return row === undefined
    ? wrong(
        'identity',
        'This edge belongs to no store.',
        'Ask HQ for an enrolment code and start once with --cloud URL --enrol CODE.',
      )
    : well(
        'identity',
        isRestored(database)
          ? `Edge ${row.edge}: a backup of life ${row.epoch} was put back, and the next start begins another life.`
          : `Edge ${row.edge}, life ${row.epoch}.`,
      )
}

/** BK-3: put back, and not started since. */
const isRestored = (database: Database): boolean =>
  database.pragma('application_id', { simple: true }) === RESTORED_MARK

function standingFindings(database: Database, now: number): Finding[] {
  const row = database
    .prepare<[], { last_word_at: number | null; time: number | null; clock: HybridTime }>(
      'SELECT last_word_at, time, clock FROM standing',
    )
    .get()
  if (row === undefined) return [wrong('sync', 'The ledger does not say where it stands.', RESTART)]
  const unsynced = database.prepare<[], number>(UNSYNCED).pluck().get() ?? 0
  return [syncFinding(unsynced, row.last_word_at, now), clockFinding(row.time, row.clock, now)]
}

function syncFinding(unsynced: number, word: number | null, now: number): Finding {
  if (word === null)
    return wrong('sync', 'The cloud was never heard.', 'Look at the internet connection and at --cloud.')
  const heard = `the cloud was last heard ${new Date(word).toISOString()}, ${unsynced} records are not there yet`
  return now - word <= WORD_MS_MAX
    ? well('sync', `In touch: ${heard}.`)
    : wrong(
        'sync',
        `Out of touch: ${heard}.`,
        'The store goes on selling. Look at the internet connection; GET /v1/status says what stands in the way.',
      )
}

/** CLK-1, as the next start will decide it. */
function clockFinding(saved: number | null, last: HybridTime, now: number): Finding {
  const said = `The clock of this machine says ${new Date(now).toISOString()}`
  const advice = 'Set it, or replace the battery; with the internet the edge sets its own time.'
  const floor = saved ?? millisOf(last)
  if (now < floor - 2 * 60_000) return wrong('clock', `${said}, which has passed already.`, advice)
  return saved !== null && now > floor + OFF_MS_MAX
    ? wrong('clock', `${said}, much later than the ledger last knew.`, advice)
    : well('clock', `${said}.`)
}

async function chainFinding(directory: string): Promise<Finding> {
  let found
  try {
    found = await verify(directory)
  } catch (cause) {
    // The findings before this one say why.
    return wrong('chain', cause instanceof Error ? cause.message : 'It cannot be looked at.', RESTART)
  }
  const { ok, facts, problems } = found
  return ok
    ? well('chain', `All ${facts} records are whole and in their chain.`)
    : wrong('chain', problems.join('; '), RESTART)
}
