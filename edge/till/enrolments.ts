// Making members. An identity belongs to one member: those this store knows are looked up, the others are asked of the cloud while it can be
// asked. Two stores that enrol the same person while apart are the cloud's to settle.
import type { Identity } from '../../protocol/facts.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { Books } from './books.ts'
import type { MemberQuestion } from './cloud-link.ts'
import { headerOf } from './fact-header.ts'
import { kindWord, normalised } from './naming.ts'
import type { CloudSaid, OpenFact, Prepare, Prepared } from './plan.ts'
import { NO_NOTES, NO_PERK, badTime, questionKey, refused } from './plan.ts'
import { whenOf } from './when.ts'

export const prepareEnrolment: Prepare<'enrolment'> = (books, { call, input, said }) => {
  const identities: Identity[] = []
  for (const [index, given] of input.identities.entries()) {
    const form = normalised(given)
    if (!form.ok) return refused('input_invalid', form.refusal.detail, `/identities/${index}/value`)
    const { kind, value } = form.value
    if (!identities.some((known) => known.kind === kind && known.value === value)) identities.push(form.value)
  }
  if (identities.length === 0)
    return refused(
      'identity_missing',
      'Name a phone number, an e-mail address, a card or an external id.',
      '/identities',
    )
  const open = freeIdentities(books, identities, said)
  if (open !== undefined) return open
  const when = whenOf(books, input.occurred_at)
  if (when === undefined) return badTime()
  const name = input.name?.trim() || null
  const fact: OpenFact = {
    kind: 'enrolment',
    ...headerOf(books, call, when, { member: NO_MEMBER, claim: null }),
    name,
    identities,
  }
  const member = fact.id as number as MemberId
  return {
    do: 'record',
    plan: {
      fact,
      card: books.cards.enrol(member, name, identities[0]?.value),
      notes: NO_NOTES,
      extra: '',
      perk: NO_PERK,
      follow: () => books.ledger.members.enrol(member, name, identities),
    },
  }
}

/** Undefined when nobody is known to hold one of them. */
function freeIdentities(
  books: Books,
  identities: readonly Identity[],
  said: CloudSaid,
): Prepared | undefined {
  const unasked: MemberQuestion[] = []
  for (const [index, identity] of identities.entries()) {
    const question = { identity }
    const word = books.ledger.members.holder(identity) ?? said.members?.get(questionKey(question))
    if (word === undefined) unasked.push(question)
    else if (typeof word === 'number')
      return refused(
        'identity_taken',
        `This ${kindWord(identity.kind)} belongs to a member already.`,
        `/identities/${index}`,
      )
  }
  return unasked.length > 0 && books.link.live() ? { do: 'ask', members: unasked, spending: null } : undefined
}
