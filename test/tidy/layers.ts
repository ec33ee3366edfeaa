// Who may import whom (ARCHITECTURE section 9), as a table, and the checker that reads it. The first row whose folder holds a file is the
// file's layer; within its own row's folder a file may import anything.
import { posix } from 'node:path'
import type { SourceFile } from './source-files.ts'
import { withoutComments } from './source-files.ts'

interface Layer {
  /** A folder, or one file. */
  readonly at: string
  /** Folders and files of ours it may import besides its own. */
  readonly may: readonly string[]
  /** Built-in modules it may import; left out: any. */
  readonly node?: readonly string[]
  /** What it imports from other folders are types, and nothing else. */
  readonly typesOnly?: boolean
}

const EVALUATION = 'cloud/evaluation'
const STORE_PORT = 'cloud/store/port.ts'
const LEASE_PORT = 'cloud/store/lease-port.ts'
const COLLECTION_PORT = 'cloud/store/collection-port.ts'
const COLLECTIONS = 'cloud/collections'
const PLATFORM_PORT = 'cloud/store/platform-port.ts'
const ACCOUNT_PORT = 'cloud/store/account-port.ts'
const EDGE_SYSTEM = 'edge/system.ts'
const EDGE_CLOCK = 'edge/clock.ts'
const STORAGE = 'cloud/storage'
const ROOM_PORT = 'cloud/store/room-port.ts'

