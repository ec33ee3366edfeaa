// Ids and names: over all lists no two rules have the same id, because effects, explanations and counters are kept by it alone; groups are
// known by their names.
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentIssue } from './issue.ts'
import { RULE_LISTS, placed, placedIn } from './places.ts'

export function* idIssues(document: ProgramDocument): Generator<DocumentIssue> {
  const seen = new Map<number, string>()
  for (const { path, id } of idsOf(document)) {
    const first = seen.get(id)
    if (first === undefined) seen.set(id, path)
    else
      yield {
        path,
        code: 'id_duplicate',
        message: `id ${id} is used at ${first} already; give every rule its own`,
      }
  }
  const names = new Map<string, string>()
  for (const { path, item } of placed(document, 'groups')) {
    const first = names.get(item.name)
    if (first === undefined) names.set(item.name, `${path}/name`)
    else
      yield {
        path: `${path}/name`,
        code: 'name_duplicate',
        message: `a group is called "${item.name}" at ${first} already; rename one of them`,
      }
  }
}

function* idsOf(document: ProgramDocument): Generator<{ path: string; id: number }> {
  for (const { path, item } of placedIn(document, RULE_LISTS)) yield { path: `${path}/id`, id: item.id }
  for (const { path, item } of placed(document, 'challenges'))
    for (const [index, { id }] of item.requirements.entries())
      yield { path: `${path}/requirements/${index}/id`, id }
}
