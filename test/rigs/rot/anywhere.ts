// S-4, S-12 and S-14 at large: any bit of the pages that say what counts and for whom flips beneath an open store of the cloud; then balances are read, and two
// stores and HQ go on, one of the stores with the sales of a ledger that was put back. Whatever is answered is what it would have been, or there is no answer.
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isStorageBroken } from '../../../cloud/storage/faults.ts'
import { decodeState, outcomeText } from '../../../cloud/evaluation/state.ts'
import { STORE_FILE } from '../../../cloud/store/sqlite/open.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { millisOf } from '../../../protocol/time.ts'
import { CloudCore } from '../../support/cloud-core.ts'
import { HqWriter } from '../../support/hq-writer.ts'
import type { OriginWriter } from '../../support/origin-writer.ts'
import { COFFEE, SMALL_PROGRAM } from '../../support/programs.ts'
import type { Random } from '../../support/random.ts'
import type { RigOptions } from '../frame/rig.ts'
import { bitOf, flipBeneath, noFlips, note, pagesOf } from '../../support/raw-flips.ts'
import type { FlipTally } from '../../support/raw-flips.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const CLOCK = { now: () => T0 + 10_000 * MINUTE }
const TABLES = [
  'facts',
  'activities',
  'states',
  'identities',
  'members',
  'links',
  'aliases',
  'departed',
  'tallies',
]
const MEMBERS = 8
/** One in three of nobody at first. */
const CARDS = 12
const DEEDS = { before: 160, after: 70 }
const BATCH_FACTS = 9
const ALL = { after: 0, limit: 1_000 }
const SAID_EVERY = 500

export async function flippedAnywhere(
  directory: string,
  { random, flips, say }: { random: Random; flips: number; say: RigOptions['say'] },
): Promise<FlipTally> {
  const sound = join(directory, 'sound-store')
  const place = join(directory, 'flipped-store')
  mkdirSync(sound, { mode: 0o700 })
  const story = await Story.begin(sound, random)
  const pages = pagesOf(join(sound, STORE_FILE), TABLES)
  const told = await story.goOn(await fresh(sound, place, story))
  const tally = noFlips()
  while (tally.flips < flips) {
    if (tally.flips > 0 && tally.flips % SAID_EVERY === 0) say(`${tally.flips} of ${flips} bits anywhere`)
    const cloud = await fresh(sound, place, story)
    const bit = bitOf(random, pages)
    flipBeneath(join(place, STORE_FILE), bit)
    const outcome = await story.goOn(cloud).then(
      (answers) => (answers !== told ? 'wrong' : cloud.mended.length > 0 ? 'mended' : 'same'),
      (cause: unknown) => (endsAll(cause) ? 'ended' : new Error('no failure of the disk', { cause })),
    )
    note(tally, bit, outcome)
    await cloud.store.close().catch(() => undefined)
  }
  return tally
}

/** By the first failure, or because of it. */
function endsAll(cause: unknown): boolean {
  return isStorageBroken(cause) || (cause instanceof Error && isStorageBroken(cause.cause))
}

async function fresh(sound: string, place: string, { tenant }: Story): Promise<CloudCore> {
  rmSync(place, { recursive: true, force: true })
  cpSync(sound, place, { recursive: true })
  const cloud = new CloudCore(place, CLOCK)
  cloud.tenant = tenant
  return cloud
}

/** What two stores and HQ do, the first part of which the cloud has when the bit flips. */
class Story {
  readonly tenant: number
  readonly #random: Random
  readonly #stores: readonly OriginWriter[]
  readonly #hq: HqWriter
  /** With how far the cloud has each. */
  readonly #ledgers: { readonly writer: OriginWriter; readonly taken: number }[]
  readonly #members: MemberId[] = []
  readonly #sales: FactId[] = []
  #minute = 0

  private constructor(tenant: number, random: Random, stores: readonly OriginWriter[], hq: HqWriter) {
    this.tenant = tenant
    this.#random = random
    this.#stores = stores
    this.#hq = hq
    this.#ledgers = []
  }

