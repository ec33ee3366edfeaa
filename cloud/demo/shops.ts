// A cloud and its stores on loopback: started side by side, the program published, the stores made, their edges enrolled by one-time codes,
// tokens made for the terminals and the manager. Every step looks first at what is there, so that starting again over the same data changes nothing.
// All of it goes through the public APIs and the files an operator has; nothing here knows the nodes' insides.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ask, askOk, fieldOf, pick } from './ask.ts'
import { NodeFault, NodeProcess } from './node-process.ts'
import type { Surroundings } from './node-process.ts'
import { PROGRAM_EFFECTIVE_FROM, sampleProgram } from './program.ts'

export interface StorePlan {
  readonly name: string
  readonly zone: string
}

export interface ShopsPlan {
  /** The program document that is published, where there is none yet; left out: the sample. */
  readonly program?: object
  /** Data of the nodes: DIR/cloud, DIR/store-1, …; their logs lie beside them. */
  readonly directory: string
  /** The cloud's port; store n has this + n. */
  readonly portBase: number
  readonly stores: readonly StorePlan[]
  readonly terminals: readonly string[]
  /** Further arguments of the cloud, and of every edge. */
  readonly cloudArgs: readonly string[]
  readonly edgeArgs: readonly string[]
  /** The port at which store n (from 1) reaches the cloud. */
  readonly cloudPortFor: (store: number) => Promise<number>
  readonly onDeath: (fault: NodeFault) => void
  /** What a node's first life stands in: store n (from 1), or the cloud (0). */
  readonly surroundings?: (store: number) => Surroundings
}

export interface Shop {
  /** From 1. */
  readonly number: number
  readonly name: string
  readonly node: NodeProcess
  readonly directory: string
  readonly managerToken: string
  readonly terminalTokens: readonly string[]
}

export interface Shops {
  readonly cloud: NodeProcess
  readonly cloudDirectory: string
  readonly hqToken: string
  readonly shops: readonly Shop[]
}

const MANAGER = 'manager'
const PROGRAM_WAIT_MS_MAX = 5_000
const PROGRAM_POLL_MS = 10

/** What of the access tokens is kept between two starts of the demo, so that an open page stays valid. Only the owner may read it. */
type Access = Record<string, Record<string, string>>

/** What a store's start needs of the cloud. */
interface Office {
  readonly hqToken: string
  /** In the order of the plan. */
  readonly storeIds: readonly string[]
  /** Stores that have an edge. */
  readonly enrolled: ReadonlySet<string>
}

/**
 * `started` gets every node as soon as it runs, the cloud first, so that the caller can stop what was started when a later step fails.
 */
export async function openShops(plan: ShopsPlan, started: NodeProcess[]): Promise<Shops> {
  const ports = [plan.portBase, ...plan.stores.map((_, index) => plan.portBase + index + 1)]
  for (const port of ports) await portFree(port)
  mkdirSync(plan.directory, { recursive: true })
  const cloudDirectory = join(plan.directory, 'cloud')
  const cloud = new NodeProcess(
    {
      name: 'cloud',
      args: ['cloud', '--data', cloudDirectory, '--port', String(plan.portBase), ...plan.cloudArgs],
      port: plan.portBase,
      log: join(plan.directory, 'cloud.log'),
    },
    plan.onDeath,
  )
  started.push(cloud)
  const office = cloud
    .start(true, plan.surroundings?.(0))
    .then(() => officeOf(cloud.url, cloudDirectory, plan))
  const opened = await Promise.allSettled(
    plan.stores.map((store, index) =>
      openShop(plan, { store, number: index + 1 }, { url: cloud.url, office }, started),
    ),
  )
  // The cloud's own fault comes first: those of the stores may follow from it.
  const { hqToken } = await office
  const shops = opened.map((shop) => {
    if (shop.status === 'rejected') throw shop.reason
    return shop.value
  })
  saveAccess(plan.directory, shops)
  return { cloud, cloudDirectory, hqToken, shops }
}

async function officeOf(
  url: string,
  directory: string,
  { stores, program = sampleProgram }: ShopsPlan,
): Promise<Office> {
  // Made by the cloud before it listens.
  const token = readFileSync(join(directory, 'hq.token'), 'utf8').trim()
  await publishProgram(url, token, program)
  const ids = await storeIds(url, token, stores)
  const edges = pick(await askOk(`${url}/v1/edges`, { token }), 'list', 'items')
  const enrolled = new Set(edges.map((edge) => textOf(fieldOf(fieldOf(edge, 'store'), 'id'))))
  return { hqToken: token, storeIds: ids, enrolled }
}

