// P-LIFE-10: two machines with one key are told from one whose line does its worst. Runs say hello on connections of their own, whose challenge is drawn when
// they open; what is welcomed when is up to the network.
import { expect, test } from 'vitest'
import { WelcomedHellos } from '../../cloud/sync/welcomed-hellos.ts'
import { HELLOS_KNOWN_MAX } from '../../protocol/limits.ts'
import { seededRandom } from '../support/random.ts'

const EDGE = 1

/** A run of the software, as the cloud hears it. */
class Run {
  readonly #cloud: WelcomedHellos
  #last: Uint8Array | null = null

  constructor(cloud: WelcomedHellos) {
    this.#cloud = cloud
  }

  /** Opens a connection and says hello; the function lets it arrive, and tells whether it showed two machines. */
  says(): () => boolean {
    const lastThen = this.#cloud.last(EDGE)
    const nonce = crypto.getRandomValues(new Uint8Array(16))
    const hello = { nonce, previous_nonce: this.#last }
    this.#last = nonce
    return () => this.#cloud.welcome(EDGE, hello, lastThen)
  }

  copy(): Run {
    const copy = new Run(this.#cloud)
    copy.#last = this.#last
    return copy
  }
}

test('P-LIFE-10 one machine never looks like two, whatever is lost or late, and however often it starts', () => {
  const random = seededRandom(20261127)
  const chance = (share: number): boolean => random.next() < share
  let welcomed = 0
  for (let world = 0; world < 200; world++) {
    const cloud = new WelcomedHellos()
    let run = new Run(cloud)
    const onTheWay: (() => boolean)[] = []
    for (let step = 0; step < 60; step++) {
      if (chance(0.1)) run = new Run(cloud)
      onTheWay.push(run.says())
      if (chance(0.15)) onTheWay.pop()
      while (onTheWay.length > 0 && chance(0.6)) {
        const [arrives] = onTheWay.splice(random.below(onTheWay.length), 1)
        welcomed += 1
        expect(arrives?.()).toBe(false)
      }
    }
  }
  expect(welcomed).toBeGreaterThan(5_000)
})

test.each([
  ['two images that were started', (cloud: WelcomedHellos) => [new Run(cloud), new Run(cloud)]],
  [
    'a machine that was copied while it ran',
    (cloud: WelcomedHellos) => {
      const run = new Run(cloud)
      run.says()()
      return [run, run.copy()]
    },
  ],
])('P-LIFE-10 %s show it when one comes back', (_, runsOf) => {
  const cloud = new WelcomedHellos()
  const [one, other] = runsOf(cloud)
  const comes = [one, other, one, other].map((run) => run?.says()() ?? false)
  expect(comes.slice(0, 1)).toEqual([false])
  expect(comes.slice(2)).toEqual([true, true])
})

test('P-LIFE-10 as many images as are known show it, one more would not', () => {
  for (const [images, isShown] of [
    [HELLOS_KNOWN_MAX, true],
    [HELLOS_KNOWN_MAX + 1, false],
  ] as const) {
    const cloud = new WelcomedHellos()
    const runs = Array.from({ length: images }, () => new Run(cloud))
    for (const run of runs) expect(run.says()()).toBe(false)
    expect(runs[0]?.says()()).toBe(isShown)
  }
})

test('P-LIFE-10 hellos that cross show nothing, in either order', () => {
  const cloud = new WelcomedHellos()
  const run = new Run(cloud)
  const [first, second] = [run.says(), run.says()]
  expect([second(), first(), run.says()(), run.says()()]).toEqual([false, false, false, false])
})
