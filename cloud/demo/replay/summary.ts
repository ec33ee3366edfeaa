// The summary of a replay and its verdict, pure: figures in, one JSON object out (ARCHITECTURE section 10). The verdict is good only when
// every check holds that the exit code promises; each failed check is a sentence.
import type { Usage } from '../node-process.ts'
import type { DriverCounts } from './driver.ts'
import type { Plan } from './plan.ts'
import type { CloudTotals, StoreProof, Verified } from './proof.ts'
import { countReasons } from './quarantine.ts'
import type { ShuffleCounts } from './shuffler.ts'

export interface Phases {
  readonly start_s: number
  readonly prepare_s: number
  readonly send_s: number
  readonly sync_s: number
  readonly verify_s: number
}

export interface Findings {
  readonly file: string
  readonly plan: Plan
  readonly counts: DriverCounts
  readonly retries: number
  readonly ackFaults: readonly string[]
  readonly acknowledged: number
  readonly proofs: readonly StoreProof[]
  readonly totals: CloudTotals
  readonly verified: readonly Verified[]
  readonly seconds: number
  readonly phases: Phases
  readonly usage: {
    readonly driverCpuS: number
    readonly cloud: Usage | null
    readonly stores: readonly (Usage | null)[]
  }
  readonly withDigest: boolean
  /** Calls of the second pass, null without --repeat; and how many of them got the stored answer. */
  readonly repeated: { readonly calls: number; readonly replayed: number } | null
  readonly shuffled: (ShuffleCounts & { readonly seed: number }) | null
  readonly kills: readonly { readonly target: string; readonly at: string }[]
  readonly offline: readonly { readonly store: number; readonly from: string; readonly to: string }[]
  /** Nodes that stopped by themselves. */
  readonly deaths: readonly string[]
}

export type Summary = ReturnType<typeof summaryOf>

const MIB = 1024 * 1024
const mebibytes = (usage: Usage | null): number | null =>
  usage === null ? null : Math.round(usage.peakBytes / MIB)
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

export function summaryOf(found: Findings) {
  const { plan, counts, proofs, totals, verified } = found
  const unsent = countReasons(plan.setAside, false)
  const quarantinedRows = sum(Object.values(unsent))
  const edgeFacts = sum(proofs.map(({ edgeSeq }) => edgeSeq))
  return {
    file: found.file,
    invoices: plan.invoices,
    lines: plan.soldRows + plan.returnedRows,
    facts: plan.calls.length,
    members: plan.members,
    guests: plan.guestSales,
    sales: plan.sales,
    returns: plan.returns,
    rows: plan.rows,
    lines_sold: plan.soldRows,
    lines_returned: plan.returnedRows,
    lines_quarantined: quarantinedRows,
    rows_accounted: plan.rows === plan.soldRows + plan.returnedRows + quarantinedRows,
    invoices_without_lines: plan.invoicesEmpty,
    quarantined: unsent,
    reported: countReasons(plan.setAside, true),
    points_earned: totals.pointsEarned,
    points_reversed: totals.pointsReversed,
    goodwill: totals.goodwill,
    by_tier: totals.byTier,
    acknowledged: found.acknowledged,
    edge_facts: edgeFacts,
    cloud_facts: totals.facts,
    lost: sum(proofs.map(({ lost }) => lost)),
    duplicated: sum(proofs.map(({ duplicated }) => duplicated)) + totals.duplicates,
    fold_mismatches: sum(verified.map(({ foldMismatches }) => foldMismatches)),
    chain_ok: verified.length > 0 && verified.every(({ chainOk }) => chainOk),
    cloud_quarantined: totals.quarantined,
    cloud_unclaimed: totals.unclaimed,
    confirmed: counts.confirmed,
    provisional: counts.provisional,
    retries: found.retries,
    stored_answers: counts.replayed,
    errors: counts.errors,
    first_errors: counts.firstErrors,
    seconds: round(found.seconds),
    facts_per_s: Math.round(plan.calls.length / found.seconds),
    phases: rounded(found.phases),
    memory_peak_mib: { cloud: mebibytes(found.usage.cloud), stores: found.usage.stores.map(mebibytes) },
    cpu_s: {
      driver: round(found.usage.driverCpuS),
      cloud: found.usage.cloud?.cpuS ?? null,
      stores: found.usage.stores.map((one) => one?.cpuS ?? null),
    },
    ...(found.withDigest ? { digest: totals.digest } : {}),
    ...(found.repeated === null ? {} : { repeated: found.repeated }),
    ...(found.shuffled === null ? {} : { shuffle: found.shuffled }),
    ...(found.kills.length === 0 ? {} : { kills: found.kills }),
    ...(found.offline.length === 0 ? {} : { offline: found.offline }),
  }
}

/** What is wrong, one sentence each; empty when the replay proved what it promises. */
export function failuresOf(found: Findings): string[] {
  const summary = summaryOf(found)
  const failures: string[] = []
  const must = (holds: boolean, sentence: string): void => void (holds || failures.push(sentence))
  must(summary.rows_accounted, 'not every row of the file is accounted for')
  must(summary.errors === 0, `${summary.errors} calls failed; the first: ${summary.first_errors[0]}`)
  must(found.ackFaults.length === 0, `answers contradict each other: ${found.ackFaults[0]}`)
  must(
    summary.acknowledged === summary.facts,
    `${summary.facts} calls were planned, ${summary.acknowledged} acknowledged`,
  )
  must(summary.lost === 0, `${summary.lost} acknowledged facts are not at the cloud`)
  must(summary.duplicated === 0, `${summary.duplicated} facts are there without a call of their own`)
  must(
    summary.edge_facts === summary.cloud_facts,
    `the stores have ${summary.edge_facts} facts, the cloud ${summary.cloud_facts}`,
  )
  must(summary.cloud_quarantined === 0, `the cloud quarantined ${summary.cloud_quarantined} facts`)
  must(summary.cloud_unclaimed === 0, `${summary.cloud_unclaimed} facts wait for their member`)
  must(summary.fold_mismatches === 0, `${summary.fold_mismatches} members differ from their fold`)
  must(summary.chain_ok, 'a chain of facts is broken, or was not proved whole')
  must(
    found.verified.every(({ digest }) => digest === null || digest === found.totals.digest),
    'the digest the cloud serves is not that of its facts',
  )
  for (const { node, ok, problem } of found.verified) must(ok, `verify ${node}: ${problem}`)
  for (const death of found.deaths) failures.push(death)
  const { repeated } = found
  if (repeated !== null)
    must(
      repeated.replayed === repeated.calls,
      `${repeated.calls - repeated.replayed} repeated calls did not get their stored answer`,
    )
  return failures
}

function rounded(phases: Phases): Record<string, number> {
  const entries = Object.entries(phases) as [keyof Phases, number][]
  return Object.fromEntries(entries.map(([name, seconds]) => [name, round(seconds)]))
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
