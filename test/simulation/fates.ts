// What each kind of strike does to the world, or to one store of it. The ones about disks do what technicians do: an image is copied at one time and put
// back at another, or given to a second machine. What the store's terminals have seen acknowledged since the copy they hand in again, as with a lost
// disk; what the members may have spent twice because of it is counted before, and is all that may be overspent (O).
import { approveEdge } from '../../cloud/domain/devices.ts'
import type { Random } from '../support/random.ts'
import type { DiskImage } from './disk.ts'
import { STRIKES } from './plan.ts'
import type { Strike } from './plan.ts'
import type { StoreNode } from './store-node.ts'
import type { World } from './world.ts'

const HOUR_MS = 3_600_000
const YEAR_MS = 365 * 24 * HOUR_MS
/** Where a clock that jumps goes, from the true time; mostly back to it. */
const CLOCKS_MS: readonly number[] = [0, 0, 0, HOUR_MS, -HOUR_MS, 10 * YEAR_MS, -25 * YEAR_MS]
/** More machines than these would be another world. */
const CLONES_MAX = 2

interface Copy {
  readonly image: DiskImage
  readonly at: number
}

export class Fates {
  readonly #world: World
  readonly #copies = new Map<StoreNode, Copy>()
  #cloudCopy: string | null = null
  #clones = 0
  #approving = false
  /** Points that members may have spent beyond what they had, for what was put back or copied. */
  overspentAtMost = 0

  constructor(world: World) {
    this.#world = world
  }

  strike(strike: Strike, node: StoreNode): void {
    STRIKE[strike](this.#world, node, this)
  }

  diskCopiedOrPutBack(node: StoreNode): void {
    const copy = this.#copies.get(node)
    if (copy === undefined) {
      if (node.ledger !== null) this.#copies.set(node, { image: node.copyDisk(), at: this.#world.time.now() })
      return
    }
    this.#copies.delete(node)
    node.putBack(copy.image)
    this.#leasesMaySpendAgain(node)
    this.#world.handInSince(node, copy.at)
  }

  /** The copy runs beside the first one, with a terminal of its own. */
  diskCloned(node: StoreNode): void {
    if (node.ledger === null || this.#clones === CLONES_MAX) return
    this.#clones += 1
    this.#leasesMaySpendAgain(node)
    const clone = this.#world.addNode(node.store, `clone-${this.#clones}`)
    clone.putBack(node.copyDisk())
    this.#world.addTerminal(clone, `c${this.#clones}`)
  }

  cloudCopiedOrPutBack(): void {
    const world = this.#world
    if (!world.isCloudUp || world.stores.some(({ edge }) => edge === 0)) return
    const copy = this.#cloudCopy
    this.#cloudCopy = null
    if (copy === null) {
      this.#cloudCopy = world.copyCloud()
      return
    }
    this.#copies.clear()
    for (const node of world.stores) this.#leasesMaySpendAgain(node)
    world.crashCloud(copy)
  }

  /** HQ looks at devices that apply and lets them in. */
  approve(): void {
    const world = this.#world
    if (this.#approving || !world.isCloudUp || !world.stores.some(({ isApplicant }) => isApplicant)) return
    this.#approving = true
    const { store, tenant, ingest } = world.cloud
    const approved = ingest.record(tenant, async (tx, own) => {
      for (const edge of await store.read.edges(tenant))
        if (edge.state === 'pending') await approveEdge(tx, own, edge)
    })
    void approved.catch(() => undefined).finally(() => (this.#approving = false))
  }

  /** The open leases of a ledger may be spent from by two lives of it: by the one that is forgotten, and by the one that stands on the copy. */
  #leasesMaySpendAgain({ ledger }: StoreNode): void {
    for (const { subject, granted, returned } of ledger?.leases.all() ?? [])
      if (subject === 'points') this.overspentAtMost += granted - returned
  }
}

const STRIKE: Readonly<Record<Strike, (world: World, node: StoreNode, fates: Fates) => void>> = {
  'line cut': (_, node) => node.wire.set('cut'),
  'line a black hole': (_, node) => node.wire.set('black hole'),
  'line healed': (_, node) => node.wire.set('up'),
  'store crashes': (_, node) => node.crash(),
  'store crashes in a commit': (_, node) => node.crashInCommit(),
  'store full': (_, node) => node.fill(),
  'cloud crashes': (world) => world.crashCloud(),
  'cloud crashes in a transaction': (world) => world.crashCloudSoon(),
  'disk lost': (world, node) => world.loseDisk(node),
  'disk copied or put back': (_, node, fates) => fates.diskCopiedOrPutBack(node),
  'disk cloned': (_, node, fates) => fates.diskCloned(node),
  'cloud copied or put back': (_, __, fates) => fates.cloudCopiedOrPutBack(),
  'clock jumps': (world, node) => (node.clockOffMs = world.random.pick(CLOCKS_MS)),
}

export function weighed(weights: Readonly<Record<Strike, number>>, random: Random): Strike {
  let left = random.below(STRIKES.reduce((sum, strike) => sum + weights[strike], 0))
  return STRIKES.find((strike) => (left -= weights[strike]) < 0) ?? 'line healed'
}
