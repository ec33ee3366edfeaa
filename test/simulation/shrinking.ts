// Makes a failing plan smaller while it still fails: fewer calls, terminals, stores, kinds of trouble. A smaller plan is another run of chance, so what is
// left need not fail for the same reason; it is small, and it fails.
import { STRIKES } from './plan.ts'
import type { Plan } from './plan.ts'

/** A candidate may make the world slower; the search has an end. */
const TRIES_MAX = 60

export async function smallest(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let small = plan
  let tries = 0
  for (let smaller = true; smaller && tries < TRIES_MAX;) {
    smaller = false
    for (const candidate of candidates(small)) {
      tries += 1
      if (tries > TRIES_MAX || !(await fails(candidate))) continue
      small = candidate
      smaller = true
      break
    }
  }
  return small
}

function candidates(plan: Plan): Plan[] {
  const halved = (['operationsPerTerminal', 'terminalsPerStore', 'stores'] as const)
    .filter((name) => plan[name] > 1)
    .map((name) => ({ ...plan, [name]: Math.floor(plan[name] / 2) }))
  const calmer = STRIKES.filter((strike) => plan.strikes[strike] > 0 && strike !== 'line healed').map(
    (strike) => ({ ...plan, strikes: { ...plan.strikes, [strike]: 0 } }),
  )
  return [...halved, ...calmer]
}
