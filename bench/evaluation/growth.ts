// What a step costs as the program and the membership grow: 50, 500 and 5,000 perks; 10 thousand to a million members, with the bytes a member takes.
import { compile } from '../../cloud/evaluation/compile.ts'
import { encodeState } from '../../cloud/evaluation/state.ts'
import { inTurns, median, tell } from '../bench.ts'
import { categoriesFor, documentOf, salesOf } from './input.ts'
import { heapBytes, rateOf, stepMembers } from './stepping.ts'

const PERKS = 50
const STEPS = 100_000
const MEMBERS = 10_000
const PERKS_MORE = [500, 5_000]
const MEMBERS_MORE = [10_000, 100_000, 1_000_000]
/** The least number of sales after which a member of the generated program has everything a state of it may hold. */
const SALES_EACH = 10
const ENCODED_SAMPLE = 1_000

export async function programGrowth(): Promise<void> {
  const program = compile(documentOf(PERKS))
  const sales = salesOf(STEPS, MEMBERS, categoriesFor(PERKS))
  for (const perks of PERKS_MORE) {
    const more = compile(documentOf(perks))
    const moreSales = salesOf(STEPS, MEMBERS, categoriesFor(perks))
    const rates = await inTurns(
      () => rateOf(more, moreSales, MEMBERS, STEPS),
      () => rateOf(program, sales, MEMBERS, STEPS),
      { measured: true },
    )
    tell({
      bench: 'evaluation',
      figure: `growth: facts per second with ${perks.toLocaleString('en')} perks over ${categoriesFor(perks).toLocaleString('en')} categories`,
      ...rates,
      peerName: `the same with ${PERKS} perks over ${categoriesFor(PERKS)} categories`,
      unit: 'facts/s',
      notes: {
        timePerFactRatio: Number((rates.peer / rates.ours).toPrecision(3)),
        aim: 'under 1.5 times the time per fact',
        members: MEMBERS,
      },
    })
  }
}

export async function memberGrowth(): Promise<void> {
  const program = compile(documentOf(PERKS))
  const sales = salesOf(STEPS, MEMBERS, categoriesFor(PERKS))
  for (const members of MEMBERS_MORE) {
    const rates = await inTurns(
      () => stepMembers(program, sales, members, SALES_EACH).rate,
      () => stepMembers(program, sales, MEMBERS, SALES_EACH).rate,
      { measured: true, rounds: members > STEPS ? 1 : 3 },
    )
    const before = heapBytes()
    const { states } = stepMembers(program, sales, members, SALES_EACH)
    const heap = (heapBytes() - before) / members
    const apart = Math.floor(members / ENCODED_SAMPLE)
    const sample = Array.from({ length: ENCODED_SAMPLE }, (_, index) => states[index * apart])
    const encoded = median(sample.map((state) => (state === undefined ? 0 : encodeState(state).length)))
    tell({
      bench: 'evaluation',
      figure: `growth: facts per second with ${members.toLocaleString('en')} members`,
      ...rates,
      peerName: `the same with ${MEMBERS.toLocaleString('en')} members`,
      unit: 'facts/s',
      notes: {
        stateBytesHeap: Math.round(heap),
        stateBytesEncoded: encoded,
        aim: 'under 400 bytes a member, on the heap and encoded',
        perks: PERKS,
        salesEach: SALES_EACH,
      },
    })
  }
}
