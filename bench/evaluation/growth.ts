// What a step costs as the program and the membership grow: 50, 500 and 5,000 perks; 10 thousand to a million members, with the bytes a member takes.
import { compile } from '../../cloud/evaluation/compile.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
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

/** One perk of the fifty with a cap: what it costs that those it touches are weighed the long way. */
export async function elaboratePerk(): Promise<void> {
  const document = documentOf(PERKS)
  const [first, ...others] = document.earn_perks
  if (first === undefined) throw new Error('the generated program has no perks')
  const capped = { ...document, earn_perks: [{ ...first, caps: { per_day: 1_000 } }, ...others] }
  const [program, plain] = [compile(capped), compile(document)]
  const sales = salesOf(STEPS, MEMBERS, categoriesFor(PERKS))
  tell({
    bench: 'evaluation',
    figure: `growth: facts per second with one of ${PERKS} perks capped`,
    ...(await inTurns(
      () => rateOf(program, sales, MEMBERS, STEPS),
      () => rateOf(plain, sales, MEMBERS, STEPS),
      { measured: true },
    )),
    peerName: 'the same with plain perks alone',
    unit: 'facts/s',
    notes: { members: MEMBERS },
  })
}

/** Median over a sample. */
function encodedBytes(states: readonly MemberState[]): number {
  const apart = Math.floor(states.length / ENCODED_SAMPLE)
  return median(states.filter((_, index) => index % apart === 0).map((state) => encodeState(state).length))
}

export async function memberGrowth(): Promise<void> {
  const program = compile(documentOf(PERKS))
  const sales = salesOf(STEPS, MEMBERS, categoriesFor(PERKS))
  for (const members of MEMBERS_MORE) {
    let heap = 0
    let encoded = 0
    const rates = await inTurns(
      () => {
        const before = heapBytes()
        const { rate, states } = stepMembers(program, sales, members, SALES_EACH)
        heap = (heapBytes() - before) / members
        encoded = encodedBytes(states)
        return rate
      },
      () => stepMembers(program, sales, MEMBERS, SALES_EACH).rate,
      { measured: true, rounds: members > STEPS ? 1 : 5 },
    )
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
