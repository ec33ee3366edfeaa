// One life of a world from its plan: it works while everything breaks, is healed, and is audited.
import { audit, foundIn } from './auditor.ts'
import type { Findings } from './auditor.ts'
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
  /** Members whose books were added up after a commit of the cloud. */
  readonly audits: number
  readonly happened: Readonly<Partial<Record<Strike, number>>>
  readonly kinds: ReadonlySet<string>
}

export async function live(plan: Plan): Promise<Life> {
  const world = new World(plan)
  try {
    await world.build()
    const stuck = await reached(world)
    const { overspent } = world
    const findings =
      overspent.length > 0
        ? { ...NOTHING_FOUND, overspent }
        : stuck === undefined
          ? await audit(world)
          : { ...NOTHING_FOUND, stuck: [stuck] }
    const operations = world.terminals.flatMap((terminal) => terminal.operations)
    return {
      findings,
      operations: operations.length,
      calls: world.terminals.reduce((sum, terminal) => sum + terminal.calls, 0),
      events: world.time.ran,
      audits: world.watch.audits,
      happened: world.happened,
      kinds: new Set(operations.map(({ kind }) => kind)),
    }
  } finally {
    await world.destroy()
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

/** Undefined once everything is answered, synced and told; else why it never will be. */
async function reached(world: World): Promise<string | undefined> {
  try {
    // What does not add up is told at the step that broke it, not at the end.
    await world.time.runUntil(() => world.idle || world.overspent.length > 0, WORK_MS_MAX)
    if (world.overspent.length === 0) await world.heal()
    return undefined
  } catch (cause) {
    const faults = [...world.cloudFaults, ...world.stores.flatMap((node) => node.faults)]
    const told = [cause, ...faults].map((fault) => (fault instanceof Error ? fault.message : String(fault)))
    return [...new Set([...told, world.unrest()])].join('; ')
  }
}
