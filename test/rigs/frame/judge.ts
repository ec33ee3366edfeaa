// Says what came of a run, from outside: the outside log on one side, on the other the files of nodes that have stopped, read through the stores' own
// readers and walked by `verify`. Nothing here asks a node for its opinion.
import { openSnapshot } from '../../../cloud/store/sqlite/sqlite-store.ts'
import { verify as verifyCloud } from '../../../cloud/verify.ts'
import { verify as verifyEdge } from '../../../edge/verify.ts'
import { openForReading } from '../../../edge/ledger/database.ts'
import { Ledger } from '../../../edge/ledger/ledger.ts'
import { NO_FACT, idFromText, idText, originOf } from '../../../protocol/ids.ts'
import type { FactId } from '../../../protocol/ids.ts'
import type { AckLog } from '../../../cloud/demo/ack-log.ts'
import type { Figures } from './rig.ts'
import type { ShopsUnderLoad } from './shops-under-load.ts'

export interface Verdict {
  readonly figures: Figures
  /** What figure counts what, in words. */
  readonly faults: readonly string[]
}

const FACTS_PAGE = 10_000

/** Key and status of every fact the stores of a cloud made, as its file has them. */
export async function cloudFacts(directory: string): Promise<{ id: string; key: string; status: string }[]> {
  const snapshot = openSnapshot(directory)
  try {
    const facts: { id: string; key: string; status: string }[] = []
    for (const tenant of await snapshot.read.tenants()) {
      const own = await snapshot.read.origins(tenant)
      const stores = new Set(own.filter(({ edge }) => edge > 0).map(({ origin }) => origin))
      for (let after = 0; ;) {
        const page = await snapshot.read.facts(tenant, {}, { after, limit: FACTS_PAGE })
        for (const { id, key, status } of page)
          if (stores.has(originOf(id))) facts.push({ id: String(id), key, status })
        const last = page.at(-1)
        if (last === undefined) break
        after = last.id
      }
    }
    return facts
  } finally {
    snapshot.close()
  }
}

/** Of nodes that have stopped, after everything was synced. `wrongRepeats`: answers that changed, X. `others`: keys of facts that did not come from the terminals. */
export async function judge(
  load: ShopsUnderLoad,
  wrongRepeats: number,
  others: ReadonlySet<string> = new Set(),
): Promise<Verdict> {
  const { log, shops } = load
  const faults = [...load.deaths, ...log.faults]
  const directories = shops.shops.map(({ directory }) => directory)
  const { L, D, P } = compared(
    log,
    await cloudFacts(shops.cloudDirectory),
    successorsIn(directories),
    others,
    faults,
  )
  let V = 0
  const cloud = await verifyCloud(shops.cloudDirectory)
  faults.push(...cloud.problems)
  if (!cloud.chain_ok) V += 1
  for (const shop of shops.shops) {
    const edge = await verifyEdge(shop.directory)
    faults.push(...edge.problems)
    if (!edge.chain_ok) V += 1
  }
  const B = cloud.fold_mismatches + cloud.effect_mismatches
  return { figures: { L, D, P, U: log.unanswered().length, B, X: wrongRepeats, V }, faults }
}

/** Under which ids a fact may count that was recorded again after a life ended (P-LIFE-5): one for each ledger, for copies of one name other facts by one id. */
function successorsIn(directories: readonly string[]): (id: string) => string[] {
  const ledgers = directories.map((directory) => {
    const open = openForReading(directory)
    const { lives } = new Ledger(open)
    open.close()
    return lives
  })
  return (id) => ledgers.map((lives) => idText(lives.now(idFromText<FactId>(id) ?? NO_FACT)))
}

function compared(
  log: AckLog,
  facts: readonly { id: string; key: string; status: string }[],
  successors: (id: string) => readonly string[],
  others: ReadonlySet<string>,
  faults: string[],
): { L: number; D: number; P: number } {
  const counted = new Map<string, string[]>()
  const attempted = new Set<string>()
  let [L, D, P] = [0, 0, 0]
  for (const { key, id, status } of facts)
    if (status === 'counted') counted.set(key, [...(counted.get(key) ?? []), id])
  for (const { key, id } of log.acknowledged()) {
    attempted.add(key)
    const ids = counted.get(key) ?? []
    // An id may name a fact that was lost and one that was recorded again since (P-LIFE-5): the key says which.
    if (!ids.includes(id) && !successors(id).some((next) => ids.includes(next))) {
      L += 1
      faults.push(`${key}, acknowledged as ${id}, is not in the cloud`)
    }
    if (ids.length > 1) {
      D += 1
      faults.push(`${key} is counted as ${ids.join(' and ')}`)
    }
  }
  const asked = new Set([...attempted, ...log.unanswered().map((name) => name.replace(/^\d+ /, ''))])
  for (const key of counted.keys())
    if (!asked.has(key) && !others.has(key) && !key.startsWith('edge:')) {
      P += 1
      faults.push(`nobody asked for ${key}`)
    }
  return { L, D, P }
}
