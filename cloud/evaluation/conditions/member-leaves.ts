// Leaves of condition trees that ask about the member: profile, tier, segments, entitlements, metrics, aggregates, and what applied before (E-COND-2).
// Each asks the module that owns the idea, so that a condition and the rest of the program never differ.
import { monthOfDay } from '../../../protocol/time.ts'
import { aggregateOf } from '../reactions/aggregates.ts'
import { timesApplied } from '../earning/applied.ts'
import { yearOfDay } from '../time/calendar.ts'
import type { Leaf, Situation } from './condition.ts'
import type { WindowDocument } from '../document/conditions.ts'
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import { holdsLive } from '../spending/entitlements.ts'
import type { FactLeafDocument } from './fact-leaves.ts'
import type { Asked, LeafDocument } from './leaves.ts'
import { UNKNOWN, comparedLeaf } from './leaves.ts'
import { accountOf, earnedIn, pendingIn } from '../metrics/metrics.ts'
import { attributeOf, birthdayIn } from '../profile.ts'
import { inSegment } from '../reactions/segments.ts'
import { spendable } from '../state.ts'
import { tierPlaceOf } from '../tiers/tier-place.ts'

export type MemberLeafDocument = Exclude<LeafDocument, FactLeafDocument>

const LIFETIME: WindowDocument = { kind: 'lifetime' }

export function compileMemberLeaf(leaf: MemberLeafDocument, document: ProgramDocument): Leaf {
  if ('home_store' in leaf) return homeStoreLeaf(leaf)
  if ('attribute' in leaf) return attributeLeaf(leaf)
  if ('birthday' in leaf) return birthdayLeaf(leaf)
  if ('tier' in leaf) return tierLeaf(leaf, document)
  if ('applied' in leaf) return appliedLeaf(leaf)
  if ('holds' in leaf) return holdsLeaf(leaf, document)
  if ('metric' in leaf) return metricLeaf(leaf)
  if ('aggregate' in leaf) return aggregateLeaf(leaf)
  return segmentLeaf(leaf, document)
}

/** Nothing is known to be, or not to be, the home store of a member without one. */
function homeStoreLeaf({ home_store: wanted }: Asked<'home_store'>): Leaf {
  return {
    name: 'home_store',
    holds: ({ state, fact }) => {
      const home = state.more?.profile.homeStore ?? 0
      return home !== 0 && (home === fact.store) === wanted
    },
    tell: ({ state, fact }) => {
      const home = state.more?.profile.homeStore ?? 0
      return [
        `store ${fact.store}`,
        `${wanted ? '' : 'not '}the home store (${home === 0 ? UNKNOWN : home})`,
        home === 0 ? 'choose a home store' : wanted ? `in store ${home}` : 'in another store',
      ]
    },
  }
}

function attributeLeaf({ attribute, in: values }: Asked<'attribute'>): Leaf {
  const named = new Set(values)
  return {
    name: 'attribute',
    holds: ({ state }) => {
      const value = attributeOf(state, attribute)
      return value !== undefined && named.has(value)
    },
    tell: ({ state }) => [
      `${attribute}: ${attributeOf(state, attribute) ?? UNKNOWN}`,
      `${attribute}: ${values.join(' or ')}`,
      null,
    ],
  }
}

function birthdayLeaf({ birthday: wanted }: Asked<'birthday'>): Leaf {
  return {
    name: 'birthday',
    holds: ({ state, day }) => {
      const birthday = state.more?.profile.birthday ?? ''
      if (birthday === '') return false
      const inYear = birthdayIn(birthday, yearOfDay(day))
      return wanted === 'day' ? inYear === day : monthOfDay(inYear) === monthOfDay(day)
    },
    tell: ({ state }) => {
      const birthday = state.more?.profile.birthday ?? ''
      return [
        birthday === '' ? UNKNOWN : `born on ${birthday}`,
        wanted === 'day' ? 'on the birthday' : 'in the month of the birthday',
        birthday === '' ? 'tell the birthday' : null,
      ]
    },
  }
}

function tierLeaf({ tier }: Asked<'tier'>, { tiers }: ProgramDocument): Leaf {
  const place = tiers.findIndex(({ id }) => id === tier)
  const nameAt = (at: number): string => tiers[at]?.name ?? 'none'
  return {
    name: 'tier',
    holds: ({ program, state }) => tierPlaceOf(program, state) >= place,
    tell: ({ program, state }) => [
      nameAt(tierPlaceOf(program, state)),
      `at least ${nameAt(place)}`,
      `reach ${nameAt(place)}`,
    ],
  }
}

function appliedLeaf({ applied, window, is, value }: Asked<'applied'>): Leaf {
  return comparedLeaf('applied', ({ state, day }) => timesApplied(state, applied, window, day), is, value)
}

function holdsLeaf({ holds }: Asked<'holds'>, { redeem_perks }: ProgramDocument): Leaf {
  const title = redeem_perks.find(({ id }) => id === holds)?.title ?? String(holds)
  return {
    name: 'holds',
    holds: ({ program, state, ms }) => holdsLive(program, state, holds, ms),
    tell: ({ program, state, ms }) => [
      holdsLive(program, state, holds, ms) ? `holds "${title}"` : 'none',
      `holds "${title}"`,
      null,
    ],
  }
}

function metricLeaf({ metric, part, window, is, value }: Asked<'metric'>): Leaf {
  const figure = ({ state, day }: Situation): number => {
    switch (part) {
      case 'balance':
        return metric === POINTS ? spendable(state) : accountOf(state, metric).balance
      case 'pending':
        return pendingIn(state, metric)
      case 'earned':
        return earnedIn(state, metric, window ?? LIFETIME, day)
      default:
        return accountOf(state, metric)[part]
    }
  }
  return comparedLeaf('metric', figure, is, value)
}

function aggregateLeaf({ aggregate, is, value }: Asked<'aggregate'>): Leaf {
  return comparedLeaf(
    'aggregate',
    ({ program, state, day }) => aggregateOf(program, state, aggregate, day),
    is,
    value,
  )
}

function segmentLeaf({ segment }: Asked<'segment'>, { segments = [] }: ProgramDocument): Leaf {
  const name = segments.find(({ id }) => id === segment)?.name ?? String(segment)
  return {
    name: 'segment',
    holds: ({ state, ms }) => inSegment(state, segment, ms),
    tell: ({ state, ms }) => [
      inSegment(state, segment, ms) ? `in "${name}"` : `not in "${name}"`,
      `in "${name}"`,
      null,
    ],
  }
}
