// References: whatever a rule names must be there, and what is to issue an entitlement must have one.
import type { RewardDocument } from '../document/challenges.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentIssue } from './issue.ts'
import type { Known } from './known.ts'
import { conditionsOf, nodesOf, placed, placedIn } from './places.ts'

type Target =
  'tier' | 'metric' | 'earn perk' | 'entitlement' | 'segment' | 'aggregate' | 'group' | 'perk, bonus or rule'

interface Reference {
  readonly path: string
  readonly to: Target
  /** Undefined where an optional field is left out. */
  readonly id: number | string | undefined
}

export function* referenceIssues(document: ProgramDocument, known: Known): Generator<DocumentIssue> {
  for (const { path, to, id } of referencesOf(document)) {
    if (id === undefined || isKnown(known, to, id)) continue
    if (to === 'entitlement' && known.redeemPerks.has(Number(id)))
      yield {
        path,
        code: 'voucher_missing',
        message: `redeem perk ${id} issues nothing; give it a "voucher" ({} will do) or name another`,
      }
    else
      yield {
        path,
        code: 'reference_unknown',
        message: `there is no ${to === 'entitlement' ? 'redeem perk with a voucher' : to} ${
          typeof id === 'string' ? `"${id}"` : id
        }; declare it or name another`,
      }
  }
  for (const { path, item } of placed(document, 'redeem_perks'))
    if (item.membership !== undefined && item.voucher === undefined)
      yield {
        path: `${path}/voucher`,
        code: 'voucher_missing',
        message: 'a membership is held as an entitlement; give the perk a "voucher" ({} will do)',
      }
}

function isKnown(known: Known, to: Target, id: number | string): boolean {
  const number = Number(id)
  switch (to) {
    case 'tier':
      return known.tierRanks.has(number)
    case 'metric':
      return known.metrics.has(number)
    case 'earn perk':
      return known.earnPerks.has(number)
    case 'entitlement':
      return known.redeemPerks.get(number)?.voucher !== undefined
    case 'segment':
      return known.segments.has(number)
    case 'aggregate':
      return known.aggregates.has(number)
    case 'group':
      return known.groups.has(String(id))
    case 'perk, bonus or rule':
      return known.appliers.has(number)
    default:
      return to satisfies never
  }
}

function* referencesOf(document: ProgramDocument): Generator<Reference> {
  const tiered = ['earn_perks', 'bonuses', 'redeem_perks', 'response_challenges'] as const
  for (const { path, item } of placedIn(document, tiered))
    yield { path: `${path}/required_tier`, to: 'tier', id: item.required_tier }
  for (const { path, item } of placedIn(document, ['earn_perks', 'redeem_perks', 'stamp_cards']))
    yield { path: `${path}/metric`, to: 'metric', id: item.metric }
  for (const { path, item } of placed(document, 'aggregates'))
    yield { path: `${path}/metric`, to: 'metric', id: item.metric }
  for (const { path, item } of placedIn(document, ['earn_perks', 'bonuses']))
    yield { path: `${path}/group`, to: 'group', id: item.group }
  for (const { path, item } of placed(document, 'bonuses'))
    yield* each(`${path}/perks`, 'earn perk', item.perks)
  yield* ofTiers(document)
  for (const { path, item } of placed(document, 'stamp_cards'))
    yield { path: `${path}/reward`, to: 'entitlement', id: item.reward }
  yield* ofChallenges(document)
  for (const { path, item } of placed(document, 'rules')) {
    const { effect } = item
    if (effect.kind === 'segment') yield { path: `${path}/effect/segment`, to: 'segment', id: effect.segment }
    if (effect.kind === 'points') yield { path: `${path}/effect/metric`, to: 'metric', id: effect.metric }
    if (effect.kind === 'award' || effect.kind === 'revoke')
      yield { path: `${path}/effect/perk`, to: 'entitlement', id: effect.perk }
  }
  for (const { path, condition } of conditionsOf(document)) yield* ofTree(nodesOf(condition, path))
}

function* each(path: string, to: Target, ids: readonly number[] = []): Generator<Reference> {
  for (const [index, id] of ids.entries()) yield { path: `${path}/${index}`, to, id }
}

function* ofTiers(document: ProgramDocument): Generator<Reference> {
  for (const { path, item } of placed(document, 'tiers')) {
    yield { path: `${path}/entry_perk`, to: 'entitlement', id: item.entry_perk }
    yield* each(`${path}/exit_cancels`, 'entitlement', item.exit_cancels)
    for (const field of ['reach', 'keep'] as const)
      for (const [index, { metric }] of (item[field]?.of ?? []).entries())
        yield { path: `${path}/${field}/of/${index}/metric`, to: 'metric', id: metric }
  }
}

function* ofChallenges(document: ProgramDocument): Generator<Reference> {
  for (const { path, item } of placed(document, 'challenges')) {
    for (const [index, { perk }] of item.requirements.entries())
      yield { path: `${path}/requirements/${index}/perk`, to: 'earn perk', id: perk }
    yield* ofReward(`${path}/reward`, item.reward)
  }
  for (const { path, item } of placed(document, 'response_challenges')) {
    yield* ofReward(`${path}/reward`, item.reward)
    yield* ofReward(`${path}/prize/reward`, item.prize?.reward)
  }
}

function* ofReward(path: string, reward: RewardDocument | undefined): Generator<Reference> {
  if (reward === undefined) return
  if ('perk' in reward) yield { path: `${path}/perk`, to: 'entitlement', id: reward.perk }
  else yield { path: `${path}/metric`, to: 'metric', id: reward.metric }
}

function* ofTree(nodes: ReturnType<typeof nodesOf>): Generator<Reference> {
  for (const { path, node } of nodes) {
    if ('segment' in node) yield { path: `${path}/segment`, to: 'segment', id: node.segment }
    else if ('tier' in node) yield { path: `${path}/tier`, to: 'tier', id: node.tier }
    else if ('holds' in node) yield { path: `${path}/holds`, to: 'entitlement', id: node.holds }
    else if ('metric' in node) yield { path: `${path}/metric`, to: 'metric', id: node.metric }
    else if ('aggregate' in node) yield { path: `${path}/aggregate`, to: 'aggregate', id: node.aggregate }
    else if ('applied' in node) yield { path: `${path}/applied`, to: 'perk, bonus or rule', id: node.applied }
  }
}
