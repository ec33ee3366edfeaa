// One life of a world from its plan: it works while everything breaks, is healed, and is audited.
import { createHash } from 'node:crypto'
import { audit, foundIn } from './auditor.ts'
import type { Findings } from './auditor.ts'
import { watchForHangs } from './hang-watch.ts'
import { quietMsMaxOf } from './plan.ts'
import type { Plan, Strike } from './plan.ts'
import { World } from './world.ts'

/** Virtual time after which terminals that are still not answered never will be. */
const WORK_MS_MAX = 6 * 3_600_000

export interface Life {
  readonly findings: Findings
  /** What terminals wanted done, each under a key of its own, however often they called for it. */
  readonly operations: number
  /** Calls into a store's till, the repeated ones too. */
  readonly calls: number
  /** Entries of virtual time: messages, timers, steps. */
  readonly events: number
  /** Of every event and every answer: the same for the same plan in any process. */
  readonly history: string
  /** Members whose books were added up after a commit of the cloud. */
  readonly audits: number
  readonly happened: Readonly<Partial<Record<Strike, number>>>
  readonly kinds: ReadonlySet<string>
}

export async function live(plan: Plan): Promise<Life> {
  const world = new World(plan)
  const watched = watchForHangs(plan.seed, quietMsMaxOf(plan))
  try {
    await world.build()
    const findings = await foundAtTheEnd(world)
    const operations = world.terminals.flatMap((terminal) => terminal.operations)
    return {
      findings,
      operations: operations.length,
      calls: world.terminals.reduce((sum, terminal) => sum + terminal.calls, 0),
      events: world.time.ran,
      history: historyOf(world),
      audits: world.watch.audits,
      happened: world.happened,
      kinds: new Set(operations.map(({ kind }) => kind)),
    }
  } finally {
    await world.destroy()
    watched.over()
  }
}

export const NOTHING_FOUND: Findings = {
  lost: [],
  duplicated: [],
  phantoms: [],
  balances: [],
  overspent: [],
  edges: [],
  stuck: [],
}

export function isClean({ findings }: Life): boolean {
  return foundIn(findings).length === 0
}

async function foundAtTheEnd(world: World): Promise<Findings> {
  const { overspent } = world
  try {
    // What does not add up is told at the step that broke it, not at the end.
    await world.time.runUntil(() => world.idle || overspent.length > 0, WORK_MS_MAX)
    if (overspent.length === 0) await world.heal()
    if (overspent.length === 0) return await audit(world)
  } catch (cause) {
    if (overspent.length === 0) return { ...NOTHING_FOUND, stuck: [whyStuck(world, cause)] }
  }
  return { ...NOTHING_FOUND, overspent }
}

/** Why not everything will ever be answered, synced and told. */
function whyStuck(world: World, cause: unknown): string {
  const faults = [...world.cloudFaults, ...world.stores.flatMap((node) => node.faults)]
  const told = [cause, ...faults].map((fault) => (fault instanceof Error ? fault.message : String(fault)))
  return [...new Set([...told, world.unrest()])].join('; ')
}

function historyOf({ time, terminals }: World): string {
  const answers = createHash('sha1')
  for (const { operations } of terminals)
    for (const { acked, refused } of operations) answers.update(acked?.body ?? refused ?? 'open')
  return `${(time.history >>> 0).toString(16)}-${answers.digest('hex').slice(0, 8)}`
}
