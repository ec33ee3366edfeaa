// The table of names finds just what a Map would, whatever names a program has.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findNamed, nameTableOf } from '../../cloud/evaluation/earning/name-table.ts'
import type { Named } from '../../cloud/evaluation/earning/name-table.ts'

class Thing implements Named {
  nextAlike: this | null = null
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

const thingsOf = (names: Iterable<string>): Thing[] => [...new Set(names)].map((name) => new Thing(name))

test('a name is found if it is there, and no other', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }),
    fc.stringMatching(/^[AB]{1,14}$/),
    fc.nat({ max: 300 }).map((number) => `C${number}`),
  )
  fc.assert(
    fc.property(fc.array(name, { maxLength: 60 }), fc.array(name, { maxLength: 20 }), (names, others) => {
      const things = thingsOf(names)
      const table = nameTableOf(things)
      for (const thing of things) expect(findNamed(table, thing.name)).toBe(thing)
      for (const other of others)
        expect(findNamed(table, other)?.name ?? null).toBe(names.includes(other) ? other : null)
    }),
    { numRuns: 100 },
  )
})

test('few characters tell numbered names apart; names that differ elsewhere are in a Map', () => {
  const numbered = thingsOf(Array.from({ length: 2_500 }, (_, number) => `C${number}`))
  expect(nameTableOf(numbered).map).toBeNull()
  const differAtTheStart = thingsOf(Array.from({ length: 100 }, (_, number) => `${number}-of the same kind`))
  const table = nameTableOf(differAtTheStart)
  expect(table.map?.size).toBe(100)
  for (const thing of differAtTheStart) expect(findNamed(table, thing.name)).toBe(thing)
})
