// Looks after the cloud's file while the node runs: room on its disk (S-8), and whether it is still what it was (S-10). What it finds goes to the log, in
// words that say what to do, and to `/readyz` and `/metrics`.
import type { Logger } from 'pino'
import { DISK_LOOK_MS, WALK_FIRST_MS, WALK_MS } from '../protocol/limits.ts'
import type { RoomLook } from './store/room-port.ts'
import type { DiskStore } from './store/sqlite/sqlite-store.ts'
import type { Cancel, System } from './system.ts'
import { walk } from './walk.ts'

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
  #cancels: Cancel[] = []

  constructor(parts: StorageParts) {
    this.#parts = parts
  }

  start(walkFirstMs = WALK_FIRST_MS): void {
    this.look()
    this.#again(DISK_LOOK_MS, DISK_LOOK_MS, () => this.look())
    this.#again(walkFirstMs, WALK_MS, () => void this.walk())
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
    const { store, directory, log } = this.#parts
    try {
      const found = await walk(directory)
      this.#problems = found.problems
      const { ok, damaged, problems, facts, members } = found
      if (ok) return log.info({ facts, members }, 'the data was walked and is as it should be')
      if (damaged) return store.foundDamaged(problems[0] ?? 'its chains do not fit')
      // To read them is to have them made again (S-12), each told by itself.
      for (const member of found.unsound_states) await store.read.member(member)
      if (found.unsound_rows.length > 0) await store.remake(found.unsound_rows)
      if (found.mends_itself) return
      log.error(
        { problems },
        'the walk found differences between the facts and what was derived from them: run `tillstream verify`, and send what it says to who wrote this software',
      )
    } catch (cause) {
      log.error({ err: cause }, 'the data could not be walked')
    }
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel()
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
    const next = (wait: number): void => {
      const cancel = this.#parts.system.after(wait, () => {
        this.#cancels.splice(this.#cancels.indexOf(cancel), 1)
        next(ms)
        call()
      })
      this.#cancels.push(cancel)
    }
    next(first)
  }
}