export const LAYERS: readonly Layer[] = [
  { at: 'protocol', may: [], node: ['node:crypto', 'node:buffer', 'node:zlib', 'node:net'] },

  // What the file of either node stands on: its lock, its log, its disk.
  { at: STORAGE, may: [] },

  { at: EVALUATION, may: ['protocol'], node: ['node:crypto'] },
  { at: COLLECTIONS, may: ['protocol', COLLECTION_PORT] },
  {
    at: 'cloud/dialects/frame',
    may: [
      'protocol',
      COLLECTIONS,
      COLLECTION_PORT,
      'cloud/platform/principal.ts',
      'cloud/store/platform-port.ts',
    ],
  },
  {
    at: 'cloud/dialects/perkville',
    may: [
      'protocol',
      COLLECTIONS,
      COLLECTION_PORT,
      'cloud/dialects/frame',
      'cloud/domain',
      'cloud/platform',
      'cloud/store/platform-port.ts',
    ],
  },
  {
    at: 'cloud/dialects/pegke',
    may: [
      'protocol',
      'cloud/collections/collection.ts',
      'cloud/dialects/frame',
      'cloud/domain',
      'cloud/platform',
      'cloud/store/platform-port.ts',
    ],
  },
  { at: 'cloud/store', may: ['protocol', EVALUATION, COLLECTIONS, STORAGE] },
  // It yields between long pieces of work, hence the timers.
  {
    at: 'cloud/domain',
    may: [
      'protocol',
      EVALUATION,
      STORE_PORT,
      LEASE_PORT,
      ACCOUNT_PORT,
      PLATFORM_PORT,
      COLLECTIONS,
      'cloud/platform/contacts.ts',
      'cloud/storage/unsound.ts',
    ],
    node: ['node:crypto', 'node:timers/promises'],
  },
  // What customers are told: composed, and handed to an SMTP server.
  {
    at: 'cloud/mail',
    may: [
      'protocol',
      STORE_PORT,
      PLATFORM_PORT,
      ACCOUNT_PORT,
      COLLECTIONS,
      'cloud/domain/accounts/mail-queue.ts',
      'cloud/domain/accounts/mail-types.ts',
      'cloud/domain/accounts/staff-mail.ts',
      'cloud/domain/accounts/views/activity.ts',
      'cloud/platform/proofs.ts',
      'cloud/platform/tenants.ts',
    ],
    node: ['node:crypto'],
  },
  // Who may do what: pure rules, and the services that look it up.
  {
    at: 'cloud/platform',
    may: [
      'protocol',
      COLLECTIONS,
      COLLECTION_PORT,
      STORE_PORT,
      PLATFORM_PORT,
      'cloud/guesses.ts',
      'cloud/system.ts',
    ],
    node: ['node:crypto'],
  },
  {
    at: 'cloud/fleet',
    may: [
      'protocol',
      STORE_PORT,
      LEASE_PORT,
      'cloud/domain/devices.ts',
      'cloud/domain/ingest',
      'cloud/domain/lives.ts',
      'cloud/guesses.ts',
      'cloud/system.ts',
    ],
    node: ['node:crypto', 'node:net'],
  },
  {
    at: 'cloud/sync',
    may: ['protocol', 'cloud/domain', STORE_PORT, LEASE_PORT, ROOM_PORT, 'cloud/system.ts'],
    node: ['node:crypto'],
  },
  {
    at: 'cloud/http',
    may: [
      'protocol',
      EVALUATION,
      STORE_PORT,
      LEASE_PORT,
      PLATFORM_PORT,
      ROOM_PORT,
      'cloud/domain',
      'cloud/platform',
      'cloud/fleet',
      'cloud/sync',
      'cloud/dialects/frame',
      'cloud/what-if',
      'cloud/system.ts',
      'cloud/version.ts',
      'cloud/mail/links.ts',
    ],
  },
  // It opens the data for itself, on a thread or as a command.
  {
    at: 'cloud/what-if',
    may: ['protocol', EVALUATION, 'cloud/domain', 'cloud/store'],
    node: ['node:crypto', 'node:fs', 'node:timers/promises', 'node:util', 'node:worker_threads'],
  },
  // The demo is a user of the product: it speaks to processes, not to code.
  { at: 'cloud/demo', may: ['protocol', 'edge/kit', 'cloud/code-cache.ts'] },
  { at: 'cloud/code-cache.ts', may: [] },
  { at: 'cloud/young-generation.ts', may: [] },
  { at: 'cloud/system.ts', may: ['protocol'] },
  { at: 'cloud/guesses.ts', may: ['protocol'] },
  { at: 'cloud/version.ts', may: [] },
  // The command line starts processes; it does not load them.
  { at: 'cloud/cli.ts', may: ['cloud/code-cache.ts', 'cloud/young-generation.ts'] },
  // Composition roots: the only files that know every part.
  {
    at: 'cloud/verify.ts',
    may: ['protocol', EVALUATION, 'cloud/domain', STORAGE, 'cloud/store', 'cloud/verify-projections.ts'],
  },
  { at: 'cloud/verify-projections.ts', may: ['protocol', COLLECTIONS, 'cloud/domain', 'cloud/store'] },
  { at: 'cloud/doctor.ts', may: [STORAGE, 'cloud/store', 'cloud/verify.ts'] },
  {
    at: 'cloud/storage-keeper.ts',
    may: ['protocol', 'cloud/store', 'cloud/system.ts', 'cloud/walk.ts'],
  },
  { at: 'cloud/opener.ts', may: ['protocol', 'cloud/sync/frames-ahead.ts'] },
  { at: 'cloud/opener-thread.ts', may: ['protocol', 'cloud/sync/frames-ahead.ts'] },
  { at: 'cloud/walk-thread.ts', may: ['cloud/verify.ts', 'cloud/walk.ts'] },
  { at: 'cloud/walk.ts', may: ['cloud/verify.ts'] },
  { at: 'cloud/check-program.ts', may: [EVALUATION] },
  // Copies files of both nodes; of what is in them it knows the names, and how many records are nowhere else.
  {
    at: 'cloud/copies.ts',
    may: [
      'protocol',
      STORAGE,
      'cloud/store/sqlite/schema.ts',
      'edge/ledger/schema.ts',
      'edge/ledger/unsynced.ts',
    ],
  },
  { at: 'cloud/config.ts', may: ['protocol'] },
  { at: 'cloud/main.ts', may: ['cloud/config.ts', 'cloud/node.ts'] },
  {
    at: 'cloud/served-dialects.ts',
    may: ['protocol', COLLECTIONS, 'cloud/dialects', 'cloud/domain', 'cloud/http', STORE_PORT],
  },
  {
    at: 'cloud/node.ts',
    may: [
      'protocol',
      STORAGE,
      'cloud/opener.ts',
      'cloud/storage-keeper.ts',
      'cloud/served-dialects.ts',
      'cloud/dialects',
      'cloud/platform',
      'cloud/domain',
      'cloud/fleet',
      'cloud/http',
      'cloud/store',
      'cloud/sync',
      'cloud/what-if',
      'cloud/config.ts',
      'cloud/system.ts',
      'cloud/mail',
    ],
  },

  { at: 'edge/ledger', may: ['protocol', EVALUATION, STORAGE] },
  {
    at: 'edge/till',
    may: ['protocol', EVALUATION, 'edge/ledger', 'edge/feed/feed-log.ts', EDGE_CLOCK, EDGE_SYSTEM],
  },
  { at: 'edge/feed', may: ['protocol', 'edge/ledger', 'edge/till/answers.ts', EDGE_SYSTEM] },
  { at: 'edge/sync', may: ['protocol', 'edge/ledger', 'edge/till', EDGE_SYSTEM] },
  // Runs in a browser: types of answers, and the client that watches.
  { at: 'edge/page/app', may: ['edge/till/answers.ts', 'edge/kit/feed-client.ts'] },
  { at: 'edge/page', may: [] },
  // HQ's page watches as the stores' do.
  { at: 'cloud/console', may: ['edge/kit/feed-client.ts'] },
  // The other side of the API: of the node it knows the shapes of inputs and answers.
  {
    at: 'edge/kit',
    may: [
      'edge/till/answers.ts',
      'edge/till/inputs.ts',
      'protocol/close-codes.ts',
      'protocol/feed-frames.ts',
      'protocol/packed-feed.ts',
    ],
  },
  {
    at: 'edge/http',
    may: [
      'protocol',
      'edge/ledger',
      'edge/till',
      'edge/feed',
      'edge/sync',
      'edge/page',
      'edge/tls',
      EDGE_SYSTEM,
    ],
  },
  { at: 'edge/tls', may: ['protocol', EDGE_SYSTEM] },
  { at: EDGE_SYSTEM, may: ['protocol'] },
  { at: EDGE_CLOCK, may: ['protocol', EDGE_SYSTEM] },
  { at: 'edge/start-refused.ts', may: [] },
  { at: 'edge/config.ts', may: ['protocol', 'edge/start-refused.ts'] },
  {
    at: 'edge/enrol.ts',
    may: ['protocol', 'edge/ledger/meta.ts', 'edge/start-refused.ts', 'edge/tls', EDGE_SYSTEM],
  },
  // Composition roots of the edge.
  { at: 'edge', may: ['protocol', STORAGE] },

  { at: 'bench', may: ['protocol', STORAGE, 'edge', 'cloud', 'test/support'] },
  // The oracle shares no code with what it is compared with: only the shapes of documents and facts.
  {
    at: 'test/oracle/plain',
    may: ['cloud/evaluation/document', 'protocol/facts.ts', 'protocol/ids.ts'],
    node: ['node:crypto'],
    typesOnly: true,
  },
  { at: 'test', may: ['protocol', STORAGE, 'edge', 'cloud', 'bench', 'vitest.config.ts'] },
]

