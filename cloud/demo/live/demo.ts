// The demo: a cloud, its stores, simulated tills, and a person who may cut a store's network and watch what happens. Runs until Ctrl-C or
// "quit"; the data stays, and the next start goes on with it.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { askOk, fieldOf, pick } from '../ask.ts'
import { Line } from '../network.ts'
import type { NodeFault, NodeProcess } from '../node-process.ts'
import type { DemoOptions } from '../options.ts'
import { seededRandom } from '../random.ts'
import { liveProgram } from './program.ts'
import { openShops, terminalName } from '../shops.ts'
import type { Shop, Shops } from '../shops.ts'
import { Crowd } from './crowd.ts'
import { integratorOf, tokenCommand } from './integrator.ts'
import { exampleCustomer, merchantCalls, merchantOf } from './merchant.ts'
import { OPERATOR_HELP, operatorCommand } from './operator.ts'
import { Till, newTillCounts } from './till.ts'
import type { TillCounts } from './till.ts'

const TILLS_PER_STORE = 2
const ZONE = 'Europe/London'
const NAMES = ['Covent Garden', 'Camden Lock', 'Greenwich', 'Notting Hill']
const MEMBERS_PAGE = 500

interface Scene {
  readonly shops: Shops
  readonly lines: ReadonlyMap<number, Line>
  readonly crowd: Crowd
  readonly counts: readonly TillCounts[]
}

