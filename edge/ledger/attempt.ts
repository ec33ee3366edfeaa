// Reading of a damaged file what of it can be read (L-16).
import { isStorageFull } from '../../cloud/storage/faults.ts'

/** A damaged page is no reason to leave the others: what it throws ends this part only. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (cause) {
    if (isStorageFull(cause)) throw cause
    return undefined
  }
}
