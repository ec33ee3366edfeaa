// The disk under a process, and what may be left on it when the power goes. A write is certain once its file was synced after it. Until then each of
// its 512-byte sectors may be there or not, in any mixture; a file may be as short as it was. Names (created, deleted, renamed) are certain
// at once: SQLite syncs the directory where it matters, and ext4 and xfs keep the order of names.
import type { Random } from '../../support/random.ts'
import type { DiskOperation } from './disk-log.ts'

/** Of `ballastOf` (cloud/storage/disk-room.ts). */
export const isBallast = (path: string): boolean => path.endsWith('.ballast')

/**
 * What becomes of writes not yet synced: all lost; all there; each sector by chance; in order up to a point and the last one torn.
 * `lied`: lost, and with them up to LIED_WRITES_MAX of the last writes the disk had said were safe (R03).
 */
export const LOSSES = ['dropped', 'kept', 'mixed', 'torn', 'lied'] as const
export type Loss = (typeof LOSSES)[number]

export const LIED_WRITES_MAX = 20
const SECTOR_BYTES = 512

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly size: number }

class DiskFile {
  /** With everything that nothing can take away any more, lies included; the first `#size` bytes of it, so that a file that grows is copied seldom. */
  #settled: Buffer = Buffer.alloc(0)
  #size = 0
  /** The last writes that were synced. */
  readonly #synced: Change[] = []
  #pending: Change[] = []

  change(change: Change): void {
    this.#pending.push(change)
  }

  sync(): void {
    this.#synced.push(...this.#pending)
    this.#pending = []
    const old = this.#synced.splice(0, Math.max(0, this.#synced.length - LIED_WRITES_MAX))
    const extent = extentOf(this.#size, old)
    if (extent > this.#settled.length) {
      const larger = Buffer.alloc(2 * extent)
      this.#settled.copy(larger, 0, 0, this.#size)
      this.#settled = larger
    }
    this.#size = changed(this.#settled, this.#size, old)
  }

  left(loss: Loss, random: Random): Buffer {
    const kept =
      loss === 'lied'
        ? this.#synced.slice(0, this.#synced.length - random.below(LIED_WRITES_MAX + 1))
        : this.#synced
    const changes = [...kept, ...survivors(this.#pending, loss, random)]
    const bytes = Buffer.alloc(extentOf(this.#size, changes))
    this.#settled.copy(bytes, 0, 0, this.#size)
    return bytes.subarray(0, changed(bytes, this.#size, changes))
  }
}

/** The most bytes a file has while the changes are made. */
function extentOf(size: number, changes: readonly Change[]): number {
  let extent = size
  for (const change of changes)
    extent = Math.max(extent, 'size' in change ? change.size : change.offset + change.bytes.length)
  return extent
}

/** Makes the changes in place; the size after them. What lies behind the size is zero. */
function changed(bytes: Buffer, before: number, changes: readonly Change[]): number {
  let size = before
  for (const change of changes)
    if ('size' in change) {
      bytes.fill(0, Math.min(size, change.size), size)
      size = change.size
    } else {
      bytes.set(change.bytes, change.offset)
      size = Math.max(size, change.offset + change.bytes.length)
    }
  return size
}

function survivors(pending: readonly Change[], loss: Loss, random: Random): readonly Change[] {
  switch (loss) {
    case 'dropped':
    case 'lied':
      return []
    case 'kept':
      return pending
    case 'mixed':
      return pending.flatMap((change) => sectorsOf(change).filter(() => random.below(2) === 0))
    case 'torn': {
      const whole = random.below(pending.length + 1)
      const torn = pending[whole]
      const sectors = torn === undefined ? [] : sectorsOf(torn)
      return [...pending.slice(0, whole), ...sectors.slice(0, random.below(sectors.length + 1))]
    }
    default:
      return loss satisfies never
  }
}

/** The sectors of the file that the write touches, each a write of its own. */
function sectorsOf(change: Change): Change[] {
  if ('size' in change) return [change]
  const sectors: Change[] = []
  for (let from = change.offset; from < change.offset + change.bytes.length;) {
    const to = Math.min(
      (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES,
      change.offset + change.bytes.length,
    )
    sectors.push({ offset: from, bytes: change.bytes.subarray(from - change.offset, to - change.offset) })
    from = to
  }
  return sectors
}

export class CrashingDisk {
  readonly #names = new Map<string, DiskFile>()
  readonly #open = new Map<number, DiskFile>()

  apply(operation: DiskOperation): void {
    switch (operation.what) {
      case 'begun':
        return this.#open.clear()
      case 'opened': {
        const file = this.#names.get(operation.path) ?? new DiskFile()
        if (operation.emptied) file.change({ size: 0 })
        // What is opened without being created and was never seen is a directory, to be synced.
        if (operation.created) this.#names.set(operation.path, file)
        return void this.#open.set(operation.file, file)
      }
      case 'written':
      case 'cut':
        return this.#opened(operation.file).change(operation)
      case 'synced':
        return this.#opened(operation.file).sync()
      case 'unlinked':
        return void this.#names.delete(operation.path)
      case 'renamed': {
        const file = this.#names.get(operation.from)
        if (file === undefined) return
        this.#names.delete(operation.from)
        return void this.#names.set(operation.to, file)
      }
      default:
        return operation satisfies never
    }
  }

  /** Path and bytes of every file that is left. SQLite's shared memory is none: it is not on the disk. The room that is held back holds nothing (`rebuild`). */
  left(loss: Loss, random: Random): Map<string, Buffer> {
    const files = new Map<string, Buffer>()
    const paths = [...this.#names.keys()].filter((path) => !path.endsWith('-shm') && !isBallast(path))
    // The disk lies about what it was asked last, and that was one file's writes.
    const liedAbout = loss === 'lied' ? random.pick(paths) : undefined
    for (const path of paths) {
      const honest = loss === 'lied' && path !== liedAbout ? 'dropped' : loss
      files.set(path, this.#names.get(path)?.left(honest, random) ?? Buffer.alloc(0))
    }
    return files
  }

  #opened(file: number): DiskFile {
    const found = this.#open.get(file)
    if (found === undefined) throw new Error(`file ${file} was never opened`)
    return found
  }
}