export async function demo(options: DemoOptions): Promise<void> {
  const started: NodeProcess[] = []
  const lines = new Map<number, Line>()
  const closing = new AbortController()
  // A node that dies by itself ends the demo with its sentence.
  let death: NodeFault | undefined
  const stop = (): void => {
    if (closing.signal.aborted) process.exit(130)
    closing.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  try {
    say(`Starting a cloud and ${options.stores} ${options.stores === 1 ? 'store' : 'stores'} …`)
    const shops = await openShops(
      {
        program: liveProgram,
        directory: options.directory,
        portBase: options.portBase,
        stores: Array.from({ length: options.stores }, (_, index) => ({
          name: NAMES[index] ?? `Store ${index + 1}`,
          zone: ZONE,
        })),
        terminals: Array.from({ length: TILLS_PER_STORE }, (_, index) => terminalName(index)),
        cloudArgs: [],
        edgeArgs: [],
        async cloudPortFor(store) {
          const line = new Line(options.portBase)
          lines.set(store, line)
          return line.listen()
        },
        onDeath(fault) {
          death = fault
          closing.abort()
        },
      },
      started,
    )
    if (!closing.signal.aborted) await run(shops, lines, options, closing)
  } finally {
    closing.abort()
    say('Stopping …')
    const [cloud, ...stores] = started
    await Promise.all(stores.map((node) => node.stop()))
    await cloud?.stop()
    await Promise.all([...lines.values()].map((line) => line.close()))
  }
  if (death !== undefined) throw death
  say('Stopped. The data is kept; npm start goes on with it.')
}

async function run(
  shops: Shops,
  lines: ReadonlyMap<number, Line>,
  { directory }: DemoOptions,
  closing: AbortController,
): Promise<void> {
  const crowd = new Crowd()
  const known = await askOk(`${shops.cloud.url}/v1/members?limit=${MEMBERS_PAGE}`, { token: shops.hqToken })
  crowd.welcomeBack(pick(known, 'list', 'items'))
  const scene: Scene = { shops, lines, crowd, counts: shops.shops.map(() => newTillCounts()) }
  greet(shops, directory)
  await integrations(shops, directory)
  listen(scene, closing)
  const seed = Date.now() >>> 0
  const tills = shops.shops.flatMap(({ number, node, terminalTokens }, index) =>
    terminalTokens.map((token, till) => {
      const counts = scene.counts[index] ?? newTillCounts()
      const random = seededRandom(seed + index * TILLS_PER_STORE + till)
      return new Till({
        store: number,
        url: node.url,
        token,
        directory: join(directory, 'tills', `${number}-${till + 1}`),
        crowd,
        random,
        counts,
        signal: closing.signal,
      }).run()
    }),
  )
  await Promise.all(tills)
}

function greet({ cloud, hqToken, shops }: Shops, directory: string): void {
  const width = Math.max(...shops.map(({ name }) => name.length), 'All stores'.length) + 2
  const rows = [
    ['All stores', `${cloud.url}/#token=${hqToken}`],
    ...shops.map(({ name, node, managerToken }) => [name, `${node.url}/#token=${managerToken}`]),
  ]
  say('\nOpen these in a browser and watch the sales arrive:\n')
  for (const [name = '', url] of rows) say(`  ${name.padEnd(width)}${url}`)
  say(`\nThen pull a store's network. Type:\n\n${OPERATOR_HELP}\n`)
  say(`Logs and data: ${directory}\n`)
}

/** O-4, O-5. */
async function integrations({ cloud, hqToken, shops }: Shops, directory: string): Promise<void> {
  const office = { url: cloud.url, hqToken }
  const integrator = await integratorOf(office, directory)
  say(
    `A point of sale that speaks Perkville's API gets its token with:\n\n  ${tokenCommand(cloud.url, integrator)}\n`,
  )
  const [first] = shops
  const [token = ''] = first?.terminalTokens ?? []
  if (first === undefined) return
  const merchant = await merchantOf(office, directory)
  const customer = await exampleCustomer(first.node.url, token)
  const calls = merchantCalls(merchant, customer, { hq: cloud.url, store: first.node.url })
  say(
    `Till software made for Pegke takes another base URL, at HQ or in a store (${first.name} answers its own also when cut off):\n\n  ${calls.join('\n  ')}\n`,
  )
}

/** The operator's lines; the end of input means there is nobody to say more, not that it is over. */
function listen(scene: Scene, closing: AbortController): void {
  const input = createInterface({ input: process.stdin, terminal: false })
  closing.signal.addEventListener('abort', () => {
    input.close()
    // A pipe that nobody closes would keep the process alive.
    process.stdin.destroy()
  })
  input.on('line', (text) => {
    const command = operatorCommand(text, scene.shops.shops.length)
    switch (command.does) {
      case 'cut':
      case 'heal':
        return toggle(scene, command.does, command.store)
      case 'status':
        return void status(scene)
      case 'help':
        return say(OPERATOR_HELP)
      case 'quit':
        return closing.abort()
      case 'unknown':
        return say(command.sentence)
      case 'nothing':
    }
  })
}

function toggle({ lines, shops }: Scene, does: 'cut' | 'heal', store: number): void {
  const name = shops.shops[store - 1]?.name ?? ''
  lines.get(store)?.[does]()
  say(
    does === 'cut'
      ? `${name} is cut off. Its tills go on; the sales wait in its ledger. "heal ${store}" reconnects it.`
      : `${name} has its network back and hands in what it sold.`,
  )
}

async function status(scene: Scene): Promise<void> {
  for (const [index, shop] of scene.shops.shops.entries()) {
    const counts = scene.counts[index]
    if (counts !== undefined)
      say(await statusLine(shop, counts, scene.lines.get(shop.number)?.isCut === true))
  }
  say(`  ${scene.crowd.size} members in town`)
}

async function statusLine(
  { name, node, managerToken }: Shop,
  counts: TillCounts,
  cut: boolean,
): Promise<string> {
  let sync: string
  try {
    const answer = await askOk(`${node.url}/v1/status`, { token: managerToken })
    sync = `${pick(answer, 'number', 'unsynced')} facts to sync, link ${String(fieldOf(fieldOf(answer, 'link'), 'state'))}`
  } catch (cause) {
    sync = cause instanceof Error ? cause.message : 'no answer'
  }
  const refused = [...counts.refused].map(([code, count]) => `${code} ${count}`).join(', ')
  return (
    `  ${name}: ${cut ? 'NETWORK CUT, ' : ''}${sync}; ${counts.sales} sales, ${counts.returns} returns, ` +
    `${counts.joined} joined, ${counts.checkins} check-ins, ${counts.redeemed} redeemed (${counts.redeemedOffline} offline), ${(counts.paidInPoints / 100).toFixed(2)} pounds paid in points, ${counts.vouchersUsed} vouchers used, ` +
    `${counts.quotes} quotes, ${counts.provisional} answers provisional` +
    (counts.waited === 0 ? '' : `, ${counts.waited} kept by the till for a while`) +
    `${counts.unanswered === 0 ? '' : `, ${counts.unanswered} unanswered`}${refused === '' ? '' : `; refused: ${refused}`}`
  )
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
