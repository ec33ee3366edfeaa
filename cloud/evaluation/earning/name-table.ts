// Hot: finds a thing by its name. A `Map` hashes a text and walks a bucket, which is a seventh of a step; but a few characters tell the names of one program
// apart. Which, is worked out once; names are then compared whole. Where no few characters do, it is a `Map` after all. Budget: bench/evaluation.ts.

/** A thing is in one table at most. */
export interface Named {
  readonly name: string
  /** The next of the same slot. */
  nextAlike: this | null
}

export interface NameTable<T extends Named> {
  readonly size: number
  /** Length is a power of two. */
  readonly slots: readonly (T | null)[]
  readonly places: Places
  /** Null: all are in the slots. */
  readonly map: ReadonlyMap<string, T> | null
}

/** Characters that are looked at, each so far from the end of the name (in shorter names the first); 0: none, nor any after it. */
interface Places {
  readonly place1: number
  readonly place2: number
  readonly place3: number
  readonly place4: number
}

const PLACES_MAX = 4
const FROM_END_MAX = 12
/** So many things may share a slot. */
const ALIKE_MAX = 4
/** So many names are looked at to choose the places. */
const SAMPLE_MAX = 2_000

export function nameTableOf<T extends Named>(things: readonly T[]): NameTable<T> {
  const places = placesFor(things.slice(0, SAMPLE_MAX).map(({ name }) => name))
  let length = 8
  while (length < 2 * things.length) length *= 2
  const slots = Array.from({ length }, (): T | null => null)
  for (const thing of things) {
    const slot = hashOf(thing.name, places) & (length - 1)
    thing.nextAlike = slots[slot] ?? null
    slots[slot] = thing
  }
  const map = slots.some(isCrowded) ? new Map(things.map((thing) => [thing.name, thing])) : null
  return { size: things.length, slots, places, map }
}

function isCrowded(first: Named | null): boolean {
  let alike = 0
  for (let thing = first; thing !== null; thing = thing.nextAlike) alike += 1
  return alike > ALIKE_MAX
}

/** Those that, one after the other, tell most names apart. */
function placesFor(names: readonly string[]): Places {
  const chosen: number[] = []
  let apart = 1
  while (chosen.length < PLACES_MAX && apart < names.length) {
    let best = 0
    for (let place = 1; place <= FROM_END_MAX; place++) {
      const looked = [...chosen, place]
      const seen = new Set(
        names.map((name) => `${name.length} ${looked.map((at) => characterAt(name, at)).join()}`),
      )
      if (seen.size <= apart) continue
      apart = seen.size
      best = place
    }
    if (best === 0) break
    chosen.push(best)
  }
  const [place1 = 1, place2 = 0, place3 = 0, place4 = 0] = chosen
  return { place1, place2, place3, place4 }
}

/** Of a name that is not empty. */
function characterAt(name: string, place: number): number {
  const at = name.length - place
  return name.charCodeAt(at & ~(at >> 31))
}

function hashOf(name: string, { place1, place2, place3, place4 }: Places): number {
  let hash = Math.imul(name.length, 7) + characterAt(name, place1)
  if (place2 > 0) hash = Math.imul(hash, 37) + characterAt(name, place2)
  if (place3 > 0) hash = Math.imul(hash, 37) + characterAt(name, place3)
  if (place4 > 0) hash = Math.imul(hash, 37) + characterAt(name, place4)
  return hash
}

/** Null: there is none of that name. */
export function findNamed<T extends Named>({ slots, places, map }: NameTable<T>, name: string): T | null {
  if (map !== null) return map.get(name) ?? null
  let thing = slots[hashOf(name, places) & (slots.length - 1)] ?? null
  while (thing !== null && thing.name !== name) thing = thing.nextAlike
  return thing
}