/** Libraries, and the only folders and files that may name them: each can be exchanged in one place. */
export const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'uWebSockets.js': ['edge/http/server.ts', 'edge/http/ports.ts', 'edge/http/exchanges.ts', 'bench'],
  'better-sqlite3': [STORAGE, 'edge/ledger', 'cloud/store/sqlite', 'cloud/copies.ts', 'bench', 'test'],
  ws: ['edge/sync/socket.ts', 'edge/kit/trusted-socket.ts', 'cloud/http', 'cloud/demo', 'bench', 'test'],
  '@fastify/busboy': ['protocol/form-body.ts'],
  nodemailer: ['cloud/mail/smtp.ts'],
  hono: ['cloud/http', 'bench', 'test'],
  '@hono/node-server': ['cloud/http', 'bench', 'test'],
  'cbor-x': ['protocol/codec.ts', 'protocol/plain-cbor.ts', 'cloud/evaluation/state.ts', 'bench', 'test'],
  'typebox/schema': ['protocol/validation.ts'],
  typebox: ['protocol', 'edge', 'cloud', 'test'],
  preact: ['edge/page/app'],
  '@preact/signals': ['edge/page/app'],
  '@node-oauth/oauth2-server': ['cloud/platform'],
  '@node-rs/argon2': ['cloud/platform'],
  vite: ['edge/page/vite.config.ts', 'cloud/console/vite.config.ts'],
  'playwright-core': ['test/browser', 'bench/feed'],
  '@peculiar/asn1-schema': ['cloud/fleet/x509.ts'],
  '@peculiar/asn1-x509': ['cloud/fleet/x509.ts'],
  'socket.io': ['bench'],
  '@asyncapi/specs': ['test'],
  ajv: ['test'],
  'ajv-formats': ['test'],
  pino: ['edge', 'cloud', 'bench', 'test'],
  'prom-client': ['edge/http/metrics.ts', 'cloud/http/metrics.ts'],
  kysely: ['cloud/store/sqlite/collection-sql.ts'],
  'csv-parse': ['cloud/demo', 'test'],
  'fast-check': ['test'],
  vitest: ['test'],
  autocannon: ['bench'],
  'json-rules-engine': ['bench'],
  '@gorules/zen-engine': ['bench'],
}

