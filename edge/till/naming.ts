// Who a caller means. A member is named by id or by an identity; one this store has not met is asked of the cloud. Identities are
// compared in one form: e-mail in lower case, a phone number as its digits with a leading plus (M-3).
import type { Identity, IdentityKind } from '../../protocol/facts.ts'
import { identityForm } from '../../protocol/identities.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { NO_MEMBER, idFromText, originOf } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import type { MemberQuestion } from './cloud-link.ts'
import type { MemberReference } from './inputs.ts'
import { countedId } from './own-facts.ts'
import type { CloudSaid, Prepared } from './plan.ts'
import { asks, questionKey, refused } from './plan.ts'

export type Named =
  | { readonly is: 'member'; readonly card: Card }
  /** Not known here, and the cloud could not say: the fact carries what was named. */
  | { readonly is: 'unknown'; readonly member: MemberId; readonly claim: Identity | null }
  /** The write cannot go on: refused, or the cloud is asked first. */
  | { readonly is: 'open'; readonly prepared: Prepared }

const KIND_WORDS: Record<IdentityKind, string> = {
  phone: 'phone number',
  email: 'e-mail address',
  card: 'card',
  external_id: 'external id',
}

export function kindWord(kind: IdentityKind): string {
  return KIND_WORDS[kind]
}

/** The form in which identities are compared, stored and sent. */
export function normalised(identity: Identity): Result<Identity> {
  const { kind } = identity
  const form = identityForm(identity)
  return form.length > 0
    ? accept({ kind, value: form })
    : refuse('input_invalid', `This is no ${KIND_WORDS[kind]}.`)
}

/** Asks the cloud when the store does not know, and it was not asked for this write before. */
export function nameMember(
  books: Books,
  reference: MemberReference,
  said: CloudSaid,
  param = '/member',
): Named {
  if (typeof reference === 'string') return nameById(books, reference, said, param)
  const form = normalised(reference)
  if (!form.ok) return open(refused('input_invalid', form.refusal.detail, param))
  const identity = form.value
  const holder = books.ledger.members.holder(identity)
  const card = holder === undefined ? undefined : books.cards.get(holder)
  if (card !== undefined) return { is: 'member', card }
  return askCloud(books, { identity }, said, param, { is: 'unknown', member: NO_MEMBER, claim: identity })
}

function nameById(books: Books, text: string, said: CloudSaid, param: string): Named {
  const named = idFromText<FactId>(text)
  // Whoever was enrolled in a life that ended may go by another id now.
  const member = named && (countedId(books, named) as number as MemberId)
  if (member === undefined) return open(refused('input_invalid', 'This is no member id.', param))
  const card = books.cards.get(member)
  if (card !== undefined) return { is: 'member', card }
  // Whoever was enrolled here is known here.
  if (originOf(member) === books.identity.origin) return open(nobody(param))
  return askCloud(books, { member }, said, param, { is: 'unknown', member, claim: null })
}

function askCloud(
  books: Books,
  question: MemberQuestion,
  said: CloudSaid,
  param: string,
  unknown: Named,
): Named {
  const word = said.members?.get(questionKey(question))
  if (word === undefined) return books.link.live() ? open(asks(question)) : unknown
  if (word === 'unreachable') return unknown
  if (word === 'none') return open(nobody(param))
  const card = books.cards.get(word)
  return card === undefined ? { is: 'unknown', member: word, claim: null } : { is: 'member', card }
}

function open(prepared: Prepared): Named {
  return { is: 'open', prepared }
}

function nobody(param: string): Prepared {
  return refused('member_not_found', 'Nobody is enrolled under this.', param)
}

/** For what cannot be done to a member who is not known here. */
export function notKnownHere(param = '/member'): Prepared & { do: 'refuse' } {
  return refused(
    'member_unreachable',
    'This store has not met this member, and the cloud cannot be asked now. Try again when the link is up.',
    param,
  )
}

/** Finds a member for reading, asking the cloud where the store does not know. */
export async function findCard(books: Books, reference: MemberReference): Promise<Result<Card>> {
  const said: CloudSaid = { members: undefined, decision: undefined }
  let named = nameMember(books, reference, said)
  if (named.is === 'open' && named.prepared.do === 'ask') {
    const [question] = named.prepared.members
    if (question !== undefined) {
      said.members = new Map([[questionKey(question), await books.link.findMember(question)]])
      named = nameMember(books, reference, said)
    }
  }
  if (named.is === 'member') return accept(named.card)
  const refusal =
    named.is === 'open' && named.prepared.do === 'refuse' ? named.prepared.refusal : notKnownHere().refusal
  return { ok: false, refusal }
}
