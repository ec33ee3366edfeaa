// Looks after the cloud's file while the node runs: room on its disk (S-8), and whether it is still what it was (S-10). What it finds goes to the log, in
// words that say what to do, and to `/readyz` and `/metrics`.
import type { Logger } from 'pino'
import { DISK_LOOK_MS, INSPECT_MS, INSPECT_SHARE, WALK_FIRST_MS, WALK_MS } from '../protocol/limits.ts'
import type { RoomLook } from './store/room-port.ts'
import type { DiskStore } from './store/sqlite/sqlite-store.ts'
import type { Cancel, System } from './system.ts'
import { walk } from './walk.ts'
import type { Extent, Verification } from './walk.ts'

const MIB = 1024 * 1024

export interface StorageParts {
  readonly store: DiskStore
  readonly directory: string
  readonly system: System
  readonly log: Logger
}

export class StorageKeeper {
  readonly #parts: StorageParts
  /** Undefined until it was started: what a start writes, it writes. */
  #look: RoomLook | undefined
  /** Sentences of the last walk. */
  #problems: readonly string[] = []
  /** The last walk or inspection, of which one follows the other. */
  #last: Promise<unknown> = Promise.resolve()
  readonly #cancels = new Set<Cancel>()
  #stopped = false

  constructor(parts: StorageParts) {
    this.#parts = parts
  }

  start(walkFirstMs = WALK_FIRST_MS): void {
    this.look()
    this.#again(DISK_LOOK_MS, DISK_LOOK_MS, () => this.look())
    this.#again(walkFirstMs, WALK_MS, () => void this.walk())
    this.#inspectAfter(INSPECT_MS)
  }

  get readOnly(): boolean {
    return this.#look?.room === 'low'
  }

  get freeBytes(): number {
    return this.#look?.space.free ?? 0
  }

  /** Faults that the last walk found. */
  get faults(): number {
    return this.#problems.length
  }

  look(): void {
    const before = this.#look?.room ?? 'ample'
    this.#look = this.#parts.store.lookAtRoom()
    if (this.#look.room !== before) this.#tell(this.#look)
  }

  async walk(): Promise<void> {
    const found = await this.#inTurn('facts')
    if (found === undefined) return
    const { log } = this.#parts
    const { ok, damaged, mends_itself, problems, facts, members } = found
    this.#problems = problems
    if (ok) log.info({ facts, members }, 'the data was walked and is as it should be')
    else if (!damaged && !mends_itself)
      log.error(
        { problems },
        'the walk found differences between the facts and what was derived from them: run `tillstream verify`, and send what it says to who wrote this software',
      )
  }

  /** Gives how many milliseconds it took. */
  async inspect(): Promise<number> {
    await this.#last
    const begun = performance.now()
    await this.#inTurn('rows')
    return performance.now() - begun
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  #inTurn(what: Extent): Promise<Verification | undefined> {
    const verified = this.#last.then(() => this.#verified(what))
    this.#last = verified
    return verified
  }

  /** What was found, after it was seen to; undefined where it could not be looked at. */
  async #verified(what: Extent): Promise<Verification | undefined> {
    const { store, directory, log } = this.#parts
    try {
      const found = await walk(directory, what)
      if (found.damaged) store.foundDamaged(found.problems[0] ?? 'its chains do not fit')
      else {
        // To read them is to have them made again (S-12), each told by itself.
        for (const member of found.unsound_states) await store.read.member(member)
        if (found.unsound_rows.length > 0) await store.remake(found.unsound_rows)
      }
      return found
    } catch (cause) {
      log.error({ err: cause }, 'the data could not be walked')
      return undefined
    }
  }

  #inspectAfter(ms: number): void {
    this.#after(ms, () => {
      void this.inspect().then((took) => this.#inspectAfter(Math.max(INSPECT_MS, INSPECT_SHARE * took)))
    })
  }

  #tell({ room, space, lowBytes }: RoomLook): void {
    const free = `${Math.floor(space.free / MIB)} MiB are free`
    const { log, directory } = this.#parts
    if (room === 'ample') return log.info(`the disk has room again, ${free}: everything is recorded`)
    log.error(
      `the disk of ${directory} is nearly full, ${free}: below ${Math.ceil(lowBytes / MIB)} MiB nothing is recorded, reading goes on, and stores keep what they sell. ` +
        'Make room on it; with twice as much the node records again by itself',
    )
  }

  #again(first: number, ms: number, call: () => void): void {
    this.#after(first, () => {
      this.#again(ms, ms, call)
      call()
    })
  }

  #after(ms: number, call: () => void): void {
    if (this.#stopped) return
    const cancel = this.#parts.system.after(ms, () => {
      this.#cancels.delete(cancel)
      call()
    })
    this.#cancels.add(cancel)
  }
}
