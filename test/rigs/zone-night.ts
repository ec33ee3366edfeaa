// R18: a store in London sells through the night in which the clocks go forward, in a process whose clock says so. What the store shows for a day is what the
// receipts of that day by London's own calendar come to, before midnight, in the missing hour's night, and after it; and the cloud agrees to every
// offset, for a fact with another one than its zone's is set aside.
import { askOk, pick } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { libfaketime } from './frame/tools.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

/** Each the start of a life of all nodes, in UTC: before midnight, in the hour before the change, after it, the next night. London: 23:50, 00:50, 02:10, 23:55 and 00:05. */
const MOMENTS = [
  '2027-03-27 23:50:00',
  '2027-03-28 00:50:00',
  '2027-03-28 01:10:00',
  '2027-03-28 22:55:00',
  '2027-03-28 23:05:00',
] as const
const ZONE = 'Europe/London'
const SIZES = { quick: { calls: 8 }, long: { calls: 100 } } as const

export const zoneNight: Rig = { name: 'zone-night', faults: ['R18'], needs: ['linux', 'libfaketime'], run }

const env = (moment: string) => ({
  // No '@': the time starts there for each process and goes on.
  env: {
    LD_PRELOAD: libfaketime() ?? '',
    FAKETIME: `@${moment}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    TZ: 'UTC',
  },
})

async function run({ length, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { calls } = SIZES[length]
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 1,
    terminalsPerStore: 2,
    surroundings: () => env(MOMENTS[0]),
  })
  try {
    const [shop] = load.shops.shops
    if (shop === undefined) throw new Error('there is a store')
    const faults: string[] = []
    const days = new Set<string>()
    for (const [n, moment] of MOMENTS.entries()) {
      if (n > 0)
        for (const node of [load.shops.cloud, shop.node]) {
          await node.stop()
          await node.start(false, env(moment))
        }
      await load.sell(calls)
      const { date, wrong } = await wrongToday(shop)
      days.add(date)
      faults.push(...wrong)
    }
    await load.synced()
    const { cloud, hqToken: token } = load.shops
    const aside = pick(await askOk(`${cloud.url}/v1/quarantine`, { token }), 'list', 'items')
    if (aside.length > 0) faults.push(`${aside.length} facts were set aside for their zone's offset`)
    if (days.size !== 3) faults.push(`the store saw ${[...days].join(', ')}: the rig is blind`)
    const repeats = await load.wrongRepeats()
    await load.stop()
    const { figures, faults: judged } = await judge(load, repeats)
    const what = `${load.log.count} calls over two midnights and the night of the change to summer time: each day's figures are its receipts' by ${ZONE}`
    return [
      {
        fault: 'R18',
        what,
        figures: { ...figures, X: (figures.X ?? 0) + faults.length },
        faults: [...faults, ...judged],
      },
    ]
  } finally {
    await load.kill()
  }
}

/** The store's figures of its day, beside all its receipts sorted by the calendar of the zone, by no code of ours. */
async function wrongToday({
  node,
  managerToken,
  terminalTokens,
}: Shop): Promise<{ date: string; wrong: string[] }> {
  const today = await askOk(`${node.url}/v1/today`, { token: managerToken })
  const date = pick(today, 'string', 'date')
  const history = await askOk(`${node.url}/v1/history?limit=100`, { token: terminalTokens[0] ?? '' })
  const facts = pick(history, 'list', 'facts').filter((fact) => dayOf(pick(fact, 'string', 'at')) === date)
  const sales = facts.filter((fact) => pick(fact, 'string', 'kind') === 'sale')
  const wrong: string[] = []
  const expect = (name: string, told: number, own: number): void => {
    if (told !== own) wrong.push(`${date}: the store shows ${told} ${name}, its receipts come to ${own}`)
  }
  expect('sales', pick(today, 'number', 'figures', 'sales'), sales.length)
  expect(
    'of amount',
    pick(today, 'number', 'figures', 'amount'),
    sales.reduce<number>((sum, sale) => sum + pick(sale, 'number', 'amount'), 0),
  )
  return { date, wrong }
}

function dayOf(at: string): string {
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE }).format(new Date(at))
}
