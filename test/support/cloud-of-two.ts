// A cloud core with a program and two stores, in a directory of its own: what tests begin with that feed facts of several stores into one ingest.
import type { CloudStore } from '../../cloud/store/port.ts'
import { CloudCore, freshDirectory } from './cloud-core.ts'
import type { OriginWriter } from './origin-writer.ts'
import { SMALL_PROGRAM } from './programs.ts'

export interface CloudOfTwo {
  readonly cloud: CloudCore
  readonly a: OriginWriter
  readonly b: OriginWriter
  /** Hands the ingest a store's facts as one batch, all of them unless told. */
  readonly send: (
    writer: OriginWriter,
    from?: number,
    to?: number,
  ) => ReturnType<CloudCore['ingest']['submit']>
  readonly stop: () => Promise<void>
}

/** `now`: what its clock says for good. `wrap`: stands between the domain and the store. */
export async function cloudOfTwo(now: number, wrap?: (store: CloudStore) => CloudStore): Promise<CloudOfTwo> {
  const directory = freshDirectory()
  const cloud = new CloudCore(directory.path, { now: () => now }, wrap)
  await cloud.found(SMALL_PROGRAM)
  return {
    cloud,
    a: await cloud.addStore(),
    b: await cloud.addStore(),
    send: (writer, from, to) => cloud.ingest.submit(writer.origin, writer.batch(from, to)),
    stop: async () => {
      await cloud.store.close()
      directory.remove()
    },
  }
}
