// Keeps a node from filling its disk (L-15, S-8). Below the low mark nothing more is recorded, while there is still room to close, to checkpoint and, in a
// store, to hear the cloud; a ballast file holds room back that is given free when even that is gone, because on a full disk SQLite cannot even delete. The
// file system is asked by a timer and whenever enough was written since it was last asked, never once a sale.
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, statfsSync, writeSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'

/** At most, and as a part of the file system: a small disk has small marks. */
const LOW_BYTES_MAX = 64 * 1024 * 1024
const LOW_PART = 1 / 16
const BALLAST_BYTES_MAX = 16 * 1024 * 1024
const BALLAST_PART = 1 / 32
/** Bytes on disk a byte of facts and answers: the log, its copy in the file, index pages. */
const AMPLIFICATION = 8
const PIECE_BYTES = 64 * 1024

export interface Space {
  readonly free: number
  readonly total: number
}
export type SpaceOf = (directory: string) => Space

export type Room = 'ample' | 'low'

const spaceOfDisk: SpaceOf = (directory) => {
  const { bavail, blocks, bsize } = statfsSync(directory)
  return { free: bavail * bsize, total: blocks * bsize }
}

export const ballastOf = (path: string): string => path.replace(/\.db$/, '.ballast')

/** Before a file is opened on a disk that is full: true where room was held back, which is free now. */
export function giveBallast(path: string): boolean {
  const held = existsSync(ballastOf(path))
  rmSync(ballastOf(path), { force: true })
  return held
}

export class DiskRoom {
  readonly #directory: string
  readonly #ballast: string
  readonly #spaceOf: SpaceOf
  readonly #lays: boolean
  #room: Room = 'ample'
  #space: Space = { free: 0, total: 0 }
  /** Bytes that may be written before the file system is asked again. */
  #allowance = 0

  /** Of the file at `path`. `lays`: keeps the ballast; whoever only looks does not. */
  constructor(path: string, spaceOf: SpaceOf = spaceOfDisk, lays = true) {
    this.#directory = dirname(path)
    this.#ballast = ballastOf(path)
    this.#spaceOf = spaceOf
    this.#lays = lays
    this.look()
  }

  get room(): Room {
    return this.#room
  }

  /** As of the last look. */
  get space(): Space {
    return this.#space
  }

  get lowBytes(): number {
    return Math.floor(Math.min(LOW_BYTES_MAX, this.#space.total * LOW_PART))
  }

  /** Hot: after a commit of so many bytes. */
  wrote(bytes: number): void {
    this.#allowance -= bytes
    if (this.#allowance < 0) this.look()
  }

  /** Asks the file system; below the mark until there is twice as much, and the ballast is back. */
  look(): Room {
    const space = this.#spaceOf(this.#directory)
    this.#space = space
    const low = this.lowBytes
    const missing = this.#ballastBytes() - this.#ballastThere()
    const needed = this.#room === 'low' ? 2 * low : low
    this.#room = space.free - Math.max(0, missing) >= needed ? 'ample' : 'low'
    if (this.#room === 'ample' && missing > 0 && this.#lays) this.#layBallast()
    this.#allowance = Math.max(0, space.free - low) / AMPLIFICATION / 2
    return this.#room
  }

  /** The disk is full: gives the held room free. */
  full(): void {
    this.#room = 'low'
    rmSync(this.#ballast, { force: true })
  }

  #ballastBytes(): number {
    return (
      Math.floor(Math.min(BALLAST_BYTES_MAX, this.#space.total * BALLAST_PART) / PIECE_BYTES) * PIECE_BYTES
    )
  }

  #ballastThere(): number {
    return statSync(this.#ballast, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Of chance, so that no file system stores it as nothing. Without room for it there is none. */
  #layBallast(): void {
    try {
      const file = openSync(this.#ballast, 'w', 0o600)
      try {
        for (let left = this.#ballastBytes(); left > 0; left -= PIECE_BYTES)
          writeSync(file, randomBytes(Math.min(PIECE_BYTES, left)))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
    } catch {
      rmSync(this.#ballast, { force: true })
    }
  }
}
