// What bonuses and groups put together must be of one kind: a bonus looks at what facts give and pays in the one metric of its perks, a group compares
// amounts of one metric.
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentIssue } from './issue.ts'
import type { Known } from './known.ts'
import { metricOfBonus } from './known.ts'
import { placed } from './places.ts'

export function* stackingIssues(document: ProgramDocument, known: Known): Generator<DocumentIssue> {
  yield* ofBonuses(document, known)
  yield* ofGroups(document, known)
}

function* ofBonuses(document: ProgramDocument, known: Known): Generator<DocumentIssue> {
  for (const { path, item } of placed(document, 'bonuses')) {
    const metric = metricOfBonus(item, known)
    for (const [index, id] of (item.perks ?? []).entries()) {
      const perk = known.earnPerks.get(id)
      if (perk === undefined) continue
      if (perk.type === 'PROGRESS_ACTIVITY' && item.award.kind === 'multiplier')
        yield {
          path: `${path}/perks/${index}`,
          code: 'bonus_perk_unfit',
          message: `perk ${id} is ${perk.type}, which gives no amount to multiply; leave it out, or give a fixed bonus`,
        }
      else if ((perk.metric ?? POINTS) !== metric)
        yield {
          path: `${path}/perks/${index}`,
          code: 'bonus_metrics_mixed',
          message: `perk ${id} gives metric ${perk.metric ?? POINTS}, the first one ${metric}; make a bonus for each metric`,
        }
    }
  }
}

function* ofGroups(document: ProgramDocument, known: Known): Generator<DocumentIssue> {
  interface Member {
    readonly path: string
    readonly word: string
    readonly group: string | undefined
    readonly metric: number
  }
  const members: Member[] = [
    ...[...placed(document, 'earn_perks')].map(({ path, item }) => ({
      path,
      word: 'perks',
      group: item.group,
      metric: item.metric ?? POINTS,
    })),
    ...[...placed(document, 'bonuses')].map(({ path, item }) => ({
      path,
      word: 'bonuses',
      group: item.group,
      metric: metricOfBonus(item, known),
    })),
  ]
  const firsts = new Map<string, Member>()
  for (const member of members) {
    const { path, group, word, metric } = member
    if (group === undefined) continue
    const first = firsts.get(group) ?? member
    firsts.set(group, first)
    if (first.word !== word || first.metric !== metric)
      yield {
        path: `${path}/group`,
        code: 'group_mixed',
        message:
          first.word === word
            ? `group "${group}" is of metric ${first.metric}, this is of ${metric}; make a group for each metric`
            : `group "${group}" holds ${first.word}; make another group for ${word}`,
      }
  }
}
