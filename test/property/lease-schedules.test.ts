// R26 P-LEASE-1 P-LEASE-3: whatever the schedule of grants, spends, returns, lost and repeated words between a cloud and its stores, what is spent and what can still
// be spent never comes to more than the balance. A model of both sides that knows only the totals of protocol/leases.ts.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { availableOf, booksFault, outstandingOf } from '../../protocol/leases.ts'

const STORES = 3

interface Account {
  granted: number
  spent: number
  returned: number
  writtenOff: number
}
/** One lease at both ends; `words` are states of the cloud's row on their way down, `facts` the store's on their way up. */
interface Lease {
  readonly cloud: Account
  readonly store: { granted: number; spent: number; returned: number }
  readonly words: number[]
  readonly facts: { readonly kind: 'spent' | 'returned'; readonly amount: number }[]
}

type Deed = readonly [
  what: 'earn' | 'grant' | 'hear' | 'hear again' | 'lose words' | 'spend' | 'give back' | 'sync' | 'online',
  store: number,
  amount: number,
]

const deeds = fc.array(
  fc.tuple(
    fc.constantFrom(
      ...([
        'earn',
        'grant',
        'hear',
        'hear again',
        'lose words',
        'spend',
        'give back',
        'sync',
        'online',
      ] as const),
    ),
    fc.nat(STORES - 1),
    fc.integer({ min: 1, max: 60 }),
  ),
  { maxLength: 120 },
)

function act(
  leases: readonly Lease[],
  books: { balance: number; paid: number },
  [what, at, amount]: Deed,
  bug: boolean,
): void {
  const lease = leases[at]
  if (lease === undefined) return
  const { cloud, store, words, facts } = lease
  const left = store.granted - store.spent - store.returned
  const outstanding = leases.reduce((sum, one) => sum + outstandingOf(one.cloud), 0)
  const available = availableOf({ balance: books.balance, outstanding, held: 0 })
  switch (what) {
    case 'earn':
      books.balance += amount
      return
    case 'grant':
      if (amount > available) return
      cloud.granted += amount
      words.push(cloud.granted)
      return
    case 'hear':
      store.granted = words.shift() ?? store.granted
      return
    case 'hear again':
      // A word that is told twice says the same: the planted bug adds it up instead.
      store.granted = bug ? store.granted + amount : Math.max(store.granted, cloud.granted)
      return
    case 'lose words':
      words.length = 0
      return
    case 'spend':
      if (amount > left) return
      store.spent += amount
      books.paid += amount
      facts.push({ kind: 'spent', amount })
      return
    case 'give back':
      store.returned += left
      facts.push({ kind: 'returned', amount: left })
      return
    case 'sync':
      for (const fact of facts.splice(0)) {
        cloud[fact.kind] += fact.amount
        if (fact.kind === 'spent') books.balance -= fact.amount
      }
      return
    case 'online':
      if (amount > available) return
      books.balance -= amount
      books.paid += amount
  }
}

/** The first state that does not add up. */
function faultOf(schedule: readonly Deed[], bug: boolean): string | undefined {
  const books = { balance: 100, paid: 0 }
  let earned = 100
  const leases = Array.from({ length: STORES }, (): Lease => ({
    cloud: { granted: 0, spent: 0, returned: 0, writtenOff: 0 },
    store: { granted: 0, spent: 0, returned: 0 },
    words: [],
    facts: [],
  }))
  for (const deed of schedule) {
    if (deed[0] === 'earn') earned += deed[2]
    act(leases, books, deed, bug)
    const outstanding = leases.reduce((sum, { cloud }) => sum + outstandingOf(cloud), 0)
    const fault = booksFault({ balance: books.balance, outstanding, held: 0, risk: 0, lost: 0 })
    if (fault !== undefined) return fault
    const rights = leases.reduce((sum, { store }) => sum + store.granted - store.spent - store.returned, 0)
    if (books.paid + rights > earned) return `${books.paid} paid and ${rights} rights left of ${earned}`
  }
  return undefined
}

test('R26 P-LEASE-3 rights and what was spent never come to more than the balance', () => {
  fc.assert(
    fc.property(deeds, (schedule) => {
      expect(faultOf(schedule as unknown as Deed[], false)).toBeUndefined()
    }),
    { numRuns: 2_000 },
  )
})

test('canary: a store that adds up repeated grants is found out', () => {
  const found = fc.check(
    fc.property(deeds, (schedule) => faultOf(schedule as unknown as Deed[], true) === undefined),
    { numRuns: 2_000 },
  )
  expect(found.failed).toBe(true)
})
