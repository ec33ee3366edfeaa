// What a world is like, all of it from one seed: how many stores and terminals, how fast they work, how late, and what goes wrong how often. Every
// seed makes another kind of world (swarm), because a world in which everything goes wrong all the time never gets far.
import { seededRandom } from '../support/random.ts'

/** Bugs to plant, each of which the auditor must find, and as what. */
export const BUGS = {
  'acknowledged before commit': 'lost',
  'cloud counts keys twice': 'duplicated',
  'terminals forget keys': 'duplicated',
  'NORMAL instead of FULL': 'lost',
  'effects without cursor': 'stuck',
  'lease not deducted': 'overspent',
  'cloud lends what is lent': 'overspent',
  'cloud lends a budget twice': 'overspent',
  'epoch reused': 'stuck',
  'timer without rest': 'stuck',
} as const
export type Bug = keyof typeof BUGS
export const BUG_NAMES = Object.keys(BUGS) as readonly Bug[]

export const STRIKES = [
  'line cut',
  'line a black hole',
  'line healed',
  'store crashes',
  'store crashes in a commit',
  'store full',
  'cloud crashes',
  'cloud crashes in a transaction',
  'disk lost',
  'disk copied or put back',
  'disk cloned',
  'cloud copied or put back',
  'clock jumps',
] as const
export type Strike = (typeof STRIKES)[number]

export interface Plan {
  readonly seed: number
  readonly stores: number
  readonly terminalsPerStore: number
  readonly operationsPerTerminal: number
  /** Few cards: many stores write about the same member at once. */
  readonly cards: number
  /** Between two calls of a terminal, at most. */
  readonly pauseMsMax: number
  /** Calls come at multiples of it only. */
  readonly beatMs: number
  readonly latencyMsMax: number
  /** How far back a claimed time may lie. */
  readonly lateMsMax: number
  /** Between two strikes, at most. */
  readonly fateMsMax: number
  /** One more strike after so many calls; 0: none. A dense world is done with its work before time alone brings one. */
  readonly callsPerStrike: number
  /** How often each, relative to each other. */
  readonly strikes: Readonly<Record<Strike, number>>
  /** Uses of limited perks, vouchers and a perk's budget are leased too, and terminals use vouchers, each perhaps in several stores at once. */
  readonly bounded: boolean
  /** Files opened and closed by each process and real signatures; else pages in memory and connections that are kept (kept-database.ts). */
  readonly real: boolean
  readonly bug?: Bug
}

export interface Size {
  readonly perTerminal: number
  /** Of the whole world; else as many as its terminals make. */
  readonly operationsMax?: number
}

const REAL_ONE_IN = 8
/** Of a store: files and signatures take several times as long, and show the same however many press keys at once. */
const REAL_TERMINALS_MAX = 4

/** Of worlds that end, most take 2 to 7 for an operation and the busiest of some hundreds took 15; terminals that wait while all is down repeat themselves. */
const EVENTS = { perOperation: 50, perTerminal: 5_000, perStore: 20_000 } as const

/** Virtual events that its world may take: with more it does not end. */
export function eventsMaxOf({ stores, terminalsPerStore, operationsPerTerminal }: Plan): number {
  const perTerminal = EVENTS.perTerminal + operationsPerTerminal * EVENTS.perOperation
  return stores * (EVENTS.perStore + terminalsPerStore * perTerminal)
}

/** Real time within which something has to happen, with the machine's other work beside it. The longest is the audit, which grows with the operations. */
const QUIET_MS = { atAll: 60_000, perOperation: 1 } as const

export function quietMsMaxOf({ stores, terminalsPerStore, operationsPerTerminal }: Plan): number {
  return QUIET_MS.atAll + stores * terminalsPerStore * operationsPerTerminal * QUIET_MS.perOperation
}

const USUAL: Readonly<Record<Strike, number>> = {
  'line cut': 20,
  'line a black hole': 10,
  'line healed': 25,
  'store crashes': 12,
  'store crashes in a commit': 8,
  'store full': 4,
  'cloud crashes': 8,
  'cloud crashes in a transaction': 5,
  'disk lost': 8,
  'disk copied or put back': 8,
  'disk cloned': 3,
  'cloud copied or put back': 4,
  'clock jumps': 6,
}

const NO_DISKS = { 'disk copied or put back': 0, 'disk cloned': 0 } as const
/** What shows that a life is begun twice. */
const EVERY_DISK = { 'disk copied or put back': 8, 'disk cloned': 3, 'cloud copied or put back': 0 } as const

/** Strikes of every mixture. */
export const USUAL_STRIKES = STRIKES.filter((strike) => USUAL[strike] > 0)

export function planOf(seed: number, size: Size, bug?: Bug): Plan {
  const random = seededRandom(seed ^ 0x5eed)
  const stores = 1 + random.below(4)
  const real = seed % REAL_ONE_IN === 0
  const crowd = random.pick([1, 4, 12, 40])
  const terminalsPerStore = real ? Math.min(crowd, REAL_TERMINALS_MAX) : crowd
  const terminals = stores * terminalsPerStore
  const { perTerminal, operationsMax = terminals * perTerminal } = size
  const operationsPerTerminal = Math.max(4, Math.min(perTerminal, Math.ceil(operationsMax / terminals)))
  const operations = terminals * operationsPerTerminal
  // Each kind of trouble is absent from one world in four.
  const strikes = Object.fromEntries(
    STRIKES.map((strike) => [strike, random.below(4) === 0 && strike !== 'line healed' ? 0 : USUAL[strike]]),
  ) as Record<Strike, number>
  // Beside a cloud that is put back, whoever was enrolled on a disk that is gone is HQ's to merge (I-13).
  if (bug !== undefined || random.below(2) === 0) Object.assign(strikes, NO_DISKS)
  else strikes['cloud copied or put back'] = 0
  if (bug === 'epoch reused') Object.assign(strikes, EVERY_DISK)
  return {
    seed,
    stores,
    terminalsPerStore,
    operationsPerTerminal,
    cards: random.pick([3, 14, 50]) + Math.ceil(operations / random.pick([200, 50, 10])),
    pauseMsMax: random.pick([20, 200, 2_000]),
    beatMs: random.pick([1, 20, 100]),
    latencyMsMax: random.pick([5, 80, 1_500]),
    lateMsMax: random.pick([0, 1_000, 60_000]),
    fateMsMax: random.pick([10_000, 60_000]),
    // Trouble comes with time: the more terminals call, the more calls lie between.
    callsPerStrike: random.pick([10, 40, 160]) * Math.ceil(terminals / 8),
    strikes,
    real,
    bounded: bug === undefined ? random.below(2) === 0 : bug === 'cloud lends a budget twice',
    ...(bug === undefined ? {} : { bug }),
  }
}