  static async begin(directory: string, random: Random): Promise<Story> {
    const cloud = new CloudCore(directory, CLOCK)
    await cloud.found(SMALL_PROGRAM)
    const stores = [await cloud.addStore(), await cloud.addStore()]
    const story = new Story(cloud.tenant, random, stores, await HqWriter.add(cloud))
    story.#first()
    for (const writer of [...stores, story.#hq]) {
      await cloud.ingest.submit(writer.origin, writer.batch())
      story.#ledgers.push({ writer, taken: writer.seq })
    }
    const putBack = await cloud.addLife(stores[0])
    await cloud.store.close()
    story.#second(putBack)
    return story
  }

  /** All that the cloud answers. */
  async goOn(cloud: CloudCore): Promise<string> {
    const answers = [await this.#balances(cloud)]
    for (const { writer, taken } of this.#ledgers)
      for (let from = taken + 1; from <= writer.seq; from += BATCH_FACTS) {
        const batch = writer.batch(from, Math.min(writer.seq, from + BATCH_FACTS - 1))
        answers.push(JSON.stringify(await cloud.ingest.submit(writer.origin, batch)))
      }
    return [...answers, await this.#balances(cloud)].join('\n')
  }

  async #balances({ store: { read }, tenant }: CloudCore): Promise<string> {
    const lines: string[] = []
    const say = (name: string, state: Uint8Array | null): void => {
      const decoded = state === null ? undefined : decodeState(state)
      lines.push(`${name} ${decoded === undefined ? 'nothing' : outcomeText(decoded)}`)
    }
    for (const { id, state } of await read.members(tenant, ALL)) say(`member ${id}`, state)
    for (const { member, state } of await read.orphans(tenant, ALL)) say(`orphan ${member}`, state)
    for (let card = 0; card < CARDS; card++) {
      const member = await read.memberByIdentity(tenant, 'card', `C${card}`)
      say(`card ${card} ${member?.id}`, member?.state ?? null)
    }
    return lines.join('\n')
  }

  #first(): void {
    for (let card = 0; card < MEMBERS; card++) this.#enrol(card)
    for (let n = 0; n < DEEDS.before; n++) this.#act()
    this.#merge(0, 1)
  }

  #second(putBack: OriginWriter): void {
    const [old] = this.#ledgers
    for (let n = 0; n < DEEDS.after; n++) this.#act()
    this.#enrol(MEMBERS + 1)
    // A card that somebody has.
    this.#enrol(2)
    this.#merge(1, 2)
    for (const fact of old?.writer.facts.slice(0, old.taken) ?? []) {
      const { at, key, member, claim } = fact
      const base = { at: millisOf(at) + this.#random.pick([-MINUTE, MINUTE]), key, member, claim }
      if (fact.kind === 'sale') putBack.sale(base, [this.#line()])
      if (fact.kind === 'enrolment') putBack.enrol(base, fact.identities)
    }
    this.#ledgers.push({ writer: putBack, taken: 0 })
  }

  #enrol(card: number): void {
    const store = this.#random.pick(this.#stores)
    this.#members.push(store.enrol({ at: this.#at() }, [{ kind: 'card', value: `C${card}` }]))
  }

  #merge(survivor: number, merged: number): void {
    const [member, other] = [this.#members[survivor], this.#members[merged]]
    if (member !== undefined && other !== undefined)
      this.#hq.merge({ at: this.#at(), key: `merge ${survivor}`, member }, other)
  }

  /** Most follow each other, some are late. */
  #at(): number {
    this.#minute += 1
    const late = this.#random.below(4) === 0 ? this.#random.below(40) : 0
    return T0 + (this.#minute - late) * MINUTE
  }

  #line() {
    const category = this.#random.pick(['BAG', 'OTHER'])
    return { sku: `s${this.#random.below(5)}`, category, pieces: 1, amount: 100 + this.#random.below(900) }
  }

  #act(): void {
    const random = this.#random
    const store = random.pick(this.#stores)
    const at = this.#at()
    const member = random.pick(this.#members)
    const claim = { kind: 'card', value: `C${random.below(CARDS)}` } as const
    const sale = (base: object): void => {
      this.#sales.push(store.sale({ at, ...base }, [this.#line(), this.#line()]))
    }
    const deeds: (() => void)[] = [
      () => sale({ member }),
      () => sale({ member }),
      () => sale({ claim }),
      () => sale({}),
      () => sale({ member, key: `again ${random.below(6)}` }),
      () => void store.grant({ at, member }, random.below(50)),
      () => {
        const of = store.redeem({ at, member }, COFFEE, 5, 0, { stage: 'reserved', of: NO_FACT })
        store.redeem({ at, member }, COFFEE, 5, 0, { stage: random.pick(['captured', 'cancelled']), of })
      },
      () => {
        const line = { sale: random.pick(this.#sales), line: 0, pieces: 1, amount: 50 }
        store.giveBack({ at }, [line])
      },
      () => void store.takeBack({ at }, random.pick(this.#sales)),
    ]
    if (this.#sales.length === 0) sale({ member })
    else random.pick(deeds)()
  }
}
