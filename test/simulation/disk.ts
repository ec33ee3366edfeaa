// The disk a store's process stands on: it outlives the process. A crash keeps what was committed and nothing else.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LEDGER_FILE, openDatabase } from '../../edge/ledger/database.ts'
import type { OpenDatabase } from '../../edge/ledger/database.ts'

export type DiskImage = readonly { readonly name: string; readonly bytes: Buffer | undefined }[]

export interface Disk {
  /** What tells this disk from a copy of it. */
  readonly binding: string
  /** By a process that starts; the one before it is gone. */
  open(): OpenDatabase
  /** As it is now; the files of a running node are as whole as after a crash. */
  image(): DiskImage
  /** Nobody has it open. */
  putBack(image: DiskImage): void
  /** It takes no page more, until there is room again. */
  fill(): void
  makeRoom(): void
  /** It is not used any more. */
  leave(): void
}

const PAGES_MAX = 4_294_967_294

/** Real files, opened and closed as a node does. */
export class FileDisk implements Disk {
  readonly binding: string
  #open: OpenDatabase | null = null

  constructor(directory: string) {
    this.binding = directory
  }

  open(): OpenDatabase {
    const open = openDatabase(this.binding)
    this.#open = open
    // Without a path nothing is checkpointed on a thread, which would be another clock, and no ballast is laid for a disk that is filled by hand.
    return {
      database: open.database,
      close: () => {
        this.#open = null
        open.close()
      },
    }
  }

  image(): DiskImage {
    return [LEDGER_FILE, `${LEDGER_FILE}-wal`].map((name) => {
      try {
        return { name, bytes: readFileSync(join(this.binding, name)) }
      } catch {
        return { name, bytes: undefined }
      }
    })
  }

  putBack(image: DiskImage): void {
    mkdirSync(this.binding, { recursive: true })
    rmSync(join(this.binding, `${LEDGER_FILE}-shm`), { force: true })
    for (const { name, bytes } of image) {
      const path = join(this.binding, name)
      if (bytes === undefined) rmSync(path, { force: true })
      else writeFileSync(path, bytes)
    }
  }

  fill(): void {
    const database = this.#open?.database
    database?.pragma(`max_page_count = ${String(database.pragma('page_count', { simple: true }))}`)
  }

  makeRoom(): void {
    this.#open?.database.pragma(`max_page_count = ${PAGES_MAX}`)
  }

  leave(): void {
    this.#open?.close()
  }
}
