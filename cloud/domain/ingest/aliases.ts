// Which member a member's name stands for (I-9, E-MERGE-1). Links say that two are one: an enrolment recorded twice, and merges. The links of all members
// that hang together are applied in canonical order, those of repeated enrolments first, so a name stands for the same member whatever came first;
// a merge of two that are one by then (a cycle) changes nothing.
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Merge } from '../../../protocol/facts.ts'
import { idText } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { TIME_MIN } from '../../../protocol/time.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { LinkRow, TenantId, Writes } from '../../store/port.ts'

/** A name that stands for another member than before. */
export interface Renamed {
  readonly member: MemberId
  readonly from: MemberId
  readonly to: MemberId
}

export class Aliases {
  readonly #tx: Writes
  readonly #tenant: TenantId
  /** Of every name that was loaded. */
  readonly #roots = new Map<MemberId, MemberId>()
  /** Members whose links changed. */
  readonly #changed = new Set<MemberId>()
  /** The links that changed, as they were when their members' names were last settled; undefined: not there. */
  readonly #before = new Map<FactId, LinkRow | undefined>()

  constructor(tx: Writes, tenant: TenantId) {
    this.#tx = tx
    this.#tenant = tenant
  }

  async load(members: Iterable<MemberId>): Promise<void> {
    const wanted = [...new Set(members)].filter((member) => member > 0 && !this.#roots.has(member))
    if (wanted.length === 0) return
    for (const member of wanted) this.#roots.set(member, member)
    for (const { member, root } of await this.#tx.aliases(wanted)) this.#roots.set(member, root)
  }

  /** The member a loaded name stands for. */
  of(member: MemberId): MemberId {
    return this.#roots.get(member) ?? member
  }

  /** The enrolments of both are one; `first` is the one that counts. */
  async twin(member: MemberId, first: MemberId): Promise<void> {
    const id = member as number as FactId
    await this.#link({ id, tenant: this.#tenant, at: TIME_MIN, survivor: first, merged: member })
  }

  async merge({ id, at, member, merged }: Merge): Promise<void> {
    await this.#link({ id, tenant: this.#tenant, at, survivor: member, merged })
  }

  /** A merge that counts no longer. */
  async unmerge({ id, member, merged }: Merge): Promise<void> {
    this.#noteChange(id, await this.#tx.deleteLink(id))
    this.#changed.add(member).add(merged)
  }

  async #link(row: LinkRow): Promise<void> {
    this.#noteChange(row.id, await this.#tx.saveLink(row))
    this.#changed.add(row.survivor).add(row.merged)
  }

  #noteChange(id: FactId, before: LinkRow | undefined): void {
    if (this.#before.has(id)) return
    this.#before.set(id, before)
    if (before !== undefined) this.#changed.add(before.survivor).add(before.merged)
  }

  /** Applies the links again where some changed; says whose name stands for another member now. */
  async settle(): Promise<Renamed[]> {
    if (this.#changed.size === 0) return []
    const { members, links } = await this.#connected()
    this.#changed.clear()
    await this.load(members)
    this.#proveNames(members, links)
    const roots = rootsOf(members, links)
    const renamed = [...members]
      .map((member) => ({ member, from: this.of(member), to: roots.get(member) ?? member }))
      .filter(({ from, to }) => from !== to)
    for (const { member, to } of renamed) this.#roots.set(member, to)
    await this.#tx.saveAliases(renamed.map(({ member, to }) => ({ member, root: to })))
    return renamed
  }

  /** S-14: what the names stood for follows from the links of before; one may be lost. */
  #proveNames(members: ReadonlySet<MemberId>, links: readonly LinkRow[]): void {
    const before = links.filter(({ id }) => !this.#before.has(id))
    for (const link of this.#before.values()) if (link !== undefined) before.push(link)
    this.#before.clear()
    const roots = rootsOf(members, before)
    for (const member of members)
      if ((roots.get(member) ?? member) !== this.of(member))
        throw new UnsoundRow(`what was merged with member ${idText(member)} is lost`)
  }

  /** S-14: that a name stands for no other, by its links; its alias may be lost. */
  async proveRoot(member: MemberId): Promise<void> {
    this.#changed.add(member)
    const { members, links } = await this.#connected()
    this.#changed.clear()
    if (rootsOf(members, links).get(member) !== member)
      throw new UnsoundRow(`whom member ${idText(member)} stands for is lost`)
  }

  /** All members that hang together with the changed ones. */
  async #connected(): Promise<{ members: ReadonlySet<MemberId>; links: readonly LinkRow[] }> {
    const members = new Set(this.#changed)
    const links = new Map<FactId, LinkRow>()
    for (let open = [...members]; open.length > 0;) {
      const found = await this.#tx.links(open)
      open = []
      for (const link of found) {
        links.set(link.id, link)
        for (const member of [link.survivor, link.merged]) {
          if (members.has(member)) continue
          members.add(member)
          open.push(member)
        }
      }
    }
    return { members, links: [...links.values()] }
  }
}

function rootsOf(members: ReadonlySet<MemberId>, links: readonly LinkRow[]): ReadonlyMap<MemberId, MemberId> {
  const parents = new Map<MemberId, MemberId>()
  const rootOf = (member: MemberId): MemberId => {
    let root = member
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent
    return root
  }
  for (const { survivor, merged } of links.toSorted(compareCanonical)) {
    const root = rootOf(merged)
    const into = rootOf(survivor)
    if (root !== into) parents.set(root, into)
  }
  return new Map([...members].map((member) => [member, rootOf(member)] as const))
}
