// R26 and figure O: members of three stores spend the same points and the same vouchers everywhere at once, on lines that lose answers while leases are
// granted and asked back, then with two of the stores cut off, then all three. What was spent stays inside what was granted and what the merchant risks.
import { askOk, fieldOf, pick } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { seededRandom } from '../support/random.ts'
import { ChaosProxy } from './frame/chaos-proxy.ts'
import type { Weather } from './frame/chaos-proxy.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'
import { Spenders, overspent, publishOffline } from './frame/spending.ts'
import type { OfflineRules } from './frame/spending.ts'

const STORES = 3
const POINTS = 900
const RULES: OfflineRules = {
  share_percent: 60,
  redemption_max: 120,
  total_max: 600,
  stores_max: STORES,
  risk: { per_member: 60, per_store: 240, per_outage: 240, uses_per_outage: 4 },
}
const SIZES = { quick: { members: 4, spendings: 8 }, long: { members: 40, spendings: 20 } } as const
/** Lines of the three stores: answers lost while leases move; one store in reach, two not; none. */
const PHASES: readonly (readonly Weather[])[] = [
  ['deaf', 'cutting', 'clear'],
  ['clear', 'refused', 'hole'],
  ['refused', 'refused', 'refused'],
]

export const leaseRaces: Rig = { name: 'lease-races', faults: ['R26'], needs: [], run }

async function run({ length, seed, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const { members, spendings } = SIZES[length]
  const random = seededRandom(seed)
  const lines: ChaosProxy[] = []
  const load = await ShopsUnderLoad.open({
    directory,
    stores: STORES,
    terminalsPerStore: 1,
    cloudPortFor: (_, cloudPort) => {
      const line = new ChaosProxy(cloudPort, random)
      lines.push(line)
      return line.listen()
    },
  })
  try {
    await publishOffline(load, RULES)
    const spenders = new Spenders(load)
    const cards = Array.from({ length: members }, (_, n) => `card-${n}`)
    const codes = await prepared(load, spenders, cards)
    for (const phase of PHASES) {
      phase.forEach((weather, n) => lines[n]?.set(weather))
      await Promise.all(
        load.shops.shops.map(async (shop) => {
          for (let n = 0; n < spendings; n++) await spenders.drink(shop, random.pick(cards))
          for (const code of codes) await spenders.use(shop, code)
        }),
      )
      await load.sell(3)
    }
    for (const line of lines) line.set('clear')
    const healed = Date.now()
    await load.synced()
    const recoveryMs = Date.now() - healed
    await load.stop()
    const { figures, faults } = await judge(load, 0)
    const books = await overspent(load.shops.cloudDirectory, RULES)
    say(JSON.stringify(spenders.tally))
    const { lease = 0, risk = 0, cloud = 0, used = 0 } = spenders.tally
    const what =
      `${members} members spend in ${STORES} stores at once, cut off while leases move: ${cloud} decided by the cloud, ${lease} by leases ` +
      `(${books.spentOfLeases} of ${books.granted} granted), ${risk} at risk (${books.risked} points), ${used} uses of ${codes.length} vouchers`
    const blind = lease === 0 || risk === 0 ? ['nothing was spent by lease or at risk: the rig is blind'] : []
    return [
      {
        fault: 'R26',
        what,
        figures: { ...figures, O: books.O },
        recoveryMs,
        faults: [...faults, ...books.faults, ...blind],
      },
    ]
  } finally {
    await load.kill()
    await Promise.all(lines.map((line) => line.close()))
  }
}

/** Members with points who were in every store, with leases there, and a voucher each that one store may take offline. */
async function prepared(
  load: ShopsUnderLoad,
  spenders: Spenders,
  cards: readonly string[],
): Promise<string[]> {
  const [home, ...others] = load.shops.shops
  if (home === undefined) throw new Error('there is a store')
  const codes: string[] = []
  for (const card of cards) {
    await spenders.enrol(home, card)
    await spenders.grant(home, card, POINTS)
    await load.synced()
    for (const shop of others) await spenders.visit(shop, card)
    const spent = await spenders.drink(home, card)
    if ('vouchers' in spent) codes.push(...spent.vouchers)
  }
  await load.synced()
  for (const shop of load.shops.shops)
    await until(`leases in ${shop.name}`, () => hasLeases(load, shop, cards.length))
  return codes
}

async function hasLeases(
  { shops }: ShopsUnderLoad,
  { node, managerToken }: Shop,
  members: number,
): Promise<boolean> {
  const open = pick(
    await askOk(`${shops.cloud.url}/v1/leases?open=1&limit=500`, { token: shops.hqToken }),
    'list',
    'items',
  )
  const leased = fieldOf(await askOk(`${node.url}/v1/status`, { token: managerToken }), 'leases')
  return open.length >= members && Number(fieldOf(leased, 'points')) > 0
}
