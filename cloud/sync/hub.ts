// All connected edges. One session per edge, the newest wins; after each commit the sessions whose stores met a touched member are told that there
// is something to fetch. Level-triggered: a session reads from its own cursors, so a missed hint costs a moment, never a row.
import type { KeyObject } from 'node:crypto'
import type { Origin, StoreId } from '../../protocol/ids.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { Clock } from '../../protocol/time.ts'
import type { Authority } from '../domain/authority.ts'
import type { Committed, Ingest } from '../domain/ingest/ingest.ts'
import type { ProgramShelf } from '../domain/programs.ts'
import type { CloudStore, EdgeId } from '../store/port.ts'
import { SyncSession } from './session.ts'
import type { SessionFacts } from './session.ts'

/** A message socket, whatever carries it. */
export interface SyncSocket {
  send(bytes: Uint8Array): void
  close(code: number, reason: string): void
  bufferedBytes(): number
  onMessage(listener: (bytes: Uint8Array) => void): void
  onClose(listener: () => void): void
}

/** Time, timers and chance, given from outside so that a simulation can own them. */
export interface SyncSystem {
  readonly clock: Clock
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void
  randomBytes(count: number): Uint8Array
}

export interface SyncParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly authority: Authority
  readonly shelf: ProgramShelf
  readonly system: SyncSystem
  /** Signs every frame down. */
  readonly privateKey: KeyObject
  /** Told once for what breaks on our side, with the edge it broke for. */
  readonly onFault: (edge: EdgeId, cause: unknown) => void
}

export class SyncHub {
  readonly #parts: SyncParts
  readonly #sessions = new Map<EdgeId, SyncSession>()

  constructor(parts: SyncParts) {
    this.#parts = parts
    parts.ingest.onCommitted((committed) => void this.#committed(committed))
    parts.shelf.onPublished((tenant) => {
      for (const session of this.#sessions.values()) if (session.tenant === tenant) session.programPublished()
    })
  }

  /** Takes over an accepted connection of an edge. */
  async accept(edge: EdgeId, socket: SyncSocket): Promise<void> {
    const row = await this.#parts.store.read.edge(edge)
    if (row === undefined) {
      socket.close(CLOSE_CODES.unauthorised, 'this edge was never enrolled')
      return
    }
    this.#sessions.get(edge)?.close('replaced', 'a newer connection of this edge took over')
    const session = new SyncSession(row, socket, this.#parts)
    this.#sessions.set(edge, session)
    socket.onClose(() => {
      session.closed()
      if (this.#sessions.get(edge) === session) this.#sessions.delete(edge)
      void this.#remember(edge, session)
    })
    session.start()
  }

  /** The last word of an edge that has gone, for the fleet list (G-3). */
  async #remember(edge: EdgeId, { facts }: SyncSession): Promise<void> {
    if (facts === null) return
    try {
      await this.#parts.store.write((tx) => tx.saveContact(facts))
    } catch (cause) {
      this.#parts.onFault(edge, cause)
    }
  }

  /** What is known of the connected edges, by origin. */
  connected(): ReadonlyMap<Origin, SessionFacts> {
    const facts = new Map<Origin, SessionFacts>()
    for (const session of this.#sessions.values()) {
      const known = session.facts
      if (known !== null) facts.set(known.origin, known)
    }
    return facts
  }

  async #committed({ activities, touched }: Committed): Promise<void> {
    if (this.#sessions.size === 0 || touched.size === 0) return
    const met = new Set<StoreId>()
    for (const { store } of await this.#parts.store.read.storesThatMet([...touched])) met.add(store)
    const tell = new Set(activities.filter((row) => row.tell).map((row) => row.store))
    for (const session of this.#sessions.values()) {
      if (met.has(session.store) || tell.has(session.store)) session.hint()
    }
  }

  /** Closes every connection for a planned stop and waits until what they sent is settled. */
  async stop(): Promise<void> {
    const sessions = [...this.#sessions.values()]
    for (const session of sessions) session.close('stopping', 'the cloud node is stopping')
    await Promise.all(sessions.map((session) => session.settled()))
    await this.#parts.ingest.idle()
  }
}
