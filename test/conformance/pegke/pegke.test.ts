// Pegke's cases over real HTTP (DF-7), one after the other, at HQ and in a store without the internet.
import { afterAll, beforeAll, describe, test } from 'vitest'
import { check } from './case.ts'
import { CASES } from './cases.ts'
import { PegkeWorld } from './world.ts'

let world: PegkeWorld
beforeAll(async () => {
  world = await PegkeWorld.start()
})
afterAll(() => world.stop())

describe.each(['hq', 'store'] as const)('DF-7 %s', (place) => {
  test.each(CASES.filter(({ at = place }) => at === place))('$name', (given) => check(given, world[place]))
})
