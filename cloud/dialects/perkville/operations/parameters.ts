// Parameters of lists that an operation answers (PK-59): known by name and type, as a body's fields are; any other is refused by name, range lookups among them.
import { refuse } from '../../../../protocol/result.ts'
import { readInput } from '../../frame/input.ts'
import type { InputOutcome, InputTable } from '../../frame/input.ts'

/** Names a parameter goes by beside its own (PK-10, PK-15). */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  biz: 'business',
  business_id: 'business',
  locations__in: 'locations',
}
const OF_PAGES = ['limit', 'offset', 'format']

export function readParameters(params: URLSearchParams, table: InputTable): InputOutcome {
  const body: Record<string, string> = {}
  const unknown: string[] = []
  for (const [given, value] of params) {
    const name = OTHER_NAMES[given] ?? given
    if (OF_PAGES.includes(given)) continue
    if (Object.hasOwn(table.fields, name)) body[name] = value
    else unknown.push(given)
  }
  if (unknown.length === 0) return readInput(table, body)
  const detail = 'There is no such parameter here.'
  return {
    ok: false,
    refusals: unknown.map((name) => refuse('input_invalid', detail, name.slice(0, 64)).refusal),
  }
}