const within = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`)

export function layerOf(path: string): Layer | undefined {
  return LAYERS.find(({ at }) => within(path, at))
}

/** What a file imports, statically or not. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text)
  const statics = code.matchAll(/^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*'([^'\n]+)'/gm)
  const dynamics = code.matchAll(/\bimport\(\s*'([^'\n]+)'/g)
  return [...statics, ...dynamics].map(([, name]) => name ?? '')
}

/** One sentence per import that the tables do not allow, with what to do instead. */
export function violationsOf(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const layer = layerOf(path)
    if (layer === undefined) return [`${path} is in no layer: give its folder a row in test/tidy/layers.ts`]
    const named = importsOf(text).flatMap((name) => violation(path, layer, name) ?? [])
    return layer.typesOnly === true ? [...named, ...codeImports(path, text)] : named
  })
}

/** Imports of code from other folders, by a layer that may only have their types. */
function codeImports(path: string, text: string): string[] {
  return importsOf(withoutComments(text).replaceAll(/^import type\b[^;'"`]*?'[^'\n]+'/gm, ''))
    .filter((name) => name.startsWith('../'))
    .map((name) => `${path} imports code from ${name}: it may import types only; write its own, plainly`)
}

function violation(path: string, layer: Layer, name: string): string | undefined {
  if (name.startsWith('.')) {
    const target = posix.normalize(posix.join(posix.dirname(path), name))
    if (!/\.(?:tsx?|json)$/.test(target)) return `${path} imports "${name}": write the file's ending, ".ts"`
    if (within(target, layer.at) || layer.may.some((place) => within(target, place))) return undefined
    const may = layer.may.join(', ') || 'nothing of ours'
    return `${path} imports ${target}: ${layer.at} may import ${may}; move what it needs there, or have it passed in`
  }
  if (name.startsWith('node:')) {
    if (layer.node === undefined || layer.node.includes(name)) return undefined
    return `${path} imports ${name}: ${layer.at} is pure and may import ${layer.node.join(', ')}; have the value passed in`
  }
  const library = Object.keys(LIBRARIES)
    .filter((known) => name === known || name.startsWith(`${known}/`))
    .toSorted((a, b) => b.length - a.length)[0]
  if (library === undefined)
    return `${path} imports ${name}: a new library needs a row in test/tidy/layers.ts, and a reason`
  const places = LIBRARIES[library] ?? []
  if (places.some((place) => within(path, place))) return undefined
  return `${path} imports ${name}: only ${places.join(', ')} may name it; use what they offer`
}
