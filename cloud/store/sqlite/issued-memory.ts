// Every request proves itself by a token that was looked up for the request before, too. What a look-up found is kept until a commit that may have changed
// it: this process is the only writer of the file, so a token that was revoked is none from that COMMIT on, as without the memory.
import type { IssuedWhole } from '../platform-port.ts'
import type { Writes } from '../port.ts'

/** Tokens that are remembered, the one used longest ago let go first. */
const ISSUED_KEPT_MAX = 4_096

/** Everything that changes what a token that is out there stands for. */
const CHANGING = [
  'saveClient',
  'endFamily',
  'endConsents',
  'useIssued',
  'deleteIssued',
  'saveStaff',
  'deleteStaff',
  'sweepPlatform',
  'saveTenant',
] as const satisfies readonly (keyof Writes)[]

export class IssuedMemory {
  readonly #byHash = new Map<string, IssuedWhole>()
  #changed = false
  #listeners: readonly (() => void)[] = []

  onChanged(listener: () => void): void {
    this.#listeners = [...this.#listeners, listener]
  }

  /** The look-up must be done when it returns: between its read and the memory no commit may come. */
  of(hash: string, lookUp: () => IssuedWhole | undefined): IssuedWhole | undefined {
    const known = this.#byHash.get(hash)
    const found = known ?? lookUp()
    if (found === undefined) return undefined
    this.#byHash.delete(hash)
    this.#byHash.set(hash, found)
    const [oldest] = this.#byHash.keys()
    if (this.#byHash.size > ISSUED_KEPT_MAX && oldest !== undefined) this.#byHash.delete(oldest)
    return found
  }

  /** The same writes, which are noticed. */
  watch(writes: Writes): Writes {
    const noticed = CHANGING.map((name) => {
      const write: unknown = writes[name]
      const call = (...values: unknown[]): unknown => {
        this.#changed = true
        return Reflect.apply(write as () => unknown, writes, values)
      }
      return [name, call] as const
    })
    return { ...writes, ...Object.fromEntries(noticed) }
  }

  /** In the same turn as COMMIT. */
  committed(): void {
    if (!this.#changed) return
    this.#changed = false
    this.#byHash.clear()
    for (const listener of this.#listeners) listener()
  }
}