async function openShop(
  plan: ShopsPlan,
  { store, number }: { store: StorePlan; number: number },
  cloud: { url: string; office: Promise<Office> },
  started: NodeProcess[],
): Promise<Shop> {
  const directory = join(plan.directory, `store-${number}`)
  // Made by the edge once it is enrolled.
  const before = existsSync(join(directory, 'admin.token'))
  const cloudPort = await plan.cloudPortFor(number)
  const node = new NodeProcess(
    {
      name: `store ${number}`,
      args: [
        'edge',
        '--data',
        directory,
        '--port',
        String(plan.portBase + number),
        '--cloud',
        `http://127.0.0.1:${cloudPort}`,
        ...plan.edgeArgs,
      ],
      ...(before ? {} : { enrolCode: newCode(cloud, number) }),
      port: plan.portBase + number,
      log: join(plan.directory, `store-${number}.log`),
    },
    plan.onDeath,
  )
  started.push(node)
  const [office] = await Promise.all([cloud.office, node.start(true, plan.surroundings?.(number))])
  if (before && !office.enrolled.has(storeId(office, number)))
    throw new NodeFault(
      `${directory} belongs to a store that this cloud does not know. Delete the data directory to start afresh.`,
    )
  const adminToken = readFileSync(join(directory, 'admin.token'), 'utf8').trim()
  const saved = loadAccess(plan.directory)[`store-${number}`] ?? {}
  const taken = pick(await askOk(`${node.url}/v1/terminals`, { token: adminToken }), 'list', 'terminals')
  const tokenOf = (name: string): Promise<string> =>
    accessToken(node.url, adminToken, {
      name,
      role: name === MANAGER ? 'manager' : 'terminal',
      saved: saved[name],
      taken: taken.some((one) => fieldOf(one, 'name') === name),
    })
  await programArrived(node.url, adminToken)
  return {
    number,
    name: store.name,
    node,
    directory,
    managerToken: await tokenOf(MANAGER),
    terminalTokens: await Promise.all(plan.terminals.map(tokenOf)),
  }
}

async function newCode(cloud: { url: string; office: Promise<Office> }, number: number): Promise<string> {
  const office = await cloud.office
  const url = `${cloud.url}/v1/stores/${storeId(office, number)}/codes`
  return pick(await askOk(url, { method: 'POST', token: office.hqToken, body: {} }), 'string', 'code')
}

function storeId({ storeIds: ids }: Office, number: number): string {
  return ids[number - 1] ?? ''
}

/** A store sells without a program too, but promises nothing. A store that cannot reach its cloud is not waited for. */
async function programArrived(url: string, token: string): Promise<void> {
  const deadline = Date.now() + PROGRAM_WAIT_MS_MAX
  while (Date.now() < deadline) {
    if (fieldOf(await askOk(`${url}/v1/status`, { token }), 'program') !== null) return
    await wait(PROGRAM_POLL_MS)
  }
}

async function publishProgram(cloudUrl: string, token: string, document: object): Promise<void> {
  const programs = pick(await askOk(`${cloudUrl}/v1/programs`, { token }), 'list', 'items')
  if (programs.length > 0) return
  const body = { document, effective_from: PROGRAM_EFFECTIVE_FROM }
  await askOk(`${cloudUrl}/v1/programs`, { method: 'POST', token, body })
}

async function storeIds(cloudUrl: string, token: string, stores: readonly StorePlan[]): Promise<string[]> {
  const known = pick(await askOk(`${cloudUrl}/v1/stores`, { token }), 'list', 'items')
  const ids: string[] = []
  for (const { name, zone } of stores) {
    const found = known.find((store) => fieldOf(store, 'name') === name)
    const made =
      found ?? (await askOk(`${cloudUrl}/v1/stores`, { method: 'POST', token, body: { name, zone } }))
    ids.push(textOf(fieldOf(made, 'id')))
  }
  return ids
}

interface AccessWanted {
  readonly name: string
  readonly role: 'terminal' | 'manager'
  readonly saved: string | undefined
  /** The store has a token of this name; only its hash is left of it there. */
  readonly taken: boolean
}

/** The saved token while it is good; else a new one under the name. */
async function accessToken(
  url: string,
  adminToken: string,
  { name, role, saved, taken }: AccessWanted,
): Promise<string> {
  if (saved !== undefined && (await ask(`${url}/v1/status`, { token: saved })).status === 200) return saved
  if (taken) await askOk(`${url}/v1/terminals/${name}`, { method: 'DELETE', token: adminToken })
  const answer = await askOk(`${url}/v1/terminals`, {
    method: 'POST',
    token: adminToken,
    body: { name, role },
  })
  return pick(answer, 'string', 'token')
}

function textOf(id: unknown): string {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : ''
}

function loadAccess(directory: string): Access {
  try {
    // Our own file, written by saveAccess; a token in it that is no good is noticed by using it.
    return JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8')) as Access
  } catch {
    return {}
  }
}

function saveAccess(directory: string, shops: readonly Shop[]): void {
  const path = join(directory, 'access.json')
  const access: Access = {}
  for (const { number, managerToken, terminalTokens } of shops) {
    access[`store-${number}`] = {
      [MANAGER]: managerToken,
      ...Object.fromEntries(terminalTokens.map((token, index) => [terminalName(index), token])),
    }
  }
  writeFileSync(path, JSON.stringify(access), { mode: 0o600 })
  chmodSync(path, 0o600)
}

/** `index` from 0. */
export function terminalName(index: number): string {
  return `till-${index + 1}`
}

/** A node on a busy port would fail later and less clearly. */
function portFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${cause.code})`
      reject(
        new NodeFault(`Port ${port} ${why}. Stop that program, or choose other ports with --ports BASE.`, {
          cause,
        }),
      )
    })
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}
