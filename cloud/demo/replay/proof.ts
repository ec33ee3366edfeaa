// What the nodes say after a replay, asked through their public APIs and through `tillstream verify`, and set against the outside log of
// acknowledgements. Nothing here trusts a node's word about what it lost: that is counted from positions and hashes.
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { askOk, fieldOf, pick } from '../ask.ts'
import { PlainFault } from '../plain-fault.ts'
import type { Shops } from '../shops.ts'
import type { AckLog } from '../ack-log.ts'

const CLI = fileURLToPath(new URL('../../cli.ts', import.meta.url))
const POLL_MS = 25
/** The cloud has not moved for this long though stores have more to send: something is stuck. Longer than the longest reconnect wait. */
const STALL_MS_MAX = 60_000
const VERIFY_OUTPUT_BYTES_MAX = 16 * 1024 * 1024

/** One store's ledger and what the cloud has of it. */
export interface StorePosition {
  readonly store: number
  readonly origin: number
  readonly edgeSeq: number
  readonly cloudSeq: number
}

export interface StoreProof extends StorePosition {
  /** Acknowledged to the driver, not at the cloud. */
  readonly lost: number
  /** At the edge or the cloud without a call that was answered with it. */
  readonly duplicated: number
}

export interface CloudTotals {
  readonly facts: number
  readonly duplicates: number
  /** Waiting for their member. */
  readonly unclaimed: number
  readonly quarantined: number
  readonly pointsEarned: number
  readonly pointsReversed: number
  readonly goodwill: number
  readonly byTier: Readonly<Record<string, number>>
  readonly digest: string
}

export interface Verified {
  readonly node: string
  readonly ok: boolean
  readonly chainOk: boolean
  readonly facts: number
  readonly foldMismatches: number
  /** Of the members as folded anew from the facts; null for a store, which has no digest. */
  readonly digest: string | null
  readonly problem: string | null
}

/** The nodes did not come to rest. */
export class ProofFault extends PlainFault {}

async function positions({ cloud, hqToken, shops }: Shops): Promise<StorePosition[]> {
  const edges = pick(await askOk(`${cloud.url}/v1/edges`, { token: hqToken }), 'list', 'items')
  return Promise.all(
    shops.map(async ({ number, node, managerToken }) => {
      const status = await askOk(`${node.url}/v1/status`, { token: managerToken })
      const origin = pick(status, 'number', 'origin')
      const edge = edges.find((one) => fieldOf(one, 'origin') === origin)
      return {
        store: number,
        origin,
        edgeSeq: pick(status, 'number', 'seq'),
        cloudSeq: edge === undefined ? 0 : pick(edge, 'number', 'seq'),
      }
    }),
  )
}

/** Waits until the cloud has everything the stores have. Nodes that are just restarting are asked again. */
export async function settled(shops: Shops, progress: (behind: number) => void): Promise<StorePosition[]> {
  let least = Infinity
  let movedAt = Date.now()
  for (;;) {
    try {
      const now = await positions(shops)
      const behind = now.reduce((sum, { edgeSeq, cloudSeq }) => sum + Math.abs(edgeSeq - cloudSeq), 0)
      progress(behind)
      if (behind === 0) return now
      if (behind < least) {
        least = behind
        movedAt = Date.now()
      }
    } catch (cause) {
      if (Date.now() - movedAt > STALL_MS_MAX) throw cause
    }
    if (Date.now() - movedAt > STALL_MS_MAX)
      throw new ProofFault(
        `The cloud is ${least} facts behind the stores and has not moved for ${STALL_MS_MAX / 1000} s.`,
      )
    await wait(POLL_MS)
  }
}

export function storeProof(position: StorePosition, acks: AckLog): StoreProof {
  const store = position.store - 1
  return {
    ...position,
    lost: acks.above(store, position.cloudSeq),
    duplicated: acks.unansweredPositions(store, Math.max(position.edgeSeq, position.cloudSeq)),
  }
}

export async function cloudTotals({ cloud, hqToken }: Shops): Promise<CloudTotals> {
  const answer = await askOk(`${cloud.url}/v1/digest`, { token: hqToken })
  const totals = fieldOf(answer, 'totals')
  const count = (name: string): number => pick(totals, 'number', 'facts', name)
  const byTier: Record<string, number> = {}
  for (const [tier, members] of Object.entries(fieldOf(totals, 'by_tier') ?? {}))
    if (typeof members === 'number') byTier[tier] = members
  return {
    facts: count('counted') + count('duplicate') + count('unclaimed') + count('quarantined'),
    duplicates: count('duplicate'),
    unclaimed: count('unclaimed'),
    quarantined: count('quarantined'),
    pointsEarned: pick(totals, 'number', 'points_earned'),
    pointsReversed: pick(totals, 'number', 'points_reversed'),
    goodwill: pick(totals, 'number', 'goodwill'),
    byTier,
    digest: pick(answer, 'string', 'digest'),
  }
}

/**
 * Runs `tillstream verify` on every data directory, as many at a time as there are cores: more would only take the core from the cloud's, which is
 * the longest and therefore begins.
 */
export async function verifyAll({ cloudDirectory, shops }: Shops): Promise<Verified[]> {
  const nodes = [
    { node: 'cloud', directory: cloudDirectory },
    ...shops.map(({ number, directory }) => ({ node: `store ${number}`, directory })),
  ]
  const verified: Verified[] = []
  const left = nodes.entries()
  const worker = async (): Promise<void> => {
    // The workers share one iterator: each takes the next node that nobody has taken.
    for (const [index, { node, directory }] of left) verified[index] = await verifyOne(node, directory)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return verified
}

function verifyOne(node: string, directory: string): Promise<Verified> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, 'verify', '--data', directory, '--json'],
      { maxBuffer: VERIFY_OUTPUT_BYTES_MAX },
      (error, stdout, stderr) => {
        const answer = lastJson(stdout)
        const facts = fieldOf(answer, 'facts')
        const mismatches = fieldOf(answer, 'fold_mismatches')
        const digest = fieldOf(answer, 'digest')
        const ok = error === null && fieldOf(answer, 'ok') === true
        resolve({
          node,
          ok,
          chainOk: fieldOf(answer, 'chain_ok') === true,
          facts: typeof facts === 'number' ? facts : 0,
          // A ledger has no folds to compare; a verification that did not answer has proved nothing.
          foldMismatches: typeof mismatches === 'number' ? mismatches : 0,
          digest: typeof digest === 'string' ? digest : null,
          problem: ok ? null : (stderr.trim() || stdout.trim()).slice(-2_000),
        })
      },
    )
  })
}

function lastJson(text: string): unknown {
  try {
    return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')
  } catch {
    return undefined
  }
}
