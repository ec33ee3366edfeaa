// What every fact of this store begins with; its points are promised when it is recorded. Sales write it out for themselves: they are made at every
// scan, and a spread is felt there.
import type { FactHeader } from '../../protocol/facts.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { Books } from './books.ts'
import type { WriteCall } from './plan.ts'
import type { When } from './when.ts'

type Header = Omit<FactHeader, 'kind'>

export function headerOf(
  books: Books,
  { terminal, key }: Pick<WriteCall, 'terminal' | 'key'>,
  { at, claimed, offset }: When,
  { member, claim }: Pick<Header, 'member' | 'claim'>,
): Header {
  return {
    id: books.nextId(),
    at,
    claimed,
    offset,
    store: books.identity.store.id,
    terminal,
    key,
    program: books.versionAt(at),
    member,
    claim,
    promised: 0 as Points,
    confirmed: false,
    suspect: books.suspects(at),
  }
}
