// A cloud store whose process may die at any await: before any call of a transaction, and between COMMIT and what follows from it. From then on every
// call of the dead process fails, so that its transaction is rolled back as the engine would. Three planted bugs are wrapped around here.
import type { CloudStore, Reads, Writes } from '../../cloud/store/port.ts'
import { ProcessGone } from './crashing-ledger.ts'
import type { Bug } from './plan.ts'

export type CrashPoint = 'call' | 'commit'

export interface StoreFate {
  /** Asked before each call inside a transaction, and after each COMMIT, when nothing has followed from it yet. */
  dies(at: CrashPoint): boolean
  /** The process is gone already. */
  readonly dead: boolean
}

export function crashing(store: CloudStore, fate: StoreFate): CloudStore {
  const guards = new WeakMap<Writes, Writes>()
  const guarded = (tx: Writes): Writes => {
    const known = guards.get(tx)
    if (known !== undefined) return known
    const made = guard(tx, fate)
    guards.set(tx, made)
    return made
  }
  return {
    read: alive(store.read, fate),
    mendStatesBy: (mend) => store.mendStatesBy(mend),
    mendRowsBy: (mend) => store.mendRowsBy(mend),
    onAccessChanged: (listener) => store.onAccessChanged(listener),
    close: () => store.close(),
    async write(work) {
      if (fate.dead) throw new ProcessGone()
      const value = await store.write((tx) => work(guarded(tx)))
      if (fate.dies('commit') || fate.dead) throw new ProcessGone()
      return value
    },
  }
}

/** The connections may be another process's by now. */
function alive(reads: Reads, fate: StoreFate): Reads {
  const calls = Object.entries(reads).map(([name, read]: [string, unknown]): [string, unknown] => {
    if (typeof read !== 'function') return [name, read]
    const call = (...given: unknown[]): unknown =>
      fate.dead ? Promise.reject(new ProcessGone()) : Reflect.apply(read, reads, given)
    return [name, call]
  })
  // Every name of the port is there, each with a call of the same type.
  return Object.fromEntries(calls) as unknown as Reads
}

function guard(tx: Writes, fate: StoreFate): Writes {
  const calls = Object.entries(tx).map(([name, call]: [string, unknown]): [string, unknown] => {
    if (typeof call !== 'function') return [name, call]
    // The result has the type of the call it stands for, whatever that is.
    const guardedCall = (...given: unknown[]): unknown =>
      fate.dead || fate.dies('call') ? Promise.reject(new ProcessGone()) : Reflect.apply(call, tx, given)
    return [name, guardedCall]
  })
  // Every name of the port is there, each with a call of the same type.
  return Object.fromEntries(calls) as unknown as Writes
}

/** Planted bugs of the cloud. */
export function withBug(store: CloudStore, bug: Bug | undefined): CloudStore {
  // Its files have no index that would refuse a second fact with a key (`keylessCloud`).
  if (bug === 'cloud counts keys twice')
    return changed(store, (tx) => ({ ...tx, factsByKeys: async () => [] }))
  if (bug === 'effects without cursor') return cursorApart(store)
  // Neither who lends nor the product's own look at the books sees what is lent of a member.
  if (bug === 'cloud lends what is lent')
    return changed(store, (tx) => ({ ...tx, leasesOfMembers: async () => [] }))
  if (bug === 'cloud lends a budget twice')
    return changed(store, (tx) => ({ ...tx, leasesOfBudget: async () => [] }))
  return store
}

/** What a batch brought is committed, and how far it came in a transaction of its own, afterwards. */
function cursorApart(store: CloudStore): CloudStore {
  return {
    read: store.read,
    mendStatesBy: (mend) => store.mendStatesBy(mend),
    mendRowsBy: (mend) => store.mendRowsBy(mend),
    onAccessChanged: (listener) => store.onAccessChanged(listener),
    close: () => store.close(),
    async write(work) {
      const cursors: Parameters<Writes['saveOrigins']>[0][] = []
      const value = await store.write((tx) =>
        work({
          ...tx,
          saveOrigins: async (rows) => void cursors.push(rows),
        }),
      )
      for (const rows of cursors) await store.write((tx) => tx.saveOrigins(rows))
      return value
    },
  }
}

function changed(store: CloudStore, change: (tx: Writes) => Writes): CloudStore {
  return {
    read: store.read,
    mendStatesBy: (mend) => store.mendStatesBy(mend),
    mendRowsBy: (mend) => store.mendRowsBy(mend),
    onAccessChanged: (listener) => store.onAccessChanged(listener),
    close: () => store.close(),
    write: (work) => store.write((tx) => work(change(tx))),
  }
}
