// Perkville's dialect against its contract: every case is data, sent over real HTTP to a real node, in the order of its file (DF-7).
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { CASES } from './cases.ts'
import { check, operationOf } from './conformance-case.ts'
import { contractOf } from './contract.ts'
import { World } from './world.ts'

const contract = contractOf(readFileSync(new URL('perkville.json', import.meta.url), 'utf8'))

describe.each(Object.entries(CASES))('DF-7 %s', (file, cases) => {
  let world: World
  beforeAll(async () => {
    world = await World.start(file)
  })
  afterAll(() => world.stop())

  test.each(cases.map((given) => [`${given.send}: ${given.name}`, given] as const))(
    '%s',
    async (__, given) => {
      const { resource } = operationOf(given)
      await check(given, world, contract.resources.find(({ name }) => name === resource)?.fields ?? [])
    },
  )
})
